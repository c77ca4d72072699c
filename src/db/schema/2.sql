-- The hash of syzbot+HASH@syzkaller.appspotmail.com, where that sent the mail.
ALTER TABLE mention ADD COLUMN syzbot TEXT;

-- A commit whose message names what it mends.
CREATE TABLE fix (
    hash TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    date TEXT,
    release TEXT
) WITHOUT ROWID;

-- What it names: 'quotes' a signature, 'closes' or 'links' a message-id, 'syzbot' a hash of syzbot's, 'fixes' a commit.
CREATE TABLE mend (
    reason TEXT NOT NULL,
    value TEXT NOT NULL,
    fix TEXT NOT NULL REFERENCES fix (hash),
    PRIMARY KEY (reason, value, fix)
) WITHOUT ROWID;

CREATE INDEX mend_fix ON mend (fix);

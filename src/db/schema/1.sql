-- What was read to its end: 'sha256:…' of a file's bytes, 'git:…' a commit of a public-inbox repository up to which
-- its mails were read.
CREATE TABLE input (
    key TEXT PRIMARY KEY
) WITHOUT ROWID;

-- What one machine printed once, as its most complete mention has it.
CREATE TABLE event (
    id TEXT PRIMARY KEY,
    signature TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    culprit TEXT,
    file TEXT,
    subsystem TEXT,
    release TEXT,
    hardware TEXT,
    time REAL,
    cpu INTEGER,
    pid INTEGER,
    comm TEXT,
    weight INTEGER NOT NULL,
    report TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX event_signature ON event (signature);

-- Where it is printed: a log, a mail, a quote in a mail.
CREATE TABLE mention (
    event TEXT NOT NULL REFERENCES event (id),
    path TEXT NOT NULL,
    member TEXT NOT NULL,
    first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    message_id TEXT,
    date TEXT,
    list TEXT,
    subject TEXT,
    PRIMARY KEY (event, path, member, first_line)
) WITHOUT ROWID;

//! Mails of lists of commits: linux-tip-commits, git-commits-head. Each is a commit: a few lines that name it, its
//! message, a line `---`, its diff.

use super::Commit;
use jiff::Zoned;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// The head of such a mail is in front of this.
const HEAD: usize = 2048;

/// Forms of the date: git's `%cD` as tip-bot writes it, and git's own.
const DATES: [&str; 3] = [
    "%a, %d %b %Y %H:%M:%S %:z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y %z",
];

/// The commit that the text of a mail is about; `None` for any other mail. A reply that quotes one is another mail.
pub fn commit_of(text: &[u8]) -> Option<Commit> {
    let head = &text[..text.len().min(HEAD)];
    // Nearly every mail ends here.
    memchr::memmem::find(head, b"Gitweb:")?;
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    let (mut hash, mut date) = (None, None);
    // The fields are one block: `Commit-ID:     1a2b…` and others.
    let mut fields = lines
        .by_ref()
        .skip_while(|line| !line.starts_with("Commit") && !line.starts_with("Gitweb:"))
        .take_while(|line| !line.trim().is_empty());
    for line in &mut fields {
        let (name, value) = line.split_once(':')?;
        match name {
            "Commit-ID" | "Commit" => hash = Some(value.trim()).filter(|hash| is_hash(hash)),
            "CommitterDate" | "CommitDate" => date = day(value.trim()),
            _ => {}
        }
    }
    let message: Vec<_> = lines
        .skip_while(|line| line.trim().is_empty())
        .take_while(|line| line.trim_end() != "---" && !line.starts_with("diff --git "))
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .collect();
    Some(Commit {
        hash: hash?.to_ascii_lowercase(),
        date,
        release: None,
        message: message.join("\n"),
    })
}

fn is_hash(text: &str) -> bool {
    [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The day in UTC.
fn day(text: &str) -> Option<String> {
    let parsed = DATES
        .iter()
        .find_map(|form| BrokenDownTime::parse(form, text).ok())?;
    let time: Zoned = parsed.to_zoned().ok()?;
    Some(time.with_time_zone(TimeZone::UTC).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn both_forms_of_a_mail_are_a_commit() {
        let tip = format!(
            "The following commit has been merged into the x86/urgent branch of tip:\n\nCommit-ID:     {HASH}\n\
             Gitweb:        https://git.kernel.org/tip/{HASH}\nAuthor:        A <a@b>\n\
             CommitterDate: Tue, 30 Apr 2024 01:32:11 +02:00\n\nx86/cpu: Mend it\n\nText.\n---\n arch/x86 | 1 +\n"
        );
        let head = format!(
            "Gitweb:     https://git.kernel.org/torvalds/c/{HASH}\nCommit:     {HASH}\nParent:     {HASH}\n\
             CommitDate: Mon Apr 29 16:32:11 2024 -0700\n\n    x86/cpu: Mend it\n    \n    Text.\n---\n arch/x86 | 1 +\n"
        );
        for text in [tip, head] {
            let commit = commit_of(text.as_bytes()).expect("a commit");
            assert_eq!(commit.hash, HASH);
            assert_eq!(commit.date.as_deref(), Some("2024-04-29"), "{text}");
            assert_eq!(commit.message, "x86/cpu: Mend it\n\nText.");
        }
    }

    #[test]
    fn a_reply_and_any_other_mail_are_none() {
        let reply =
            format!("> Commit-ID:     {HASH}\n> Gitweb:        https://x\n>\n> x86: Mend it\n");
        for text in [&reply, "Gitweb: x\nCommit: no\n\ntext\n", "", "Hello\n"] {
            assert_eq!(commit_of(text.as_bytes()), None, "{text}");
        }
    }
}

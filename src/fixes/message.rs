//! What the trailers of a commit's message name (Documentation/process/submitting-patches.rst; syzbot's are in
//! google/syzkaller, docs/syzbot.md).

use super::Reason;
use crate::input::container::syzbot_hash;
use std::collections::BTreeSet;

/// What names a mail by its message-id, in front of that; lore has the list's name between.
const ARCHIVES: [&str; 4] = [
    "lore.kernel.org/",
    "lkml.kernel.org/r/",
    "patch.msgid.link/",
    "msgid.link/",
];

/// What names a bug of syzbot's on its dashboard.
const DASHBOARD: &str = "syzkaller.appspot.com/bug?extid=";

/// Digits of a hash of syzbot's: 16 of its ids were known, 20 are made.
const SYZBOT_DIGITS: std::ops::RangeInclusive<usize> = 16..=40;

/// Bytes of a message-id; a longer one is none (RFC 5322, 2.1.1).
const MAX_ID: usize = 998;

/// Characters of a title that are kept.
const MAX_TITLE: usize = 512;

/// The first line with a text.
pub fn title(message: &str) -> String {
    let first = message.lines().map(str::trim).find(|line| !line.is_empty());
    let first = first.unwrap_or_default();
    first.chars().take(MAX_TITLE).collect()
}

/// All that the message names.
pub fn named(message: &str) -> BTreeSet<(Reason, String)> {
    let mut named = BTreeSet::new();
    for line in message.lines() {
        let tag = line.split_once(':').map(|(tag, _)| tag.trim());
        let tag = tag.unwrap_or_default().to_ascii_lowercase();
        let by_mail = match tag.as_str() {
            "closes" => Reason::Closes,
            _ => Reason::Links,
        };
        for word in line.split_whitespace() {
            named.extend(message_id(word).map(|id| (by_mail, id)));
            let hash = word.split_once(DASHBOARD).map(|(_, hash)| hash);
            named.extend(hash.and_then(digits).map(|hash| (Reason::Syzbot, hash)));
        }
        // Reported-by, Reported-and-tested-by; who only tested names a bug that another commit may mend.
        if tag.starts_with("reported") {
            named.extend(syzbot_hash(line).map(|hash| (Reason::Syzbot, hash)));
        }
        if tag == "fixes" {
            let hash = line[line.find(':').map_or(0, |colon| colon + 1)..].split_whitespace();
            let hash = hash.into_iter().next().filter(|hash| is_hash(hash));
            named.extend(hash.map(|hash| (Reason::Fixes, hash.to_ascii_lowercase())));
        }
    }
    named
}

fn digits(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_hexdigit());
    let digits = &text[..end.unwrap_or(text.len())];
    SYZBOT_DIGITS
        .contains(&digits.len())
        .then(|| digits.to_ascii_lowercase())
}

fn is_hash(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The message-id that a link names.
fn message_id(word: &str) -> Option<String> {
    let link = word.trim_start_matches(['<', '(', '[']);
    let rest = link
        .strip_prefix("https://")
        .or_else(|| link.strip_prefix("http://"))?;
    let path = ARCHIVES.iter().find_map(|site| rest.strip_prefix(site))?;
    // `all/ID/T/#u`, `r/ID`, or `ID` alone; a list's name has no @, in plain or escaped.
    let id = path.split('/').find_map(|part| {
        let part = part.trim_end_matches(['>', ')', ']', '.', ',', ';']);
        Some(unescape(part)).filter(|part| part.contains('@'))
    })?;
    let is_id = id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_id.then_some(id)
}

/// Takes `%40` for `@`. What is no escape stays.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        let digits = behind.get(..2).filter(|_| *byte == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.unwrap_or(*byte));
        rest = &behind[if code.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_name_mails_bugs_and_commits() {
        let message = "mm: do not free twice\n\nSee [1].\n\nFixes: 1a2b3c4d5e6f (\"mm: free\")\n\
            Reported-by: syzbot+0123456789abcdef0123@syzkaller.appspotmail.com\n\
            Closes: https://syzkaller.appspot.com/bug?extid=fedcba98765432100123\n\
            Closes: https://lore.kernel.org/linux-mm/1%2B2@b/T/#u\n\
            Link: https://lore.kernel.org/r/3%402.b # [1]\n\
            Link: https://patch.msgid.link/4@b\n\
            Tested-by: syzbot+99999999999999999999@syzkaller.appspotmail.com\n";
        let named: Vec<_> = named(message).into_iter().collect();
        let expected = [
            (Reason::Closes, "1+2@b"),
            (Reason::Syzbot, "0123456789abcdef0123"),
            (Reason::Syzbot, "fedcba98765432100123"),
            (Reason::Links, "3@2.b"),
            (Reason::Links, "4@b"),
            (Reason::Fixes, "1a2b3c4d5e6f"),
        ];
        assert_eq!(
            named,
            expected.map(|(reason, value)| (reason, value.to_owned()))
        );
        assert_eq!(title(message), "mm: do not free twice");
    }

    #[test]
    fn other_links_and_broken_ones_name_nothing() {
        for line in [
            "Link: https://lore.kernel.org/linux-mm/",
            "Closes: https://bugzilla.kernel.org/show_bug.cgi?id=1",
            "Fixes: the build",
            "Reported-by: syzbot <syzbot@example.org>",
            "Closes: https://syzkaller.appspot.com/bug?extid=12",
            "Link: https://lore.kernel.org/r/%",
        ] {
            assert_eq!(named(line), BTreeSet::new(), "{line}");
        }
    }
}

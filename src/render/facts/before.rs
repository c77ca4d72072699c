//! What a database knows of a bug from before: how often it was seen, and what mends it.

use crate::render::words::count;
use crate::report::{FixedBy, Seen};

/// What is known of the bug from before.
pub fn seen(seen: &Seen) -> String {
    let times = match seen.count {
        0 => "never before in the database".to_owned(),
        times => count(times, "time"),
    };
    let since = seen
        .first
        .as_ref()
        .map_or(String::new(), |first| format!(" since {first}"));
    let link = seen
        .links
        .first()
        .map_or(String::new(), |link| format!(" ({link})"));
    let last = seen
        .last
        .as_ref()
        .filter(|last| seen.first.as_ref() != Some(last));
    let last = last.map_or(String::new(), |last| format!(", last {last}"));
    let release = seen
        .release
        .as_ref()
        .map_or(String::new(), |release| format!(" on {release}"));
    let fixed = fixed(&seen.fixed_by).map_or(String::new(), |fixed| format!(", {fixed}"));
    format!("{times}{since}{link}{last}{release}{fixed}")
}

/// Digits of a commit that people quote.
const SHORT_HASH: usize = 12;

/// The commit that mends a bug, with the reason.
pub fn fixed(fixes: &[FixedBy]) -> Option<String> {
    let fix = fixes.first()?;
    // A hash comes out of a database and may be short.
    let commit = fix.commit.get(..SHORT_HASH).unwrap_or(&fix.commit);
    let month = fix.date.as_ref().and_then(|date| date.get(..7));
    let release = fix.release.as_ref().map(|release| format!("in {release}"));
    let reasons = fix
        .reasons
        .iter()
        .filter_map(|reason| match reason.as_str() {
            // Only the strongest reason is printed, which is the first.
            "quotes" => Some("it quotes the splat".to_owned()),
            "closes" => Some("it closes a mail of it".to_owned()),
            "syzbot" => Some("it names syzbot's bug".to_owned()),
            "links" => Some("it links to a mail of it".to_owned()),
            _ => None,
        });
    let facts: Vec<_> = [month.map(str::to_owned), release]
        .into_iter()
        .flatten()
        .chain(reasons.take(1))
        .collect();
    let kernel = match fix.this_kernel {
        Some("older") => "; this kernel's release is older than the fix",
        Some("contains") => "; this kernel's release has the fix",
        _ => "",
    };
    let more = match fixes.len() - 1 {
        0 => String::new(),
        more => format!(" and {}", count(more as u64, "more commit")),
    };
    let facts = facts.join(", ");
    Some(format!(
        "fixed by {commit} '{}' ({facts}){more}{kernel}",
        fix.title
    ))
}

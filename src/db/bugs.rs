//! Bugs: the events of one signature, and their history.

use super::{Database, DatabaseError, fixes, related};
use crate::release::version;
use crate::report::FixedBy;
use regex::Regex;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Where an event is printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mention {
    /// When its mail was written, in UTC.
    pub date: Option<String>,
    /// The input, as the user named it.
    pub path: String,
    /// The way through its containers; empty for the input itself.
    pub member: String,
    /// First line.
    pub first_line: i64,
    /// Last line.
    pub last_line: i64,
    /// Of its mail.
    pub message_id: Option<String>,
    /// Of its mail.
    pub list: Option<String>,
    /// Of its mail.
    pub subject: Option<String>,
    /// The hash of syzbot's bug, where syzbot sent the mail.
    pub syzbot: Option<String>,
    /// The line where the first report of its incident begins.
    pub incident: Option<i64>,
}

impl Mention {
    /// Where to read the mail.
    pub fn link(&self) -> Option<String> {
        let id = self.message_id.as_ref()?;
        let mut link = "https://lore.kernel.org/all/".to_owned();
        // A message-id may hold any printable byte; these are the ones that a URL's path has as
        // they are.
        for byte in id.bytes() {
            match byte {
                b'0'..=b'9'
                | b'A'..=b'Z'
                | b'a'..=b'z'
                | b'-'
                | b'.'
                | b'_'
                | b'~'
                | b'@'
                | b'+'
                | b'=' => {
                    link.push(char::from(byte));
                }
                _ => link += &format!("%{byte:02X}"),
            }
        }
        link.push('/');
        Some(link)
    }
}

/// All events of one signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Bug {
    /// Of all its events.
    pub signature: String,
    /// The title that most of them have.
    pub title: String,
    /// The kind that most of them have.
    pub kind: String,
    /// The function that most of them name.
    pub culprit: Option<String>,
    /// The file that most of them blame.
    pub file: Option<String>,
    /// The subsystem that most of them are routed to.
    pub subsystem: Option<String>,
    /// Events.
    pub count: u64,
    /// Mentions of them.
    pub mentions: u64,
    /// Mails with one.
    pub mails: u64,
    /// Day of the first event, `2024-04-30`: of the first mail with it.
    pub first: Option<String>,
    /// Day of the last event: of the first mail with it. A later quote of it is no news.
    pub last: Option<String>,
    /// Releases, sorted.
    pub kernels: Vec<String>,
    /// Machines, sorted.
    pub hardware: Vec<String>,
    /// Mailing lists, sorted.
    pub lists: Vec<String>,
    /// Events by the month of their first mail, `2024-04`.
    pub months: BTreeMap<String, u64>,
    /// Commits that mend it, the one with the strongest reason first.
    pub fixed_by: Vec<FixedBy>,
    /// Other signatures with its title, the 64 most frequent ones: they differ in the callers, often only by what was inlined.
    pub variants: Vec<Variant>,
    /// Signatures that were seen in one incident with it, sorted.
    pub related: Vec<String>,
    /// Every mention, the oldest first.
    #[serde(skip)]
    pub places: Vec<Mention>,
    /// Of each event the first mention with a date, the oldest first: that is when it was news.
    #[serde(skip)]
    pub news: Vec<Mention>,
    /// The most complete report, as JSON.
    #[serde(skip)]
    pub report: String,
    /// How complete that is.
    #[serde(skip)]
    pub weight: i64,
}

/// Another signature of the same title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// Of its events.
    pub signature: String,
    /// Its events.
    pub count: u64,
}

/// Which bugs are asked for.
#[derive(Debug, Default)]
pub struct BugFilter {
    /// Any kind where it is empty.
    pub kinds: Vec<String>,
    /// Beginning of the subsystem's name, case ignored.
    pub subsystem: Option<String>,
    /// Only events whose first mail is of that day or later.
    pub since: Option<String>,
    /// Only events whose first mail is of that day or earlier.
    pub until: Option<String>,
    /// Beginning of the release.
    pub kernel: Option<String>,
    /// Part of the list's name.
    pub list: Option<String>,
    /// Title or signature.
    pub grep: Option<Regex>,
    /// Only bugs whose first mail is of that day or later.
    pub new_since: Option<String>,
    /// Only the bug of this signature, or those of this title.
    pub name: Option<String>,
}

/// An event with its mentions, as it is read back.
#[derive(Default)]
struct KnownBug {
    title: String,
    kind: String,
    culprit: Option<String>,
    file: Option<String>,
    subsystem: Option<String>,
    release: Option<String>,
    hardware: Option<String>,
    weight: i64,
    report: String,
    mentions: Vec<Mention>,
}

impl KnownBug {
    /// The first mention with a date. By the date and not by the order in which they were read, so that any order gives
    /// the same.
    fn news(&self) -> Option<&Mention> {
        let dated = self
            .mentions
            .iter()
            .filter(|mention| mention.date.is_some());
        dated.min()
    }
}

impl BugFilter {
    fn takes_event(&self, event: &KnownBug) -> bool {
        let date = |test: &dyn Fn(&str) -> bool| {
            let date = event.news().and_then(|news| news.date.as_deref());
            date.is_some_and(|date| test(day(date)))
        };
        let begins = |value: &Option<String>, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| {
                let value = value.as_deref().unwrap_or_default().to_lowercase();
                value.starts_with(&wanted.to_lowercase())
            })
        };
        let on_list = |wanted: &String| {
            let mut lists = event
                .mentions
                .iter()
                .filter_map(|mention| mention.list.as_deref());
            lists.any(|list| list.contains(wanted.as_str()))
        };
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && begins(&event.subsystem, &self.subsystem)
            && begins(&event.release, &self.kernel)
            && self
                .since
                .as_ref()
                .is_none_or(|since| date(&|day| day >= since.as_str()))
            && self
                .until
                .as_ref()
                .is_none_or(|until| date(&|day| day <= until.as_str()))
            && self.list.as_ref().is_none_or(on_list)
    }

    fn takes_bug(&self, bug: &Bug) -> bool {
        let matches = |regex: &Regex| regex.is_match(&bug.title) || regex.is_match(&bug.signature);
        let is_new = |since: &String| bug.first.as_ref().is_some_and(|first| first >= since);
        self.grep.as_ref().is_none_or(matches) && self.new_since.as_ref().is_none_or(is_new)
    }

    fn names(&self, bug: &Bug) -> bool {
        let is_named = |name: &String| bug.signature == *name || bug.title == *name;
        self.name.as_ref().is_none_or(is_named)
    }
}

/// The day of a date.
pub(super) fn day(date: &str) -> &str {
    date.get(..10).unwrap_or(date)
}

impl Database {
    /// The bugs that a filter takes, the most frequent first, then by signature.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn bugs(&self, filter: &BugFilter) -> Result<Vec<Bug>, DatabaseError> {
        let read = self.read_bugs(filter);
        let mut bugs = read.map_err(|error| self.fail(&error))?;
        // Equal counts need an order too, so that two runs print the same.
        bugs.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then_with(|| a.signature.cmp(&b.signature))
        });
        related::name_variants(&mut bugs);
        bugs.retain(|bug| filter.names(bug));
        let tell = |bugs: &mut Vec<Bug>| -> rusqlite::Result<()> {
            related::name_related(&self.connection, bugs)?;
            for bug in bugs {
                bug.fixed_by = fixes::of(&self.connection, &bug.signature)?;
            }
            Ok(())
        };
        tell(&mut bugs).map_err(|error| self.fail(&error))?;
        Ok(bugs)
    }

    fn read_bugs(&self, filter: &BugFilter) -> rusqlite::Result<Vec<Bug>> {
        let mut query = self.connection.prepare(
            "SELECT signature, id, title, kind, culprit, file, subsystem, release, hardware, weight, report, \
             path, member, first_line, last_line, message_id, date, list, subject, syzbot, \
             incident FROM event JOIN mention ON mention.event = event.id \
             ORDER BY signature, id, date IS NULL, date, path, member, first_line",
        )?;
        let mut rows = query.query([])?;
        let mut bugs = Vec::new();
        // The rows are sorted, so that one bug at a time is in memory.
        let mut open: Option<(String, Vec<KnownBug>)> = None;
        let mut last_id = String::new();
        while let Some(row) = rows.next()? {
            let signature: String = row.get(0)?;
            if open.as_ref().is_none_or(|(known, _)| *known != signature) {
                bugs.extend(open.take().and_then(|bug| close(bug, filter)));
                open = Some((signature, Vec::new()));
                last_id.clear();
            }
            let (_, events) = open.as_mut().expect("it was just opened");
            let id: String = row.get(1)?;
            if id != last_id {
                last_id = id;
                events.push(KnownBug {
                    title: row.get(2)?,
                    kind: row.get(3)?,
                    culprit: row.get(4)?,
                    file: row.get(5)?,
                    subsystem: row.get(6)?,
                    release: row.get(7)?,
                    hardware: row.get(8)?,
                    weight: row.get(9)?,
                    report: row.get(10)?,
                    mentions: Vec::new(),
                });
            }
            if let Some(event) = events.last_mut() {
                event.mentions.push(Mention {
                    path: row.get(11)?,
                    member: row.get(12)?,
                    first_line: row.get(13)?,
                    last_line: row.get(14)?,
                    message_id: row.get(15)?,
                    date: row.get(16)?,
                    list: row.get(17)?,
                    subject: row.get(18)?,
                    syzbot: row.get(19)?,
                    incident: row.get(20)?,
                });
            }
        }
        bugs.extend(open.and_then(|bug| close(bug, filter)));
        Ok(bugs)
    }
}

/// A bug whose events are all there; `None` where the filter takes none of them.
fn close((signature, mut events): (String, Vec<KnownBug>), filter: &BugFilter) -> Option<Bug> {
    // The filter goes over events, so that the numbers are those of what was asked for.
    events.retain(|event| filter.takes_event(event));
    if events.is_empty() {
        return None;
    }
    let best = events
        .iter()
        .max_by_key(|event| (event.weight, &event.report))?;
    let most = |field: fn(&KnownBug) -> Option<&String>| {
        let mut counts: BTreeMap<&String, u64> = BTreeMap::new();
        events
            .iter()
            .filter_map(field)
            .for_each(|value| *counts.entry(value).or_default() += 1);
        // Of several that are as frequent the first.
        let most = counts
            .iter()
            .max_by_key(|(value, count)| (**count, std::cmp::Reverse(**value)));
        most.map(|(value, _)| (*value).clone())
    };
    let all = |field: fn(&KnownBug) -> Option<&String>| -> BTreeSet<String> {
        events.iter().filter_map(field).cloned().collect()
    };
    let mut places: Vec<Mention> = events
        .iter()
        .flat_map(|event| event.mentions.clone())
        .collect();
    // Those without a date last, not first as an order of options would have it.
    places.sort_by(|a, b| (a.date.is_none(), a).cmp(&(b.date.is_none(), b)));
    let mut news: Vec<Mention> = events
        .iter()
        .filter_map(|event| event.news().cloned())
        .collect();
    news.sort();
    let days: Vec<_> = news
        .iter()
        .filter_map(|news| news.date.as_deref())
        .map(day)
        .collect();
    let mut months = BTreeMap::new();
    for month in days.iter().filter_map(|day| day.get(..7)) {
        // An event counts once, in the month when it was news.
        *months.entry(month.to_owned()).or_default() += 1;
    }
    let mails: BTreeSet<&String> = places
        .iter()
        .filter_map(|place| place.message_id.as_ref())
        .collect();
    let lists: BTreeSet<&String> = places
        .iter()
        .filter_map(|place| place.list.as_ref())
        .collect();
    let mut kernels: Vec<_> = all(|event| event.release.as_ref()).into_iter().collect();
    kernels.sort_by_cached_key(|release| version(release));
    let bug = Bug {
        title: most(|event| Some(&event.title))?,
        kind: most(|event| Some(&event.kind))?,
        culprit: most(|event| event.culprit.as_ref()),
        file: most(|event| event.file.as_ref()),
        subsystem: most(|event| event.subsystem.as_ref()),
        count: events.len() as u64,
        mentions: places.len() as u64,
        mails: mails.len() as u64,
        first: days.first().map(|day| (*day).to_owned()),
        last: days.last().map(|day| (*day).to_owned()),
        kernels,
        hardware: all(|event| event.hardware.as_ref()).into_iter().collect(),
        lists: lists.into_iter().cloned().collect(),
        months,
        fixed_by: Vec::new(),
        variants: Vec::new(),
        related: Vec::new(),
        report: best.report.clone(),
        weight: best.weight,
        signature,
        places,
        news,
    };
    filter.takes_bug(&bug).then_some(bug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_makes_a_link_and_nothing_else() {
        let mention = Mention {
            message_id: Some("a\"><b>/..@x".to_owned()),
            ..Mention::default()
        };
        let link = mention.link().expect("a link");
        assert_eq!(link, "https://lore.kernel.org/all/a%22%3E%3Cb%3E%2F..@x/");
    }
}

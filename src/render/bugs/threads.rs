//! Mentions by thread: a reply quotes what the first mail reported, and a mail goes to several lists.

use super::day;
use crate::db::Mention;
use std::collections::{BTreeSet, HashMap};

/// Mails of one subject, or one place in a log.
pub struct Thread<'a> {
    /// The first mention.
    pub first: &'a Mention,
    /// The day of the last one.
    pub last: Option<&'a str>,
    /// Its mails.
    pub mails: BTreeSet<&'a str>,
    /// Mailing lists.
    pub lists: BTreeSet<&'a str>,
}

impl<'a> Thread<'a> {
    fn of(first: &'a Mention) -> Thread<'a> {
        Thread {
            first,
            last: None,
            mails: BTreeSet::new(),
            lists: BTreeSet::new(),
        }
    }

    /// `2024-04-30`, or `2024-04-30 to 2024-05-02`.
    pub fn days(&self) -> String {
        match (day(self.first), self.last) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (first, _) => first.unwrap_or_default().to_owned(),
        }
    }
}

/// The threads of mentions that come the oldest first. The database keeps no References, so a reply is known by its
/// subject.
pub fn threads(mentions: &[Mention]) -> Vec<Thread<'_>> {
    let mut places = HashMap::new();
    let mut threads: Vec<Thread<'_>> = Vec::new();
    for mention in mentions {
        let place = match (&mention.message_id, &mention.subject) {
            (Some(_), Some(subject)) => *places.entry(without_re(subject)).or_insert(threads.len()),
            _ => threads.len(),
        };
        if place == threads.len() {
            threads.push(Thread::of(mention));
        }
        let thread = &mut threads[place];
        thread.last = day(mention).or(thread.last);
        thread.mails.extend(mention.message_id.as_deref());
        thread.lists.extend(mention.list.as_deref());
    }
    threads
}

/// A subject without what answers and forwards put in front.
fn without_re(mut subject: &str) -> &str {
    const ANSWERS: [&str; 4] = ["re:", "fwd:", "fw:", "aw:"];
    loop {
        subject = subject.trim_start();
        let answer = ANSWERS.iter().find(|answer| {
            let head = subject.get(..answer.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(answer))
        });
        match answer {
            Some(answer) => subject = &subject[answer.len()..],
            None => return subject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(id: &str, date: &str, subject: &str, list: &str) -> Mention {
        Mention {
            message_id: Some(id.to_owned()),
            date: Some(format!("{date}T12:00:00Z")),
            subject: Some(subject.to_owned()),
            list: Some(list.to_owned()),
            ..Mention::default()
        }
    }

    #[test]
    fn replies_and_cross_posts_are_of_one_thread() {
        let mentions = [
            mail("1", "2024-04-30", "a bug", "usb"),
            mail("1", "2024-04-30", "a bug", "kernel"),
            mail("2", "2024-05-02", "Re: RE: a bug", "usb"),
            mail("3", "2024-05-03", "another", "usb"),
        ];
        let threads = threads(&mentions);
        assert_eq!(threads.len(), 2);
        assert_eq!(threads[0].days(), "2024-04-30 to 2024-05-02");
        assert_eq!((threads[0].mails.len(), threads[0].lists.len()), (2, 2));
        assert_eq!(threads[1].days(), "2024-05-03");
    }
}

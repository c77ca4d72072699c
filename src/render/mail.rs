//! Report mails (RFC 5322), ready to be sent to whoever maintains the code.
//!
//! In: reports. Out: one message a crash; what it brought about, and where the same bug was seen again,
//! is said in it. A single message is bare, several are an mbox (mboxrd). Who it goes to is said where a
//! MAINTAINERS file is at hand; when is the sender's: there is no `Date:`.

mod addressees;
mod body;
mod subject;

use super::facts;
use super::output::{Output, RunStatus, RunSummary};
use crate::grammar::Level;
use crate::report::Report;
use std::fmt::Write;

/// Begins a message of an mbox that nobody received (public-inbox, PublicInbox/Eml).
const FROM: &str = "From mboxrd@z Thu Jan  1 00:00:00 1970";

/// Messages kept; further crashes are left out, with a note in the last one.
const MAX_MESSAGES: usize = 1000;

/// Places named of a bug that was seen again and again.
const MAX_PLACES: usize = 20;

/// What one message says.
struct Message {
    report: Report,
    /// Consequences of the crash.
    followed_by: Vec<String>,
    /// Where else the same bug is.
    again: Vec<String>,
    /// How many places are not named.
    unnamed: usize,
}

/// The output as mails.
#[derive(Default)]
pub struct Mail {
    messages: Vec<Message>,
    left_out: usize,
}

impl Mail {
    /// A further report of a crash or of a bug that has its message; gives back any other one.
    fn join(&mut self, report: Report) -> Option<Report> {
        // From the last one on: a consequence comes soon after its cause.
        let known = self.messages.iter_mut().rev();
        for message in known {
            let (told, again) = match &message.report {
                first if first.incident == report.incident => (&mut message.followed_by, false),
                first if first.signature == report.signature => (&mut message.again, true),
                _ => continue,
            };
            let place = facts::span(&report.splat);
            match told.len() < MAX_PLACES {
                true if again => told.push(place),
                true => told.push(format!("{} at {place}", facts::headline(&report))),
                false => message.unnamed += 1,
            }
            return None;
        }
        Some(report)
    }
}

impl Output for Mail {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        if standing.known().is_some() || report.level == Level::Notice {
            return String::new();
        }
        match self.join(report) {
            Some(_) if self.messages.len() >= MAX_MESSAGES => self.left_out += 1,
            Some(report) => self.messages.push(Message {
                report,
                followed_by: Vec::new(),
                again: Vec::new(),
                unnamed: 0,
            }),
            None => {}
        }
        String::new()
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        let mut messages: Vec<_> = self.messages.iter().map(|m| m.write()).collect();
        if let (Some(last), true) = (messages.last_mut(), self.left_out > 0) {
            let _ = writeln!(last, "({} further crashes are left out.)", self.left_out);
        }
        match messages.as_slice() {
            [] => String::new(),
            [message] => message.clone(),
            messages => messages.iter().map(|message| in_mbox(message)).collect(),
        }
    }
}

impl Message {
    fn write(&self) -> String {
        let body = body::write(self);
        // 7bit where it can be: 8bit is an extension of mail servers (RFC 6152).
        let encoding = if body.is_ascii() { "7bit" } else { "8bit" };
        format!(
            "{}Subject: {}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: {encoding}\n\n{body}",
            self.report
                .routing
                .as_ref()
                .map_or(String::new(), addressees::headers),
            subject::encode(&self.title()),
        )
    }

    fn title(&self) -> String {
        let title = &self.report.title;
        match self.report.warned_clear() {
            Some(verdict) => format!("{title}: {}", verdict.headline),
            None => title.clone(),
        }
    }
}

/// A line that looks like the beginning of a message gets a `>` in front.
fn in_mbox(message: &str) -> String {
    let mut out = format!("{FROM}\n");
    for line in message.lines() {
        let looks_like_one = line.trim_start_matches('>').starts_with("From ");
        let mark = if looks_like_one { ">" } else { "" };
        let _ = writeln!(out, "{mark}{line}");
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::in_mbox;

    #[test]
    fn no_line_of_a_message_begins_another_one() {
        let message = in_mbox("Subject: a\n\nFrom b\n>From c\nFromage\n");
        assert_eq!(
            message.split_once('\n').map(|(_, rest)| rest),
            Some("Subject: a\n\n>From b\n>>From c\nFromage\n\n")
        );
    }
}

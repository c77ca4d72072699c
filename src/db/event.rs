//! Events: what is kept of a report, made of its JSON, so that a line of NDJSON gives the same as the report itself.

use super::Mention;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A report and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The same for all mentions of the event.
    pub id: String,
    /// Of the report.
    pub signature: String,
    /// Of the report.
    pub title: String,
    /// Of the report.
    pub kind: String,
    /// The function to look at.
    pub culprit: Option<String>,
    /// The file to blame.
    pub file: Option<String>,
    /// By MAINTAINERS, where it was at hand.
    pub subsystem: Option<String>,
    /// `uname -r`.
    pub release: Option<String>,
    /// What the firmware calls the machine.
    pub hardware: Option<String>,
    /// Seconds since boot.
    pub time: Option<f64>,
    /// The CPU.
    pub cpu: Option<i64>,
    /// The task.
    pub pid: Option<i64>,
    /// Its name.
    pub comm: Option<String>,
    /// How complete the mention is.
    pub weight: i64,
    /// The report as JSON, in one line.
    pub report: String,
    /// Where it is.
    pub mention: Mention,
}

/// A path without `./`: a folder that is scanned by another name is not another one.
fn plain(path: &str) -> &str {
    match path.strip_prefix("./") {
        Some(rest) => plain(rest.trim_start_matches('/')),
        None => path,
    }
}

impl Event {
    /// True where its stamp tells a quote of it from the next event: coarse ones are the same for both.
    pub fn has_fine_stamp(&self) -> bool {
        self.time.is_some_and(|time| !is_coarse(time))
    }

    /// Of an object of `splats`; `None` where it is none.
    pub fn of(splat: &Value) -> Option<Event> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let source = &splat["source"];
        let mention = Mention {
            path: plain(source["path"].as_str()?).to_owned(),
            member: text(&source["member"]).unwrap_or_default(),
            first_line: source["first_line"].as_i64()?,
            last_line: source["last_line"].as_i64()?,
            message_id: text(&source["message_id"]),
            date: text(&source["date"]),
            list: text(&source["list"]),
            subject: text(&source["subject"]),
            syzbot: text(&source["syzbot"]),
            incident: splat["incident_line"]
                .as_i64()
                .or(source["first_line"].as_i64()),
        };
        let mut event = Event {
            id: String::new(),
            signature: text(&splat["signature"])?,
            title: text(&splat["title"])?,
            kind: text(&splat["kind"])?,
            culprit: text(&splat["culprit"]["function"]),
            file: text(&splat["culprit"]["file"]),
            subsystem: text(&splat["routing"]["subsystem"]),
            release: text(&splat["kernel"]["release"]),
            hardware: text(&splat["hardware"]),
            time: splat["time"].as_f64(),
            cpu: splat["cpu"].as_i64(),
            pid: splat["pid"].as_i64(),
            comm: text(&splat["comm"]),
            weight: weight(splat),
            report: own(splat)?,
            mention,
        };
        event.id = id(&event);
        Some(event)
    }
}

/// The report without the numbers that it has in its run: another run counts otherwise.
fn own(splat: &Value) -> Option<String> {
    let mut own = splat.clone();
    let fields = own.as_object_mut()?;
    for number in ["incident", "boot"] {
        fields.remove(number);
    }
    if let Some(verdict) = fields.get_mut("late_clear").and_then(Value::as_object_mut) {
        verdict.remove("caused_by");
    }
    serde_json::to_string(&own).ok()
}

/// A whole report says more than one that a reply quotes in part.
fn weight(splat: &Value) -> i64 {
    let lists = ["frames", "details", "message", "stacks"];
    let lists = lists.iter().filter_map(|name| splat[*name].as_array());
    let lists: usize = lists.map(Vec::len).sum();
    let registers = splat["registers"].as_object().map_or(0, |all| all.len());
    (lists + registers) as i64
}

/// Before a fine clock is set, stamps are 0 or count the ticks of the timer (`[    0.004000]`), which are the same on
/// every machine.
fn is_coarse(time: f64) -> bool {
    (time * 1e6).round() % 1e3 == 0.0
}

/// One machine prints one thing at one time, on one CPU, in one task. Where the time is not printed the machine keeps
/// events apart, and where the task is not printed either, nothing does: each mention is an event then.
fn id(event: &Event) -> String {
    let shown = |value: Option<i64>| value.map_or("-".to_owned(), |value| value.to_string());
    let mut parts = vec![event.signature.clone(), shown(event.cpu), shown(event.pid)];
    match event.time.filter(|time| !is_coarse(*time)) {
        Some(time) => parts.push(format!("{time:.6}")),
        None => {
            let names = [&event.comm, &event.release, &event.hardware];
            parts.extend(names.map(|name| name.clone().unwrap_or_default()));
            // Two reports of a log without time and task may be two crashes: to count them as one
            // would hide the second.
            if event.pid.is_none() {
                let Mention {
                    path,
                    member,
                    first_line,
                    ..
                } = &event.mention;
                parts.push(format!("{path}\n{member}\n{first_line}"));
            }
            // Stamps of 0 are no time.
            let time = event.time.filter(|time| *time > 0.0);
            parts.extend(time.map(|time| format!("{time:.6}")));
        }
    }
    let digest = Sha256::digest(parts.join("\0"));
    // 128 bits: no two events of any archive share them by chance.
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

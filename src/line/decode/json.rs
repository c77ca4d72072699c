//! Messages in JSON: `dmesg --json`, `journalctl -o json`, `json-seq` and `json-pretty`, LAVA's
//! log.yaml, container runtimes. An object on one line, or its fields on a line each.

use super::record::{Physical, Record, Records};
use crate::line::Framing;
use crate::line::framing::caller_id;
use serde_json::{Map, Value};

/// The format.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// An object whose fields stand on lines of their own.
    open: Option<Open>,
}

#[derive(Debug, Default)]
struct Open {
    framing: Framing,
    record: Option<Record>,
}

impl Records for Json {
    fn line(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        let Some(text) = content(line.text) else {
            self.release(out);
            return false;
        };
        if text.starts_with('{') && text.len() > 2 {
            self.release(out);
            return object(line, text, out);
        }
        if text.starts_with('"') {
            return self.field(line, text) || self.open.is_some();
        }
        let brackets = text.bytes().all(|byte| b"{}[], ".contains(&byte));
        if !brackets || text.contains('}') {
            self.release(out);
        }
        if brackets && text.ends_with('{') {
            self.open = Some(Open::default());
        }
        brackets
    }

    fn release(&mut self, out: &mut Vec<Record>) {
        let Some(Open {
            framing,
            record: Some(record),
        }) = self.open.take()
        else {
            return;
        };
        out.push(Record {
            framing: Framing {
                present: true,
                ..framing
            },
            ..record
        });
    }

    fn is_idle(&self) -> bool {
        self.open.is_none()
    }
}

impl Json {
    /// `"msg": "text",`: a field on a line of its own. True for one that is known.
    fn field(&mut self, line: &Physical<'_>, text: &str) -> bool {
        let Ok(Value::Object(fields)) =
            serde_json::from_str(&format!("{{{}}}", text.trim_end_matches(',')))
        else {
            return false;
        };
        let known = fields
            .keys()
            .any(|key| TEXTS.contains(&key.as_str()) || FACTS.contains(&key.as_str()));
        if !known {
            return false;
        }
        let open = self.open.get_or_insert_default();
        open.framing = open.framing.with(framing(&fields));
        if let Some(text) = message(&fields) {
            open.record = Some(Record {
                text,
                ..Record::at(line)
            });
        }
        true
    }
}

/// The line without what may stand around its JSON: a record separator (RFC 7464), the dash of a
/// YAML list. Nothing where it holds none.
fn content(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line
        .strip_prefix('\x1e')
        .or_else(|| line.strip_prefix("- "))
        .unwrap_or(line);
    line.starts_with(['{', '}', '[', ']', '"']).then_some(line)
}

fn object(line: &Physical<'_>, text: &str, out: &mut Vec<Record>) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(text.trim_end_matches(',')) else {
        return false;
    };
    let Some(text) = message(&fields) else {
        return false;
    };
    let framing = Framing {
        present: true,
        ..framing(&fields)
    };
    out.push(Record {
        framing,
        text,
        ..Record::at(line)
    });
    true
}

/// Names of the field with the text: journald, dmesg and LAVA, container runtimes.
const TEXTS: [&str; 4] = ["MESSAGE", "msg", "log", "message"];

/// Names of fields that tell of it.
const FACTS: [&str; 6] = [
    "pri",
    "time",
    "caller",
    "fac",
    "PRIORITY",
    "_SOURCE_MONOTONIC_TIMESTAMP",
];

fn message(fields: &Map<String, Value>) -> Option<String> {
    TEXTS.iter().find_map(|name| text(fields.get(*name)?))
}

/// A string, or the bytes of one that is no plain text (journald: "an array of numbers").
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim_end_matches('\n').to_owned()),
        Value::Array(bytes) => {
            let bytes: Option<Vec<u8>> = bytes
                .iter()
                .map(|byte| byte.as_u64()?.try_into().ok())
                .collect();
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// What the fields say. `__MONOTONIC_TIMESTAMP` is when journald read the message, not its own time.
fn framing(fields: &Map<String, Value>) -> Framing {
    let number = |name: &str| match fields.get(name)? {
        Value::String(digits) => digits.parse::<u64>().ok(),
        value => value.as_u64(),
    };
    let seconds = fields
        .get("time")
        .and_then(Value::as_f64)
        .filter(|time| *time >= 0.0);
    let caller = fields
        .get("caller")
        .and_then(Value::as_str)
        .and_then(|id| caller_id(id).ok());
    Framing {
        time_us: number("_SOURCE_MONOTONIC_TIMESTAMP")
            .or(seconds.map(|time| (time * 1e6).round() as u64)),
        caller: caller.map(|(_, caller)| caller),
        level: number("PRIORITY")
            .or_else(|| number("pri"))
            .map(|level| (level & 7) as u8),
        present: false,
    }
}

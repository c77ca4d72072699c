//! Messages in JSON: `dmesg --json`, `journalctl -o json`, `json-seq` and `json-pretty`, LAVA's
//! log.yaml, container runtimes. An object on one line, or its fields on a line each, and the bytes of a
//! text that is no plain one again on a line each.

use super::record::{Fields, Physical, Record, Records, WRITER_FIELDS, Writer};
use crate::line::framing::{caller_id, level_of};
use crate::line::{Framing, Source};
use serde_json::{Map, Value};

/// A longer array of bytes is not kept.
const MAX_ARRAY: usize = 64 * 1024;

/// The format.
#[derive(Debug, Default)]
pub(super) struct JsonRecords {
    /// An object whose fields are on lines of their own.
    open: Option<Fields>,
    /// A text whose bytes are on lines of their own.
    array: Option<(Record, Vec<u8>)>,
}

impl Records for JsonRecords {
    fn line(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        // The bytes of an array are bare numbers, which would pass for text.
        if self.array.is_some() && self.element(line.text.trim()) {
            return true;
        }
        let Some(text) = content(line.text) else {
            self.release(out);
            return false;
        };
        if text.starts_with(['{', '[']) && text.len() > 2 {
            self.release(out);
            return document(line, text, out);
        }
        if text.starts_with('"') {
            // A field that nobody knows is still no line of the log while an object is open.
            return self.array(line, text) || self.field(line, text) || self.open.is_some();
        }
        let brackets = text.bytes().all(|byte| b"{}[], ".contains(&byte));
        if !brackets || text.contains('}') {
            self.release(out);
        }
        if brackets && text.ends_with('{') {
            self.open = Some(Fields::default());
        }
        brackets
    }

    fn release(&mut self, out: &mut Vec<Record>) {
        self.array = None;
        out.extend(self.open.take().and_then(Fields::finish));
    }

    fn is_idle(&self) -> bool {
        self.open.is_none() && self.array.is_none()
    }
}

impl JsonRecords {
    /// `"MESSAGE" : [`: a text whose bytes follow.
    fn array(&mut self, line: &Physical<'_>, text: &str) -> bool {
        let name = text.strip_suffix('[').map(str::trim_end);
        let name = name
            .and_then(|name| name.strip_suffix(':'))
            .map(str::trim_end);
        let begins = name.is_some_and(|name| TEXTS.contains(&name.trim_matches('"')));
        if begins {
            self.array = Some((Record::at(line, ""), Vec::new()));
        }
        begins
    }

    /// `27,`: a byte of it; `]`: its end. False for another line, which ends it as well.
    fn element(&mut self, text: &str) -> bool {
        let byte = text.trim_end_matches(',').parse::<u8>();
        let Some((record, mut bytes)) = self.array.take() else {
            return false;
        };
        match byte {
            Ok(byte) if bytes.len() < MAX_ARRAY => {
                bytes.push(byte);
                self.array = Some((record, bytes));
                true
            }
            Err(_) if text.starts_with(']') => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let open = self.open.get_or_insert_default();
                open.record = Some(Record { text, ..record });
                true
            }
            _ => false,
        }
    }

    /// `"msg": "text",`: a field on a line of its own. True for one that is known.
    fn field(&mut self, line: &Physical<'_>, text: &str) -> bool {
        let Ok(Value::Object(fields)) =
            serde_json::from_str(&format!("{{{}}}", text.trim_end_matches(',')))
        else {
            return false;
        };
        let is_known = |key: &str| {
            TEXTS.contains(&key) || FACTS.contains(&key) || WRITER_FIELDS.contains(&key)
        };
        let known = fields.keys().any(|key| is_known(key));
        // Any program may print such a line: without a field that is known it is a text.
        if !known {
            return false;
        }
        let open = self.open.get_or_insert_default();
        open.framing = open.framing.with(framing(&fields));
        open.writer = open.writer.with(writer(&fields));
        if let Some(text) = message(&fields) {
            open.record = Some(Record::at(line, text));
        }
        true
    }
}

/// The line without what may be around its JSON: a record separator (RFC 7464), the dash of a
/// YAML list, fluentd's time and tag. Nothing where it holds none.
fn content(line: &str) -> Option<&str> {
    let line = behind_tag(line.trim());
    let line = line
        .strip_prefix('\x1e')
        .or_else(|| line.strip_prefix("- "))
        .unwrap_or(line);
    line.starts_with(['{', '}', '[', ']', '"']).then_some(line)
}

/// The object after `2026-11-23 14:20:48 +0100 kernel: `, as fluentd writes it into files; a program has another tag.
fn behind_tag(line: &str) -> &str {
    let object = |at: usize| {
        let (tag, object) = line.split_at_checked(at)?;
        let word = tag.split_whitespace().next_back()?;
        matches!(word.trim_end_matches(':'), "kernel" | "kern" | "kmsg").then_some(object)
    };
    let starts_with_digit = line.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let at = starts_with_digit.then(|| line.find("{\"")).flatten();
    at.and_then(object).unwrap_or(line)
}

/// An object, or all of a document, on one line. False where no message is in it.
fn document(line: &Physical<'_>, text: &str, out: &mut Vec<Record>) -> bool {
    let text = text.trim_end_matches(',');
    let value = serde_json::from_str::<Value>(text);
    // YAML second: its escapes are rare, and to replace them costs a copy.
    let Ok(value) = value.or_else(|_| serde_json::from_str(&without_yaml(text))) else {
        return false;
    };
    let before = out.len();
    out.extend(objects(&value).filter_map(|fields| {
        let fields = Fields {
            framing: framing(fields),
            writer: writer(fields),
            record: Some(Record::at(line, message(fields)?)),
        };
        fields.finish()
    }));
    out.len() > before
}

/// The escapes of JSON for those that only YAML has (YAML 1.2, 5.7): PyYAML writes them into LAVA's log.yaml
/// for the bytes of a terminal.
fn without_yaml(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    while let Some(piece) = pieces.next() {
        let escape = piece.chars().next();
        let known = YAML_ESCAPES.iter().find(|(name, _)| escape == Some(*name));
        match (known, escape) {
            (Some((_, json)), _) => {
                out.push_str(json);
                out.push_str(&piece[1..]);
            }
            // An escaped backslash, after which another escape may follow.
            (None, None) => {
                out.push_str("\\\\");
                out.push_str(pieces.next().unwrap_or_default());
            }
            (None, Some(_)) => {
                out.push('\\');
                out.push_str(piece);
            }
        }
    }
    out
}

/// An escape of YAML, and what JSON has for it; two digits follow the `x`.
const YAML_ESCAPES: [(char, &str); 10] = [
    ('e', "\\u001b"),
    ('x', "\\u00"),
    ('0', "\\u0000"),
    ('a', "\\u0007"),
    ('v', "\\u000b"),
    ('N', "\\u0085"),
    ('_', "\\u00a0"),
    ('L', "\\u2028"),
    ('P', "\\u2029"),
    (' ', " "),
];

/// An object, or those of the list that it is or holds.
fn objects(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let own = value.as_object().filter(|fields| message(fields).is_some());
    let held = value.as_object().filter(|_| own.is_none());
    let held = held.and_then(|fields| fields.values().find_map(Value::as_array));
    let listed = value.as_array().or(held).into_iter().flatten();
    own.into_iter().chain(listed.filter_map(Value::as_object))
}

/// Names of the field with the text: journald, dmesg and LAVA, container runtimes.
const TEXTS: [&str; 4] = ["MESSAGE", "msg", "log", "message"];

/// Names of fields that say so.
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
                .map(|byte| u8::try_from(byte.as_u64()?).ok())
                .collect();
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// What the fields say of who wrote it.
fn writer(fields: &Map<String, Value>) -> Writer {
    let mut writer = Writer::default();
    for name in WRITER_FIELDS {
        if let Some(value) = fields.get(name).and_then(Value::as_str) {
            writer.field(name, value);
        }
    }
    writer
}

/// What the fields say. `__MONOTONIC_TIMESTAMP` is when journald read the message, not its own time.
fn framing(fields: &Map<String, Value>) -> Framing {
    let number = |name: &str| match fields.get(name)? {
        // journald writes its numbers as strings, dmesg as numbers.
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
    // dmesg --json has the facility in the same number, journald has not.
    let priority = number("pri").and_then(|number| u32::try_from(number).ok());
    let priority = priority.map(level_of);
    Framing {
        time_us: number("_SOURCE_MONOTONIC_TIMESTAMP")
            .or(seconds.map(|time| (time * 1e6).round() as u64)),
        clock: None,
        caller: caller.map(|(_, caller)| caller),
        level: number("PRIORITY")
            .map(|level| (level & 7) as u8)
            .or(priority.map(|(level, _)| level)),
        source: priority.map_or(Source::Unknown, |(_, source)| source),
        present: false,
    }
}

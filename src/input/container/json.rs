//! JSON whose records are all on one line (`dmesg --json | jq -c`): each gets a line of its own. What is
//! known of the records is the affair of the decoders; the lines count records.

use super::content::Content;
use super::content::without_mark;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace};
use std::io::{self, BufRead, BufReader, Read};

/// `[{`, or `{"dmesg":[{`: an array of objects that begins on the first line.
pub fn is(head: &[u8]) -> bool {
    let mut rest = blanks(without_mark(head));
    if let Some(inside) = rest.strip_prefix(b"{") {
        let Some(behind) = name(blanks(inside)) else {
            return false;
        };
        rest = blanks(behind);
    }
    let inside = rest.strip_prefix(b"[").map(blanks);
    inside.is_some_and(|inside| inside.starts_with(b"{"))
}

/// What is after `"name":`.
fn name(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', text)?;
    blanks(&text[end + 1..]).strip_prefix(b":")
}

fn blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    &text[blanks.count()..]
}

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    _: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let split = Split {
        text: BufReader::new(content.into_reader()),
        state: ArrayState::default(),
        line: Vec::new(),
        given: 0,
    };
    match Content::stream(split) {
        Ok(content) => walk.leaf(content, place),
        Err(error) => Err(walk.fail(place, Some(Trouble::Read(error)))),
    }
}

/// The text with its records on lines of their own.
struct Split<R> {
    text: R,
    state: ArrayState,
    line: Vec<u8>,
    given: usize,
}

/// Where in the document the next byte is.
#[derive(Default)]
struct ArrayState {
    /// Brackets that are open; beyond those of the array of records only their number counts.
    depth: usize,
    /// The array of records is open, at this depth.
    records: Option<usize>,
    in_string: bool,
    escaped: bool,
}

impl ArrayState {
    /// Takes in a byte; true where a line begins with it.
    fn begins_line(&mut self, byte: u8) -> bool {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'[' | b'{' => {
                self.depth += 1;
                // Deeper arrays are values of a record.
                if byte == b'[' && self.depth <= 2 {
                    self.records.get_or_insert(self.depth);
                }
                return byte == b'{' && self.records.is_some_and(|depth| self.depth == depth + 1);
            }
            b']' | b'}' => {
                let ends = self.records == Some(self.depth);
                self.depth = self.depth.saturating_sub(1);
                if ends {
                    self.records = None;
                }
                return ends;
            }
            _ => {}
        }
        false
    }
}

impl<R: BufRead> Read for Split<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Only what is in the buffer, so that a live stream is passed on as it comes.
        if self.given == self.line.len() {
            self.line.clear();
            self.given = 0;
            let piece = self.text.fill_buf()?;
            for byte in piece {
                if self.state.begins_line(*byte) {
                    self.line.push(b'\n');
                }
                self.line.push(*byte);
            }
            let length = piece.len();
            self.text.consume(length);
        }
        let length = (&self.line[self.given..]).read(buffer)?;
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, capacity: usize) -> String {
        let mut split = Split {
            text: BufReader::with_capacity(capacity, text.as_bytes()),
            state: ArrayState::default(),
            line: Vec::new(),
            given: 0,
        };
        let mut out = String::new();
        split.read_to_string(&mut out).expect("text");
        out
    }

    #[test]
    fn a_record_a_line_whatever_it_holds() {
        let text = r#"{"dmesg":[{"msg":"a \"]}, [{ \\"},{"msg":[1,2],"x":[{"y":{}}]}],"z":[{}]}"#;
        for capacity in [1, 2, 7, 1000] {
            let lines = split(text, capacity);
            let lines: Vec<_> = lines.lines().collect();
            assert_eq!(lines[0], r#"{"dmesg":["#);
            assert_eq!(lines[1], r#"{"msg":"a \"]}, [{ \\"},"#);
            assert_eq!(lines[2], r#"{"msg":[1,2],"x":[{"y":{}}]}"#);
            assert_eq!(lines.concat(), text);
        }
    }

    #[test]
    fn told_by_its_first_bytes() {
        for head in ["[{", r#"{"dmesg":[{"pri":4"#, " [ {", r#"{ "a" : [ {"#] {
            assert!(is(head.as_bytes()), "{head}");
        }
        // One object a line, an object over several lines, text.
        for head in [
            r#"{"MESSAGE":"x"}"#,
            "{\n \"dmesg\": [\n {",
            "[    0.1] {",
            "{",
            "[",
            "",
        ] {
            assert!(!is(head.as_bytes()), "{head}");
        }
    }
}

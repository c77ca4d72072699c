//! Line numbers that an editor, `grep -n` or `cat -n` put in front of a log without stamps.
//!
//! A number alone proves nothing: texts begin with numbers, too. So the first numbered line waits for the next one,
//! which must have the next number. What has a stamp needs no such care: what is in front of it goes anyway.

use std::ops::Range;

/// Digits of a line number that are looked at.
const MAX_DIGITS: usize = 9;

/// Who takes the lines.
type TakeNumbered<'t> = dyn FnMut(u64, &[u8]) + 't;

/// The state between lines.
#[derive(Debug, Default)]
pub(super) struct ListedNumbers {
    /// A numbered line that waits for the next one.
    held: Option<(u64, Vec<u8>)>,
    /// The last numbered line: its place in the input, its number, and whether another one proved it.
    last: Option<LastNumber>,
}

#[derive(Debug, Clone, Copy)]
struct LastNumber {
    line: u64,
    number: u64,
    proved: bool,
}

impl ListedNumbers {
    /// Takes in a line; gives it away without its number.
    pub fn line(&mut self, line: u64, raw: &[u8], take: &mut TakeNumbered<'_>) {
        let Some((number, text)) = number_of(raw) else {
            self.release(take);
            self.last = None;
            return take(line, raw);
        };
        let before = self.last.take().filter(|last| last.line + 1 == line);
        let proved = before.is_some_and(|last| last.number + 1 == number);
        self.last = Some(LastNumber {
            line,
            number,
            proved,
        });
        if let Some((first, held)) = self.held.take() {
            let behind = number_of(&held).filter(|_| proved).map(|(_, text)| text);
            take(first, &held[behind.unwrap_or(0..held.len())]);
        }
        match (proved, before) {
            (true, _) => take(line, &raw[text]),
            // Numbers that do not count up are text: no line waits after such a one.
            (false, Some(last)) if !last.proved => take(line, raw),
            (false, _) => self.held = Some((line, raw.to_vec())),
        }
    }

    /// Gives away what is held back.
    pub fn release(&mut self, take: &mut TakeNumbered<'_>) {
        if let Some((line, raw)) = self.held.take() {
            take(line, &raw);
        }
    }

    /// True where nothing is held back.
    pub fn is_idle(&self) -> bool {
        self.held.is_none()
    }
}

/// The number in front of a line, and where its text is.
fn number_of(raw: &[u8]) -> Option<(u64, Range<usize>)> {
    let blanks = raw.iter().take_while(|byte| **byte == b' ').count();
    let digits = raw[blanks..].iter().take(MAX_DIGITS + 1);
    let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
    let end = blanks + digits;
    let begin = match &raw[end..] {
        [b':' | b'|', b' ', ..] => end + 2,
        [b' ' | b'\t', ..] => end + 1,
        [b':', next, ..] if !next.is_ascii_digit() => end + 1,
        _ => return None,
    };
    let number = str::from_utf8(&raw[blanks..end]).ok()?.parse().ok()?;
    (1..=MAX_DIGITS)
        .contains(&digits)
        .then_some((number, begin..raw.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(log: &[&str]) -> Vec<(u64, String)> {
        let mut numbers = ListedNumbers::default();
        let mut all = Vec::new();
        let mut take =
            |line, raw: &[u8]| all.push((line, String::from_utf8_lossy(raw).into_owned()));
        for (line, raw) in (1..).zip(log) {
            numbers.line(line, raw.as_bytes(), &mut take);
        }
        numbers.release(&mut take);
        all
    }

    fn texts(log: &[&str]) -> Vec<String> {
        read(log).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn numbers_that_count_up_go_from_the_first_line_on() {
        assert_eq!(texts(&["00515 a", "00516  b", "00517 c"]), ["a", " b", "c"]);
        assert_eq!(texts(&["  9\ta", " 10\tb"]), ["a", "b"]);
        assert_eq!(texts(&["7:a", "8:b", "x", "3: c"]), ["a", "b", "x", "3: c"]);
    }

    #[test]
    fn numbers_that_are_text_stay() {
        for log in [
            &["1 page", "12 pages", "13 pages"][..],
            &["0 x", "0 x"],
            &["14:20:48 x", "15:20:48 x"],
            &["1", "2"],
        ] {
            let all = texts(log);
            assert_eq!(all[..2], log[..2]);
        }
    }

    #[test]
    fn every_line_comes_once_and_in_order() {
        let log = ["1 a", "3 b", "4 c", "x", "9 d", "y"];
        let lines: Vec<_> = read(&log).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6]);
    }
}

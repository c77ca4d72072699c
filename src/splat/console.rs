//! What a serial console puts in front of a kernel line.
//!
//! In: a log line. Out: the line without a prompt that it continues: `host login: [   12.3] …`,
//! `** 5 printk messages dropped ** [   12.3] …`.

use crate::line::{LogLine, framing};

/// Ends of what the console or printk prints without a line feed behind it
/// (kernel/printk/printk.c, `console_prepend_dropped()`).
const PROMPTS: [&str; 2] = ["login: ", "printk messages dropped ** "];

/// The kernel's own line; `None` where nothing stands in front of it.
pub fn unprompted(line: &LogLine<'_>) -> Option<LogLine<'static>> {
    if line.framing.present {
        return None;
    }
    let rest = PROMPTS
        .iter()
        .find_map(|prompt| Some(line.text.split_once(prompt)?.1))?;
    let (framing, text) = framing::strip(rest);
    framing.present.then(|| LogLine {
        number: line.number,
        quote: line.quote,
        framing,
        width: line.width,
        text: text.to_owned().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_prompt_hides_no_time_stamp() {
        let line = LogLine::parse(1, b"debian login: [   12.500000][  T7] BUG: x");
        let line = unprompted(&line).expect("a prompt");
        assert_eq!(line.framing.time_us, Some(12_500_000));
        assert_eq!(line.text, "BUG: x");
        assert!(unprompted(&LogLine::parse(1, b"debian login: root")).is_none());
    }
}

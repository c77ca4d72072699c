//! ksplat's own page (`--format html`), read as a log: only the lines of the log that it shows are taken.

use std::collections::HashSet;

/// What is in front of the lines of a report.
const LOG: &str = "<div class=\"log\" role=\"region\"";

/// What is after the number, in front of the text, and after it. The number has been in either element.
const NUMBER: [&str; 2] = ["</i>", "</span>"];
const TEXT: (&str, &str) = ("<code>", "</code>");

/// The lines of logs that a line of a page shows; `None` for a line of anything else. Each report is shown with the
/// lines around it, which may be those of another one: a line is given once.
pub(super) fn rows(line: &str) -> Option<impl Iterator<Item = &str>> {
    let mut rest = &line[line.find(LOG)?..];
    let mut given = HashSet::new();
    Some(std::iter::from_fn(move || {
        loop {
            let (before, behind) = rest.split_once(TEXT.1)?;
            rest = behind;
            if let Some(row) = row(before).filter(|row| given.insert(*row)) {
                return Some(row.1);
            }
        }
    }))
}

/// The number and the text that end here.
fn row(before: &str) -> Option<(&str, &str)> {
    let (head, text) = before.rsplit_once(TEXT.0)?;
    let head = NUMBER.iter().find_map(|end| head.strip_suffix(end))?;
    let (_, number) = head.rsplit_once('>')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((number, text))
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn only_the_lines_of_the_log_are_taken() {
        let page = "<td>WARNING in f</td><div class=\"log\" role=\"region\" a=\"b\"><div><span class=\"number\">5</span>\
                    <code>a</code></div><div><span class=\"number\">6</span><code>b</code></div></div><b>f</b>";
        let found: Vec<_> = rows(page).expect("a page").collect();
        assert_eq!(found, ["a", "b"]);
        let newer = page
            .replace("span class=\"number\"", "i")
            .replace("</span>", "</i>");
        let found: Vec<_> = rows(&newer).expect("a page").collect();
        assert_eq!(found, ["a", "b"]);
        let twice = format!("{page}{page}");
        let found: Vec<_> = rows(&twice).expect("a page").collect();
        assert_eq!(found, ["a", "b"], "what two reports show");
        assert!(rows("<code>x</code>").is_none());
    }
}

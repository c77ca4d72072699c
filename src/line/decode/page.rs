//! ksplat's own page (`--format html`), read as a log: only the lines of the log that it shows are taken.

use std::collections::HashSet;

/// What stands in front of the lines of a report.
const LOG: &str = "<div class=\"log\" role=\"region\"";

/// What stands around the number and the text of each of them.
const ROW: (&str, &str, &str) = ("<span class=\"number\">", "</span><code>", "</code>");

/// The lines of logs that a line of a page shows; `None` for a line of anything else. Each report is shown with the
/// lines around it, which may be those of another one: a line is given once.
pub(super) fn rows(line: &str) -> Option<impl Iterator<Item = &str>> {
    let mut rest = &line[line.find(LOG)?..];
    let mut given = HashSet::new();
    Some(std::iter::from_fn(move || {
        loop {
            let (_, inside) = rest.split_once(ROW.0)?;
            let (row, behind) = inside.split_once(ROW.2)?;
            rest = behind;
            let (number, text) = row.split_once(ROW.1)?;
            if given.insert((number, text)) {
                return Some(text);
            }
        }
    }))
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
        let twice = format!("{page}{page}");
        let found: Vec<_> = rows(&twice).expect("a page").collect();
        assert_eq!(found, ["a", "b"], "what two reports show");
        assert!(rows("<code>x</code>").is_none());
    }
}

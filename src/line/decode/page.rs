//! ksplat's own page (`--format html`), read as a log: only the lines of the log that it shows are taken.

/// What stands in front of the lines of a report.
const LOG: &str = "<div class=\"log\" role=\"region\"";

/// What stands around each of them.
const ROW: (&str, &str) = ("</span><code>", "</code>");

/// The lines of logs that a line of a page shows; `None` for a line of anything else.
pub(super) fn rows(line: &str) -> Option<impl Iterator<Item = &str>> {
    let mut rest = &line[line.find(LOG)?..];
    Some(std::iter::from_fn(move || {
        let (_, inside) = rest.split_once(ROW.0)?;
        let (row, behind) = inside.split_once(ROW.1)?;
        rest = behind;
        Some(row)
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
        assert!(rows("<code>x</code>").is_none());
    }
}

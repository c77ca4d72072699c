//! Mails within mails, parts within parts, fields without end.

use crate::hostile::SPLAT;
use crate::triage::read;

const MAIL: &str = "From: a@b\nTo: c@d\nSubject: x\nMIME-Version: 1.0\n";

/// A log in so many mails, one in the other.
fn mails(depth: usize) -> String {
    let outer = format!("{MAIL}Content-Type: message/rfc822\n\n").repeat(depth);
    format!("{outer}{MAIL}\n{SPLAT}")
}

#[test]
fn a_log_in_a_mail_in_a_mail_is_read_once() {
    for depth in 0..4 {
        let answer = read(mails(depth).as_bytes());
        assert_eq!(
            (answer.reports.len(), answer.errors.len()),
            (1, 0),
            "{depth}"
        );
    }
}

#[test]
fn mails_nested_deeper_than_any_are_told() {
    let bare = format!(
        "{MAIL}{}",
        "Content-Type: message/rfc822\n\n".repeat(40_000)
    );
    for mail in [mails(10_000), bare] {
        let answer = read(mail.as_bytes());
        assert_eq!(answer.errors.len(), 1, "{:?}", answer.errors);
        assert!(
            answer.errors[0].contains("nested more than"),
            "{:?}",
            answer.errors
        );
    }
}

#[test]
fn parts_nested_deeper_than_any_are_told_and_the_others_are_read() {
    let part = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
    let nested: String = (0..10_000).map(part).collect();
    let mail =
        format!("{MAIL}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{SPLAT}\n--b\n{nested}");
    let answer = read(mail.as_bytes());
    assert_eq!(answer.reports.len(), 1);
    assert_eq!(answer.errors.len(), 1, "{:?}", answer.errors);
    assert!(
        answer.errors[0].contains("nested more than"),
        "{:?}",
        answer.errors
    );
}

#[test]
fn a_header_that_would_fill_the_memory_is_passed_over_and_the_log_behind_it_is_read() {
    for field in ["\ty\n", "X: y\n"] {
        let fields = field.repeat(200_000);
        let mail = format!(
            "{MAIL}Content-Type: multipart/mixed; boundary=b\nSubject: y\n{fields}\n--b\n\n{SPLAT}"
        );
        let answer = read(mail.as_bytes());
        assert_eq!((answer.reports.len(), answer.errors.len()), (1, 0));
    }
}

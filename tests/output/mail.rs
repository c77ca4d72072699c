//! Report mails: other programs read them, and so does ksplat.

use super::{AP, BSP, HEALTHY, TWO, corpus, format, hostile, ksplat};
use mail_parser::{HeaderName, MessageParser};
use serde_json::Value;
use std::path::Path;

fn signatures(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let text = ksplat(folder, &[&["--format", "json"], arguments].concat());
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let splats = document["splats"].as_array().expect("a list");
    splats
        .iter()
        .map(|splat| splat["signature"].clone())
        .collect()
}

/// What ksplat finds in its own mail.
fn read_again(mail: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("mail"), mail).expect("written");
    signatures(folder.path(), &["mail"])
}

#[test]
fn a_mail_that_can_be_sent() {
    let mail = format("mail", &[AP]);
    let message = MessageParser::default()
        .parse(mail.as_bytes())
        .expect("a mail");
    assert_eq!(
        message.subject(),
        Some(
            "WARNING in do_clear_cpu_cap: AP path: CPU 1 lost VMX after alternatives were patched (init_ia32_feat_ctl)"
        )
    );
    assert!(message.to().is_none() && message.date().is_none());
    assert!(message.header(HeaderName::From).is_none());
    let body = message.body_text(0).expect("text");
    let log = std::fs::read_to_string(corpus().join(AP)).expect("readable");
    for line in log.lines().skip(163).take(27) {
        assert!(body.lines().any(|of_mail| of_mail == line), "{line}");
    }
}

#[test]
fn prose_is_wrapped_and_only_the_log_is_wider() {
    let mail = format("mail", &[AP]);
    let (prose, _) = mail.split_once("\nLog\n---\n").expect("a log");
    assert!(prose.lines().all(|line| line.chars().count() <= 78));
    assert!(prose.lines().any(|line| line.chars().count() > 66));
}

#[test]
fn ksplat_finds_the_same_splats_in_its_mail() {
    for log in [AP, BSP, TWO, "ap-4cpu-levels-kaslr/log"] {
        let mail = format("mail", &[log]);
        let wanted = signatures(&corpus(), &[log]);
        assert!(!wanted.is_empty());
        for signature in read_again(&mail) {
            assert!(wanted.contains(&signature), "{log}: {signature}");
        }
        assert!(read_again(&mail).contains(&wanted[0]), "{log}");
    }
}

#[test]
fn several_crashes_are_an_mbox_and_a_bug_has_one_message() {
    let mbox = format(
        "mail",
        &[AP, BSP, "ap-vmx-bios-kaslr/../ap-vmx-bios-kaslr/log"],
    );
    let begins = mbox.lines().filter(|line| line.starts_with("From "));
    assert_eq!(begins.count(), 2);
    assert!(mbox.contains("Seen again"));
    let found = read_again(&mbox);
    assert_eq!(found, signatures(&corpus(), &[AP, BSP]));
}

#[test]
fn no_mail_for_a_clean_log() {
    assert_eq!(format("mail", &[HEALTHY]), "");
}

#[test]
fn hostile_bytes_add_no_header_and_no_overlong_line() {
    let (folder, name) = hostile();
    let mail = ksplat(folder.path(), &["--format", "mail", &name]);
    let message = MessageParser::default()
        .parse(mail.as_bytes())
        .expect("a mail");
    let names: Vec<_> = message
        .headers()
        .iter()
        .map(|header| header.name())
        .collect();
    assert_eq!(
        names,
        [
            "Subject",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding"
        ]
    );
    assert!(mail.lines().all(|line| line.len() <= 998));
}

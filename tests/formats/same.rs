//! The same splats, whatever they came in.

use super::containers::{CONTAINERS, Container, gzip};
use super::framings::{FRAMINGS, Message, dmesg_json_line, messages};
use super::mails::MAILS;
use super::triage::{Answer, read};
use proptest::prelude::*;
use serde_json::Value;
use std::path::Path;

/// Boots with late clears, each the console log of a corpus case: one splat, a nested pair, a panic.
const BOOTS: &[&str] = &[
    "ap-vmx-bios-kaslr",
    "ap-faststring",
    "ap-level4-panic-on-warn-kaslr-nogdb",
];

/// The messages of a boot that matter to a verdict, and some around the splats.
pub fn boot(name: &str) -> Vec<Message> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name)
        .join("log");
    let log = std::fs::read_to_string(path).expect("the corpus is part of the repository");
    let all = messages(&log);
    let splat = all
        .iter()
        .position(|message| message.text.contains("[ cut here ]"))
        .expect("a splat");
    let last = all
        .iter()
        .rposition(|message| message.text.starts_with("---[ end"))
        .expect("an end");
    let telling = |(number, message): &(usize, &Message)| {
        let milestones = [
            "Linux version",
            "ommand line",
            "alternatives",
            "secondary",
            "smp: Brought",
            "by BIOS",
        ];
        (splat.saturating_sub(2)..=last + 2).contains(number)
            || milestones.iter().any(|text| message.text.contains(text))
    };
    all.iter()
        .enumerate()
        .filter(telling)
        .map(|(_, message)| message.clone())
        .collect()
}

fn containers() -> impl Iterator<Item = &'static Container> {
    CONTAINERS.iter().chain(MAILS)
}

/// What differs between two lists of splats.
fn difference(found: &Value, due: &Value) -> String {
    let (found, due) = (
        found.as_array().expect("a list"),
        due.as_array().expect("a list"),
    );
    if found.len() != due.len() {
        return format!("{} splats, not {}", found.len(), due.len());
    }
    let fields = found.iter().zip(due).flat_map(|(found, due)| {
        let keys = due.as_object().expect("an object").keys();
        keys.filter(|key| found[*key] != due[*key])
            .map(|key| format!("{key}: {}, not {}", found[key], due[key]))
    });
    fields.collect::<Vec<_>>().join("\n")
}

/// The splats without the time of day, which only some framings have.
fn splats(answer: &Answer) -> Value {
    let mut found = answer.splats();
    for splat in found.as_array_mut().into_iter().flatten() {
        splat.as_object_mut().expect("an object").remove("clock");
    }
    found
}

/// What is wrong where reading `log` does not give `due` without an error.
fn wrong(name: &str, log: &[u8], due: &Value) -> Option<String> {
    let answer = read(log);
    let found = splats(&answer);
    if !answer.errors.is_empty() {
        return Some(format!("{name}: {:?}", answer.errors));
    }
    (found != *due).then(|| format!("{name}: {}", difference(&found, due)))
}

/// Every boot, its console log, and the splats of that.
fn boots() -> Vec<(&'static str, Vec<Message>, Vec<u8>, Value)> {
    let with_splats = |name: &&'static str| {
        let boot = boot(name);
        let log = FRAMINGS[0].1(&boot);
        let due = splats(&read(&log));
        assert!(due.as_array().is_some_and(|splats| !splats.is_empty()));
        (*name, boot, log, due)
    };
    BOOTS.iter().map(with_splats).collect()
}

fn assert_none(wrong: impl Iterator<Item = String>) {
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_every_framing() {
    let boots = boots();
    assert_none(boots.iter().flat_map(|(name, boot, _, due)| {
        FRAMINGS.iter().filter_map(move |(framing, write)| {
            wrong(&format!("{name} as {framing}"), &write(boot), due)
        })
    }));
}

#[test]
fn in_every_container() {
    let boots = boots();
    assert_none(boots.iter().flat_map(|(name, _, log, due)| {
        containers().filter_map(move |(container, pack)| {
            wrong(&format!("{name} in {container}"), &pack(log), due)
        })
    }));
}

#[test]
fn in_a_framing_that_changes_in_the_middle() {
    let boots = boots();
    let (_, boot, _, due) = &boots[0];
    let splat = boot
        .iter()
        .position(|message| message.text.contains("[ cut here ]"))
        .expect("a splat");
    let named = |name: &str| {
        FRAMINGS
            .iter()
            .find(|framing| framing.0 == name)
            .expect("a framing")
            .1
    };
    let pairs = [
        ("no-time", "kmsg"),
        ("dmesg-json", "syslog"),
        ("journal-export", "console"),
        ("kmsg", "html"),
    ];
    assert_none(pairs.iter().filter_map(|(first, second)| {
        let log = [named(first)(&boot[..splat]), named(second)(&boot[splat..])].concat();
        wrong(&format!("{first}, then {second}"), &log, due)
    }));
}

#[test]
fn in_one_line_that_is_longer_than_any_line() {
    for (name, boot, _, due) in boots() {
        let noise = Message {
            text: "usb 1-1: nothing to \"see\" here {[".to_owned(),
            ..boot[0].clone()
        };
        let boot = [boot.clone(), vec![noise; 2000], boot].concat();
        let log = dmesg_json_line(&boot);
        assert!(log.len() > 2 * ksplat::stages::input::MAX_LINE);
        let splats = due.as_array().map_or(0, Vec::len);
        assert_eq!(read(&log).reports.len(), 2 * splats, "{name}");
        assert_eq!(read(&gzip(&log)).reports.len(), 2 * splats, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn in_any_framing_in_any_container(
        (name, boot, _, due) in prop::sample::select(boots()),
        framing in prop::sample::select(FRAMINGS),
        container in prop::sample::select(containers().collect::<Vec<_>>()),
    ) {
        let log = framing.1(&boot);
        let as_text = ["mail", "utf-16"].iter().any(|text| container.0.starts_with(text));
        // A log with NULs in it is no text of a mail or of UTF-16.
        prop_assume!(framing.0 != "journal-export-binary" || !as_text);
        // Nobody sends the source of a web page as the text of another one.
        prop_assume!(!framing.0.starts_with("html") || container.0 != "mail-html");
        // A part of a dump holds none.
        prop_assume!(!framing.0.starts_with("pstore") || container.0 != "pstore-in-tar");
        // A document that is one line is a file: no text of a mail, no record of pstore.
        let as_part = ["mail", "mbox", "pstore"].iter().any(|part| container.0.starts_with(part));
        prop_assume!(framing.0 != "dmesg-json-line" || !as_part);
        let name = format!("{name} as {} in {}", framing.0, container.0);
        prop_assert_eq!(wrong(&name, &container.1(&log), &due), None);
    }
}

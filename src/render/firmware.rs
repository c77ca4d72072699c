//! A page for whoever writes the firmware of a machine: what differs between its CPUs, and how to see it, without
//! the kernel's words.
//!
//! Only late clears on a secondary CPU, and on the boot CPU after a suspend, are a matter of the firmware. Its
//! sentences are in `grammars/late-clear.toml` (`[[ask]]`).

use super::clean::clean;
use super::facts;
use super::output::{Output, RunStatus, RunSummary};
use super::words::{count, wrap};
use crate::analyzer::Input;
use crate::cpus::{CpuTable, Difference, Row, Subject, ranges};
use crate::grammar::{FaultName, PathName, Requester, StageName};
use crate::report::Report;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Columns of a page, and of the names in it.
const WIDTH: usize = 78;
const MARGIN: usize = 12;

/// The first line of a page.
const TITLE: &str = "The CPUs of this machine differ";

/// Reports of an input that pages are written of; a machine has as many features.
const MAX_HELD: usize = 64;

/// The output as pages.
#[derive(Default)]
pub struct Firmware {
    held: Vec<Report>,
    pages: u64,
    others: u64,
}

impl Output for Firmware {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        // Accepted in the baseline: the page was sent before.
        if standing.known().is_some() {
            return String::new();
        }
        let is_first = |held: &Report| held.signature != report.signature;
        if !is_of_firmware(&report) {
            self.others += u64::from(report.warned_clear().is_some());
        } else if self.held.len() < MAX_HELD && self.held.iter().all(is_first) {
            self.held.push(report);
        }
        String::new()
    }

    /// What the input says of single CPUs is known at its end.
    fn input(&mut self, input: Input) -> String {
        let held = std::mem::take(&mut self.held);
        let pages = held.iter().map(|report| page(report, &input));
        self.pages += held.len() as u64;
        pages.collect()
    }

    fn wants_boots(&self) -> bool {
        true
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        // Reports of an input that an interrupt left unfinished.
        let pages: String = std::mem::take(&mut self.held)
            .iter()
            .map(|report| page(report, &Input::default()))
            .collect();
        match self.pages + self.held.len() as u64 {
            0 if pages.is_empty() => match self.others {
                0 => "Nothing here is a matter of the firmware.\n".to_owned(),
                others => {
                    let speak = if others == 1 { "speaks" } else { "speak" };
                    let clears = count(others, "late clear");
                    format!(
                        "Nothing here is a matter of the firmware: {clears} that {speak} for a fault of the kernel.\n"
                    )
                }
            },
            _ => pages,
        }
    }
}

fn is_of_firmware(report: &Report) -> bool {
    let Some(verdict) = report.warned_clear() else {
        return false;
    };
    let is_its = matches!(
        verdict.at_fault,
        FaultName::Firmware | FaultName::Microcode | FaultName::Hypervisor | FaultName::Unknown
    );
    // On other paths all CPUs are alike, and the order of the kernel's own steps is wrong.
    let differs = verdict.path == PathName::Ap || verdict.stage == StageName::Resume;
    // Listings that contradict the warning clear the firmware, unless a register proves it.
    let acquitted = verdict.at_fault == FaultName::Unknown && !verdict.against.is_empty();
    is_its && !acquitted && differs && verdict.caused_by.is_none()
}

fn page(report: &Report, input: &Input) -> String {
    let mut out = String::new();
    let Some(verdict) = &report.late_clear else {
        return out;
    };
    let name = verdict
        .feature
        .as_ref()
        .and_then(|feature| feature.name.as_deref());
    let rule = verdict.requester.as_deref();
    let rule = rule.and_then(|function| report.grammar().requester(function, name));
    let _ = writeln!(out, "{TITLE}\n{}\n", "=".repeat(TITLE.len()));
    for (name, value) in machine(report, input) {
        let value = wrap(&clean(&value), WIDTH - MARGIN, MARGIN);
        let _ = writeln!(out, "{name:MARGIN$}{value}");
    }
    let registers = registers(report, rule, listings(input));
    part(&mut out, "What differs", &[differs(report)]);
    if !registers.is_empty() {
        part(&mut out, "The register", &registers);
    }
    part(&mut out, "How to see it", &how(rule, report));
    part(&mut out, "Who noticed", &[noticed(report)]);
    part(&mut out, "What is asked for", &asked(report));
    out.push('\n');
    out
}

fn part(out: &mut String, heading: &str, lines: &[String]) {
    let _ = writeln!(out, "\n{heading}\n{}", "-".repeat(heading.len()));
    for line in lines {
        // Commands are on lines of their own, to be copied.
        match line.strip_prefix("    ") {
            Some(command) => {
                let _ = writeln!(out, "    {}", clean(command));
            }
            None => {
                let _ = writeln!(out, "{}", wrap(&clean(line), WIDTH, 0));
            }
        }
    }
}

/// Machine, BIOS, CPUs: as far as the log shows them.
fn machine(report: &Report, input: &Input) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(hardware) = &report.platform.hardware {
        // dmi_format_ids() puts the BIOS last (drivers/firmware/dmi_scan.c).
        let (board, bios) = hardware.split_once(", BIOS ").unwrap_or((hardware, ""));
        rows.push(("Machine", board.to_owned()));
        if !bios.is_empty() {
            rows.push(("BIOS", bios.to_owned()));
        }
    }
    let boot = report.splat.boot.and_then(|boot| input.boots.get(boot));
    if let Some(cpus) = boot.and_then(|boot| boot.cpus) {
        rows.push(("CPUs", cpus.to_string()));
    }
    let table = listings(input);
    let fields = [
        ("CPU model", "model name"),
        ("Family", "cpu family"),
        ("Model", "model"),
        ("Stepping", "stepping"),
        ("Microcode", "microcode"),
    ];
    for (label, field) in fields {
        // /proc/cpuinfo first: it has a value for each CPU, the boot log mostly for one.
        let listed = ["/proc/cpuinfo", "kernel"]
            .into_iter()
            .find_map(|source| table?.row(&Subject::Field(source.to_owned(), field.to_owned())));
        if let Some(row) = listed {
            rows.push((label, values(row)));
        }
    }
    // The boot's own line only says what one CPU runs.
    if let (Some(microcode), false) = (
        boot.and_then(|boot| boot.microcode.clone()),
        rows.iter().any(|(name, _)| *name == "Microcode"),
    ) {
        rows.push(("Microcode", microcode));
    }
    if let Some(release) = &report.platform.release {
        rows.push(("System", format!("Linux {release}")));
    }
    rows.push(("Log", facts::span(&report.splat)));
    rows
}

/// What is said of single CPUs, in the log and beside it.
fn listings(input: &Input) -> Option<&CpuTable> {
    input.gathered.as_ref().or(input.cpus.as_ref())
}

/// A value, or that of each CPU where they differ.
fn values(row: &Row) -> String {
    let contradictions = row.contradictions();
    if let ([one], true) = (row.values.as_slice(), contradictions.is_empty()) {
        return one.value.clone();
    }
    let agreed = row.values.iter();
    let agreed = agreed.map(|agreed| format!("CPU {}: {}", ranges(&agreed.cpus), agreed.value));
    let contradicted = contradictions.iter().map(|found| {
        let values = found.said().into_iter().map(|(value, _)| value);
        let values = values.collect::<Vec<_>>().join(" and ");
        format!(
            "CPU {}: {values}, which contradict each other",
            ranges(&found.cpus)
        )
    });
    agreed.chain(contradicted).collect::<Vec<_>>().join(", ")
}

fn differs(report: &Report) -> String {
    let cpu = report
        .splat
        .cpu
        .map_or("another CPU".to_owned(), |cpu| format!("CPU {cpu}"));
    let verdict = report.late_clear.as_ref();
    let feature = verdict.and_then(|verdict| verdict.feature.as_ref());
    let name = feature.and_then(|feature| feature.name.as_deref());
    let mut meanings = report.grammar().meanings.iter();
    let known = name.and_then(|name| meanings.find(|meaning| meaning.feature == name));
    let what = match (known, name) {
        (Some(meaning), _) => format!("{} ({})", meaning.means, meaning.feature),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "A feature".to_owned(),
    };
    let (first, rest) = what.split_at(what.chars().next().map_or(0, char::len_utf8));
    let what = format!("{}{rest}", first.to_uppercase());
    match verdict.is_some_and(|verdict| verdict.path == PathName::Ap) {
        true => format!("{what} is on on the boot CPU and off on {cpu}."),
        false => format!("{what} was on on the boot CPU before a suspend, and is off after it."),
    }
}

/// Each register that decides: its bits by name, and what the log says of its values.
fn registers(report: &Report, rule: Option<&Requester>, table: Option<&CpuTable>) -> Vec<String> {
    let feature = report.late_clear.as_ref().and_then(|verdict| {
        let feature = verdict.feature.as_ref()?;
        feature.name.as_deref()
    });
    let deciding = rule.into_iter().flat_map(|rule| rule.deciding(feature));
    let lines = deciding.map(|register| {
        let known = report.grammar().register(register.msr);
        let name = known.map_or(String::new(), |msr| format!(" {}", msr.name));
        let bits = register.bits.iter().map(|bit| {
            let named = known.and_then(|msr| msr.bits.iter().find(|named| named.bit == *bit));
            let named = named.map_or(String::new(), |named| format!(" ({})", named.name));
            format!("{bit}{named}")
        });
        let bits = bits.collect::<Vec<_>>().join(", ");
        let row = table.and_then(|table| table.row(&Subject::Msr(register.msr)));
        let says = row.map_or(
            "The log does not list its values, and no text beside it does.".to_owned(),
            |row| {
                let difference = Difference::of_register(register.msr, row);
                let bits = difference.map_or(String::new(), |found| {
                    format!(": {}", found.says.join(", "))
                });
                format!("{} lists: {}{bits}.", lister(row, report), values(row))
            },
        );
        let plural = if register.bits.len() == 1 { "" } else { "s" };
        format!("MSR {:#x}{name}, bit{plural} {bits}. {says}", register.msr)
    });
    lines.collect()
}

/// Who lists the values: the log, or a text beside it.
fn lister(row: &Row, report: &Report) -> String {
    let printed = row.values.first().map(|value| &value.printed.path);
    match printed.filter(|path| ***path != *report.splat.source.path) {
        Some(path) => clean(path).into_owned(),
        None => "The log".to_owned(),
    }
}

/// Commands to type under Linux.
fn how(rule: Option<&Requester>, report: &Report) -> Vec<String> {
    let mut lines = vec!["Under any Linux, as root, with the package msr-tools:".to_owned()];
    lines.push("    modprobe msr".to_owned());
    let deciding = rule.map_or(&[][..], |rule| rule.registers.as_slice());
    let numbers: BTreeSet<u32> = deciding.iter().map(|register| register.msr).collect();
    lines.extend(numbers.iter().map(|msr| format!("    rdmsr -a {msr:#x}")));
    // No register decides: then the flag shows the difference, without a package.
    if numbers.is_empty() {
        let feature = report
            .late_clear
            .as_ref()
            .and_then(|verdict| verdict.feature.as_ref());
        let flag = feature.and_then(|feature| feature.flag.as_deref());
        lines.remove(1);
        lines[0] = "Under any Linux; each line must be the same:".to_owned();
        lines.push(match flag {
            Some(flag) => format!("    grep -c '\\b{flag}\\b' /proc/cpuinfo; nproc"),
            None => "    grep -E '^(flags|microcode|stepping)' /proc/cpuinfo | sort | uniq -c"
                .to_owned(),
        });
    } else {
        lines.push("A line for each CPU: the bits must be the same in all of them.".to_owned());
    }
    lines
}

fn noticed(report: &Report) -> String {
    let verdict = report.late_clear.as_ref();
    let function = verdict.and_then(|verdict| verdict.requester.as_deref());
    let function = function.map_or("Linux".to_owned(), |function| {
        format!("{function}() of Linux")
    });
    let cpu = report
        .splat
        .cpu
        .map_or("the CPU".to_owned(), |cpu| format!("CPU {cpu}"));
    let line = report.splat.source.first_line;
    format!("{function} read it while {cpu} was started, and warns (line {line} of the log).")
}

fn asked(report: &Report) -> Vec<String> {
    let fault = report.late_clear.as_ref().map(|verdict| verdict.at_fault);
    let mut rules = report.grammar().asks.iter();
    let rule = rules.find(|rule| Some(rule.fault) == fault);
    rule.map(|rule| rule.text.clone()).into_iter().collect()
}

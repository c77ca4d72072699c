//! The facts about a splat, as every form of the output for people lists them.

mod before;
mod memory;

#[cfg(feature = "cli")]
pub use before::fixed;
pub use before::seen;

use super::words::{count, kebab, place};
use crate::grammar::{Grammar, PathName};
use crate::late_clear::{BringUp, LateClear};
use crate::report::Report;
use crate::routing::SourceCode;
use crate::splat::Splat;
use crate::symbols::{Match, Symbols};
use std::borrow::Cow;

/// The first sentence, for a person: what kind of trouble it is and what happened. Of several late clears
/// with one cause the features are named together.
pub fn sentence(report: &Report, more: &[Report]) -> String {
    match (report.warned_clear(), &report.summary) {
        (Some(verdict), _) => lost_together(verdict, more),
        (None, Some(summary)) => {
            let killed = summary.killed.as_ref();
            // Where the machine stopped all tasks did.
            let killed = killed.filter(|_| report.panic_line.is_none());
            let fate = killed.map_or(String::new(), |task| format!("; {task} was killed"));
            format!("{}: {}{fate}", summary.label, summary.text)
        }
        (None, None) => report.title.clone(),
    }
}

/// Features that a headline names before it counts.
const NAMED: usize = 3;

fn lost_together(verdict: &LateClear, more: &[Report]) -> String {
    let name = |verdict: &LateClear| verdict.feature.as_ref()?.name.clone();
    let mut names: Vec<String> = Vec::new();
    let others = more.iter().filter_map(Report::warned_clear);
    for name in std::iter::once(verdict).chain(others).filter_map(name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let Some(first) = names.first().filter(|_| names.len() > 1) else {
        return verdict.sentence.clone();
    };
    let all = match names.len() {
        n if n > NAMED + 1 => format!("{} and {} more", names[..NAMED].join(", "), n - NAMED),
        n => format!("{} and {}", names[..n - 1].join(", "), names[n - 1]),
    };
    // The sentence is the grammar's and speaks of one feature: verb and name are put in the plural
    // here.
    let plural = verdict.sentence.replacen(" is o", " are o", 1);
    let words = plural.find(&format!("({first})")).and_then(|end| {
        let begin = plural.find(": ")? + 2;
        plural.get(begin..end + first.len() + 2)
    });
    plural.replacen(words.unwrap_or(first), &all, 1)
}

/// The line that says it all: the verdict, else the title.
pub fn headline(report: &Report) -> &str {
    let verdict = report.warned_clear();
    verdict.map_or(&report.title, |verdict| &verdict.headline)
}

/// Where the splat is: `PATH:FIRST-LAST`, or `PATH (MEMBER:FIRST-LAST)` within a container.
pub fn span(splat: &Splat) -> String {
    let source = &splat.source;
    let lines = format!("{}-{}", source.first_line, source.last_line);
    match &source.member {
        None => format!("{}:{lines}", source.path),
        Some(member) => format!("{} ({member}:{lines})", source.path),
    }
}

/// The culprit with its place, as far as it is known, and the file to blame where it is another one:
/// `FUNC() at FILE:LINE; look in FILE first`.
pub fn culprit(report: &Report) -> Option<String> {
    let guilty = report.guilty_file.as_deref();
    let Some(culprit) = &report.culprit else {
        return guilty.map(|file| format!("something in {file}"));
    };
    let splat = &report.splat;
    let frames = &mut splat.frames.iter();
    let frame = frames.find(|frame| frame.base_name() == culprit.function);
    let of_header = splat.at_line.filter(|_| culprit.file == splat.at_file);
    let line = match frame {
        Some(frame) => frame.line,
        // The file may be that of the header, whose line belongs to it.
        None => of_header,
    };
    let function = match &culprit.file {
        Some(file) => format!("{}() at {}", culprit.function, place(Some(file), line)),
        None => format!("{}()", culprit.function),
    };
    Some(match guilty.filter(|_| guilty != culprit.file.as_deref()) {
        Some(file) => format!("{function}; look in {file} first"),
        None => function,
    })
}

/// The rows of the text, each with its lines: what to do, then the reasons; unknown ones have no row.
pub fn told(report: &Report) -> Vec<(&'static str, Vec<String>)> {
    let splat = &report.splat;
    let verdict = report.late_clear.as_ref();
    let one = |text: Option<String>| text.into_iter().collect::<Vec<_>>();
    let (what, advice) = match verdict {
        Some(verdict) => what_and_next(&verdict.diagnosis),
        None => (None, None),
    };
    let next = match &report.summary {
        Some(_) => steps(report),
        None => one(advice),
    };
    let printed = match splat.header.as_str() {
        _ if splat.header_line == 0 => vec!["(its header is missing)".to_owned()],
        // The title is printed already.
        header if report.title == header => Vec::new(),
        header => vec![header.to_owned()],
    };
    let printed = printed.into_iter().chain(splat.message.iter().cloned());
    let mut printed: Vec<_> = printed.filter(|line| !line.trim().is_empty()).collect();
    // A verdict says better what the lines of its WARN mean.
    let details = splat
        .details
        .iter()
        .filter(|_| report.warned_clear().is_none());
    printed.extend(details.clone().take(DETAILS).cloned());
    if let Some(more @ 1..) = details.count().checked_sub(DETAILS) {
        printed.push(format!("… and {} more", count(more as u64, "line")));
    }
    let lkp = report.lkp();
    // A verdict has path and stage itself.
    let up = report.bring_up.as_ref().filter(|_| verdict.is_none());
    let rows = [
        ("What", one(what)),
        ("Next", next),
        ("Seen", report.seen.iter().map(seen).collect()),
        ("Whose", whose(report)),
        ("Machine", one(report.panic_line.map(stopped))),
        ("Printed", printed),
        (
            "Memory",
            report.memory.as_ref().map(memory::rows).unwrap_or_default(),
        ),
        ("When", one(context(report))),
        ("CPU", one(up.map(bring_up))),
        ("At", one(rip(report))),
        ("Access", one(access(report))),
        ("Culprit", one(culprit(report))),
        ("Kernel", one(kernel(splat))),
        ("Taint", taints(report)),
        ("Symbols", one(symbols(&report.symbols))),
        ("Feature", one(verdict.and_then(feature))),
        ("Verdict", one(verdict.map(summary_of))),
        ("LKP", one((!lkp.is_empty()).then_some(lkp))),
        ("Note", one(damage(splat).map(str::to_owned))),
    ];
    // What is not known has no row: an empty one would look like a fact.
    let known = rows.into_iter().filter(|(_, values)| !values.is_empty());
    known.collect()
}

/// Whose code it is, and who should hear of it.
pub fn whose(report: &Report) -> Vec<String> {
    let Some(routing) = &report.routing else {
        return Vec::new();
    };
    let status = routing.status.iter().map(|status| format!(", {status}"));
    let status: String = status.collect();
    let whose = format!("{} \u{b7} {}{status}", routing.file, routing.subsystem);
    let people = match routing.maintainers.len() {
        0 => None,
        n => Some(count(n as u64, "maintainer")),
    };
    let to: Vec<_> = routing
        .lists
        .first()
        .cloned()
        .into_iter()
        .chain(people)
        .collect();
    let to = (!to.is_empty()).then(|| format!("to {}", to.join(" and ")));
    std::iter::once(whose).chain(to).collect()
}

/// What the lines of the sources are, and whether they are those of another kernel.
pub fn source_place(code: &SourceCode, report: &Report) -> String {
    let at = place(Some(&code.file), Some(code.line));
    let tree = code.tree_release.as_deref();
    let log = report.platform.release.as_deref();
    match (code.mismatch, tree, log) {
        (Some(true), Some(tree), Some(log)) => {
            format!("{at} of {tree}; the log is of {log}, whose lines may differ")
        }
        (_, Some(tree), _) => format!("{at} of {tree}"),
        _ => at,
    }
}

/// What to do, a sentence each.
pub fn steps(report: &Report) -> Vec<String> {
    let Some(summary) = &report.summary else {
        return Vec::new();
    };
    let alive = summary.alive.iter().filter(|_| report.panic_line.is_none());
    alive.chain(&summary.next).cloned().collect()
}

/// A diagnosis, and what it advises.
fn what_and_next(diagnosis: &str) -> (Option<String>, Option<String>) {
    let (what, next) = match diagnosis.split_once(" Next: ") {
        Some((what, next)) => (what, Some(next.to_owned())),
        None => (diagnosis, None),
    };
    (Some(what.to_owned()), next)
}

/// Lines of what the report says after its header; JSON has all of them.
const DETAILS: usize = 24;

/// Taint letters in words, and the modules that brought them.
fn taints(report: &Report) -> Vec<String> {
    let modules = report.tainting_modules.iter();
    let modules: Vec<_> = modules
        .map(|module| format!("{} ({})", module.name, module.letters))
        .collect();
    let by = (!modules.is_empty()).then(|| format!("by {}", modules.join(", ")));
    let letters = taint(&report.splat, report.grammar());
    letters.into_iter().chain(by).collect()
}

/// Taint letters in words; one that no table has is alone.
fn taint(splat: &Splat, grammar: &Grammar) -> Option<String> {
    let letters = splat
        .kernel
        .taint
        .as_deref()
        .filter(|letters| !letters.is_empty())?;
    let words = letters.chars().map(|letter| {
        let mut taints = grammar.taints.iter();
        let known = taints.find(|taint| taint.letter.starts_with(letter));
        known.map_or(letter.to_string(), |taint| {
            format!("{letter} {}", taint.means)
        })
    });
    Some(words.collect::<Vec<_>>().join(", "))
}

fn stopped(line: u64) -> String {
    format!("it stopped (line {line})")
}

/// On which CPU's way up it happened: `CPU 1 was on its way up (AP path, smp-boot)`.
fn bring_up(up: &BringUp) -> String {
    let cpu = up
        .cpu
        .map_or("a CPU".to_owned(), |cpu| format!("CPU {cpu}"));
    let stage = kebab(&up.stage);
    match up.path {
        PathName::Ap => format!("{cpu} was on its way up (AP path, {stage})"),
        PathName::Bsp => format!("the boot CPU was identified (BSP path, {stage})"),
        PathName::Other | PathName::Unknown => format!("{cpu} brought another CPU up ({stage})"),
    }
}

/// What the instruction at fault did: `read 8 bytes at 0x10 (RAX = 0)`.
fn access(report: &Report) -> Option<String> {
    let access = report.disassembly()?.access?;
    let verb = match access.kind {
        "write" => "wrote",
        "read-write" => "read and wrote",
        other => other,
    };
    let size = access.size.map_or(String::new(), |size| {
        format!(" {}", count(size as u64, "byte"))
    });
    let place = access
        .address
        .as_ref()
        .map(|address| format!(" at 0x{address}"));
    let registers = access.registers.iter();
    let registers: Vec<_> = registers
        .map(|(name, value)| register(name, value))
        .collect();
    let made = match registers.is_empty() {
        true => String::new(),
        false => format!(" ({})", registers.join(", ")),
    };
    Some(format!("{verb}{size}{}{made}", place.unwrap_or_default()))
}

/// `RAX = 0`; all digits of what is no small number.
pub fn register(name: &str, value: &str) -> String {
    let digits = value.trim_start_matches('0');
    let digits = match digits {
        "" => "0".to_owned(),
        // Small numbers are offsets or counts; a prefix keeps `10` from being read as ten.
        digits if digits.len() <= 4 => format!("0x{digits}"),
        digits => digits.to_owned(),
    };
    format!("{} = {digits}", name.to_uppercase())
}

fn damage(splat: &Splat) -> Option<&'static str> {
    match (splat.truncated, splat.interleaved) {
        (true, true) => Some("the splat is cut off, and has lines of another one"),
        (true, false) => Some("the splat is cut off"),
        (false, true) => Some("the splat may have lines of another one"),
        (false, false) => None,
    }
}

/// One row a fact; unknown ones have no row.
pub fn rows(report: &Report) -> Vec<(&'static str, String)> {
    let splat = &report.splat;
    let message = (!splat.message.is_empty()).then(|| splat.message.join(" "));
    let verdict = report.late_clear.as_ref();
    let rows = [
        ("message", message),
        ("context", context(report)),
        ("rip", rip(report)),
        ("kernel", kernel(splat)),
        ("hardware", splat.hardware.clone()),
        ("symbols", symbols(&report.symbols)),
        ("register", report.msr.as_ref().map(ToString::to_string)),
        ("feature", verdict.and_then(feature)),
        ("verdict", verdict.map(summary_of)),
        ("machine", report.panic_line.map(stopped)),
        ("note", damage(splat).map(str::to_owned)),
    ];
    let known = rows
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    known.collect()
}

/// True where the stamp is not the time. A secondary CPU prints zeros until its clock is set
/// (kernel/sched/clock.c).
pub fn is_before_clock(report: &Report) -> bool {
    // The boot CPU's clock begins at 0 as well, and then 0 is the time.
    let is_secondary = matches!(report.splat.cpu, Some(1..)) || report.path() == Some(PathName::Ap);
    report.splat.time_us == Some(0) && is_secondary
}

/// How long after the first report of its incident a report came; `None` where the stamps do not say.
pub fn after(first: &Report, report: &Report) -> Option<String> {
    if is_before_clock(first) || is_before_clock(report) {
        return None;
    }
    let (then, now) = (first.splat.time_us?, report.splat.time_us?);
    // Stamps of two CPUs may be a little out of order.
    let passed = now.saturating_sub(then) as f64 / 1e6;
    Some(format!("+{passed:.3} s"))
}

/// Time of day and time since boot, as far as the log has them.
fn when(report: &Report) -> Option<String> {
    let clock = report.splat.clock.as_deref().map(Cow::from);
    let parts = [clock, since_boot(report)];
    let known: Vec<_> = parts.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(", "))
}

fn since_boot(report: &Report) -> Option<Cow<'_, str>> {
    if is_before_clock(report) {
        return Some("before this CPU's clock was set".into());
    }
    let us = report.splat.time_us?;
    let (seconds, rest) = (us / 1_000_000, us % 1_000_000);
    Some(format!("{seconds}.{rest:06} s after boot").into())
}

fn context(report: &Report) -> Option<String> {
    let splat = &report.splat;
    let parts = [
        when(report),
        splat.cpu.map(|cpu| format!("CPU {cpu}")),
        task(splat),
    ];
    let known: Vec<_> = parts.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// Who ran: `gnome-shell (PID 2214)`, as far as the log names it.
fn task(splat: &Splat) -> Option<String> {
    match (&splat.comm, splat.pid) {
        (Some(comm), Some(pid)) => Some(format!("{comm} (PID {pid})")),
        (Some(comm), None) => Some(comm.clone()),
        (None, pid) => Some(format!("PID {}", pid?)),
    }
}

/// The code at RIP, with its place where vmlinux or the log has it.
fn rip(report: &Report) -> Option<String> {
    let code = report.splat.rip.as_ref()?;
    let printed = code.sources.last();
    // A vmlinux that matches knows more than what a script has put into the log.
    let place = match (&report.symbols.rip, printed) {
        (Some(position), _) => place(position.file.as_deref(), position.line),
        (None, Some(source)) => place(Some(&source.file), source.line),
        (None, None) => String::new(),
    };
    Some(format!("{code}  {place}").trim_end().to_owned())
}

fn kernel(splat: &Splat) -> Option<String> {
    let kernel = &splat.kernel;
    let release = kernel.release.as_ref()?;
    let taint = match kernel.taint.as_deref() {
        None => String::new(),
        Some("") => ", not tainted".to_owned(),
        Some(letters) => format!(", tainted {letters}"),
    };
    Some(format!(
        "{release} {}{taint}",
        kernel.build.as_deref().unwrap_or_default()
    ))
}

fn symbols(symbols: &Symbols) -> Option<String> {
    let of_kernel = symbols.from.as_deref().map(|from| match &symbols.matched {
        Match::Exact => format!("{from}, matches the log"),
        Match::ReleaseOnly => match &symbols.agreement {
            Some(agreement) => format!(
                "{from} of the same release; {agreement}, which other builds may have as well"
            ),
            None => format!("{from} of the same release; nothing else to check it by"),
        },
        Match::Mismatch { why } => format!("{from} is of another kernel, not used: {why}"),
        Match::None => format!("{from}, not checked: the log does not tell its kernel"),
    });
    let wrong = symbols
        .modules
        .iter()
        .filter_map(|module| match &module.matched {
            Match::Mismatch { why } => Some(format!(
                "{} is not the module that was loaded, not used: {why}",
                module.file
            )),
            _ => None,
        });
    let all: Vec<_> = of_kernel.into_iter().chain(wrong).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn feature(verdict: &LateClear) -> Option<String> {
    let feature = verdict.feature.as_ref()?;
    let name = feature
        .name
        .as_ref()
        .map(|name| format!("X86_FEATURE_{name}"));
    let number = feature
        .number
        .map(|n| format!("{n} (word {}, bit {})", n / 32, n % 32));
    let flag = feature
        .flag
        .as_ref()
        .map_or("hidden in /proc/cpuinfo".to_owned(), |flag| {
            format!("{flag} in /proc/cpuinfo")
        });
    let known: Vec<_> = [name, number, Some(flag)].into_iter().flatten().collect();
    Some(known.join(", "))
}

fn summary_of(verdict: &LateClear) -> String {
    let target = verdict.target.as_ref().map_or("unknown".to_owned(), kebab);
    let divergence = match kebab(&verdict.divergence).as_str() {
        "unknown" => "divergence unknown".to_owned(),
        word => word.to_owned(),
    };
    let (path, stage) = (kebab(&verdict.path), kebab(&verdict.stage));
    let confidence = kebab(&verdict.confidence);
    let fault = verdict.at_fault.as_str();
    format!(
        "path {path}, stage {stage}, target {target}, {divergence}, at fault {fault}, confidence {confidence}"
    )
}

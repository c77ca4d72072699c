//! The facts about a splat, as every form of the output for people lists them.

use super::words::{kebab, place};
use crate::late_clear::LateClear;
use crate::report::Report;
use crate::splat::Splat;
use crate::symbols::{Match, Symbols};

/// The line that says it all: the verdict, else the title.
pub fn headline(report: &Report) -> &str {
    let verdict = report.late_clear.as_ref();
    verdict.map_or(&report.title, |verdict| &verdict.headline)
}

/// The header as printed.
pub fn header(splat: &Splat) -> &str {
    match splat.header.as_str() {
        "" => "(its header is missing)",
        header => header,
    }
}

/// Where the splat stands: `PATH:FIRST-LAST`, or `PATH (MEMBER:FIRST-LAST)` within a container.
pub fn span(splat: &Splat) -> String {
    let source = &splat.source;
    let lines = format!("{}-{}", source.first_line, source.last_line);
    match &source.member {
        None => format!("{}:{lines}", source.path),
        Some(member) => format!("{} ({member}:{lines})", source.path),
    }
}

/// The culprit with its place, as far as it is known: `FUNC() at FILE:LINE`.
pub fn culprit(report: &Report) -> Option<String> {
    let culprit = report.culprit.as_ref()?;
    let splat = &report.splat;
    let frames = &mut splat.frames.iter();
    let frame = frames.find(|frame| frame.base_name() == culprit.function);
    let of_header = splat.at_line.filter(|_| culprit.file == splat.at_file);
    let line = match frame {
        Some(frame) => frame.line,
        None => of_header,
    };
    Some(match &culprit.file {
        Some(file) => format!("{}() at {}", culprit.function, place(Some(file), line)),
        None => format!("{}()", culprit.function),
    })
}

/// One row a fact; unknown ones have no row.
pub fn rows(report: &Report) -> Vec<(&'static str, String)> {
    let splat = &report.splat;
    let message = (!splat.message.is_empty()).then(|| splat.message.join(" "));
    let verdict = report.late_clear.as_ref();
    let damage = match (splat.truncated, splat.interleaved) {
        (true, true) => Some("the splat is cut off, and has lines of another one"),
        (true, false) => Some("the splat is cut off"),
        (false, true) => Some("the splat may have lines of another one"),
        (false, false) => None,
    };
    let rows = [
        ("message", message),
        ("context", context(splat)),
        ("rip", rip(report)),
        ("kernel", kernel(splat)),
        ("hardware", splat.hardware.clone()),
        ("symbols", symbols(&report.symbols)),
        ("register", report.msr.as_ref().map(ToString::to_string)),
        ("feature", verdict.and_then(feature)),
        ("verdict", verdict.map(summary_of)),
        ("note", damage.map(str::to_owned)),
    ];
    let known = rows
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    known.collect()
}

fn context(splat: &Splat) -> Option<String> {
    let parts = [
        splat
            .time_us
            .map(|us| format!("{}.{:06} s after boot", us / 1_000_000, us % 1_000_000)),
        splat.cpu.map(|cpu| format!("CPU {cpu}")),
        splat.comm.as_ref().map(|comm| match splat.pid {
            Some(pid) => format!("{comm} (PID {pid})"),
            None => comm.clone(),
        }),
    ];
    let known: Vec<_> = parts.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// The code at RIP, with its place where vmlinux or the log tells it.
fn rip(report: &Report) -> Option<String> {
    let code = report.splat.rip.as_ref()?;
    let printed = code.sources.last();
    let place = match (&report.symbols.rip, printed) {
        (Some(position), _) => place(position.file.as_deref(), position.line),
        (None, Some(source)) => place(Some(&source.file), Some(source.line)),
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
    let from = symbols.from.as_deref()?;
    Some(match &symbols.matched {
        Match::Exact => format!("{from}, matches the log"),
        Match::ReleaseOnly => format!("{from} of the same release; nothing else to check it by"),
        Match::Mismatch { why } => format!("{from} is of another kernel, not used: {why}"),
        Match::None => format!("{from}, not checked: the log does not tell its kernel"),
    })
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

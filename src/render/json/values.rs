//! The objects of the JSON: what each field of the documents is made of.
//!
//! In: inputs and reports. Out: values that serde writes; what is not known is left out or null.

use super::super::cpus::{CpuComparison, CpusJson};
use crate::analyzer::Input;
use crate::baseline::Comparison;
use crate::boot::Boot;
use crate::grammar::{Level, MilestoneName};
use crate::late_clear::{BringUp, LateClear};
use crate::report::{Access, CodeLine, MemoryState, MsrAccess, Report, Seen, TaintingModule};
use crate::routing::{Routing, SourceCode};
use crate::splat::{Code, Frame, Inline, Kernel, Register, Section, SourceSpan, Splat, demangled};
use crate::symbols::{Match, ModuleSymbols, Symbols, Variable};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::borrow::Cow;
use std::fmt::Write;

/// Version of the format. Fields are added, never changed or taken away.
pub(in crate::render) const SCHEMA: u32 = 1;

/// Signatures by what a baseline says of them.
#[derive(Serialize)]
pub(super) struct CheckJson<'a> {
    new: Vec<&'a str>,
    expired: Vec<&'a str>,
    known: Vec<&'a str>,
    unseen: Vec<&'a str>,
}

impl<'a> CheckJson<'a> {
    pub(super) fn of(comparison: &'a Comparison<'_>) -> CheckJson<'a> {
        let standing = |name| {
            let groups = comparison.groups.iter();
            let groups = groups.filter(move |(_, standing)| standing.name() == name);
            groups.map(|(group, _)| group.signature.as_str()).collect()
        };
        let unseen = comparison.unseen.iter();
        CheckJson {
            new: standing("new"),
            expired: standing("expired"),
            known: standing("known"),
            unseen: unseen.map(|known| known.name()).collect(),
        }
    }
}

/// Which program made the document.
#[derive(Serialize)]
pub(in crate::render) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Default for Tool {
    fn default() -> Tool {
        Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

#[derive(Serialize)]
pub(super) struct InputJson<'a> {
    path: &'a str,
    lines: u64,
    boots: Vec<BootJson<'a>>,
    /// Only where it says anything of single CPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpus: Option<CpusJson<'a>>,
}

#[derive(Serialize)]
pub(super) struct BootJson<'a> {
    release: Option<&'a str>,
    banner: Option<&'a str>,
    command_line: Option<&'a str>,
    hardware: Option<&'a str>,
    microcode: Option<&'a str>,
    cpus: Option<u32>,
    kaslr_offset: Option<String>,
    first_line: u64,
    milestones: Vec<MilestoneJson>,
    /// Only where milestones are expected (`--expect`).
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    lacks: &'a [MilestoneName],
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_text: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct MilestoneJson {
    name: MilestoneName,
    line: u64,
    time: Option<f64>,
    cpu: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct SplatJson<'a> {
    source: &'a SourceSpan,
    kind: &'a str,
    level: Level,
    title: &'a str,
    alt_titles: &'a [String],
    ids: Ids<'a>,
    signature: &'a str,
    incident: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_line: Option<u64>,
    truncated: bool,
    interleaved: bool,
    corrupted: bool,
    /// Only where the log shows it: that nothing says so is no proof that the machine lived on.
    #[serde(skip_serializing_if = "Option::is_none")]
    panicked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    panic_line: Option<u64>,
    culprit: Option<CulpritJson<'a>>,
    summary: Option<String>,
    boot: Option<usize>,
    kernel: &'a Kernel,
    hardware: Option<&'a str>,
    time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<&'a str>,
    cpu: Option<u32>,
    pid: Option<i32>,
    comm: Option<&'a str>,
    message: &'a [String],
    at: At<'a>,
    registers: RegistersJson<'a>,
    code: Option<CodeJson>,
    frames: Vec<FrameJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stacks: Vec<StackJson<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    details: &'a [String],
    symbols: SymbolsJson<'a>,
    /// Only where the report lists its modules.
    #[serde(skip_serializing_if = "<[TaintingModule]>::is_empty")]
    tainting_modules: &'a [TaintingModule],
    /// Only where a vmlinux is at hand.
    #[serde(skip_serializing_if = "<[Variable]>::is_empty")]
    variables: &'a [Variable],
    /// Only where a MAINTAINERS file is at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    routing: Option<&'a Routing>,
    /// Only where the kernel's sources are at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_code: Option<&'a SourceCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msr: Option<&'a MsrAccess>,
    /// Only where the kernel ran out of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<&'a MemoryState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "bringup")]
    bring_up: Option<&'a BringUp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    late_clear: Option<&'a LateClear>,
    /// Only where a database is at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'a Seen>,
}

#[derive(Serialize)]
pub(super) struct Ids<'a> {
    syzbot: &'a str,
    lkp: String,
    /// The names that LKP has for the same report, `lkp` among them.
    lkp_all: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct CulpritJson<'a> {
    function: Option<&'a str>,
    /// The file to blame, which may be another one than the function's.
    file: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct At<'a> {
    file: Option<String>,
    line: Option<u32>,
    function: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
pub(super) struct CodeJson {
    bytes: String,
    trap_offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<Vec<CodeLine>>,
}

#[derive(Serialize)]
pub(super) struct StackJson<'a> {
    label: Option<&'a str>,
    context: &'static str,
    task: Option<u32>,
    frames: Vec<FrameJson<'a>>,
}

#[derive(Serialize)]
pub(super) struct FrameJson<'a> {
    function: Option<Cow<'a, str>>,
    offset: Option<u64>,
    size: Option<u64>,
    module: Option<&'a str>,
    reliable: bool,
    recovered: bool,
    address: Option<String>,
    inlines: &'a [Inline],
    file: Option<&'a str>,
    line: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct SymbolsJson<'a> {
    from: Option<&'a str>,
    #[serde(rename = "match")]
    matched: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    evidence: &'a [String],
    /// What registers point at.
    #[serde(skip_serializing_if = "Option::is_none")]
    registers: Option<RegistersJson<'a>>,
    /// The files of modules that were looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modules: Vec<ModuleJson<'a>>,
}

#[derive(Serialize)]
pub(super) struct ModuleJson<'a> {
    name: &'a str,
    file: &'a str,
    #[serde(rename = "match")]
    matched: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    evidence: &'a [String],
}

/// Registers as a map in the order printed. RIP comes first, as printed, where it is a name.
pub(super) struct RegistersJson<'a> {
    rip: Option<String>,
    printed: &'a [Register],
}

impl Serialize for RegistersJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(rip) = &self.rip {
            map.serialize_entry("rip", rip)?;
        }
        for (name, value) in self.printed {
            map.serialize_entry(name.as_str(), value.as_str())?;
        }
        map.end()
    }
}

pub(super) fn input<'i>(input: &'i Input, cpus: Option<&'i CpuComparison>) -> InputJson<'i> {
    InputJson {
        path: &input.path,
        lines: input.lines,
        boots: input.boots.iter().map(boot).collect(),
        cpus: cpus.map(CpuComparison::value),
    }
}

pub(super) fn boot(boot: &Boot) -> BootJson<'_> {
    let milestones = boot.milestones.iter().map(|passed| MilestoneJson {
        name: passed.name,
        line: passed.line,
        time: passed.time_us.map(seconds),
        cpu: passed.cpu,
    });
    BootJson {
        release: boot.release(),
        banner: boot.banner.as_deref(),
        command_line: boot.command_line.as_deref(),
        hardware: boot.hardware.as_deref(),
        microcode: boot.microcode.as_deref(),
        cpus: boot.cpus,
        kaslr_offset: boot.kaslr_offset.map(|offset| format!("{offset:#x}")),
        first_line: boot.first_line,
        milestones: milestones.collect(),
        lacks: &boot.lacks,
        last_line: boot.last.as_ref().map(|last| last.number),
        last_text: boot.last.as_ref().map(|last| last.text.as_str()),
    }
}

pub(super) fn splat<'r>(report: &'r Report) -> SplatJson<'r> {
    let splat = &report.splat;
    // An oops has no function in its header: the one that RIP is in counts.
    let at_function = splat
        .at
        .function
        .as_deref()
        .or_else(|| splat.rip.as_ref()?.function.as_deref());
    let place = match (&splat.at_file, splat.at_line) {
        // The header's own place counts; symbols may be of another build of the same release.
        (None, _) => report.place_by_symbols(),
        (Some(file), line) => Some((file.clone(), line)),
    };
    let (file, line) = place.unzip();
    let (access, instructions) = match report.disassembly() {
        Some(found) => (found.access, Some(found.instructions)),
        None => (None, None),
    };
    SplatJson {
        source: &splat.source,
        kind: &splat.kind,
        level: report.level,
        title: &report.title,
        alt_titles: &report.alt_titles,
        ids: Ids {
            syzbot: &report.syzbot,
            lkp: report.lkp(),
            lkp_all: report.lkp_all(),
        },
        signature: &report.signature,
        incident: report.incident,
        incident_line: report.incident_line,
        truncated: splat.truncated,
        interleaved: splat.interleaved,
        corrupted: report.corrupted,
        summary: Some(crate::render::facts::sentence(report, &[])),
        panicked: report.panic_line.map(|_| true),
        panic_line: report.panic_line,
        culprit: culprit(report),
        boot: splat.boot,
        kernel: &splat.kernel,
        hardware: splat.hardware.as_deref(),
        time: splat.time_us.map(seconds),
        clock: splat.clock.as_deref(),
        cpu: splat.cpu,
        pid: splat.pid,
        comm: splat.comm.as_deref(),
        message: &splat.message,
        at: At {
            file,
            line: line.flatten(),
            function: at_function.map(demangled),
        },
        registers: RegistersJson {
            rip: named_rip(splat),
            printed: &splat.registers.0,
        },
        code: splat
            .code
            .as_ref()
            .map(|code| code_json(code, instructions)),
        frames: splat.own_frames().iter().map(frame).collect(),
        stacks: stacks(splat),
        details: &splat.details,
        symbols: symbols(&report.symbols),
        tainting_modules: &report.tainting_modules,
        variables: &report.symbols.variables,
        routing: report.routing.as_ref(),
        source_code: report.source_code.as_ref(),
        access,
        msr: report.msr.as_ref(),
        memory: report.memory.as_ref(),
        bring_up: report.bring_up.as_ref(),
        late_clear: report.late_clear.as_ref(),
        seen: report.seen.as_ref(),
    }
}

pub(super) fn culprit(report: &Report) -> Option<CulpritJson<'_>> {
    let culprit = CulpritJson {
        function: report.culprit.as_ref().map(|c| c.function.as_str()),
        file: report.guilty_file.as_deref(),
    };
    (culprit.function.is_some() || culprit.file.is_some()).then_some(culprit)
}

/// A match as its word, and what contradicts.
pub(super) fn matched(matched: &Match) -> (&'static str, Option<&str>) {
    match matched {
        Match::Exact => ("exact", None),
        Match::ReleaseOnly => ("release-only", None),
        Match::Mismatch { why } => ("mismatch", Some(why.as_str())),
        Match::None => ("none", None),
    }
}

pub(super) fn module(module: &ModuleSymbols) -> ModuleJson<'_> {
    let (matched, why) = matched(&module.matched);
    ModuleJson {
        name: &module.name,
        file: &module.file,
        matched,
        why,
        evidence: &module.evidence,
    }
}

pub(super) fn symbols(symbols: &Symbols) -> SymbolsJson<'_> {
    let (matched, why) = matched(&symbols.matched);
    SymbolsJson {
        registers: (!symbols.registers.is_empty()).then_some(RegistersJson {
            rip: None,
            printed: &symbols.registers,
        }),
        modules: symbols.modules.iter().map(module).collect(),
        from: symbols.from.as_deref(),
        matched,
        why,
        evidence: &symbols.evidence,
    }
}

/// RIP where the log prints a name instead of an address.
pub(super) fn named_rip(splat: &Splat) -> Option<String> {
    let printed = splat.registers.text("rip").or(splat.registers.text("eip"));
    let code = splat.rip.as_ref().filter(|_| printed.is_none())?;
    code.function.is_some().then(|| code.to_string())
}

pub(super) fn code_json(code: &Code, instructions: Option<Vec<CodeLine>>) -> CodeJson {
    let mut bytes = String::with_capacity(code.bytes.len() * 3);
    for (index, byte) in code.bytes.iter().enumerate() {
        let blank = if index == 0 { "" } else { " " };
        let _ = write!(bytes, "{blank}{byte:02x}");
    }
    CodeJson {
        bytes,
        trap_offset: code.trap_offset,
        instructions,
    }
}

/// All stacks where the report has more than its own.
pub(super) fn stacks(splat: &Splat) -> Vec<StackJson<'_>> {
    // The report's own is in `frames` already.
    let all = splat.stacks.iter().filter(|_| splat.stacks.len() > 1);
    all.map(|stack| {
        let frames = splat.frames_of(stack);
        StackJson {
            label: stack.label.as_deref(),
            context: context(frames),
            task: stack.task(),
            frames: frames.iter().map(frame).collect(),
        }
    })
    .collect()
}

/// What the CPU did in the innermost frame.
pub(super) fn context(frames: &[Frame]) -> &'static str {
    match frames.first().map_or(Section::Task, |frame| frame.section) {
        Section::Task => "task",
        Section::Irq => "irq",
        Section::SoftIrq => "softirq",
        Section::Nmi => "nmi",
        Section::Exception => "exception",
    }
}

pub(super) fn frame(frame: &Frame) -> FrameJson<'_> {
    FrameJson {
        function: frame.code.function.as_deref().map(demangled),
        offset: frame.code.offset,
        size: frame.code.size,
        module: frame.code.module.as_deref(),
        reliable: frame.reliable,
        recovered: frame.recovered,
        address: frame.link_address.or(frame.code.address).map(address),
        inlines: &frame.inlines,
        file: frame.file.as_deref(),
        line: frame.line,
    }
}

/// Microseconds as seconds; six digits survive the conversion.
pub(super) fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// An address in 16 digits.
pub(in crate::render) fn address(address: u64) -> String {
    format!("{address:016x}")
}

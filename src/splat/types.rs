//! The data types of a splat. Field docs name the printed line that each one comes from.

use super::demangle::demangled;
use crate::input::container::Envelope;
use crate::line::Caller;
use compact_str::CompactString;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Where in the input a splat stands. Lines count from 1, as editors do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SourceSpan {
    /// The input as the user named it (`-` for standard input).
    pub path: String,
    /// The chain of containers inside `path` (`dmesg.xz in mail 3`).
    pub member: Option<String>,
    /// First line that belongs to the splat.
    pub first_line: u64,
    /// Last line that belongs to the splat.
    pub last_line: u64,
    /// The mail that it is in, where it is in one; JSON has its fields beside those here.
    #[serde(flatten, serialize_with = "mail")]
    pub mail: Option<Arc<Envelope>>,
}

/// The fields of a mail that JSON has.
fn mail<S: Serializer>(mail: &Option<Arc<Envelope>>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(mail) = mail {
        let fields = [
            ("message_id", &mail.message_id),
            ("date", &mail.date),
            ("list", &mail.list),
            ("subject", &mail.subject),
            ("syzbot", &mail.syzbot),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
    }
    map.end()
}

/// A source position as a decoded log prints it, relative to the kernel tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SourceLine {
    /// Path relative to the kernel tree.
    pub file: String,
    /// Line, counted from 1; `None` where the symbolizer did not know it (`hid-core.c:-1`, `slub.c:?`).
    pub line: Option<u32>,
}

/// A reference to code, in any of the forms that `%pS`, `%pB`, decode_stacktrace.sh and syzbot
/// print: `FUNC+0xOFF/0xSIZE [MODULE]`, `FUNC (FILE:LINE FILE:LINE)`, `FUNC+0x../0x.. FILE:LINE`,
/// `[<ADDRESS>] FUNC+…`, or a bare `0xADDRESS`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeRef {
    /// Symbol as printed, with clone suffixes (`foo.isra.0`, `foo.cold`).
    pub function: Option<String>,
    /// Bytes from the start of the symbol.
    pub offset: Option<u64>,
    /// Size of the symbol as kallsyms sees it: bytes up to the next symbol, so it includes padding.
    pub size: Option<u64>,
    /// Module name, without build-id and flags.
    pub module: Option<String>,
    /// Build-id of the module, where printed (`CONFIG_STACKTRACE_BUILD_ID`).
    pub module_build_id: Option<String>,
    /// Address as printed, with KASLR still in it.
    pub address: Option<u64>,
    /// Source positions of a decoded log, innermost inline first, the function itself last.
    pub sources: Vec<SourceLine>,
}

impl fmt::Display for CodeRef {
    /// As the kernel prints it: `FUNC+0xOFF/0xSIZE [MODULE]`, or the address; names of Rust as its sources have them.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.function, self.address) {
            (Some(function), _) => out.write_str(&demangled(function))?,
            (None, Some(address)) => write!(out, "{address:#x}")?,
            (None, None) => out.write_str("?")?,
        }
        if let Some(offset) = self.offset {
            write!(out, "+{offset:#x}")?;
        }
        if let Some(size) = self.size {
            write!(out, "/{size:#x}")?;
        }
        match &self.module {
            Some(module) => write!(out, " [{module}]"),
            None => Ok(()),
        }
    }
}

/// The part of a call trace that a frame stands in (`<TASK>`, `<IRQ>`, …; arch/x86/kernel/dumpstack.c).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    /// The task's own stack, or no marker at all.
    #[default]
    Task,
    /// Hard interrupt stack.
    Irq,
    /// Soft interrupt stack (`<SOFTIRQ>`, `<EOI>` on old kernels).
    SoftIrq,
    /// Non-maskable interrupt stack.
    Nmi,
    /// Another exception stack (`<#DB>`, `<#DF>`, `<#MC>`, `<ENTRY_TRAMPOLINE>`, …).
    Exception,
}

/// A function inlined into a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inline {
    /// DWARF name; null where only the log's own `FILE:LINE` is known.
    pub function: Option<String>,
    /// Path relative to the kernel tree.
    pub file: Option<String>,
    /// Line, counted from 1.
    pub line: Option<u32>,
}

/// One frame of a call trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// What the log printed.
    pub code: CodeRef,
    /// False for `? func` frames: an address found on the stack that the unwinder does not vouch for.
    pub reliable: bool,
    /// True for a frame that the log does not print and that was found by other means.
    pub recovered: bool,
    /// Log line of the frame; for a recovered one that of the frame that called it.
    pub log_line: u64,
    /// Lines of the splat up to its own. A whole log may stand on one line of its input.
    pub behind: usize,
    /// Which stack it stands on.
    pub section: Section,
    /// Name in DWARF (`foo` for `foo.isra.0`), from the `symbols` stage.
    pub dwarf_name: Option<String>,
    /// Link-time address in vmlinux (KASLR taken off), from the `symbols` stage.
    pub link_address: Option<u64>,
    /// Functions inlined at this place, innermost first.
    pub inlines: Vec<Inline>,
    /// File of the frame's own function at this place.
    pub file: Option<String>,
    /// Line in `file`.
    pub line: Option<u32>,
}

impl Frame {
    /// True for an inlined function that a symbolizer printed on a line of its own. A finished splat has
    /// none of them: they are inlines of the frame below.
    pub fn is_inlined(&self) -> bool {
        self.code == CodeRef::default() && !self.inlines.is_empty()
    }

    /// The printed symbol, or `""` for a bare address.
    pub fn name(&self) -> &str {
        self.code.function.as_deref().unwrap_or("")
    }

    /// The printed symbol without the compiler's clone suffixes: `early_init_intel.cold` is
    /// `early_init_intel`.
    pub fn base_name(&self) -> &str {
        base_name(self.name())
    }
}

/// A symbol without the suffixes that compilers give to clones and parts of functions
/// (`.cold`, `.constprop.0`, `.isra.0`, `.part.0`, `.llvm.123`), without `__pfx_` (the padding in
/// front of a function, `CONFIG_FUNCTION_PADDING_BYTES`) and without the dot that the code of a function has in front
/// on 64-bit powerpc (ELF ABI v1, before 6.5 on big-endian kernels).
pub fn base_name(symbol: &str) -> &str {
    let symbol = symbol.strip_prefix("__pfx_").unwrap_or(symbol);
    let symbol = symbol.strip_prefix('.').unwrap_or(symbol);
    match symbol.find('.') {
        Some(0) | None => symbol,
        Some(dot) => &symbol[..dot],
    }
}

/// One of the stacks of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stack {
    /// The line that says whose stack it is, without its colon (`Allocated by task 5312`); `None` for the
    /// report's own.
    pub label: Option<String>,
    /// Its frames, as a range of [`Splat::frames`].
    pub frames: Range<usize>,
}

impl Stack {
    /// The task that the label names (`Allocated by task 5312`).
    pub fn task(&self) -> Option<u32> {
        let (_, rest) = self.label.as_deref()?.split_once("by task ")?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    }
}

/// A register: its name in lower case, its value as printed. Both are short: neither takes memory of
/// its own.
pub type Register = (CompactString, CompactString);

/// Registers in the order printed, names in lower case (`rip`, `rsi`, `gs`, `cr2`), values as
/// printed (hex without `0x`; `rip` may be symbolic).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registers(pub(crate) Vec<Register>);

impl Registers {
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value as printed.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value as a number; `None` where it is absent, cut off or symbolic.
    pub fn value(&self, name: &str) -> Option<u64> {
        self.text(name)
            .and_then(|v| u64::from_str_radix(v, 16).ok())
    }
}

impl<N: Into<CompactString>, V: Into<CompactString>> Extend<(N, V)> for Registers {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, registers: I) {
        let registers = registers.into_iter();
        self.0
            .extend(registers.map(|(name, value)| (name.into(), value.into())));
    }
}

impl<N: Into<CompactString>, V: Into<CompactString>> FromIterator<(N, V)> for Registers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(registers: I) -> Registers {
        let mut all = Registers::default();
        all.extend(registers);
        all
    }
}

/// What a line of a report is. It is found out once, when the line is read; titles look at this, not at
/// the text again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LineClass {
    /// A frame of a call trace: its function as printed, and the caller where the architecture prints
    /// both in one line (arm).
    Frame(CompactString, Option<CompactString>),
    /// What a symbolizer added for an inlined function.
    Inlined,
    /// Registers, instruction bytes, CPU, hardware, stack markers: it has fields of its own in the splat.
    Read,
    /// `Call Trace:` and its kin.
    TraceStart,
    /// Anything else: only its text tells something.
    #[default]
    Text,
}

/// A line of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplatLine<'a> {
    /// As the kernel printed it: without framing, and without what a symbolizer put in.
    pub text: &'a str,
    /// As the log has it, without framing.
    pub printed: &'a str,
    /// What it is.
    pub class: &'a LineClass,
    /// Its line in the log.
    pub number: u64,
}

/// The lines of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    text: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Offset of the end in the text of all lines.
    end: usize,
    /// As the log has it, where a symbolizer changed it.
    printed: Option<Box<str>>,
    class: LineClass,
    number: u64,
}

impl Lines {
    /// Adds a line: as the log has it, and as the kernel printed it.
    pub fn push(&mut self, printed: &str, raw: Cow<'_, str>, class: LineClass, number: u64) {
        self.text.push_str(&raw);
        self.entries.push(Entry {
            end: self.text.len(),
            printed: matches!(raw, Cow::Owned(_)).then(|| printed.into()),
            class,
            number,
        });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = SplatLine<'_>> {
        let ends = self.entries.iter().map(|entry| entry.end);
        let begins = std::iter::once(0).chain(ends);
        let texts = begins.zip(&self.entries);
        let texts = texts.map(|(begin, entry)| (&self.text[begin..entry.end], entry));
        texts.map(|(text, entry)| SplatLine {
            text,
            printed: entry.printed.as_deref().unwrap_or(text),
            class: &entry.class,
            number: entry.number,
        })
    }
}

/// The `Code:` line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Code {
    /// Instruction bytes around RIP.
    pub bytes: Vec<u8>,
    /// Index in `bytes` of the byte printed in `<>`: where RIP points.
    pub trap_offset: Option<usize>,
}

/// Which kernel printed the splat: its `CPU: … Comm: … Not tainted RELEASE #BUILD` line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Kernel {
    /// `uname -r`.
    pub release: Option<String>,
    /// Build number, with its `#`.
    pub build: Option<String>,
    /// Taint letters without blanks and without `G`; empty for "Not tainted".
    pub taint: Option<String>,
    /// Build-id of vmlinux, where the log prints one.
    pub build_id: Option<String>,
}

/// A kernel report as the log prints it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Splat {
    /// Where it stands in the input.
    pub source: SourceSpan,
    /// Name of the kind in `grammars/kinds/` (`warning`, …).
    pub kind: String,
    /// Text of the line that names the kind, without framing (`WARNING: CPU: 1 PID: 0 at …`).
    pub header: String,
    /// Log line of `header`; 0 when the log has none.
    pub header_line: u64,
    /// Lines printed before the header that belong to it: the text or the condition of a WARN().
    pub message: Vec<String>,
    /// Cut off at either end.
    pub truncated: bool,
    /// Lines of two splats could not be told apart.
    pub interleaved: bool,
    /// Log line of the report itself which says that the machine stopped.
    pub panic_line: Option<u64>,
    /// The kernel's own marks (`cut here`, `end trace`) show that this is a report, whatever is left of it.
    pub(crate) marked: bool,
    /// In front of its trace stands another line of the kernel's, which may be a header that no rule knows.
    pub(crate) announced: bool,
    /// Index into the boots of the input.
    pub boot: Option<usize>,
    /// The kernel that printed it.
    pub kernel: Kernel,
    /// `Hardware name:` line.
    pub hardware: Option<String>,
    /// Seconds since boot, in microseconds.
    pub time_us: Option<u64>,
    /// Who printed it, where printk tells.
    pub caller: Option<Caller>,
    /// CPU that printed it.
    pub cpu: Option<u32>,
    /// Task that was running; negative where the task was overwritten.
    pub pid: Option<i32>,
    /// Its name.
    pub comm: Option<String>,
    /// `FILE` of the header.
    pub at_file: Option<String>,
    /// `LINE` of the header.
    pub at_line: Option<u32>,
    /// The code that the header points at.
    pub at: CodeRef,
    /// The code at RIP.
    pub rip: Option<CodeRef>,
    /// Registers of the kernel context (never those of the user-mode block at the end).
    pub registers: Registers,
    /// The kernel's `Code:` line.
    pub code: Option<Code>,
    /// The frames of all stacks, each innermost first, in the order printed.
    pub frames: Vec<Frame>,
    /// The stacks that the frames are of, the report's own first; empty until the report is made.
    pub stacks: Vec<Stack>,
    /// What the report says after its header, as printed: the access and the object of KASAN, the index of
    /// UBSAN, the locks of lockdep; empty until the report is made.
    pub details: Vec<String>,
    /// The report as printed, without framing and unreliable frames: the header, then what its
    /// caller printed after it, as far as the bounds allow. Titles are made from it.
    pub(crate) lines: Lines,
}

impl Splat {
    /// The frames of the report's own stack, without those of allocations, other locks or other CPUs.
    pub fn own_frames(&self) -> &[Frame] {
        match self.stacks.first() {
            Some(own) => self.frames_of(own),
            None => &self.frames,
        }
    }

    /// The frames of one of its stacks.
    pub fn frames_of(&self, stack: &Stack) -> &[Frame] {
        self.frames.get(stack.frames.clone()).unwrap_or_default()
    }
}

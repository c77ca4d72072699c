//! What single lines of a report hold: references to code, frames, registers, instruction bytes, the kernel.

use super::demangle::demangled;
use compact_str::CompactString;
use serde::Serialize;
use std::fmt;

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

/// The part of a call trace that a frame is in (`<TASK>`, `<IRQ>`, …; arch/x86/kernel/dumpstack.c).
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
    /// Log line that its place is on, where that is not its own: arm prints it on the line of the function that it
    /// called.
    pub place_line: Option<u64>,
    /// The caller, where it is on the same line (arm). A finished splat has none: its place is the next frame's.
    pub caller: Option<Box<Frame>>,
    /// Lines of the splat up to its own. A whole log may be on one line of its input.
    pub behind: usize,
    /// Which stack it is on.
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

//! Headers: the line that says what kind of report begins.
//!
//! In: a line's text. Out: its kind and what the header's named groups say.

use super::code_ref::code_ref;
use super::crash::unquoted;
use super::frame::{INLINE_MARK, inlined};
use super::paths::printed_path;
use super::types::{CodeRef, SourceLine};
use crate::grammar::{Grammar, Kind, Level, MatchedGroups, Pattern, beginning};
use crate::line::framing::holds_program_tag;
use crate::line::rejoin::has_open_parenthesis;

/// Begins the last line of a report, which says the reason of a panic once more (kernel/panic.c).
const LAST_LINE: &str = "---[ end ";

/// A header that was read.
#[derive(Debug)]
pub struct Header<'g> {
    /// The kind that it begins.
    pub kind: &'g Kind,
    /// The line, without framing.
    pub text: String,
    /// CPU that printed it, where the header says so.
    pub cpu: Option<u32>,
    /// Task that was running.
    pub pid: Option<i32>,
    /// Its name.
    pub comm: Option<String>,
    /// Source file.
    pub file: Option<String>,
    /// Line in it.
    pub line: Option<u32>,
    /// The condition of a WARN_ON(), as its source has it.
    pub condition: Option<String>,
    /// The code that the header points at.
    pub at: CodeRef,
    whole: bool,
}

/// Reads a header; `None` where the line begins no report. `framed` is true where the log's framing
/// shows that the kernel printed the line.
pub fn header<'g>(grammar: &'g Grammar, text: &str, framed: bool) -> Option<Header<'g>> {
    header_of(grammar.kinds_in(text), text, framed)
}

/// What a line is that has the literals of some kinds.
pub enum Candidate<'g> {
    /// A header.
    Header(Box<Header<'g>>),
    /// Perhaps the first half of one.
    Half,
    /// Anything else.
    Other,
}

/// Reads a line that may be a header, as [`header`] and [`may_begin_header`] do.
pub fn candidate<'g>(grammar: &'g Grammar, text: &str, framed: bool) -> Candidate<'g> {
    let kinds: Vec<&Kind> = grammar.kinds_in(text).collect();
    match header_of(kinds.iter().copied(), text, framed) {
        Some(header) => Candidate::Header(Box::new(header)),
        None if any_begins(kinds.iter().copied(), text.trim()) => Candidate::Half,
        None => Candidate::Other,
    }
}

fn header_of<'g>(
    kinds: impl IntoIterator<Item = &'g Kind>,
    line: &str,
    framed: bool,
) -> Option<Header<'g>> {
    let text = beginning(last_beginning(unquoted(line.trim())), MAX_HEADER);
    let is_indented = line.starts_with([' ', '\t']);
    if text.starts_with(LAST_LINE) {
        return None;
    }
    kinds.into_iter().find_map(|kind| {
        if is_excluded(kind, text, framed) || kind.unindented && !framed && is_indented {
            return None;
        }
        kind.headers.iter().find_map(|pattern| {
            let captures = pattern.captures(text)?;
            let before = text.get(..captures.get(0)?.start())?;
            // Where nothing shows that the kernel printed the line, prose may quote a header: then
            // only what is known may be in front of it.
            let begins = match framed {
                true => !is_of_another(kind, before),
                false => may_stand_before(kind, before),
            };
            begins.then(|| from_captures(kind, text, &captures))?
        })
    })
}

/// Bytes of a line that a header is looked for in. printk's messages have one KiB (LOG_LINE_MAX in kernel/printk); from
/// 40 KiB on the patterns take several times as long for each byte.
const MAX_HEADER: usize = 16 << 10;

/// The text from where it begins anew: printk was interrupted in a header and prints it once more, on the same line
/// (`INFO: tasINFO: task …`).
fn last_beginning(text: &str) -> &str {
    let Some(begin) = text.get(..MIN_BEGINNING) else {
        return text;
    };
    let again = text[MIN_BEGINNING..].find(begin);
    let again = again.map(|at| text.split_at(at + MIN_BEGINNING));
    again
        .filter(|(half, whole)| whole.starts_with(half))
        .map_or(text, |(_, whole)| whole)
}

/// Bytes of a header that must have been printed before it is known again.
const MIN_BEGINNING: usize = 5;

/// True where the text in front of a header of the kernel's shows that it is none: a program's tag, a quotation mark
/// (`audit: … comm="`), or, for what any line may say, the name of somebody who says it (`init: WARNING: `,
/// `Spectre V2 : WARNING: `).
fn is_of_another(kind: &Kind, before: &str) -> bool {
    let is_speaker = || before.ends_with(": ") && !before.contains('[');
    let is_quoted = || before.ends_with(['"', '\'', '=']);
    holds_program_tag(before) || is_quoted() || kind.framed && kind.fallback && is_speaker()
}

/// True for a line that only looks like a header of that kind, whatever is before it.
fn is_excluded(kind: &Kind, text: &str, framed: bool) -> bool {
    let fits = |patterns: &[Pattern]| patterns.iter().any(|p| p.is_match(text));
    !framed && (kind.framed && kind.fallback || fits(&kind.prose)) || fits(&kind.never)
}

fn may_stand_before(kind: &Kind, text: &str) -> bool {
    let prefix = without_cpu(text);
    let is_known = || kind.before.iter().any(|before| before == prefix);
    text.is_empty() || is_known() || kind.framed && is_of_driver(text)
}

/// `watchdog: ` of `watchdog: CPU3: `.
fn without_cpu(text: &str) -> &str {
    let prefix = text.strip_suffix(": ");
    let prefix = prefix.map(|text| text.trim_end_matches(|c: char| c.is_ascii_digit()));
    let prefix = prefix.and_then(|text| text.strip_suffix("CPU"));
    prefix.unwrap_or(text)
}

/// `mce: `, `pcieport 0000:00:1d.0: AER: `, `e1000e 0000:00:1f.6 eno1: `: what the kernel's drivers put in front of
/// their messages (include/linux/dev_printk.h). A sentence that ends with a colon is longer, and its words have no
/// digits.
fn is_of_driver(text: &str) -> bool {
    let Some(names) = text.strip_suffix(": ") else {
        return is_of_apei(text);
    };
    let is_device = |word: &str| word.contains(|c: char| c.is_ascii_digit());
    names.split(": ").all(|part| {
        let mut words = part.split(' ');
        let is_name = |word: &str| !word.is_empty() && !word.ends_with(':');
        words.next().is_some_and(is_name) && words.all(is_device) && part.split(' ').count() <= 3
    })
}

/// True where the text begins as the header of a report does, so that it may be the first half of a
/// broken one.
pub fn may_begin_header(grammar: &Grammar, text: &str) -> bool {
    let text = text.trim();
    any_begins(grammar.kinds_in(text), text)
}

fn any_begins<'g>(kinds: impl IntoIterator<Item = &'g Kind>, text: &str) -> bool {
    let begins = |kind: &Kind| kind.literals.iter().any(|l| text.starts_with(l.as_str()));
    let mut reports = kinds.into_iter().filter(|kind| kind.level == Level::Report);
    reports.any(begins)
}

fn from_captures<'g>(
    kind: &'g Kind,
    text: &str,
    captures: &MatchedGroups<'_>,
) -> Option<Header<'g>> {
    let group = |name| captures.name(name).map(|m| m.as_str());
    let number = |name| group(name).and_then(|digits| digits.parse().ok());
    let file = group("file").map(printed_path);
    let (at, whole) = match group("code") {
        Some(code) => read_code(code),
        None => {
            let half = kind.halves.iter().any(|p| p.is_match(text));
            (place(group("place")), !half && !is_inlined(text))
        }
    };
    // Prose may say "WARNING: at least …": a place must have a file or read as code.
    if group("code").is_some() && file.is_none() && !whole {
        return None;
    }
    Some(Header {
        kind,
        text: text.to_owned(),
        cpu: number("cpu"),
        pid: group("pid").and_then(|digits| digits.parse().ok()),
        comm: group("comm").map(str::to_owned),
        file,
        line: number("line"),
        condition: group("condition").map(str::to_owned),
        at,
        whole,
    })
}

/// A place that may be missing or unreadable.
fn place(text: Option<&str>) -> CodeRef {
    let code = |text| code_ref(text).ok().map(|(_, code)| code);
    let read = |text| code(text).or_else(|| inlined_code(text));
    text.and_then(read).unwrap_or_default()
}

/// True for the header of a function that was inlined into the one of the next line: syzbot symbolizes
/// headers too, and prints one for each.
fn is_inlined(text: &str) -> bool {
    text.contains(INLINE_MARK)
}

/// An inlined function as a place, for a header that is the last line of its log.
fn inlined_code(text: &str) -> Option<CodeRef> {
    let inline = inlined(text)?;
    let line = inline.line;
    let source = inline.file.map(|file| SourceLine { file, line });
    Some(CodeRef {
        function: inline.function,
        sources: source.into_iter().collect(),
        ..CodeRef::default()
    })
}

/// The code that the header points at, and whether all of it could be read.
fn read_code(text: &str) -> (CodeRef, bool) {
    let text = text.trim();
    let text = text.strip_suffix("()").unwrap_or(text);
    match code_ref(text) {
        Ok((rest, code)) => (code, rest.trim().is_empty() && !has_open_parenthesis(text)),
        Err(_) => (inlined_code(text).unwrap_or_default(), false),
    }
}

impl Header<'_> {
    /// False for the first half of a header that a mailer broke.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// True where the report has no other line.
    pub fn is_all(&self) -> bool {
        self.whole && self.kind.single
    }

    /// File and line of the source: its own, or those of the code that it points at.
    pub fn place(&self) -> (Option<&str>, Option<u32>) {
        let source = self.at.sources.last();
        let file = self.file.as_deref();
        (
            file.or_else(|| source.map(|source| source.file.as_str())),
            self.line.or_else(|| source?.line),
        )
    }

    /// True where a symbolizer made this header for the function that was inlined into the one of `next`.
    pub fn is_inlined_in(&self, next: &Header<'_>) -> bool {
        self.kind.name == next.kind.name && is_inlined(&self.text)
    }
}

/// `{1}`: APEI numbers the records that the firmware hands over (drivers/acpi/apei/ghes.c).
fn is_of_apei(text: &str) -> bool {
    let number = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a form: header, file, line, function, CPU, comm, PID.
    type Row<'a> = (
        &'a str,
        Option<&'a str>,
        Option<u32>,
        Option<&'a str>,
        Option<u32>,
        Option<&'a str>,
        Option<i32>,
    );

    const FILE: Option<&str> = Some("arch/x86/kernel/cpu/cpuid-deps.c");
    const FUNCTION: Option<&str> = Some("do_clear_cpu_cap");

    #[test]
    fn every_form_that_kernels_have_printed() {
        let rows: &[Row<'_>] = &[
            (
                "WARNING: at arch/x86/kernel/cpu/cpuid-deps.c:118 do_clear_cpu_cap+0xdc/0x130()",
                FILE,
                Some(118),
                FUNCTION,
                None,
                None,
                None,
            ),
            (
                "WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:118 do_clear_cpu_cap+0xdc/0x130",
                FILE,
                Some(118),
                FUNCTION,
                Some(1),
                None,
                Some(0),
            ),
            (
                "WARNING: CPU: 1 PID: 0 at ../arch/x86/kernel/cpu/cpuid-deps.c:118 do_clear_cpu_cap+0xdc/0x130",
                FILE,
                Some(118),
                FUNCTION,
                Some(1),
                None,
                Some(0),
            ),
            (
                "WARNING: CPU: 1 PID: 0 at do_clear_cpu_cap+0xdc/0x130",
                None,
                None,
                FUNCTION,
                Some(1),
                None,
                Some(0),
            ),
            (
                "WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:118 do_clear_cpu_cap (arch/x86/kernel/cpu/cpuid-deps.c:118 (discriminator 1)) ",
                FILE,
                Some(118),
                FUNCTION,
                Some(1),
                None,
                Some(0),
            ),
            (
                "WARNING: arch/x86/kernel/cpu/cpuid-deps.c:118 at do_clear_cpu_cap+0xdc/0x130, CPU#1: swapper/1/0",
                FILE,
                Some(118),
                FUNCTION,
                Some(1),
                Some("swapper/1"),
                Some(0),
            ),
            (
                "WARNING: arch/x86/kernel/cpu/cpuid-deps.c:118 at do_clear_cpu_cap+0xdc/0x130 arch/x86/kernel/cpu/cpuid-deps.c:118, CPU#1: swapper/1/0",
                FILE,
                Some(118),
                FUNCTION,
                Some(1),
                Some("swapper/1"),
                Some(0),
            ),
            (
                "WARNING: [alternatives_patched] arch/x86/kernel/cpu/cpuid-deps.c:118 at do_clear_cpu_cap+0xdc/0x130, CPU#1: swapper/1/0",
                FILE,
                Some(118),
                FUNCTION,
                Some(1),
                Some("swapper/1"),
                Some(0),
            ),
            (
                "WARNING: at do_clear_cpu_cap+0xdc/0x130, CPU#1: swapper/1/0",
                None,
                None,
                FUNCTION,
                Some(1),
                Some("swapper/1"),
                Some(0),
            ),
            (
                "WARNING: drivers/usb/core/urb.c:380 at 0x0, CPU#1: usb-storage/5993",
                Some("drivers/usb/core/urb.c"),
                Some(380),
                None,
                Some(1),
                Some("usb-storage"),
                Some(5993),
            ),
            (
                "WARNING: fs/x.c:3 at f+0x1/0x2 [xfs], CPU#12: kworker/u8:3 (events)/77",
                Some("fs/x.c"),
                Some(3),
                Some("f"),
                Some(12),
                Some("kworker/u8:3 (events)"),
                Some(77),
            ),
        ];
        let grammar = Grammar::builtin();
        for (text, file, line, function, cpu, comm, pid) in rows {
            let header =
                header(&grammar, text, false).unwrap_or_else(|| panic!("no header: {text}"));
            assert!(header.is_whole(), "{text}");
            assert_eq!(header.kind.name, "warning");
            assert_eq!(header.place(), (*file, *line), "{text}");
            assert_eq!(header.at.function.as_deref(), *function, "{text}");
            assert_eq!(
                (header.cpu, header.comm.as_deref(), header.pid),
                (*cpu, *comm, *pid),
                "{text}"
            );
        }
    }

    #[test]
    fn half_a_header_is_known_as_such() {
        let grammar = Grammar::builtin();
        for text in [
            "WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:118",
            "WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:118 do_clear_cpu_",
            "WARNING: CPU: 1 PID: 0 at a/b.c:1 f (a/b.c:1",
        ] {
            assert!(
                header(&grammar, text, false).is_none_or(|h| !h.is_whole()),
                "{text}"
            );
            assert!(may_begin_header(&grammar, text), "{text}");
        }
    }

    #[test]
    fn messages_and_prose_begin_no_report() {
        let grammar = Grammar::builtin();
        for text in [
            "RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks",
            "kernel test robot noticed \"WARNING:at_arch/x86/kernel/cpu/cpuid-deps.c:#do_clear_cpu_cap\" on:",
            "Subject: Re: WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:123",
            "WARNING: at least one CPU is broken",
        ] {
            assert!(header(&grammar, text, false).is_none(), "{text}");
        }
    }
}

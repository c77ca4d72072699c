//! The line that says which CPU, task and kernel printed a splat (lib/dump_stack.c,
//! `dump_stack_print_info()`): `CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.0 #1 …`.

use super::types::Kernel;
use crate::grammar::{Groups, Pattern};
use std::sync::LazyLock;

/// What the line tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuLine {
    /// CPU number.
    pub cpu: Option<u32>,
    /// PID of the running task.
    pub pid: Option<u32>,
    /// Its name.
    pub comm: Option<String>,
    /// The kernel.
    pub kernel: Kernel,
}

/// Taint, release and build number; a build-id ends the line where `CONFIG_STACKTRACE_BUILD_ID` is set. RHEL
/// fills columns of its own behind the letters with dashes (kernel/panic.c of RHEL 6 to 10). User mode Linux
/// prints no build number.
const KERNEL: &str = r"(?:Kdump: loaded )?(?:Not tainted|Tainted: (?<taint>[A-Za-z -]*?)) +\(?(?<release>[0-9]\S*?)\)?(?: (?<build>#[^\s)]*)\)?(?:.* (?<id>[0-9a-f]{40}))?|\s*$)";

/// The forms that kernels have printed, those for a line that was cut off or that tells less last.
static FORMS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let since_3_9 =
        r"^CPU: (?<cpu>[0-9]+)(?: UID: [0-9]+)? PID: (?<pid>[0-9]+) Comm: (?<comm>.*?) ";
    let before = r"^Pid ?: (?<pid>[0-9]+), [cC]omm: \s*(?<comm>.*?) ";
    [
        format!("{since_3_9}{KERNEL}"),
        format!("{before}{KERNEL}"),
        // cut off
        r"^CPU: (?<cpu>[0-9]+)(?: UID: [0-9]+)? PID: (?<pid>[0-9]+)(?: Comm: (?<comm>\S+))?".to_owned(),
        // arm and s390 before 3.9: the task is on another line
        format!(r"^CPU ?: (?<cpu>[0-9]+) \s*{KERNEL}"),
        // sh before 3.9: the kernel is on the next line
        r"^Pid : (?<pid>[0-9]+), Comm: \s*(?<comm>.+)$".to_owned(),
        // x86 before 3.2, alpha, openrisc
        r"^CPU(?: #)?:? *(?<cpu>[0-9]+)\s*$".to_owned(),
        // mips, m68k, openrisc, and x86 before 3.9; sh and arm write "Process:"
        r"^Process:? (?<comm>.*) \(pid: (?<pid>[0-9]+)[,)]".to_owned(),
        // alpha and sparc: die_if_kernel()
        r"^(?:CPU (?<cpu>[0-9]+) )?(?<comm>.{1,16})\((?<pid>[0-9]+)\): (?:Oops|Kernel Bug|Kernel bad|Instruction fault|Arithmetic fault|Unaligned)".to_owned(),
        // parisc: die_if_kernel()
        r"^(?<comm>.{1,16}) \(pid (?<pid>[0-9]+)\): .* \(code [0-9]+\)".to_owned(),
        // csky
        r"^COMM=(?<comm>.*) PID=(?<pid>[0-9]+)\s*$".to_owned(),
        // hexagon, in front of its call trace
        r"^CPU#(?<cpu>[0-9]+), (?<comm>.*)/(?<pid>[0-9]+), Call Trace:".to_owned(),
        // powerpc before 3.9
        r"^TASK = [0-9a-f]+\[(?<pid>[0-9]+)\] '(?<comm>.*)' THREAD: [0-9a-f]+(?: CPU: (?<cpu>[0-9]+))?".to_owned(),
        // the second line of lockdep's reports (kernel/locking/lockdep.c, print_kernel_ident())
        r"^(?<release>[0-9]+\.[0-9]\S*) (?<build>#\S+) (?:Not tainted|Tainted: (?<taint>[A-Za-z -]*?))\s*$".to_owned(),
        // that of hung tasks (kernel/hung_task.c, check_hung_task())
        format!("^{KERNEL}$"),
    ]
    .iter()
    .map(|form| Pattern::new(form.as_str()))
    .collect()
});

/// Reads the line; `None` where it is another one.
pub fn cpu_line(text: &str) -> Option<CpuLine> {
    usual(text)
        .or_else(|| by_form(text))
        .or_else(|| spelled_out(text))
}

/// `Tainted: [W]=WARN, [O]=OOT_MODULE`, a line of its own since 6.12 (kernel/panic.c, `print_tainted_verbose()`).
fn spelled_out(text: &str) -> Option<CpuLine> {
    let flags = text.strip_prefix("Tainted: [")?.split(", ");
    let letters = flags.filter_map(|flag| flag.trim_start_matches('[').chars().next());
    let kernel = Kernel {
        taint: Some(letters.filter(char::is_ascii_uppercase).collect()),
        ..Kernel::default()
    };
    Some(CpuLine {
        kernel,
        ..CpuLine::default()
    })
}

/// Reads the line as kernels since 3.9 print it, whole and in printable ASCII, by its bytes; `None` where it
/// has another form. [`by_form`] would give the same.
fn usual(text: &str) -> Option<CpuLine> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let (cpu, rest) = number(text.strip_prefix("CPU: ")?)?;
    let rest = match rest.strip_prefix(" UID: ") {
        Some(rest) => number(rest)?.1,
        None => rest,
    };
    let (pid, rest) = number(rest.strip_prefix(" PID: ")?)?;
    let rest = rest.strip_prefix(" Comm: ")?;
    let (comm, rest) = rest.split_at(
        rest.find(" Tainted: ")
            .into_iter()
            .chain(rest.find(" Not tainted "))
            .min()?,
    );
    let comm = comm.strip_suffix(" Kdump: loaded").unwrap_or(comm);
    let (before, behind) = rest.split_at(rest.find(" #")?);
    let (flags, release) = before.rsplit_once(' ')?;
    let flags = match flags.strip_prefix(" Tainted: ") {
        Some(flags) if flags.bytes().all(|flag| is_column(flag)) => flags,
        None if flags.trim_end() == " Not tainted" => "",
        _ => return None,
    };
    let mut words = behind[1..].split(' ');
    let build = words.next()?;
    let may_be_id = |word: &str| word.len() >= 40;
    let is_usual = release.starts_with(|c: char| c.is_ascii_digit())
        && !comm.contains(" Kdump: loaded ")
        && !words.any(may_be_id);
    is_usual.then(|| CpuLine {
        cpu: Some(cpu),
        pid: Some(pid),
        comm: Some(comm.to_owned()),
        kernel: Kernel {
            taint: Some(letters(flags)),
            release: Some(release.to_owned()),
            build: Some(build.to_owned()),
            build_id: None,
        },
    })
}

/// The number that a text begins with, and what follows; `None` where it does not fit.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    Some((digits.parse().ok()?, rest))
}

fn by_form(text: &str) -> Option<CpuLine> {
    let captures = FORMS.iter().find_map(|form| form.captures(text))?;
    let group = |name| captures.name(name).map(|m| m.as_str().to_owned());
    let number = |name| group(name).and_then(|digits| digits.parse().ok());
    Some(CpuLine {
        cpu: number("cpu"),
        pid: number("pid"),
        comm: group("comm"),
        kernel: Kernel {
            taint: taint(&captures, text),
            release: group("release"),
            build: group("build"),
            build_id: group("id"),
        },
    })
}

/// Taint letters; `G` and blanks only say which taints are absent (kernel/panic.c, `print_tainted()`).
fn taint(captures: &Groups<'_>, text: &str) -> Option<String> {
    match captures.name("taint") {
        Some(flags) => Some(letters(flags.as_str())),
        None => text.contains("Not tainted").then(String::new),
    }
}

fn letters(flags: &str) -> String {
    let is_letter = |c: &char| !matches!(c, ' ' | 'G' | '-');
    flags.chars().filter(is_letter).collect()
}

/// What may stand in a column of the taint flags.
fn is_column(flag: u8) -> bool {
    flag.is_ascii_alphabetic() || matches!(flag, b' ' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_usual_line_is_read_as_any_other(
            text in "CPU: [0-9]{1,3}( UID: [0-9]{1,2})? PID: [0-9]{1,10} Comm:( [a-zW/]{1,3}| Kdump: loaded| Tainted:| Not tainted){1,3}( [A-Z]| {1,3}){0,5} {0,2}(6.1|W)( #| 6| )[0-9]{0,2}( SMP| [0-9a-f]{39,41}){0,2}",
        ) {
            if let Some(line) = usual(&text) {
                prop_assert_eq!(Some(line), by_form(&text), "{}", text);
            }
        }
    }

    fn read(text: &str) -> CpuLine {
        cpu_line(text).unwrap_or_else(|| panic!("no CPU line: {text}"))
    }

    #[test]
    fn new_and_old() {
        let line = read(
            "CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Tainted: G        W           6.16.9+deb14-amd64 #1 PREEMPT(lazy)  Debian 6.16.9-1",
        );
        assert_eq!(
            (line.cpu, line.pid, line.comm.as_deref()),
            (Some(1), Some(0), Some("swapper/1"))
        );
        assert_eq!(line.kernel.release.as_deref(), Some("6.16.9+deb14-amd64"));
        assert_eq!(line.kernel.build.as_deref(), Some("#1"));
        assert_eq!(line.kernel.taint.as_deref(), Some("W"));
        let old = read("Pid: 1, comm: init Not tainted 3.2.0-4-amd64 #1 Debian 3.2.57");
        assert_eq!((old.cpu, old.pid), (None, Some(1)));
        assert_eq!(old.kernel.taint.as_deref(), Some(""));
    }

    #[test]
    fn names_with_blanks_and_build_ids() {
        let id = "c76c09082e833299bbcc71b75dc4abf37758b94a";
        let line = read(&format!(
            "CPU: 0 PID: 7 Comm: Web Content Kdump: loaded Not tainted 6.1.0 #2 SMP  {id}"
        ));
        assert_eq!(line.comm.as_deref(), Some("Web Content"));
        assert_eq!(line.kernel.build_id.as_deref(), Some(id));
    }

    #[test]
    fn a_cut_line_gives_what_is_left() {
        let line = read("CPU: 1 PID: 0 Comm: swapper/1 Not tain");
        assert_eq!(line.cpu, Some(1));
        assert_eq!(line.kernel.release, None);
        assert_eq!(line.kernel.taint, None);
    }
}

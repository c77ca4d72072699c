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
    /// PID of the running task; negative where the task was overwritten.
    pub pid: Option<i32>,
    /// Its name.
    pub comm: Option<String>,
    /// The kernel.
    pub kernel: Kernel,
}

impl CpuLine {
    /// With what another line says besides.
    pub fn with(self, other: CpuLine) -> CpuLine {
        CpuLine {
            cpu: self.cpu.or(other.cpu),
            pid: self.pid.or(other.pid),
            comm: self.comm.or(other.comm),
            kernel: Kernel {
                release: self.kernel.release.or(other.kernel.release),
                build: self.kernel.build.or(other.kernel.build),
                taint: self.kernel.taint.or(other.kernel.taint),
                build_id: self.kernel.build_id.or(other.kernel.build_id),
            },
        }
    }
}

/// Release, build number and taint; a build-id ends the line where `CONFIG_STACKTRACE_BUILD_ID` is set.
const KERNEL: &str = r"(?:Kdump: loaded )?(?:Not tainted|Tainted: (?<taint>[A-Z ]*?)) +(?<release>\S+) (?<build>#\S*)(?:.* (?<id>[0-9a-f]{40}))?";

/// The forms that kernels have printed, the last one for a line that was cut off.
static FORMS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let since_3_9 =
        r"^CPU: (?<cpu>[0-9]+)(?: UID: [0-9]+)? PID: (?<pid>-?[0-9]+) Comm: (?<comm>.*?) ";
    let before = r"^Pid: (?<pid>-?[0-9]+), comm: +(?<comm>.*?) ";
    let cut =
        r"^CPU: (?<cpu>[0-9]+)(?: UID: [0-9]+)? PID: (?<pid>-?[0-9]+)(?: Comm: (?<comm>\S+))?";
    [
        format!("{since_3_9}{KERNEL}"),
        format!("{before}{KERNEL}"),
        cut.to_owned(),
    ]
    .iter()
    .map(|form| Pattern::new(form.as_str()))
    .collect()
});

/// Reads the line; `None` where it is another one.
pub fn cpu_line(text: &str) -> Option<CpuLine> {
    usual(text).or_else(|| by_form(text))
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
    let pid = i32::try_from(pid).ok()?;
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
        Some(flags) if flags.bytes().all(|flag| matches!(flag, b'A'..=b'Z' | b' ')) => flags,
        None if flags.trim_end() == " Not tainted" => "",
        _ => return None,
    };
    let mut words = behind[1..].split(' ');
    let build = words.next()?;
    let may_be_id = |word: &str| word.len() >= 40;
    let is_usual =
        !release.is_empty() && !comm.contains(" Kdump: loaded ") && !words.any(may_be_id);
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
        pid: group("pid").and_then(|digits| digits.parse().ok()),
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
    flags.chars().filter(|c| !matches!(c, ' ' | 'G')).collect()
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

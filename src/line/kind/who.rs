//! Task, CPU and kernel as other lines than `CPU: …` name them: the second line of a hung task, lockdep's
//! first lines, the head of crash(8).
//!
//! In: a line's text and the grammar's rules. Out: a [`CpuLine`] with what the line says.

use super::cpu_line::{CpuLine, letters};
use super::types::Kernel;
use crate::grammar::{Grammar, MatchedGroups, WhoLine};

/// Reads a line within a report, or with `ahead` one before its header; `None` where it names nobody.
pub fn who(grammar: &Grammar, text: &str, ahead: bool) -> Option<CpuLine> {
    let text = text.trim();
    let mut rules = grammar.who_lines(text).filter(|rule| rule.ahead == ahead);
    rules.find_map(|rule| read(rule, text))
}

/// What a line says by one rule.
pub fn read(rule: &WhoLine, text: &str) -> Option<CpuLine> {
    let groups = rule.pattern.captures(text)?;
    let group = |name| groups.name(name).map(|group| group.as_str().to_owned());
    Some(CpuLine {
        cpu: group("cpu").and_then(|digits| digits.parse().ok()),
        pid: group("pid").and_then(|digits| digits.parse().ok()),
        comm: group("comm"),
        kernel: Kernel {
            release: group("release"),
            build: group("build"),
            taint: taint(&groups, text),
            build_id: group("id"),
        },
        hardware: group("hardware"),
    })
}

/// `None` where the line says nothing of taints.
fn taint(groups: &MatchedGroups<'_>, text: &str) -> Option<String> {
    match groups.name("taint") {
        Some(flags) => Some(letters(flags.as_str())),
        None => text.contains("Not tainted").then(String::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> CpuLine {
        who(&Grammar::builtin(), text, false).unwrap_or_else(|| panic!("names nobody: {text}"))
    }

    #[test]
    fn the_kernel_in_the_second_line_of_a_hung_task_and_of_lockdep() {
        for text in [
            "      Tainted: P          IO       6.8.0-31-generic #31-Ubuntu",
            "6.8.0-31-generic #31-Ubuntu Tainted: P          IO      ",
        ] {
            let kernel = read(text).kernel;
            assert_eq!(
                kernel.release.as_deref(),
                Some("6.8.0-31-generic"),
                "{text}"
            );
            assert_eq!(kernel.build.as_deref(), Some("#31-Ubuntu"), "{text}");
            assert_eq!(kernel.taint.as_deref(), Some("PIO"), "{text}");
        }
        let clean = read("      Not tainted 6.17.0 #1").kernel;
        assert_eq!(clean.taint.as_deref(), Some(""));
        let rhel = read("      Tainted: G           OE    --------- -  - 4.18.0-553.el8 #1").kernel;
        assert_eq!(rhel.release.as_deref(), Some("4.18.0-553.el8"));
        assert_eq!(rhel.taint.as_deref(), Some("OE"));
    }

    #[test]
    fn the_task_in_lines_that_are_no_cpu_line() {
        let race = read("write to 0xffff8fee4c40700c of 4 bytes by task 175 on cpu 4:");
        assert_eq!((race.cpu, race.pid, race.comm), (Some(4), Some(175), None));
        let rows = [
            (
                "syz-executor1/7643 is trying to acquire lock:",
                7643,
                "syz-executor1",
            ),
            (
                "kworker/u8:3/77 just changed the state of lock:",
                77,
                "kworker/u8:3",
            ),
            ("swapper/0/0 [HC0[0]:SC1[1]:HE1:SE0] takes:", 0, "swapper/0"),
            (
                "in_atomic(): 1, irqs_disabled(): 1, non_block: 0, pid: 7643, name: a b",
                7643,
                "a b",
            ),
            (
                "in_atomic(): 1, irqs_disabled(): 0, pid: -5, name: bar",
                -5,
                "bar",
            ),
            (
                "Write of size 8 at addr ffff8880b5a0 by task kworker/0:1/12",
                12,
                "kworker/0:1",
            ),
            (
                "comm \"syz-executor1\", pid 7643, jiffies 4294944400 (age 8.450s)",
                7643,
                "syz-executor1",
            ),
            (
                "PID: 11978  TASK: ffff880337f12990  CPU: 5   COMMAND: \"zetatape\"",
                11978,
                "zetatape",
            ),
        ];
        for (text, pid, comm) in rows {
            let line = read(text);
            assert_eq!(
                (line.pid, line.comm.as_deref()),
                (Some(pid), Some(comm)),
                "{text}"
            );
        }
    }

    #[test]
    fn prose_names_nobody() {
        let grammar = Grammar::builtin();
        for text in [
            "the task is trying to acquire lock:",
            "CPU: 1 PID: 0 Comm: swapper/1 Not tainted 6.12.0 #1",
            "Not tainted",
            "usb 1-1: RELEASE: 5",
        ] {
            assert_eq!(who(&grammar, text, false), None, "{text}");
            assert_eq!(who(&grammar, text, true), None, "{text}");
        }
    }
}

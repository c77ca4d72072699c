//! What memory held when the kernel ran out of it, and which tasks had most of it.
//!
//! In: a splat with its classified lines, the grammar's `[[memory]]`. Out: [`MemoryState`]: a screen of numbers in
//! pages, as those few that say where the memory went.

use crate::grammar::{Grammar, MatchedGroups, MemoryName, MemoryRule};
use crate::splat::Splat;
use serde::Serialize;

/// Tasks that are named: the largest. The log has all of them.
const TASKS: usize = 3;

const KB: u64 = 1024;

/// The memory, in bytes. `null` is what the log does not show, or shows in pages without saying how large one is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryState {
    /// Of one page.
    pub page: Option<u64>,
    /// All that the machine has.
    pub ram: Option<u64>,
    /// Memory of programs that is no file's.
    pub anonymous: Option<u64>,
    /// The cache of files.
    pub files: Option<u64>,
    /// Small objects of the kernel.
    pub slab: Option<u64>,
    /// What was left.
    pub free: Option<u64>,
    /// All swap.
    pub swap: Option<u64>,
    /// What was left of it.
    pub free_swap: Option<u64>,
    /// What the control group used that reached its limit.
    pub group_usage: Option<u64>,
    /// Its limit.
    pub group_limit: Option<u64>,
    /// The largest tasks, the largest first; none where the log has more of them than are read.
    pub tasks: Vec<TaskMemory>,
}

/// What one task had in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TaskMemory {
    /// Its process ID.
    pub pid: u32,
    /// Its name.
    pub comm: String,
    /// Pages, as printed.
    pub pages: u64,
    /// The same in bytes.
    pub bytes: Option<u64>,
}

/// A number as printed.
#[derive(Clone, Copy)]
enum Amount {
    Pages(u64),
    Bytes(u64),
}

impl MemoryState {
    /// What the lines of a splat say; `None` where none says anything.
    pub(super) fn of(grammar: &Grammar, splat: &Splat) -> Option<MemoryState> {
        grammar.kind(&splat.kind).filter(|kind| kind.memory)?;
        let mut state = MemoryState::default();
        let mut amounts: Vec<(MemoryName, Amount)> = Vec::new();
        // The numbers are after the header, which says how much was asked for.
        for line in splat.lines.iter().skip(1) {
            let text = line.text.trim();
            // A line may have two numbers: what a control group uses, and its limit.
            for rule in &grammar.memory {
                let Some(groups) = rule.pattern.captures(text) else {
                    continue;
                };
                match rule.name {
                    MemoryName::Task => state.tasks.extend(task(&groups)),
                    _ => amounts.extend(amount(rule, &groups)),
                }
            }
        }
        // The largest of those that are kept need not be the largest of all.
        if splat.lines.is_cut() {
            state.tasks.clear();
        }
        if amounts.is_empty() && state.tasks.is_empty() {
            return None;
        }
        // First: without the size of a page the other numbers mean nothing.
        state.page = amounts.iter().find_map(|(name, amount)| match amount {
            Amount::Bytes(bytes) if *name == MemoryName::Page => Some(*bytes),
            _ => None,
        });
        for (name, amount) in amounts {
            state.set(name, amount);
        }
        state.keep_largest();
        Some(state)
    }

    /// The first number counts: a log may hold the state more than once.
    fn set(&mut self, name: MemoryName, amount: Amount) {
        let bytes = match amount {
            Amount::Bytes(bytes) => Some(bytes),
            Amount::Pages(pages) => self.page.and_then(|page| pages.checked_mul(page)),
        };
        let field = match name {
            MemoryName::Ram => &mut self.ram,
            MemoryName::Anonymous => &mut self.anonymous,
            MemoryName::Files => &mut self.files,
            MemoryName::Slab => &mut self.slab,
            MemoryName::Free => &mut self.free,
            MemoryName::Swap => &mut self.swap,
            MemoryName::FreeSwap => &mut self.free_swap,
            MemoryName::GroupUsage => &mut self.group_usage,
            MemoryName::GroupLimit => &mut self.group_limit,
            MemoryName::Page | MemoryName::Task => return,
        };
        *field = field.or(bytes);
    }

    fn keep_largest(&mut self) {
        self.tasks.sort_by_key(|task| std::cmp::Reverse(task.pages));
        self.tasks.truncate(TASKS);
        for task in &mut self.tasks {
            task.bytes = self.page.and_then(|page| task.pages.checked_mul(page));
        }
    }
}

fn amount(rule: &MemoryRule, groups: &MatchedGroups<'_>) -> Option<(MemoryName, Amount)> {
    let number = |name: &str| groups.name(name)?.as_str().parse::<u64>().ok();
    let more = number("more").unwrap_or(0);
    let amount = match (number("pages"), number("kb")) {
        // Hostile numbers must not wrap around into plausible ones.
        (Some(pages), _) => Amount::Pages(pages.checked_add(more)?),
        (None, Some(kb)) => Amount::Bytes(kb.checked_add(more)?.checked_mul(KB)?),
        (None, None) => return None,
    };
    Some((rule.name, amount))
}

fn task(groups: &MatchedGroups<'_>) -> Option<TaskMemory> {
    Some(TaskMemory {
        pid: groups.name("pid")?.as_str().parse().ok()?,
        comm: groups.name("comm")?.as_str().to_owned(),
        pages: groups.name("pages")?.as_str().parse().ok()?,
        bytes: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::analyzer::Analyzer;
    use crate::grammar::Grammar;
    use crate::report::{Incidents, Report};

    fn memory(rows: usize) -> super::MemoryState {
        let row = |task: usize| {
            format!(
                "[ 1.0] [ {task:6}]     0 {task:6}     100       30    45056        0             0 t{task}\n"
            )
        };
        let rows: String = (1..=rows).map(row).collect();
        let log = format!(
            "[ 1.0] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n\
             [ 1.0] Call Trace:\n[ 1.0]  dump_header+0x14/0xa0\n\
             [ 1.0] Node 0 DMA: 1*64kB (U) 0*128kB = 64kB\n[ 1.0] 100 pages RAM\n{rows}\
             [ 1.0] [  99999]     0 99999    3000     2000    45056        0             0 large one\n\
             [ 1.0] Out of memory: Killed process 99999 (large one) total-vm:1kB\n"
        );
        let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
        let mut found = None;
        let mut take = |report: Report| found = report.memory;
        analyzer.read_all("log", log.as_bytes(), &mut Incidents::default(), &mut take);
        found.expect("one report")
    }

    #[test]
    fn pages_are_as_large_as_the_log_says_and_the_largest_task_is_first() {
        let memory = memory(3);
        assert_eq!((memory.page, memory.ram), (Some(65536), Some(6_553_600)));
        let largest = &memory.tasks[0];
        assert_eq!((largest.comm.as_str(), largest.pages), ("large one", 2000));
        assert_eq!(memory.tasks.len(), 3);
    }

    #[test]
    fn where_not_all_tasks_are_read_none_is_called_the_largest() {
        assert_eq!(memory(2500).tasks, []);
    }
}

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
    /// The largest tasks, the largest first.
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
            let found = grammar
                .memory
                .iter()
                .find_map(|rule| Some((rule, rule.pattern.captures(text)?)));
            match found {
                Some((rule, groups)) if rule.name == MemoryName::Task => {
                    state.tasks.extend(task(&groups));
                }
                Some((rule, groups)) => amounts.extend(amount(rule, &groups)),
                None => {}
            }
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

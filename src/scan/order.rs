//! The order of a scan: what several workers find, one input after the other.
//!
//! In: findings of the workers, each for a job of theirs. Out: the same in the order of the jobs. A worker whose job
//! is not the next one waits where too much waits already; the next one never does, so that there is
//! always somebody who goes on.

use super::{Extent, ScanError};
use crate::analyzer::Input;
use crate::fixes::Fix;
use crate::report::Report;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Weight of what may wait in all: a frame, or anything that is no report, weighs 1. A frame takes some
/// 300 bytes.
const MAX_WEIGHT: usize = 1 << 16;

/// Weight of what may wait of the next job, when whoever takes it is slower than the worker.
const MAX_OWN_WEIGHT: usize = 1 << 14;

/// Jobs begun and not handed over.
const MAX_JOBS: usize = 1 << 14;

/// Whoever waits for findings looks for them, and whether it shall stop, at least so often.
const PATIENCE: Duration = Duration::from_millis(50);

/// Jobs that are worth waking whoever waits for findings before its patience ends: to wake it for each
/// takes longer than to read a small file.
const WORTHY_JOBS: usize = 512;

/// Weight of findings that is worth the same.
const WORTHY_WEIGHT: usize = 1 << 12;

/// What a worker found.
pub enum JobResult {
    /// A report, numbered within its job.
    Report(Box<Report>),
    /// Something could not be read.
    Error(Box<ScanError>),
    /// A commit that a mail is about.
    Fix(Box<Fix>),
    /// What a text said of itself.
    Member(Box<Input>),
    /// The job ended.
    End(Box<End>),
}

/// The end of a job.
pub struct End {
    /// What the job read.
    pub extent: Extent,
    /// What was read, where another run can know it again.
    pub key: Option<String>,
    /// True where its input ends with it.
    pub is_last: bool,
}

impl JobResult {
    fn weight(&self) -> usize {
        match self {
            JobResult::Report(report) => 16 + report.splat.frames.len(),
            JobResult::Member(member) => 16 + member.boots.len() * 8,
            JobResult::Error(_) | JobResult::Fix(_) | JobResult::End(_) => 1,
        }
    }
}

/// What comes next.
pub enum NextJob {
    /// Findings, in order.
    JobResult(Vec<JobResult>),
    /// Nothing yet.
    Nothing,
    /// Nothing more: all workers have left.
    End,
}

/// The findings that wait.
#[derive(Default)]
pub struct Order {
    state: Mutex<State>,
    /// Told when there may be room for more.
    room: Condvar,
    /// Told when there may be something to hand over.
    ready: Condvar,
}

#[derive(Default)]
struct State {
    /// Number of the job that is handed over next: that of the first slot.
    head: u64,
    slots: VecDeque<OrderSlot>,
    weight: usize,
    workers: usize,
    abandoned: bool,
    /// Whoever finds hands over as well: to wait would be for ever.
    of_one: bool,
}

#[derive(Default)]
struct OrderSlot {
    found: Vec<JobResult>,
    weight: usize,
    done: bool,
}

impl State {
    fn slot(&mut self, job: u64) -> Option<&mut OrderSlot> {
        let index = job.checked_sub(self.head)?;
        self.slots.get_mut(usize::try_from(index).ok()?)
    }

    fn is_full_for(&mut self, job: u64) -> bool {
        let (head, weight) = (self.head, self.weight);
        let own = self.slot(job).map_or(0, |slot| slot.weight);
        let waits = !self.abandoned && !self.of_one;
        // The next job always has a little room of its own, or all would wait for it for ever.
        waits && weight >= MAX_WEIGHT && (job != head || own >= MAX_OWN_WEIGHT)
    }

    /// True where enough waits, and something of it can be handed over.
    fn is_worthy(&self) -> bool {
        let has_some = |slot: &OrderSlot| slot.done || !slot.found.is_empty();
        let enough = self.slots.len() >= WORTHY_JOBS || self.weight >= WORTHY_WEIGHT;
        enough && self.slots.front().is_some_and(has_some)
    }

    /// Findings that nothing comes before.
    fn take(&mut self) -> Vec<JobResult> {
        let mut taken = Vec::new();
        while let Some(slot) = self.slots.front_mut() {
            self.weight -= std::mem::take(&mut slot.weight);
            taken.append(&mut slot.found);
            if !slot.done {
                break;
            }
            self.slots.pop_front();
            self.head += 1;
        }
        taken
    }
}

impl Order {
    /// For one thread that finds and hands over by turns.
    pub fn of_one() -> Order {
        let order = Order::default();
        order.state().of_one = true;
        order
    }

    /// A worker joins.
    pub fn hire(&self) {
        self.state().workers += 1;
    }

    /// A worker leaves.
    pub fn leave(&self) {
        self.state().workers -= 1;
        self.ready.notify_all();
    }

    /// The number of a job that a worker begins; `None` where nobody waits for it any more.
    pub fn begin(&self) -> Option<u64> {
        let mut state = self.state();
        while state.slots.len() >= MAX_JOBS && !state.abandoned {
            self.ready.notify_one();
            state = wait(&self.room, state);
        }
        let job = state.head + state.slots.len() as u64;
        state.slots.push_back(OrderSlot::default());
        (!state.abandoned).then_some(job)
    }

    /// Takes in findings of a job, the last ones where it is `done`.
    pub fn push(&self, job: u64, found: &mut Vec<JobResult>, done: bool) {
        let mut state = self.state();
        while state.is_full_for(job) {
            self.ready.notify_one();
            state = wait(&self.room, state);
        }
        let weight: usize = found.iter().map(JobResult::weight).sum();
        if let Some(slot) = state.slot(job) {
            slot.found.append(found);
            slot.weight += weight;
            slot.done = done;
            state.weight += weight;
        }
        let is_worthy = state.is_worthy();
        drop(state);
        // What belongs to a job that was given up goes.
        found.clear();
        if is_worthy {
            self.ready.notify_one();
        }
    }

    /// Waits for findings, but not for long.
    pub fn next(&self) -> NextJob {
        let mut state = self.state();
        let mut taken = state.take();
        if taken.is_empty() && state.workers > 0 {
            let waited = self.ready.wait_timeout(state, PATIENCE);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            taken = state.take();
        }
        // A job that is not done then is one whose worker panicked.
        let ended = state.workers == 0;
        drop(state);
        self.room.notify_all();
        match (taken.is_empty(), ended) {
            (false, _) => NextJob::JobResult(taken),
            (true, true) => NextJob::End,
            (true, false) => NextJob::Nothing,
        }
    }

    /// Gives up waiting: everything found so far, in order. What is found later is dropped.
    pub fn abandon(&self) -> Vec<JobResult> {
        let mut state = self.state();
        state.abandoned = true;
        let found = state.slots.drain(..).flat_map(|slot| slot.found).collect();
        drop(state);
        self.room.notify_all();
        found
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'s>(condition: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    let state = condition.wait(state);
    state.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(path: &str) -> Vec<JobResult> {
        let extent = Extent {
            path: path.to_owned(),
            ..Extent::default()
        };
        vec![JobResult::End(Box::new(End {
            extent,
            key: None,
            is_last: true,
        }))]
    }

    fn paths(found: &[JobResult]) -> Vec<&str> {
        let path = |found: &JobResult| match found {
            JobResult::End(end) => end.extent.path.as_str().to_owned().leak() as &str,
            _ => "",
        };
        found.iter().map(path).collect()
    }

    fn taken(order: &Order) -> Vec<JobResult> {
        match order.next() {
            NextJob::JobResult(found) => found,
            NextJob::Nothing | NextJob::End => Vec::new(),
        }
    }

    #[test]
    fn what_is_found_early_waits_for_what_stands_before_it() {
        let order = Order::default();
        order.hire();
        let (first, second) = (
            order.begin().expect("first"),
            order.begin().expect("second"),
        );
        order.push(second, &mut end("b"), true);
        assert!(matches!(order.next(), NextJob::Nothing));
        order.push(first, &mut end("a"), false);
        assert_eq!(paths(&taken(&order)), ["a"]);
        order.push(first, &mut end("a2"), true);
        assert_eq!(paths(&taken(&order)), ["a2", "b"]);
        order.leave();
        assert!(matches!(order.next(), NextJob::End));
    }

    #[test]
    fn who_gives_up_gets_all_that_waits() {
        let order = Order::default();
        order.hire();
        let (first, second) = (
            order.begin().expect("first"),
            order.begin().expect("second"),
        );
        order.push(second, &mut end("b"), true);
        assert_eq!(paths(&order.abandon()), ["b"]);
        order.push(first, &mut end("a"), true);
        assert_eq!(order.begin(), None);
    }

    #[test]
    fn the_next_job_is_never_held_up_by_the_others() {
        let order = Order::default();
        let job = order.begin().expect("first");
        let other = order.begin().expect("second");
        let mut many: Vec<JobResult> = (0..MAX_WEIGHT).flat_map(|_| end("b")).collect();
        order.push(other, &mut many, false);
        assert!(order.state().is_full_for(other));
        assert!(!order.state().is_full_for(job));
        order.push(job, &mut end("a"), true);
        assert_eq!(taken(&order).len(), MAX_WEIGHT + 1);
        assert!(!order.state().is_full_for(other));
    }
}

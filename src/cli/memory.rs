//! `--db`: the database that a run writes to, or asks.

use super::args::Options;
use super::output;
use crate::db::{Database, DatabaseError, Event};
use crate::fixes::Fix;
use crate::group::Group;
use crate::release::against;
use crate::render;
use crate::report::Report;
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// A database that a scan adds to.
pub struct Memory {
    database: Database,
    /// What was read before this run.
    known: HashSet<String>,
    /// What was seen before this run.
    signatures: HashSet<String>,
    /// What this run has found.
    events: EventCount,
    failed: bool,
}

/// Events that are told from their quotes: some 30 bytes each.
const MAX_EVENTS: usize = 1 << 20;

/// How many events each signature has in a run, without quotes and cross-posts.
#[derive(Default)]
struct EventCount {
    /// Ids as numbers: as text they would take three times the memory.
    ids: HashSet<u128>,
    of_signature: HashMap<String, u64>,
    /// Signatures of which a report may be a quote, or the next event.
    uncertain: HashSet<String>,
}

/// Which event a report is.
pub struct EventId {
    number: u128,
    /// Another report with this number is a quote.
    is_certain: bool,
}

impl EventCount {
    fn add(&mut self, signature: &str, id: &EventId) {
        if self.ids.len() < MAX_EVENTS && self.ids.insert(id.number) {
            *self.of_signature.entry(signature.to_owned()).or_default() += 1;
        } else if !id.is_certain {
            self.uncertain.insert(signature.to_owned());
        }
    }

    /// `None` where they cannot be told apart, or are too many.
    fn of(&self, signature: &str) -> Option<u64> {
        let known = self.of_signature.get(signature).copied();
        known.filter(|_| self.ids.len() < MAX_EVENTS && !self.uncertain.contains(signature))
    }
}

impl Memory {
    /// Opens that of `--db`, or makes it.
    ///
    /// # Errors
    /// Where the file is no database of ksplat's.
    pub fn create(options: &Options) -> Result<Option<Memory>, DatabaseError> {
        let Some(path) = &options.db else {
            return Ok(None);
        };
        let database = Database::create(path)?;
        let known = database.inputs()?;
        let signatures = database.signatures()?.into_iter().collect();
        Ok(Some(Memory {
            database,
            known,
            signatures,
            events: EventCount::default(),
            failed: false,
        }))
    }

    /// Keys of what was read before this run.
    pub fn known(&self) -> &HashSet<String> {
        &self.known
    }

    /// Says of groups what is known of them.
    pub fn tell(&self, groups: &mut [Group]) {
        let told = groups.iter_mut().try_for_each(|group| self.tell_one(group));
        if let Err(error) = told {
            output::tell(&render::clean(&error.to_string()));
        }
    }

    /// Says of a group what is known of it, and whether an earlier run has seen it.
    fn tell_one(&self, group: &mut Group) -> Result<(), DatabaseError> {
        let former = group.former_signatures.iter();
        let all = || std::iter::once(&group.signature).chain(former.clone());
        // Of the first run everything would be new.
        let is_known = all().any(|signature| self.signatures.contains(signature));
        group.new = (!self.signatures.is_empty()).then_some(!is_known);
        let signatures: Vec<_> = all().map(String::as_str).collect();
        group.events = self.events.of(&group.signature);
        group.seen = self.database.seen(&signatures)?;
        Ok(())
    }

    /// Keeps a report, and gives which event it is. Where the run `is_stopped`, the report may be cut off: nothing is
    /// written before its input ends.
    pub fn add(&mut self, report: &Report, is_stopped: bool) -> Option<EventId> {
        let event = serde_json::to_value(report).ok();
        let event = event.as_ref().and_then(Event::of);
        let id = event.as_ref().and_then(|event| {
            let number = u128::from_str_radix(&event.id, 16).ok()?;
            let is_certain = event.has_fine_stamp();
            Some(EventId { number, is_certain })
        });
        if let Some(event) = event {
            self.database.add(event);
        }
        if !is_stopped {
            let written = self.database.relieve();
            self.check(written);
        }
        id
    }

    /// Counts an event of a report that is shown.
    pub fn count(&mut self, report: &Report, event: Option<EventId>) {
        if let Some(event) = event {
            self.events.add(&report.signature, &event);
        }
    }

    /// Keeps a fix.
    pub fn add_fix(&mut self, fix: Fix) {
        self.database.add_fix(fix);
        let written = self.database.relieve();
        self.check(written);
    }

    /// Lends the keys of what was read before, until a history is read.
    pub fn take_known(&mut self) -> HashSet<String> {
        std::mem::take(&mut self.known)
    }

    /// A history was read, up to these keys. What was `known` before comes back.
    ///
    /// # Errors
    /// Where the fixes cannot be written.
    pub fn end_history(
        &mut self,
        known: HashSet<String>,
        keys: &[String],
    ) -> Result<(), DatabaseError> {
        self.known = known;
        self.database.end_history(keys)
    }

    /// An input was read to its end.
    pub fn end_input(&mut self, key: Option<&str>) {
        let ended = self.database.end_input(key);
        self.check(ended);
    }

    /// An input was left in the middle: the next run reads it again.
    pub fn forget(&mut self) {
        self.database.forget();
    }

    /// The run is over. True where something could not be written.
    pub fn end(self) -> bool {
        self.database.rest();
        self.failed
    }

    /// The first error is reported: all others follow from it.
    fn check(&mut self, done: Result<(), DatabaseError>) {
        if let Err(error) = done
            && !std::mem::replace(&mut self.failed, true)
        {
            output::tell(&render::clean(&error.to_string()));
        }
    }
}

/// A database that a run asks.
pub struct Past {
    database: Option<Database>,
    /// It could not be read, and is not asked again: one line says so.
    failed: Cell<bool>,
}

impl Past {
    /// Opens that of `--db`. One line says that a damaged one is; it knows nothing then, and the log is read all the same.
    ///
    /// # Errors
    /// Where there is none, or the file is no database of ksplat's.
    pub fn open(options: &Options) -> Result<Past, DatabaseError> {
        let database = options.db.as_deref().map(Database::open).transpose()?;
        let past = Past {
            database,
            failed: Cell::new(false),
        };
        if let Err(error) = past.database.as_ref().map_or(Ok(()), Database::check) {
            past.fail(&error);
        }
        Ok(past)
    }

    /// Of nothing.
    pub fn none() -> Past {
        Past {
            database: None,
            failed: Cell::new(false),
        }
    }

    /// Says of a report what is known of its bug.
    pub fn tell(&self, report: &mut Report) {
        let Some(database) = self.database.as_ref().filter(|_| !self.failed.get()) else {
            return;
        };
        let former = report.former_signatures.iter().map(String::as_str);
        let signatures: Vec<_> = std::iter::once(report.signature.as_str())
            .chain(former)
            .collect();
        match database.seen(&signatures) {
            Ok(seen) => {
                // That it was never seen is known as well.
                report.seen = Some(seen.unwrap_or_default());
                compare(report);
            }
            // The report is printed without what the database knows.
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&self, error: &DatabaseError) {
        self.failed.set(true);
        output::tell(&render::clean(&error.to_string()));
    }
}

/// Says of each fix whether the kernel of the report has it, as far as its release says.
fn compare(report: &mut Report) {
    let Some(kernel) = report.platform.release.as_deref() else {
        return;
    };
    for fix in report.seen.iter_mut().flat_map(|seen| &mut seen.fixed_by) {
        let order = fix.release.as_deref().map(|since| against(kernel, since));
        fix.this_kernel = order.flatten().map(|order| match order {
            Ordering::Less => "older",
            Ordering::Equal | Ordering::Greater => "contains",
        });
    }
}

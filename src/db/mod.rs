//! The memory of an archive: an SQLite database of the events that were read, and of where they were mentioned.
//!
//! In: reports as JSON (`ksplat scan --db`, or lines of NDJSON). Out: [`Bug`]s with their history. The tables are
//! described in `docs/database.md`. An event is what one machine printed once: a quote of it, or the same mail on
//! another list, is a mention of the same event. What is kept of an event is its most complete mention, by an order
//! that is total, so that the same mentions give the same database in whatever order they come.

mod bugs;
mod event;
mod fixes;
mod merge;
mod open;
mod related;
mod schema;
mod seen;

pub use bugs::{Bug, BugFilter, Mention};
pub use event::Event;
pub use related::roll_up;

use crate::fixes::Fix;
use open::broken;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::HashSet;
use std::path::PathBuf;

/// Events that are written in one go: more wait in memory for the end of their input.
const MAX_PENDING: usize = 4096;

/// A database that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DatabaseError {
    /// As the user named it.
    pub path: String,
    /// What is wrong, and the mend.
    pub reason: String,
}

/// The database.
pub struct Database {
    path: PathBuf,
    connection: Connection,
    /// Events whose input has not ended.
    pending: Vec<Event>,
    /// Fixes whose input has not ended.
    fixes: Vec<Fix>,
    /// Why a batch was not written: nothing is after it, or a later key would say that the batch was.
    lost: Option<DatabaseError>,
}

impl Database {
    fn fail(&self, error: &rusqlite::Error) -> DatabaseError {
        broken(&self.path, error)
    }

    /// Writes what is open, and leaves one file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn close(mut self) -> Result<(), DatabaseError> {
        self.end_input(None)?;
        let path = self.path.clone();
        // Out of WAL, so that nothing of it is left in a second file when it is moved.
        let closed = self
            .connection
            .pragma_update(None, "journal_mode", "DELETE");
        let closed = closed.and_then(|()| self.connection.close().map_err(|(_, error)| error));
        closed.map_err(|error| broken(&path, &error))
    }

    /// The keys of all inputs that were read to their end.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn inputs(&self) -> Result<HashSet<String>, DatabaseError> {
        let read = || -> rusqlite::Result<_> {
            let mut query = self.connection.prepare("SELECT key FROM input")?;
            let keys = query.query_map([], |row| row.get(0))?;
            keys.collect()
        };
        read().map_err(|error| self.fail(&error))
    }

    /// Keeps an event until its input ends.
    pub fn add(&mut self, event: Event) {
        self.pending.push(event);
    }

    /// Drops the events whose input has not ended.
    pub fn forget(&mut self) {
        self.pending.clear();
        self.fixes.clear();
    }

    /// Of an input with very many events the first are written before its end: a mention that is written twice is one.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn relieve(&mut self) -> Result<(), DatabaseError> {
        match self.pending.len() + self.fixes.len() >= MAX_PENDING {
            true => self.write(None),
            false => Ok(()),
        }
    }

    /// An input ended: its events and its key are written together. `None` for a stream, which may be read again.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn end_input(&mut self, key: Option<&str>) -> Result<(), DatabaseError> {
        match (key, self.pending.is_empty() && self.fixes.is_empty()) {
            (None, true) => Ok(()),
            _ => self.write(key),
        }
    }

    fn write<'k>(&mut self, keys: impl IntoIterator<Item = &'k str>) -> Result<(), DatabaseError> {
        let pending = std::mem::take(&mut self.pending);
        let fixes = std::mem::take(&mut self.fixes);
        if let Some(error) = &self.lost {
            return Err(error.clone());
        }
        let write = |connection: &mut Connection| {
            // Immediate: one that reads first and writes then cannot wait for another program, which may have changed
            // what it read.
            let behavior = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(behavior)?;
            for event in &pending {
                put(&transaction, event)?;
            }
            for fix in &fixes {
                fixes::put(&transaction, fix)?;
            }
            for key in keys {
                // In the same transaction as the events: after a kill either both are there or
                // neither.
                transaction.execute("INSERT OR IGNORE INTO input VALUES (?1)", [key])?;
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(|error| {
            let error = broken(&self.path, &error);
            self.lost = Some(error.clone());
            error
        })
    }
}

/// Writes an event and its mention. Of two mentions the more complete one says what the event is.
fn put(transaction: &Transaction<'_>, event: &Event) -> rusqlite::Result<()> {
    let mut known = transaction.prepare_cached("SELECT weight, report FROM event WHERE id = ?1")?;
    let known: Option<(i64, String)> = known
        .query_row([&event.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let is_better =
        // Equal weights go by the text, so that the order of the inputs does not matter.
        known.is_none_or(|(weight, report)| (event.weight, &event.report) > (weight, &report));
    if is_better {
        let mut write = transaction.prepare_cached(
            "INSERT OR REPLACE INTO event VALUES \
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?;
        write.execute(params![
            event.id,
            event.signature,
            event.title,
            event.kind,
            event.culprit,
            event.file,
            event.subsystem,
            event.release,
            event.hardware,
            event.time,
            event.cpu,
            event.pid,
            event.comm,
            event.weight,
            event.report,
        ])?;
    }
    let mention = &event.mention;
    let mut write = transaction.prepare_cached(
        "INSERT OR IGNORE INTO mention VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    write.execute(params![
        event.id,
        mention.path,
        mention.member,
        mention.first_line,
        mention.last_line,
        mention.message_id,
        mention.date,
        mention.list,
        mention.subject,
        mention.syzbot,
        mention.incident,
    ])?;
    Ok(())
}

//! Databases and NDJSON of several runs into one.

use super::{Database, DatabaseError, Event, Mention, fixes, put};
use rusqlite::TransactionBehavior;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The first bytes of an SQLite database (<https://www.sqlite.org/fileformat.html>).
const MAGIC: &[u8] = b"SQLite format 3\0";

/// A longer line is no report.
const MAX_LINE: u64 = 16 << 20;

impl Database {
    /// Takes in all of a shard. The result is the same in whatever order shards come.
    ///
    /// # Errors
    /// Where the shard is neither a database nor NDJSON of ksplat's.
    pub fn merge(&mut self, shard: &Path) -> Result<(), DatabaseError> {
        let fail = |reason: String| DatabaseError {
            path: shard.display().to_string(),
            reason,
        };
        let mut file = File::open(shard).map_err(|error| fail(error.to_string()))?;
        let mut head = Vec::new();
        let read = file
            .by_ref()
            .take(MAGIC.len() as u64)
            .read_to_end(&mut head);
        read.map_err(|error| fail(error.to_string()))?;
        // By the content: a shard may have any name.
        match head == MAGIC {
            true => {
                let shard = Database::open(shard)?;
                shard.check()?;
                self.merge_database(&shard)
            }
            false => {
                let lines = BufReader::new(head.as_slice().chain(file));
                self.merge_lines(lines, fail)?;
                self.end_input(None)
            }
        }
    }

    fn merge_database(&mut self, other: &Database) -> Result<(), DatabaseError> {
        let path = self.path.clone();
        let mut copy = || {
            let behavior = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            let mut keys = other.connection.prepare("SELECT key FROM input")?;
            let mut keys = keys.query([])?;
            while let Some(row) = keys.next()? {
                let key: String = row.get(0)?;
                transaction.execute("INSERT OR IGNORE INTO input VALUES (?1)", [key])?;
            }
            let mut events = other.connection.prepare(
                "SELECT path, member, first_line, last_line, message_id, date, list, subject, report, event, syzbot, \
                 incident \
                 FROM mention JOIN event ON event.id = mention.event",
            )?;
            let mut events = events.query([])?;
            while let Some(row) = events.next()? {
                let report: String = row.get(8)?;
                let value = serde_json::from_str(&report).unwrap_or_default();
                // A row that somebody has changed by hand is left out.
                let Some(mut event) = Event::of(&value) else {
                    continue;
                };
                // The report that is kept was read at another place than this mention.
                event.id = row.get(9)?;
                event.mention = Mention {
                    path: row.get(0)?,
                    member: row.get(1)?,
                    first_line: row.get(2)?,
                    last_line: row.get(3)?,
                    message_id: row.get(4)?,
                    date: row.get(5)?,
                    list: row.get(6)?,
                    subject: row.get(7)?,
                    syzbot: row.get(10)?,
                    incident: row.get(11)?,
                };
                put(&transaction, &event)?;
            }
            fixes::each(&other.connection, |fix| fixes::put(&transaction, fix))?;
            transaction.commit()
        };
        let copied: rusqlite::Result<()> = copy();
        copied.map_err(|error| super::open::broken(&path, &error))
    }

    fn merge_lines(
        &mut self,
        mut lines: impl BufRead,
        fail: impl Fn(String) -> DatabaseError,
    ) -> Result<(), DatabaseError> {
        let mut number = 0;
        let mut line = Vec::new();
        loop {
            number += 1;
            line.clear();
            let read = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
            if read.map_err(|error| fail(error.to_string()))? == 0 {
                return Ok(());
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let value: Value = serde_json::from_slice(&line).unwrap_or_default();
            match (Event::of(&value), fixes::of_line(&value)) {
                (Some(event), _) => self.add(event),
                (None, Some(fix)) => self.add_fix(fix),
                (None, None) => {
                    return Err(fail(format!(
                        "line {number} is no report; name a database, or what ksplat scan --format ndjson printed"
                    )));
                }
            }
            self.relieve()?;
        }
    }
}

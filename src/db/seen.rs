//! What a database has seen: of a signature, and in all.

use super::bugs::day;
use super::open::damage;
use super::{Database, DatabaseError, Mention, fixes};
use crate::report::Seen;

impl Database {
    /// What is known of the bug of one of these signatures; `None` where it was not seen, and no commit quotes it.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn seen(&self, signatures: &[&str]) -> Result<Option<Seen>, DatabaseError> {
        let mut found: Option<Seen> = None;
        // The current signature first, then the former ones.
        for signature in signatures {
            let read = self.read_seen(signature);
            let read = read.map_err(|error| self.fail(&error))?;
            let is_first = found.as_ref().is_none_or(|found| found.count == 0);
            found = read.filter(|_| is_first).or(found);
        }
        Ok(found)
    }

    /// The first mails of a signature, up to three. The same mail on several lists is one.
    fn links(&self, signature: &str) -> rusqlite::Result<Vec<String>> {
        let mut query = self.connection.prepare_cached(
            "SELECT message_id FROM mention JOIN event ON event.id = mention.event \
             WHERE signature = ?1 AND date IS NOT NULL AND message_id IS NOT NULL \
             GROUP BY message_id ORDER BY min(date), message_id LIMIT 3",
        )?;
        let mails = query.query_map([signature], |row| {
            Ok(Mention {
                message_id: row.get(0)?,
                ..Mention::default()
            })
        })?;
        let links = mails.filter_map(|mail| mail.map(|mail| mail.link()).transpose());
        links.collect()
    }

    fn read_seen(&self, signature: &str) -> rusqlite::Result<Option<Seen>> {
        let count = "SELECT count(*) FROM event WHERE signature = ?1";
        let count: i64 = self
            .connection
            .prepare_cached(count)?
            .query_row([signature], |row| row.get(0))?;
        let fixed_by = fixes::of(&self.connection, signature)?;
        if count == 0 {
            // A commit may quote what no mail has.
            let seen = Seen {
                fixed_by,
                ..Seen::default()
            };
            return Ok(Some(seen).filter(|seen| !seen.fixed_by.is_empty()));
        }
        let links = self.links(signature)?;
        let mut query = self.connection.prepare_cached(
            "SELECT min(date) AS news, release FROM mention JOIN event ON event.id = mention.event \
             WHERE signature = ?1 GROUP BY event.id ORDER BY news, event.id",
        )?;
        let mut rows = query.query([signature])?;
        let (mut first, mut last, mut release) = (None, None, None);
        let mut mentioned = 0;
        while let Some(row) = rows.next()? {
            mentioned += 1;
            let Some(date): Option<String> = row.get(0)? else {
                continue;
            };
            first.get_or_insert_with(|| day(&date).to_owned());
            // The last one that names a kernel, not the last one: a part of a report often lacks it.
            release = row.get::<_, Option<String>>(1)?.or(release);
            last = Some(day(&date).to_owned());
        }
        // An event is written together with its mention: the file has lost one of them.
        if mentioned != count {
            return Err(damage());
        }
        Ok(Some(Seen {
            count: count.unsigned_abs(),
            first,
            last,
            release,
            links,
            fixed_by,
        }))
    }

    /// All signatures.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn signatures(&self) -> Result<Vec<String>, DatabaseError> {
        let read = || -> rusqlite::Result<_> {
            let mut query = self
                .connection
                .prepare("SELECT DISTINCT signature FROM event ORDER BY 1")?;
            let signatures = query.query_map([], |row| row.get(0))?;
            signatures.collect()
        };
        read().map_err(|error| self.fail(&error))
    }

    /// All kinds of its events.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn kinds(&self) -> Result<Vec<String>, DatabaseError> {
        let read = || -> rusqlite::Result<_> {
            let mut query = self.connection.prepare("SELECT DISTINCT kind FROM event")?;
            let kinds = query.query_map([], |row| row.get(0))?;
            kinds.collect()
        };
        read().map_err(|error| self.fail(&error))
    }
}

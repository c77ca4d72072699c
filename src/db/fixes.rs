//! Fixes of bugs: commits that quote a signature, or name a mail or a bug of syzbot's that mentions it.
//!
//! What a commit names is kept as it names it. Which bugs that are is found out when a bug is asked for, so that it does
//! not matter whether the commits or the mails were read first, or on which machine.

use super::{Database, DatabaseError};
use crate::fixes::{Fix, Reason};
use crate::release::version;
use crate::report::FixedBy;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Commits and reasons of the bug of a signature.
const OF_SIGNATURE: &str = "\
    SELECT fix, reason FROM mend WHERE reason = 'quotes' AND value = ?1 \
    UNION SELECT mend.fix, reason FROM event JOIN mention ON mention.event = event.id \
        JOIN mend ON reason IN ('closes', 'links') AND value = mention.message_id WHERE signature = ?1 \
    UNION SELECT mend.fix, reason FROM event JOIN mention ON mention.event = event.id \
        JOIN mend ON reason = 'syzbot' AND value = mention.syzbot WHERE signature = ?1";

/// Writes a fix. Of two that are the same commit each field keeps what is known, of two releases the older one.
pub fn put(transaction: &Transaction<'_>, fix: &Fix) -> rusqlite::Result<()> {
    type FixRow = (String, Option<String>, Option<String>);
    let mut known =
        transaction.prepare_cached("SELECT title, date, release FROM fix WHERE hash = ?1")?;
    let known: Option<FixRow> = known
        .query_row([&fix.hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let own = (fix.title.clone(), fix.date.clone(), fix.release.clone());
    let (title, date, release) = match known {
        None => own,
        Some((title, date, release)) => (
            // By rules that give the same whichever of the two was read first.
            title.min(own.0),
            date.into_iter().chain(own.1).min(),
            release
                .into_iter()
                .chain(own.2)
                .min_by_key(|release| version(release)),
        ),
    };
    let mut write =
        transaction.prepare_cached("INSERT OR REPLACE INTO fix VALUES (?1, ?2, ?3, ?4)")?;
    write.execute(params![fix.hash, title, date, release])?;
    let mut write = transaction.prepare_cached("INSERT OR IGNORE INTO mend VALUES (?1, ?2, ?3)")?;
    for (reason, value) in &fix.mends {
        write.execute(params![reason.name(), value, fix.hash])?;
    }
    Ok(())
}

/// Of a line of NDJSON; `None` where it is none.
pub fn of_line(line: &Value) -> Option<Fix> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let fix = &line["fix"];
    let mends = fix["mends"].as_array()?.iter().map(|mend| {
        let reason = mend["reason"].as_str()?;
        let reason = Reason::ALL.iter().find(|known| known.name() == reason);
        Some((*reason?, text(&mend["value"])?))
    });
    Some(Fix {
        hash: text(&fix["commit"])?,
        title: text(&fix["title"])?,
        date: text(&fix["date"]),
        release: text(&fix["release"]),
        mends: mends.collect::<Option<_>>()?,
    })
}

/// All fixes of a database, one after the other.
pub fn each(
    connection: &Connection,
    mut take: impl FnMut(&Fix) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut fixes =
        connection.prepare("SELECT hash, title, date, release FROM fix ORDER BY hash")?;
    let mut mends = connection.prepare("SELECT reason, value FROM mend WHERE fix = ?1")?;
    let mut rows = fixes.query([])?;
    while let Some(row) = rows.next()? {
        let hash: String = row.get(0)?;
        let mut named = BTreeSet::new();
        let mut values = mends.query([&hash])?;
        while let Some(value) = values.next()? {
            let reason: String = value.get(0)?;
            let reason = Reason::ALL.iter().find(|known| known.name() == reason);
            // A later version may know more reasons.
            if let Some(reason) = reason {
                named.insert((*reason, value.get(1)?));
            }
        }
        take(&Fix {
            hash,
            title: row.get(1)?,
            date: row.get(2)?,
            release: row.get(3)?,
            mends: named,
        })?;
    }
    Ok(())
}

/// The fixes of a bug: those with the strongest reason first, then the oldest.
pub fn of(connection: &Connection, signature: &str) -> rusqlite::Result<Vec<FixedBy>> {
    let mut query = connection.prepare_cached(OF_SIGNATURE)?;
    let mut rows = query.query([signature])?;
    let mut reasons: BTreeMap<String, BTreeSet<Reason>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let reason = Reason::ALL.iter().find(|reason| reason.name() == name);
        reasons.entry(row.get(0)?).or_default().extend(reason);
    }
    let mut fixes = Vec::new();
    for (hash, reasons) in reasons {
        let mut fix =
            connection.prepare_cached("SELECT title, date, release FROM fix WHERE hash = ?1")?;
        let mut brought = connection.prepare_cached(
            "SELECT value FROM mend WHERE fix = ?1 AND reason = 'fixes' ORDER BY value",
        )?;
        let brought = brought.query_map([&hash], |row| row.get(0))?;
        let fixed = FixedBy {
            reasons: reasons
                .iter()
                .map(|reason| reason.name().to_owned())
                .collect(),
            fixes: brought.collect::<rusqlite::Result<_>>()?,
            ..fix.query_row([&hash], |row| {
                Ok(FixedBy {
                    commit: hash.clone(),
                    title: row.get(0)?,
                    date: row.get(1)?,
                    release: row.get(2)?,
                    ..FixedBy::default()
                })
            })?
        };
        fixes.push((reasons, fixed));
    }
    fixes.sort_by(|(reasons, fix), (others, other)| {
        let key = |fix: &FixedBy| (fix.date.is_none(), fix.date.clone(), fix.commit.clone());
        let order = reasons.first().cmp(&others.first());
        order.then_with(|| key(fix).cmp(&key(other)))
    });
    Ok(fixes.into_iter().map(|(_, fix)| fix).collect())
}

impl Database {
    /// Keeps a fix until its input ends.
    pub fn add_fix(&mut self, fix: Fix) {
        self.fixes.push(fix);
    }

    /// A history was read: the keys of its tips are written with its fixes.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn end_history(&mut self, keys: &[String]) -> Result<(), DatabaseError> {
        self.write(keys.iter().map(String::as_str))
    }
}

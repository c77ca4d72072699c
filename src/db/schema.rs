//! The versions of the tables, and the way from each to the next.
//!
//! A new database goes the same way as an old one, from version 0 on, so that both have the same tables.

use rusqlite::{Connection, Transaction};

/// Marks a database of ksplat's (`PRAGMA application_id`): "kspl".
pub const APPLICATION: u32 = 0x6b73_706c;

/// What makes each version (`PRAGMA user_version`) out of the one before it; version 0 has no tables.
const STEPS: [&str; 3] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
];

/// The version that this program reads and writes.
pub const VERSION: u32 = STEPS.len() as u32;

/// What a file is.
pub enum SchemaState {
    /// A database of this version.
    Ready,
    /// Nothing yet, or a database of an earlier version.
    Behind,
    /// Neither, with the mend.
    Refused(String),
}

/// Looks what a file is, at one moment: another program may be about to make it.
pub fn look(connection: &Connection) -> rusqlite::Result<SchemaState> {
    let _moment = connection.unchecked_transaction()?;
    standing(connection)
}

/// Says what a file is. What somebody else made is left alone.
fn standing(connection: &Connection) -> rusqlite::Result<SchemaState> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let count = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
    // A view or a trigger would run what a stranger wrote.
    let foreign = count("SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')")?;
    let refused = |reason: String| Ok(SchemaState::Refused(reason));
    match (pragma("application_id")?, pragma("user_version")?) {
        (APPLICATION, _) if foreign > 0 => refused(
            "has views or triggers, as no database of ksplat's: name another file".to_owned(),
        ),
        (APPLICATION, VERSION) => Ok(SchemaState::Ready),
        (APPLICATION, later) if later > VERSION => refused(format!(
            "a database of version {later}, and this ksplat knows version {VERSION}: use a later ksplat"
        )),
        (APPLICATION, 1..) => Ok(SchemaState::Behind),
        // A database of another program may have no mark either, but it has tables.
        (0, 0) if count("SELECT count(*) FROM sqlite_master")? == 0 => Ok(SchemaState::Behind),
        _ => refused("no database of ksplat's: name another file".to_owned()),
    }
}

/// Brings it to this version, all or nothing.
pub fn migrate(transaction: Transaction<'_>) -> rusqlite::Result<()> {
    // Another process may have done it meanwhile.
    if let SchemaState::Behind = standing(&transaction)? {
        let version: u32 =
            transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for step in STEPS.iter().skip(version as usize) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

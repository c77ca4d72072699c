//! The file of a database: how it is opened, and what its errors mean.

use super::schema::{self, SchemaState};
use super::{Database, DatabaseError};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program waits for another one that writes. A batch takes a second at most, but many may wait for their
/// turn, and a disk may be slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of a file that is looked through for damage before it is believed: a tenth of a second. To read all of an
/// archive of many gigabytes for one log would take minutes.
const MAX_CHECKED: u64 = 256 << 20;

impl Database {
    /// Opens it for writing; makes it where there is none.
    ///
    /// # Errors
    /// Where the file is no database of ksplat's, or of a later version, or cannot be written.
    pub fn create(path: &Path) -> Result<Database, DatabaseError> {
        let fail = |error| broken(path, &error);
        let mut connection = Connection::open(path).map_err(fail)?;
        connection.busy_timeout(PATIENCE).map_err(fail)?;
        match schema::look(&connection).map_err(fail)? {
            SchemaState::Ready => {}
            SchemaState::Behind => {
                // Immediate: of two programs that make the same file the second one waits.
                let behavior = TransactionBehavior::Immediate;
                let transaction = connection.transaction_with_behavior(behavior);
                transaction.and_then(schema::migrate).map_err(fail)?;
            }
            SchemaState::Refused(reason) => return Err(refused(path, reason)),
        }
        // Others may read meanwhile, and a kill leaves whole transactions. It is written into the file: not before it is
        // known to be ours.
        wait_for(|| connection.pragma_update(None, "journal_mode", "WAL"))
            .and_then(|()| connection.pragma_update(None, "synchronous", "NORMAL"))
            .map_err(fail)?;
        Ok(Database::of(path, connection))
    }

    /// Opens it for reading.
    ///
    /// # Errors
    /// Where there is none, or it is none of ksplat's.
    pub fn open(path: &Path) -> Result<Database, DatabaseError> {
        let fail = |error| broken(path, &error);
        let (connection, state) = reader(path).map_err(fail)?;
        match state {
            SchemaState::Ready => Ok(Database::of(path, connection)),
            // It is brought to this version where it can be written.
            SchemaState::Behind if path.metadata().is_ok_and(|file| file.len() > 0) => {
                drop(connection);
                Database::create(path)
            }
            SchemaState::Behind => Err(refused(path, "is empty: name another file".to_owned())),
            SchemaState::Refused(reason) => Err(refused(path, reason)),
        }
    }

    /// Leaves one file, beside which nothing is needed to read it. Not where another program has it open: the last one
    /// does it.
    pub fn rest(self) {
        // It is nobody's loss where it does not succeed: what was written is in the database already.
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let _ = self
            .connection
            .pragma_update(None, "journal_mode", "DELETE");
    }

    /// Looks through the file for damage, as far as that takes no time.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn check(&self) -> Result<(), DatabaseError> {
        let length = self.path.metadata().map_or(0, |file| file.len());
        if length > MAX_CHECKED {
            return Ok(());
        }
        let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let told = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], check)
            .and_then(|told| match told.as_str() {
                "ok" => Ok(()),
                _ => Err(damage()),
            });
        told.map_err(|error| self.fail(&error))
    }

    fn of(path: &Path, connection: Connection) -> Database {
        Database {
            path: path.to_owned(),
            connection,
            pending: Vec::new(),
            fixes: Vec::new(),
            lost: None,
        }
    }
}

/// A connection that only reads, also where nothing but the file itself can be had.
fn reader(path: &Path) -> rusqlite::Result<(Connection, SchemaState)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let look = |connection: Connection| {
        connection.busy_timeout(PATIENCE)?;
        let state = schema::look(&connection)?;
        Ok((connection, state))
    };
    let opened = Connection::open_with_flags(path, flags).and_then(look);
    // A scan that was killed leaves WAL as the mode of the file. To read it SQLite makes a file beside it, which it cannot
    // in a folder that may only be read. Whoever writes has a log there: without one all of the data is in the file,
    // and nobody is changing it. With one the file alone may be half of a transaction, and the error stays.
    let is_whole = |error: &rusqlite::Error| {
        let code = error.sqlite_error_code();
        let is_beside = matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly));
        is_beside && path.is_file() && !has_log(path)
    };
    match opened {
        Err(error) if is_whole(&error) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable(path), flags).and_then(look)
        }
        opened => opened,
    }
}

/// True where something is in the file that a writer in WAL mode keeps beside the database.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // What cannot be looked at may be one.
    match Path::new(&log).metadata() {
        Ok(log) => log.len() > 0,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// The name of a file for SQLite that says that it does not change (<https://www.sqlite.org/uri.html>).
fn immutable(path: &Path) -> String {
    let mut name = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                name.push(char::from(*byte));
            }
            _ => name += &format!("%{byte:02X}"),
        }
    }
    name + "?immutable=1"
}

/// SQLite itself does not wait where a file goes over to WAL while another program opens it.
fn wait_for(mut action: impl FnMut() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let start = Instant::now();
    loop {
        match action() {
            Err(error) if is_busy(&error) && start.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    let busy = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked];
    error
        .sqlite_error_code()
        .is_some_and(|code| busy.contains(&code))
}

fn refused(path: &Path, reason: String) -> DatabaseError {
    let path = path.display().to_string();
    DatabaseError { path, reason }
}

/// What SQLite itself has not noticed.
pub fn damage() -> rusqlite::Error {
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    let says = "database disk image is malformed";
    rusqlite::Error::SqliteFailure(error, Some(says.to_owned()))
}

/// One line: what SQLite says, and what to do.
pub fn broken(path: &Path, error: &rusqlite::Error) -> DatabaseError {
    let says = error.to_string();
    let says = says.lines().next().unwrap_or_default();
    let mend = match error.sqlite_error_code() {
        _ if is_busy(error) => {
            "another program writes to it: wait for its end, then run the same command again"
        }
        Some(ErrorCode::DiskFull) => "make room on the disk, then run the same command again",
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::TypeMismatch) => {
            "it is damaged: scan again into a new file"
        }
        _ => "name a file that ksplat scan --db made, in a folder that can be written",
    };
    refused(path, format!("{says}; {mend}"))
}

#[cfg(test)]
mod tests {
    use crate::db::{Database, Event};
    use rusqlite::Connection;
    use serde_json::json;
    use std::time::Duration;

    fn event(function: &str) -> Event {
        let splat = json!({
            "signature": format!("warning:{function}"), "title": format!("WARNING in {function}"), "kind": "warning",
            "time": 10.000_001, "source": {"path": "log", "first_line": 1, "last_line": 9},
        });
        Event::of(&splat).expect("an event")
    }

    /// Another program holds the database for longer than anybody waits, while the first batch of an input is written.
    /// The end of the input, and the next input, must not be noted as read: nobody would ever read the batch again.
    #[test]
    fn after_a_lost_batch_nothing_is_remembered_as_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("all.db");
        let mut database = Database::create(&path).expect("a database");
        let wait = Duration::from_millis(1);
        database.connection.busy_timeout(wait).expect("set");
        let other = Connection::open(&path).expect("a database");
        other.execute_batch("BEGIN IMMEDIATE").expect("locked");
        (0..super::super::MAX_PENDING).for_each(|_| database.add(event("alpha")));
        let told = database.relieve().expect_err("locked").to_string();
        assert!(told.contains("wait for its end"), "{told}");
        other.execute_batch("ROLLBACK").expect("unlocked");
        database.add(event("beta"));
        for key in ["git:1", "git:2"] {
            assert!(database.end_input(Some(key)).is_err());
        }
        drop(database);
        let database = Database::open(&path).expect("a database");
        assert!(database.inputs().expect("readable").is_empty());
        assert!(database.signatures().expect("readable").is_empty());
    }

    /// Of two programs the second one waits: it does not say that the database is locked.
    #[test]
    fn writers_wait_for_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("all.db");
        let write = &|number: usize| {
            let mut database = Database::create(&path).expect("a database");
            for turn in 0..50 {
                database.add(event(&format!("function_{number}_{turn}")));
                let key = format!("sha256:{number}:{turn}");
                database.end_input(Some(&key)).expect("written");
            }
        };
        std::thread::scope(|scope| {
            for number in 0..4 {
                scope.spawn(move || write(number));
            }
        });
        let database = Database::open(&path).expect("a database");
        assert_eq!(database.signatures().expect("readable").len(), 200);
        assert_eq!(database.inputs().expect("readable").len(), 200);
    }
}

//! `ksplat merge -o DB SHARD…`: databases and NDJSON of several runs into one.

use super::args::Options;
use super::draft::folder_of;
use super::{CLEAN, Outcome};
use crate::db::Database;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Runs the command. The result takes its place once all of it is written.
pub fn run(options: &Options, shards: &[PathBuf]) -> Outcome {
    let Some(output) = &options.output else {
        return Err("merge: no -o; name the database to write".into());
    };
    // Beside the output, since a rename does not go from one file system to another.
    let folder = tempfile::Builder::new()
        .prefix(".ksplat-merge-")
        .tempdir_in(folder_of(output))
        .map_err(|error| format!("{}: {error}", output.display()))?;
    let draft = folder.path().join("merged");
    let mut database = Database::create(&draft)?;
    for shard in shards {
        database.merge(shard)?;
    }
    database.close()?;
    if output.exists() {
        // What its log still holds is written into it first: it must be whole where it is not replaced.
        Database::create(output)?.close()?;
    }
    place(&draft, output)
}

/// What a killed run left of the old database's log must not be read as one of the new database.
fn place(draft: &Path, output: &Path) -> Outcome {
    for ending in ["-wal", "-shm"] {
        let mut log = output.as_os_str().to_owned();
        log.push(ending);
        if let Err(error) = fs::remove_file(&log)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(format!("{}: {error}", PathBuf::from(log).display()).into());
        }
    }
    fs::rename(draft, output).map_err(|error| format!("{}: {error}", output.display()))?;
    Ok(CLEAN)
}

//! `ksplat check --baseline FILE PATH…`: fails on a splat that the baseline lacks.

use super::args::{CheckOptions, Options};
use super::batch::Batch;
use super::beside::Scope;
use super::draft::{DraftTarget, folder_of};
use super::memory::Past;
use super::signals::Stop;
use super::triage::analyzer;
use super::{FOUND, Outcome, output};
use crate::baseline::{Baseline, BaselineStatus, Comparison};
use crate::db::Database;
use crate::render::{Acceptance, CheckText, RunSummary};
use jiff::Zoned;
use std::error::Error;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// Bytes of a baseline: a hundred thousand entries with their reasons.
const MAX_BASELINE: u64 = 64 << 20;

/// Runs the command.
pub fn run(options: &Options, check: &CheckOptions) -> Outcome {
    let stop = Stop::on_signals()?;
    let analyzer = analyzer(options, &stop, Scope::Folder)?.look_for_kernel();
    let file = check.baseline.as_deref();
    if file.is_none() && (check.update || check.prune) {
        return Err(
            "check: no --baseline to change; a database is added to by ksplat scan --db".into(),
        );
    }
    let baseline = match file {
        Some(file) => read(file, check)?,
        None => remembered(options)?,
    };
    let today = check.today.unwrap_or_else(|| Zoned::now().date());
    let style = output::style(options);
    let text = CheckText::new(style, options.verbose).accepting(match file {
        _ if check.update => Acceptance::Done,
        Some(_) => Acceptance::Update,
        None => Acceptance::Database,
    });
    let mut batch = Batch::new(options, &analyzer, stop, text)?
        .against(&baseline, today)
        .recall(Past::open(options)?);
    let groups = batch.scan(&check.paths);
    let mut comparison = baseline.compare(groups, today);
    if file.is_none() {
        // A run sees few of all the bugs that an archive holds.
        comparison.unseen.clear();
    }
    batch.require_kernel(&check.paths);
    let (is_whole, lacks) = (batch.is_whole(), batch.has_lacking());
    let code = batch.finish(RunSummary::Check(&comparison))?;
    let Some(file) = file.filter(|_| check.update || check.prune) else {
        return Ok(code);
    };
    // What was not read may hold bugs that would be dropped as not seen.
    if !is_whole {
        output::tell("the baseline stays as it is: not all of the input was read");
        return Ok(code);
    }
    rewrite(file, check, &comparison)?;
    // What was new is accepted now; nothing else of the run failed.
    let settled = code == FOUND && check.update && !comparison.has_expired() && !lacks;
    Ok(if settled { super::CLEAN } else { code })
}

/// The baseline; an empty one where `--update` is to make the file.
fn read(file: &Path, check: &CheckOptions) -> Result<Baseline, Box<dyn Error>> {
    let path = file.display().to_string();
    match text(file) {
        Ok(text) => Ok(Baseline::parse(&path, &text)?),
        Err(error) if error.kind() == ErrorKind::NotFound && check.update => Ok(Baseline::new()),
        Err(error) => Err(format!("{path}: {error}; --update makes a baseline").into()),
    }
}

/// What the database of `--db` has seen is known.
fn remembered(options: &Options) -> Result<Baseline, Box<dyn Error>> {
    let database = options.db.as_deref().map(Database::open).transpose()?;
    let signatures = database.map_or(Ok(Vec::new()), |database| {
        // What a damaged one has lost would be called new.
        database.check()?;
        database.signatures()
    })?;
    Ok(Baseline::of_signatures(signatures))
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(path)?
        .take(MAX_BASELINE + 1)
        .read_to_string(&mut text)?;
    match length as u64 > MAX_BASELINE {
        true => Err(io::Error::other("too large for a baseline")),
        false => Ok(text),
    }
}

/// Writes the changed baseline, whole or not at all. Who changes it at the same time waits.
fn rewrite(
    file: &Path,
    check: &CheckOptions,
    comparison: &Comparison<'_>,
) -> Result<(), Box<dyn Error>> {
    let _lock = lock(file);
    // From the file again: somebody may have changed it since.
    let mut baseline = read(file, check)?;
    let before = baseline.to_string();
    if check.prune {
        let unseen = comparison.unseen.iter();
        baseline.prune(&unseen.map(|known| known.name().to_owned()).collect());
    }
    if check.update {
        let groups = comparison.groups.iter();
        // Before new entries are added: a renamed bug is not new.
        baseline.rename(groups.clone().map(|(group, _)| group));
        let new = groups.filter(|(_, standing)| *standing == BaselineStatus::New);
        baseline.add(new.map(|(group, _)| group));
    }
    let text = baseline.to_string();
    // An unchanged file keeps its time stamp.
    if text == before && file.exists() {
        return Ok(());
    }
    let written = DraftTarget::open(file).and_then(|mut target| {
        target.write_all(text.as_bytes())?;
        target.place()
    });
    written.map_err(|error| {
        let path = file.display();
        format!("{path}: {error}; give --baseline a file in a folder that you may write").into()
    })
}

/// Locks the folder that a file is in, as long as what it gives lives: the file itself is replaced. Where the
/// file system has no locks, nothing is locked.
fn lock(file: &Path) -> Option<File> {
    // Two links to one baseline must lock the same folder.
    let target = file.canonicalize();
    let folder = File::open(folder_of(target.as_deref().unwrap_or(file))).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

//! `ksplat check --baseline FILE PATH…`: fails on a splat that the baseline lacks.

use super::args::{CheckOptions, Options};
use super::batch::Batch;
use super::triage::analyzer;
use super::{FOUND, Outcome, output};
use jiff::Zoned;
use ksplat::baseline::{Baseline, Comparison, Standing};
use ksplat::render::{CheckText, Ending};
use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::io::ErrorKind;

/// Runs the command.
pub fn run(options: &Options, check: &CheckOptions) -> Outcome {
    let analyzer = analyzer(options)?;
    let baseline = read(check)?;
    let today = check.today.unwrap_or_else(|| Zoned::now().date());
    let style = output::style(options);
    let text = CheckText::new(analyzer.grammar(), style, options.verbose);
    let mut batch = Batch::new(options, &analyzer, text)?.against(&baseline, today);
    let groups = batch.scan(&check.paths)?;
    let comparison = baseline.compare(groups, today);
    let code = batch.finish(Ending::Check(&comparison))?;
    if !(check.update || check.prune) {
        return Ok(code);
    }
    if !batch.is_whole() {
        eprintln!("ksplat: the baseline stays as it is: not all of the input was read");
        return Ok(code);
    }
    rewrite(check, &comparison)?;
    let settled = code == FOUND && check.update && !comparison.has_expired();
    Ok(if settled { super::CLEAN } else { code })
}

/// The baseline; an empty one where `--update` is to make the file.
fn read(check: &CheckOptions) -> Result<Baseline, Box<dyn Error>> {
    let path = check.baseline.display().to_string();
    match fs::read_to_string(&check.baseline) {
        Ok(text) => Ok(Baseline::parse(&path, &text)?),
        Err(error) if error.kind() == ErrorKind::NotFound && check.update => Ok(Baseline::new()),
        Err(error) => Err(format!("{path}: {error}; --update makes a baseline").into()),
    }
}

/// Writes the changed baseline, whole or not at all.
fn rewrite(check: &CheckOptions, comparison: &Comparison<'_>) -> Result<(), Box<dyn Error>> {
    // From the file again: the one that the comparison stands on is lent to it.
    let mut baseline = read(check)?;
    let before = baseline.to_string();
    if check.prune {
        let seen = comparison.groups.iter();
        let seen: HashSet<_> = seen.map(|(group, _)| group.signature.clone()).collect();
        baseline.prune(&seen);
    }
    if check.update {
        let new = comparison.groups.iter();
        let new = new.filter(|(_, standing)| *standing == Standing::New);
        new.for_each(|(group, _)| baseline.add(group));
    }
    let text = baseline.to_string();
    if text == before && check.baseline.exists() {
        return Ok(());
    }
    // Where the name is a link, its target is replaced and the link stays.
    let target = check.baseline.canonicalize();
    let target = target.unwrap_or_else(|_| check.baseline.clone());
    let mut draft = target.clone().into_os_string();
    draft.push(".new");
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, &target));
    written.map_err(|error| {
        let path = check.baseline.display();
        format!("{path}: {error}; give --baseline a file that you may write").into()
    })
}

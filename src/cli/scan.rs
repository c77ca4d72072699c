//! `ksplat scan PATH…`: trees of logs, the splats grouped by signature.

use super::args::{GroupOrder, Options, ScanOptions};
use super::batch::{Batch, Filter};
use super::beside::Scope;
use super::fail_on::require_kinds;
use super::format::Format;
use super::memory::Memory;
use super::signals::Stop;
use super::triage::analyzer;
use super::{Outcome, output};
use crate::group::Group;
use crate::render::{self, RunSummary, ScanText};
use std::cmp::Reverse;
use std::error::Error;
use std::io::IsTerminal;

/// Runs the command.
pub fn run(options: &Options, scan: &ScanOptions) -> Outcome {
    let stop = Stop::on_signals()?;
    let analyzer = analyzer(options, &stop, Scope::Folder)?;
    let kinds = scan.kind.iter().map(String::as_str);
    require_kinds(analyzer.grammar(), "--kind", kinds)?;
    let top = top(options, scan.top, scan.all);
    let text = ScanText::new(output::style(options), options.verbose).top(top);
    let text = match scan.sort {
        GroupOrder::Count => text,
        _ => text.in_their_order(),
    };
    let memory = Memory::create(options)?;
    let mut batch = Batch::new(options, &analyzer, stop, text)?
        .only(Filter::of(scan))
        .remember(memory)
        .with_fixes();
    read_fixes(options, scan, &mut batch)?;
    let mut groups = batch.scan(&scan.paths);
    sort(&mut groups, scan.sort);
    batch.tell_seen(&mut groups);
    // Text shows the top of its bugs, which are made of groups.
    let top = top.filter(|_| options.format() != Format::Text);
    let hidden = groups.split_off(top.map_or(groups.len(), |top| top.min(groups.len())));
    let code = batch.finish(RunSummary::Scan(&groups))?;
    if !hidden.is_empty() && !options.quiet {
        let more = render::count(hidden.len() as u64, "more group");
        output::tell(&format!("{more}; --all shows them"));
    }
    Ok(code)
}

/// Groups that fit a screen or two.
const TOP: usize = 20;

/// How many are shown, as `--top` and `--all` ask for; `None` for all.
pub fn top(options: &Options, asked: Option<usize>, all: bool) -> Option<usize> {
    // A program that reads the output wants all of it.
    let is_read = options.format() == Format::Text
        && options.output.is_none()
        && std::io::stdout().is_terminal();
    let usual = (is_read && !all).then_some(TOP);
    asked.or(usual)
}

/// Reads the repositories of `--fixes`.
fn read_fixes(
    options: &Options,
    scan: &ScanOptions,
    batch: &mut Batch<'_>,
) -> Result<(), Box<dyn Error>> {
    if !scan.fixes.is_empty() && !batch.wants_fixes() {
        let mend = "name the database that keeps them, or --format ndjson";
        return Err(format!("scan: --fixes without --db; {mend}").into());
    }
    for path in &scan.fixes {
        let (commits, fixes) = batch.read_history(path)?;
        if !options.quiet {
            let (path, commits) = (path.display(), render::count(commits, "new commit"));
            let told = format!("{path}: {commits}, of which {fixes} name what they mend");
            output::tell(&render::clean(&told));
        }
    }
    Ok(())
}

/// Puts groups, which come the most frequent first, in another order.
fn sort(groups: &mut [Group], order: GroupOrder) {
    match order {
        GroupOrder::Count => {}
        GroupOrder::First => groups.sort_by_key(|group| group.first_number),
        GroupOrder::Last => groups.sort_by_key(|group| Reverse(group.last_number)),
        GroupOrder::Title => groups.sort_by_key(Group::name),
    }
}

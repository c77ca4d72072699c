//! What is said of a report, and what was said before of one with the same single line: each boot of a machine has
//! the same notices.

use super::{
    Culprit, MemoryState, MsrAccess, Summary, TaintingModule, culprit, details, guilty, name,
    signature, summary, tainting,
};
use crate::grammar::{Grammar, Memo};
use crate::late_clear::LateClear;
use crate::splat::Splat;
use crate::symbols::{Match, Symbols};
use crate::title::Name;

/// What follows from the lines of a report alone.
#[derive(Debug, Clone)]
pub(super) struct Findings {
    pub name: Name,
    pub culprit: Option<Culprit>,
    pub guilty_file: Option<String>,
    pub signature: String,
    pub former_signatures: Vec<String>,
    pub msr: Option<MsrAccess>,
    pub memory: Option<MemoryState>,
    pub summary: Option<Summary>,
    pub details: Vec<String>,
    pub tainting_modules: Vec<TaintingModule>,
}

/// What was said of reports of one line.
#[derive(Debug, Default)]
pub struct ReportCache(Memo<Findings>);

impl ReportCache {
    /// What is said of a report. Its details are written into the splat as well: the rest is made of them.
    pub(super) fn findings(
        &self,
        grammar: &Grammar,
        splat: &mut Splat,
        symbols: &Symbols,
        late_clear: Option<&LateClear>,
    ) -> Findings {
        let is_line = is_of_one_line(grammar, splat) && late_clear.is_none();
        // A vmlinux that was found adds files and lines, which are not in the key.
        if !is_line || symbols.matched != Match::None {
            return work_out(grammar, splat, symbols, late_clear);
        }
        // The release chooses the names of CPU features.
        let release = splat.kernel.release.as_deref().unwrap_or_default();
        let key = format!("{release}\n{}\n{}", splat.kind, splat.header);
        let told = self.0.get(&key, || work_out(grammar, splat, symbols, None));
        splat.details.clone_from(&told.details);
        told
    }
}

/// True for a report that is its header and nothing else.
fn is_of_one_line(grammar: &Grammar, splat: &Splat) -> bool {
    let kind = grammar.kind(&splat.kind);
    let is_damaged = splat.truncated || splat.interleaved;
    kind.is_some_and(|kind| kind.single) && splat.lines.len() == 1 && !is_damaged
}

fn work_out(
    grammar: &Grammar,
    splat: &mut Splat,
    symbols: &Symbols,
    late_clear: Option<&LateClear>,
) -> Findings {
    splat.details = details::of(grammar, splat);
    let name = name(grammar, splat, late_clear);
    let culprit = culprit(grammar, splat, &name, late_clear);
    // Of a late clear the file of the requester: the site's own would be blamed for all of them.
    let guilty_file = match culprit.as_ref().filter(|_| late_clear.is_some()) {
        Some(requester) => requester.file.clone(),
        None => guilty::file(grammar, splat, symbols),
    };
    let summary = summary::of(grammar, splat, culprit.as_ref(), late_clear);
    let signature = signature::of(grammar, splat, &name, culprit.as_ref(), late_clear);
    let former_signatures = match late_clear {
        Some(_) => Vec::new(),
        None => signature::former(grammar, splat, &name, &signature),
    };
    Findings {
        msr: MsrAccess::of(grammar, splat),
        memory: MemoryState::of(grammar, splat),
        details: splat.details.clone(),
        tainting_modules: tainting::of(splat),
        name,
        culprit,
        guilty_file,
        signature,
        former_signatures,
        summary,
    }
}

//! Where the report happened, in the sources.
//!
//! In: a splat and what the symbols say. Out: file and line of the innermost place that is known.

use super::is_meaningful;
use crate::grammar::Grammar;
use crate::splat::{Inline, Splat, base_name, demangled};
use crate::symbols::{Position, Symbols};
use std::sync::Arc;

/// The place that the header names, else the one at RIP, else the first frame by which one report differs from
/// another.
pub fn place(grammar: &Grammar, splat: &Splat, symbols: &Symbols) -> Option<(String, u32)> {
    let of_header = splat.at_file.clone().zip(splat.at_line);
    let rip = splat.rip.as_ref().and_then(|rip| rip.function.as_deref());
    let tells = rip.is_none_or(|name| is_meaningful(grammar, &demangled(base_name(name))));
    let of_symbols = |position: &Option<Arc<Position>>| innermost(&position.as_ref()?.frames());
    // A decoded log has places where the symbols have none.
    let printed = || {
        let rip = splat.rip.iter().filter(|_| tells);
        let codes = rip.chain([&splat.at]);
        let mut sources = codes.flat_map(|code| &code.sources);
        sources.find_map(|source| Some((source.file.clone(), source.line?)))
    };
    let of_frames = || {
        let mut frames = splat.own_frames().iter().filter(|frame| {
            frame.reliable && is_meaningful(grammar, &demangled(frame.base_name()))
        });
        frames.find_map(|frame| {
            let own = Inline {
                function: None,
                file: frame.file.clone(),
                line: frame.line,
            };
            let all: Vec<_> = frame.inlines.iter().cloned().chain([own]).collect();
            innermost(&all)
        })
    };
    // The header is the kernel's own word, so that no vmlinux can make it wrong.
    of_header
        .or_else(|| of_symbols(&symbols.rip).filter(|_| tells))
        .or_else(|| of_symbols(&symbols.at))
        .or_else(printed)
        .or_else(of_frames)
}

/// Where the report happened, as the symbols alone say: for one whose header names no place.
pub fn by_symbols(symbols: &Symbols) -> Option<(String, u32)> {
    let position = symbols.at.as_ref().or(symbols.rip.as_ref())?;
    innermost(&position.frames())
}

/// The innermost place that is not in a header: what is inlined from there is the same everywhere.
fn innermost(places: &[Inline]) -> Option<(String, u32)> {
    let known = places
        .iter()
        .filter_map(|place| Some((place.file.clone()?, place.line?)));
    let known: Vec<_> = known.collect();
    let of_code = known.iter().find(|(file, _)| !file.ends_with(".h"));
    of_code.or(known.first()).cloned()
}

//! `ksplat explain [KIND|SIGNATURE|FEATURE]`: what it means, from the grammars; without any, all kinds.

use super::args::Options;
use super::{CLEAN, Outcome, output, triage};
use crate::render;

/// Names that are offered where one is not known.
const NEAR: usize = 3;

/// How much alike a name must be, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.8;

/// Runs the command.
pub fn run(options: &Options, what: Option<&str>) -> Outcome {
    let grammar = triage::grammar(options)?;
    let text = match what {
        None => render::explain_all(&grammar),
        Some(what) => render::explain(&grammar, what)
            .ok_or_else(|| unknown(&render::explained(&grammar), what))?,
    };
    let mut out = output::open_paged(options)?;
    out.print(&text);
    out.finish()?;
    Ok(CLEAN)
}

/// One line that names what may have been meant.
fn unknown(names: &[String], what: &str) -> String {
    // Of a signature the kind alone can be mistyped in a way that is found.
    let wanted = what.split(':').next().unwrap_or(what).to_lowercase();
    let alike = |name: &String| strsim::jaro_winkler(&name.to_lowercase(), &wanted);
    let mut near: Vec<_> = names.iter().map(|name| (alike(name), name)).collect();
    near.retain(|(alike, _)| *alike >= ALIKE);
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let near: Vec<_> = near.iter().take(NEAR).map(|(_, n)| n.as_str()).collect();
    let mend = match near.is_empty() {
        true => "ksplat explain lists the kinds".to_owned(),
        false => format!("did you mean {}?", near.join(", ")),
    };
    format!("{what:?} is no kind, signature or CPU feature; {mend}")
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn near_names_are_told_and_the_message_is_one_line() {
        let names = ["kasan", "kmsan", "mtrr"].map(str::to_owned);
        let text = unknown(&names, "kassan:x\n");
        assert!(text.contains("did you mean kasan?"), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert!(unknown(&names, "zzzz").ends_with("ksplat explain lists the kinds"));
    }
}

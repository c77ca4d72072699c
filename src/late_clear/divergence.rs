//! Do the CPUs differ?
//!
//! Mainline warns only where `boot_cpu_has(feature)`: a clear on the AP path proves that the boot
//! CPU had the feature. A kernel under test may warn on `cpu_has(c, feature)` (proposed in
//! <https://lore.kernel.org/all/20240430193211.GEZjFHO0ayDXtgvbE7@fat_crate.local/>); there the boot
//! CPU's own message before the bring-up shows that it cleared the feature as well.

use super::feature::speaks_of;
use super::{Case, Divergence, Evidence, NamedFeature};
use crate::boot::FeatureMessage;
use crate::grammar::{MilestoneName, PathName};

/// Decides, and says by what. `warned`: the kernel warned, as it does only where the boot CPU has the feature.
pub fn judge(
    case: &Case<'_>,
    (path, warned): (PathName, bool),
    feature: Option<&NamedFeature>,
    requester: Option<&str>,
    evidence: &mut Vec<Evidence>,
) -> Divergence {
    if path != PathName::Ap {
        let says = match path {
            PathName::Unknown => "the path is not known: whether the CPUs differ is not either",
            _ => "the clear is not on the path of a secondary CPU: it does not compare CPUs",
        };
        evidence.push(Case::note(0, says, "unknown"));
        return Divergence::Unknown;
    }
    if let Some(note) = message_of_boot_cpu(case, feature, requester) {
        let says = format!(
            "the boot CPU had cleared it as well: \"{}\" before the bring-up",
            note.text
        );
        evidence.push(Case::note(note.line, says, "uniform"));
        return Divergence::Uniform;
    }
    if !warned {
        let says = "no warning: whether the boot CPU had the feature is not known";
        evidence.push(Case::note(0, says, "unknown"));
        return Divergence::Unknown;
    }
    let says = "the kernel warns only where boot_cpu_has(feature): the boot CPU had it";
    evidence.push(Case::note(case.splat.header_line, says, "divergent"));
    Divergence::Divergent
}

/// A message of the same requester about the same feature before the secondary CPUs came up.
fn message_of_boot_cpu<'a>(
    case: &Case<'a>,
    feature: Option<&NamedFeature>,
    requester: Option<&str>,
) -> Option<&'a FeatureMessage> {
    let bring_up = case.boot.first(MilestoneName::SecondaryBringUp)?;
    let feature = feature?;
    let about = |note: &&FeatureMessage| {
        let rule = case
            .grammar
            .words
            .iter()
            .find(|word| Some(&word.name) == note.word.as_ref());
        rule.is_some_and(|word| {
            let same_requester = requester.is_none_or(|requester| requester == word.requester);
            same_requester
                && speaks_of(word, note, feature.name.as_deref(), feature.flag.as_deref())
        })
    };
    case.boot
        .notes
        .iter()
        .filter(|note| note.line < bring_up.line)
        .find(about)
}

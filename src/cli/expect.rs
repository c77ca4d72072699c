//! `--expect`: boots that did not come as far as they should.

use super::args::Options;
use super::fail_on::{FailOn, NamedKind};
use super::format::Format;
use super::output;
use crate::analyzer::Input;
use crate::grammar::MilestoneName;
use crate::render::{self, Lacking};

/// The boots of an input that lack something. `whole`: the input is one log, which must hold a boot.
pub fn lacking<'i>(
    input: &'i Input,
    expected: &'i [MilestoneName],
    whole: bool,
) -> Vec<Lacking<'i>> {
    let of = |boot, milestones| Lacking {
        path: &input.path,
        boot,
        milestones,
    };
    if whole && !input.is_kernel && !expected.is_empty() {
        return vec![of(None, expected)];
    }
    let boots = input.boots.iter().filter(|boot| !boot.lacks.is_empty());
    boots
        .map(|boot| of(Some(boot), boot.lacks.as_slice()))
        .collect()
}

/// True where a finding makes the exit code 1.
pub fn is_finding(options: &Options) -> bool {
    let reasons = &options.fail_on;
    reasons
        .iter()
        .any(|reason| *reason != FailOn::NamedKind(NamedKind::Never))
}

/// Says it on stderr where the form of the output may have no place for it.
pub fn tell_lacking(options: &Options, lacking: &Lacking<'_>) {
    if options.format() != Format::Text {
        output::tell(&render::clean(&lacking.to_string()));
    }
}

//! One vmlinux held against one splat. In: both. Out: where the splat's code is in it, whether it is the
//! right one, and how far KASLR moved it.

use std::sync::Arc;

use super::code::{self, CodeMatch};
use super::image::Image;
use super::stack::{Place, Stack};
use super::verify::{self, Verdict};
use super::{BootFacts, Match, kaslr};
use crate::splat::Splat;

/// One vmlinux held against one splat.
pub(super) struct Assessment {
    pub(super) image: Arc<Image>,
    pub(super) stack: Stack,
    pub(super) verdict: Verdict,
    pub(super) kaslr_offset: Option<u64>,
}

impl Assessment {
    pub(super) fn new(image: Arc<Image>, splat: &Splat, boot: &BootFacts<'_>) -> Assessment {
        let mut stack = Stack::find(&image, splat);
        let code = match (&splat.code, &stack.rip) {
            (Some(code), &Place::Found { function, address }) => {
                code::compare(&image, code, address, function)
            }
            _ => CodeMatch::Unknown,
        };
        let mut verdict = verify::verify(&image, splat, boot, &stack, &code);
        let from_code = match code {
            CodeMatch::Same { kaslr_offset, .. } => kaslr_offset,
            _ => None,
        };
        let kaslr = kaslr::offset(&image, splat, boot, &stack, from_code);
        if let Some((offset, from)) = kaslr {
            verdict
                .evidence
                .push(format!("KASLR offset {offset:#x} by {from}"));
            stack.add_bare_addresses(splat, offset);
        }
        Assessment {
            image,
            stack,
            verdict,
            kaslr_offset: kaslr.map(|(offset, _)| offset),
        }
    }

    /// How good the match is, to choose among several.
    pub(super) fn rank(&self) -> u8 {
        match self.verdict.matched {
            Match::Exact => 3,
            Match::ReleaseOnly => 2,
            Match::None => 1,
            Match::Mismatch { .. } => 0,
        }
    }
}

//! One vmlinux held against one splat. In: both. Out: where the splat's code is in it, whether it is the
//! right one, and how far KASLR moved it.

use std::sync::Arc;

use super::code::{self, CodeMatch};
use super::evidence::Verdict;
use super::kaslr;
use super::stack::{PrintedStack, StackPlace};
use super::verify;
use crate::splat::Splat;
use crate::symbols::BootFacts;
use crate::symbols::Image;

/// One vmlinux held against one splat.
pub(in crate::symbols) struct Assessment {
    pub(in crate::symbols) image: Arc<Image>,
    pub(in crate::symbols) stack: PrintedStack,
    pub(in crate::symbols) verdict: Verdict,
    pub(in crate::symbols) kaslr_offset: Option<u64>,
}

impl Assessment {
    pub(in crate::symbols) fn new(
        image: Arc<Image>,
        splat: &Splat,
        boot: &BootFacts<'_>,
    ) -> Assessment {
        let mut stack = PrintedStack::find(&image, splat);
        // The rules of run-time patches are those of x86-64; on other machines sizes have to do.
        let code = match (&splat.code, &stack.rip) {
            (Some(code), &StackPlace::Found { function, address })
                if image.layout.machine.is_x86_64() =>
            {
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
        // Bare addresses mean nothing before that. They come too late to be evidence.
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
}

//! A vmlinux held against a splat. In: both. Out: where the splat's code is, whether it is the right vmlinux, how
//! far KASLR moved the kernel, and what the registers point at.

mod assess;
mod bug_table;
mod code;
mod cpuinfo;
mod evidence;
mod identity;
mod jumps;
mod kaslr;
mod moved;
mod patch_sites;
mod stack;
mod verify;

pub use bug_table::WarnSites;
pub use cpuinfo::CpuInfo;

pub(super) use assess::Assessment;
pub(super) use bug_table::warn_sites;
pub(super) use code::{CodeMatch, compare};
pub(super) use cpuinfo::{cap_flag, classify, loads_before};
pub(super) use evidence::{Says, Sizes, Tally, Verdict};
pub(super) use identity::{is_release, release_of};
pub(super) use jumps::jumps;
pub(super) use stack::{StackPlace, call_target, contradiction};
pub(super) use verify::contradicts;

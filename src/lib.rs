//! Reads kernel logs: finds every splat, symbolizes it, and explains late clears of x86 CPU features.
//!
//! ```
//! use ksplat::{Ksplat, PathName};
//!
//! let log = Ksplat::new().read("corpus/ap-vmx-bios-kaslr/log")?;
//! let verdict = log.reports[0].late_clear.as_ref().expect("a late clear");
//! assert_eq!(verdict.path, PathName::Ap);
//! assert_eq!(verdict.requester.as_deref(), Some("init_ia32_feat_ctl"));
//! println!("{}", log.reports[0]);
//! # Ok::<(), ksplat::Error>(())
//! ```
//!
//! A [`Report`] is a [`Splat`] as printed, with all that was found out about it. As text it is the block that the
//! program prints; `serde_json::to_string(&report)` is the object that `ksplat --format json` has in `splats`.
//!
//! Inside, data flows one way, in the order of the modules in `src/lib.rs`; `ARCHITECTURE.md` describes it.
#![warn(missing_docs)]
#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, reason = "the command line is not there to use it")
)]

mod os;

mod literals;

mod parallel;

mod grammar;

mod input;

mod line;

mod boot;

mod cpus;

mod splat;

mod symbols;

mod late_clear;

mod title;

mod excerpt;

mod routing;

mod report;

mod analyzer;

// Histories and the age of kernels are asked for by the database only.
#[cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]
mod release;

#[cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]
mod fixes;

mod group;

mod scan;

mod baseline;

mod annotate;

mod render;

#[cfg(feature = "cli")]
mod db;

mod api;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;

#[doc(hidden)]
pub mod stages;

pub use api::{Error, Ksplat, Log};
pub use baseline::Baseline;
pub use boot::{Boot, FeatureMessage, LastLine, PassedMilestone, Statement};
pub use excerpt::{Excerpt, ExcerptLine};
pub use grammar::{FaultName, Level, MilestoneName, PathName, StageName};
pub use group::{ClearGroup, Group, Groups, Machines};
pub use input::container::Envelope;
pub use late_clear::{
    BringUp, Confidence, Divergence, Evidence, FeatureFrom, LateClear, NamedFeature, Target,
};
pub use line::Caller;
pub use report::{
    Access, CodeLine, Culprit, Disassembly, FixedBy, MemoryState, MsrAccess, Platform, Report,
    Seen, Summary,
};
pub use routing::{NumberedLine, Routing, SourceCode};
pub use splat::{
    Code, CodeRef, Frame, Inline, Kernel, Registers, Section, SourceLine, SourceSpan, Splat, Stack,
};
pub use symbols::{CpuInfo, Match, ModuleSymbols, ParameterValue, Position, Symbols, Variable};

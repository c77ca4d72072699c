//! Reads kernel logs: finds every splat, symbolizes it, and explains late clears of x86 CPU features.
//!
//! Data flows one way, in the order of the modules below: bytes become lines ([`input`]), lines become
//! log lines ([`mod@line`]), log lines tell of boots ([`mod@boot`]) and make splats ([`splat`]), splats get a
//! name ([`title`]), files and lines ([`symbols`]) and, where a CPU feature was cleared late, a verdict
//! ([`late_clear`]); all of it is a report ([`report`]), which is rendered ([`render`]). What is known of
//! kernels is data and comes from [`grammar`]; `literals` searches for many strings at once; [`parallel`] shares work among the cores. [`analyzer`] runs
//! the whole way; [`group`] gathers the reports of one bug.
//!
//! ```
//! use ksplat::analyzer::Analyzer;
//! use ksplat::grammar::{Grammar, PathName};
//! use ksplat::report::Sequence;
//!
//! let log = std::fs::read("corpus/ap-vmx-bios-kaslr/log")?;
//! let analyzer = Analyzer::new(Grammar::builtin(), None)?;
//! let mut reports = Vec::new();
//! analyzer.read_all("log", &log, &mut Sequence::default(), &mut |report| reports.push(report));
//!
//! let verdict = reports[0].late_clear.as_ref().expect("a late clear");
//! assert_eq!(verdict.path, PathName::Ap);
//! assert_eq!(verdict.requester.as_deref(), Some("init_ia32_feat_ctl"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

mod literals;

pub mod parallel;

pub mod grammar;

pub mod input;

pub mod line;

pub mod boot;

pub mod splat;

pub mod symbols;

pub mod late_clear;

pub mod title;

pub mod excerpt;

pub mod routing;

pub mod report;

pub mod analyzer;

pub mod group;

pub mod scan;

pub mod baseline;

pub mod annotate;

pub mod render;

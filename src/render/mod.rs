//! Rendering: reports as people and programs read them.
//!
//! In: reports and what the inputs said of themselves. Out: text. Each form of the output is one
//! [`Output`]; nothing here decides anything, and control bytes of the log never pass.

#[cfg(feature = "cli")]
mod bugs;
mod check;
mod clean;
mod cpus;
mod explain;
mod facts;
mod firmware;
mod github;
mod groups;
mod html;
mod json;
mod junit;
mod links;
mod mail;
mod markdown;
mod output;
mod places;
mod sarif;
mod spool;
mod style;
mod text;
mod trace;
mod words;

#[cfg(feature = "cli")]
pub use bugs::{NO_BUG, bug_history, bug_lines, bug_page, bug_table, bugs_document};
pub use check::{Acceptance, CheckText};
pub use clean::{Escape, clean, without_commands};
pub use cpus::CpuComparison;
pub use explain::{explain, explain_all, names as explained};
pub use firmware::Firmware;
pub use github::Github;
pub use groups::ScanText;
pub use html::Html;
pub use json::{Json, Ndjson, document};
pub use junit::Junit;
pub use links::Links;
pub use mail::Mail;
pub use markdown::Markdown;
pub use output::{Lacking, Output, RunStatus, RunSummary};
pub use places::{PlaceAnswer, place_document, place_lines, place_text};
pub use sarif::Sarif;
pub use style::Style;
pub use text::{Manner, Text, report};
pub use words::count;

//! Every shape of a log: the same boot, written in each framing and packed in each container, must
//! give the same splats.
//!
//! [`framings`] and [`containers`] hold one writer each; what ksplat reads, these write.

mod containers;
mod corpus;
mod folders;
mod framings;
mod hostile;
mod mails;
mod nested;
mod same;
mod triage;

//! The symbols stage from outside: on a small vmlinux made with the system's C compiler, on broken copies
//! of it, and on real kernels where they are at hand.

mod companions;
mod hostile;
mod lab;
mod mini;
mod names;
mod oracle;
mod support;
mod symbolize;

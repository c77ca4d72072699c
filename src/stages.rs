//! The stages between a path and its reports, for the tests and fuzz targets of this crate. No part of the public
//! face: they change without notice.

#![allow(missing_docs, reason = "each item is documented where it is defined")]

pub mod analyzer {
    pub use crate::analyzer::*;
}

pub mod boot {
    pub use crate::boot::*;
}

pub mod cpus {
    pub use crate::cpus::*;
}

pub mod grammar {
    pub use crate::grammar::*;
}

pub mod input {
    pub use crate::input::*;
}

pub mod late_clear {
    pub use crate::late_clear::*;
}

pub mod line {
    pub use crate::line::*;
}

pub mod render {
    pub use crate::render::*;
}

pub mod report {
    pub use crate::report::*;
}

pub mod splat {
    pub use crate::splat::*;
}

pub mod symbols {
    pub use crate::symbols::*;
}

pub mod title {
    pub use crate::title::*;
}

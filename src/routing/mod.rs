//! Who should hear of a report.
//!
//! In: a MAINTAINERS file, and the file to blame. Out: a [`Routing`]: what scripts/get_maintainer.pl answers
//! without git. With a checkout of the kernel also lines of its sources.

mod addresses;
mod mailmap;
mod pattern;
mod sections;
mod tree;

use crate::grammar::Memo;
use addresses::Addresses;
pub use addresses::split as name_and_address;
use mailmap::Mailmap;
use sections::MaintainersSection;
use serde::Serialize;
use std::io::Read;
use std::path::Path;
use thiserror::Error;
use tree::Tree;
pub use tree::{NumberedLine, SourceCode};

/// The kernel's file has 0.8 MB.
const MAX_BYTES: u64 = 32 << 20;

/// Why there is no routing.
#[derive(Debug, Error)]
pub enum RoutingError {
    /// The file cannot be read.
    #[error(
        "{path}: {error}; --maintainers takes a MAINTAINERS file, --kernel-tree a folder with one"
    )]
    Read {
        /// As the user named it.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file has no section.
    #[error("{path}: no MAINTAINERS file: it has no section with an F: line")]
    Empty {
        /// As the user named it.
        path: String,
    },
}

/// Who should hear of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Routing {
    /// What it is about: a file of the kernel tree, or a folder, with a slash at its end.
    pub file: String,
    /// The section of MAINTAINERS that has it; of several the one with the deepest pattern.
    pub subsystem: String,
    /// What the section says of its state.
    pub status: Option<String>,
    /// The maintainers of all sections that have the file, those of the deepest pattern first.
    pub maintainers: Vec<String>,
    /// Likewise.
    pub reviewers: Vec<String>,
    /// Likewise; bare addresses.
    pub lists: Vec<String>,
}

/// What the user has of the kernel's sources.
#[derive(Debug)]
pub struct Sources {
    maintainers: Maintainers,
    tree: Option<Tree>,
    known: Memo<Option<Routing>>,
}

impl Sources {
    /// Opens what is named: a MAINTAINERS file, a tree, which has one as well, or both. `None` for nothing.
    ///
    /// # Errors
    /// Where either cannot be read.
    pub fn open(
        maintainers: Option<&Path>,
        tree: Option<&Path>,
    ) -> Result<Option<Sources>, RoutingError> {
        let of_tree = tree.map(|tree| tree.join("MAINTAINERS"));
        let Some(path) = maintainers.or(of_tree.as_deref()) else {
            return Ok(None);
        };
        // Not every tree has one.
        let mailmap = tree.and_then(|tree| read(&tree.join(".mailmap")).ok());
        let mailmap = Mailmap::read(&mailmap.unwrap_or_default());
        let maintainers = Maintainers::open(path, mailmap)?;
        let open = |path: &Path| {
            Tree::open(path).map_err(|error| RoutingError::Read {
                path: path.display().to_string(),
                error,
            })
        };
        Ok(Some(Sources {
            maintainers,
            tree: tree.map(open).transpose()?,
            known: Memo::default(),
        }))
    }

    /// Who should hear of something in `file`.
    pub fn routing(&self, file: &str) -> Option<Routing> {
        self.known.get(file, || self.maintainers.of(file))
    }

    /// The folder of a module, where the tree shows it.
    pub fn folder_of(&self, module: &str) -> Option<String> {
        self.tree.as_ref()?.folder_of(module)
    }

    /// The lines around a line, where there is a tree that has it.
    pub fn lines_around(&self, file: &str, line: u32, release: Option<&str>) -> Option<SourceCode> {
        self.tree.as_ref()?.lines_around(file, line, release)
    }
}

/// A MAINTAINERS file.
#[derive(Debug)]
struct Maintainers {
    sections: Vec<MaintainersSection>,
    mailmap: Mailmap,
}

impl Maintainers {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is none.
    fn open(path: &Path, mailmap: Mailmap) -> Result<Maintainers, RoutingError> {
        let named = || path.display().to_string();
        let text = read(path).map_err(|error| RoutingError::Read {
            path: named(),
            error,
        })?;
        // Asked here, because any text file would give no routing, and nobody would know why.
        let sections = sections::read(&text);
        if !sections.iter().any(MaintainersSection::has_files) {
            return Err(RoutingError::Empty { path: named() });
        }
        Ok(Maintainers { sections, mailmap })
    }

    /// Who should hear of something in `file`, or in a folder whose name ends in a slash.
    fn of(&self, file: &str) -> Option<Routing> {
        let sections = self.sections.iter();
        let depths = sections.filter_map(|section| Some((section.depth_of(file)?, section)));
        let mut fitting: Vec<_> = depths.collect();
        // Stable: sections of one depth stay in the order of the file, as the script prints them.
        fitting.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
        let (_, first) = fitting.first()?;
        let mut routing = Routing {
            file: file.to_owned(),
            subsystem: first.name.clone(),
            status: first.status.clone(),
            maintainers: Vec::new(),
            reviewers: Vec::new(),
            lists: Vec::new(),
        };
        let mut people = Addresses::default();
        let mut lists = Addresses::default();
        for (_, section) in fitting {
            let mut add = |to: &mut Vec<String>, from: &[String]| {
                let now = from.iter().map(|text| self.mailmap.now(text));
                // Whoever maintains one section need not be named again as the reviewer of another.
                to.extend(now.filter(|text| people.take(text)));
            };
            add(&mut routing.maintainers, &section.maintainers);
            add(&mut routing.reviewers, &section.reviewers);
            let now = section.lists.iter().map(|list| self.mailmap.now(list));
            routing.lists.extend(now.filter(|list| lists.take(list)));
        }
        Some(routing)
    }
}

/// The text of a file; what is not UTF-8 in it is replaced.
fn read(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    // A bound, since the path may name a device.
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

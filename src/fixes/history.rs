//! A git repository whose messages are read: any clone of the kernel, bare too.
//!
//! In: a repository. Out: the commits of all branches and tags that no earlier run has read, each with the first
//! release whose tag holds it. Trees and files are not looked at, so that a clone without them (`--filter=tree:0`) does.

use super::{Commit, HistoryError};
use crate::release;
use gix::{ObjectId, Repository};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Bytes of a message that are read; git has no limit.
const MAX_MESSAGE: usize = 1 << 20;

/// No release that was looked at holds the commit.
const NONE: u32 = u32::MAX;

/// A repository.
pub struct History {
    path: PathBuf,
    repository: Repository,
}

/// Where its branches and tags point to.
#[derive(Default)]
struct Tips {
    /// The tags of releases, in their order.
    releases: BTreeMap<release::ReleaseOrder, ObjectId>,
    others: Vec<ObjectId>,
}

/// Commits that were not read, and how they hang together.
#[derive(Default)]
struct Graph {
    commits: Vec<ObjectId>,
    parents: Vec<Vec<ObjectId>>,
    places: HashMap<ObjectId, usize>,
}

impl History {
    /// Opens the repository that a folder is, or is the working tree of.
    ///
    /// # Errors
    /// Where it is none.
    pub fn open(path: &Path) -> Result<History, HistoryError> {
        let repository = gix::open_opts(path, gix::open::Options::isolated());
        let mut repository = repository.map_err(|error| {
            let error = first_line(&error);
            HistoryError::new(
                path,
                &format!("{error}; name a git repository of the kernel"),
            )
        })?;
        repository.object_cache_size_if_unset(4 << 20);
        Ok(History {
            path: path.to_owned(),
            repository,
        })
    }

    /// Hands over all commits but those that the keys of earlier runs name, and gives the keys of this one; fewer
    /// commits and no keys where `is_over` becomes true meanwhile.
    ///
    /// # Errors
    /// Where the history is broken.
    pub fn read(
        &self,
        known: &HashSet<String>,
        is_over: impl Fn() -> bool,
        mut take: impl FnMut(Commit),
    ) -> Result<Vec<String>, HistoryError> {
        let fail = |error: &gix::Error| {
            let error = first_line(error);
            HistoryError::new(&self.path, &format!("{error}; fetch the repository again"))
        };
        let tips = self.tips().map_err(|error| fail(&error))?;
        let graph = self.graph(&tips, known, &is_over);
        let graph = graph.map_err(|error| fail(&error))?;
        let labels = graph.labels(tips.releases.values());
        let releases: Vec<&String> = tips.releases.keys().map(|(.., name)| name).collect();
        for (commit, label) in graph.commits.iter().zip(labels) {
            // No keys: what was not handed over must be read by the next run.
            if is_over() {
                return Ok(Vec::new());
            }
            let release = releases.get(label as usize).map(|name| (*name).clone());
            let commit = self.commit(*commit, release);
            take(commit.map_err(|error| fail(&error))?);
        }
        Ok(tips.all().map(key).collect())
    }

    fn tips(&self) -> gix::Result<Tips> {
        let mut tips = Tips::default();
        tips.others
            .extend(self.repository.head_id().ok().map(gix::Id::detach));
        for reference in self.repository.references()?.all()?.peeled()? {
            // A broken reference leads to nothing; the others do.
            let Ok(reference) = reference else {
                continue;
            };
            let Some(id) = reference.try_id().map(gix::Id::detach) else {
                continue;
            };
            // The kernel has a tag of a tree.
            let is_commit = self.repository.find_header(id);
            if !is_commit.is_ok_and(|header| header.kind() == gix::objs::Kind::Commit) {
                continue;
            }
            let name = reference.name().as_bstr().to_string();
            let tag = name.strip_prefix("refs/tags/");
            match tag.and_then(release::of_tag) {
                Some(name) => {
                    tips.releases.insert(release::version(name), id);
                }
                None => tips.others.push(id),
            }
        }
        Ok(tips)
    }

    /// A new release may hold commits that were read before it was tagged: these are read again. Where there is no new
    /// one, nothing is.
    fn graph(
        &self,
        tips: &Tips,
        known: &HashSet<String>,
        is_over: impl Fn() -> bool,
    ) -> gix::Result<Graph> {
        let is_known = |id: &&ObjectId| known.contains(&key(id));
        let has_new_release = !tips.releases.values().all(|id| is_known(&id));
        let hidden = tips.all().filter(is_known).copied();
        let hidden: Vec<ObjectId> = match has_new_release {
            true => tips.releases.values().filter(is_known).copied().collect(),
            false => hidden.collect(),
        };
        let new: Vec<_> = tips
            .all()
            .filter(|id| !hidden.contains(id))
            .copied()
            .collect();
        let mut graph = Graph::default();
        if new.is_empty() {
            return Ok(graph);
        }
        let walk = self.repository.rev_walk(new).with_hidden(hidden).all()?;
        for info in walk.take_while(|_| !is_over()) {
            let info = info?;
            graph.places.insert(info.id, graph.commits.len());
            graph.commits.push(info.id);
            graph.parents.push(info.parent_ids.to_vec());
        }
        Ok(graph)
    }

    fn commit(&self, id: ObjectId, release: Option<String>) -> gix::Result<Commit> {
        let object = self.repository.find_object(id)?.try_into_commit()?;
        let message = object.message_raw()?;
        let message = &message[..message.len().min(MAX_MESSAGE)];
        let time = Timestamp::from_second(object.time()?.seconds).ok();
        let date = time.map(|time| time.to_zoned(TimeZone::UTC).date().to_string());
        Ok(Commit {
            hash: id.to_string(),
            date,
            release,
            message: String::from_utf8_lossy(message).into_owned(),
        })
    }
}

impl Tips {
    fn all(&self) -> impl Iterator<Item = &ObjectId> {
        self.releases.values().chain(&self.others)
    }
}

impl Graph {
    /// For each commit the number of the first of these releases that holds it, the oldest first.
    fn labels<'r>(&self, releases: impl Iterator<Item = &'r ObjectId>) -> Vec<u32> {
        let mut labels = vec![NONE; self.commits.len()];
        for (number, tag) in releases.enumerate() {
            let mut open = vec![*tag];
            while let Some(commit) = open.pop() {
                let Some(&place) = self.places.get(&commit) else {
                    continue;
                };
                // Whoever has a label has it on all ancestors, so that each commit is visited once.
                if labels[place] == NONE {
                    labels[place] = number as u32;
                    open.extend(&self.parents[place]);
                }
            }
        }
        labels
    }
}

fn key(tip: &ObjectId) -> String {
    format!("history:{tip}")
}

fn first_line(error: &impl std::fmt::Display) -> String {
    let error = error.to_string();
    error.lines().next().unwrap_or_default().to_owned()
}

//! public-inbox: mailing lists as bare git repositories (`lore.kernel.org/LIST/0`).
//!
//! In: a repository. Out: its mails, oldest first, each with its name in git (`COMMIT:PATH`, what `git show`
//! takes). In version 2 a commit holds one mail as `m`, or as `d` where it takes one away; in version 1
//! the tree holds all mails as `xx/yyyy…` (public-inbox-v1-format(5), public-inbox-v2-format(5)). Both are
//! read by one rule: the mails of a commit are the files that none of its parents has.

use super::container::MAX_MAIL;
use gix::objs::tree::EntryKind;
use gix::{ObjectId, Repository};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Folders within folders of a tree; version 1 has one level.
const MAX_DEPTH: usize = 4;

/// The file that says which mail was taken away, in version 2.
const DELETED: &str = "d";

/// A mailing list that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}; what could be read was read; fetch the repository again")]
pub struct InboxError {
    /// The repository, as the user named it.
    pub path: String,
    /// As gix says it.
    pub reason: String,
}

/// A mail.
pub struct Mail<'a> {
    /// `COMMIT:PATH`.
    pub name: &'a str,
    /// The whole mail, with its header.
    pub bytes: &'a [u8],
}

/// True for a bare git repository.
pub fn is(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).exists();
    has("HEAD") && has("objects") && has("refs") && has("config")
}

/// A repository of mails.
pub struct Inbox {
    path: PathBuf,
    repository: Repository,
}

impl Inbox {
    /// Opens it; `None` where the repository holds something else than mails.
    ///
    /// # Errors
    /// Where it looks like one and cannot be read.
    pub fn open(path: &Path) -> Result<Option<Inbox>, InboxError> {
        let fail = |error| broken(path, &error);
        let options = gix::open::Options::isolated().open_path_as_is(true);
        let mut repository = gix::open_opts(path, options).map_err(fail)?;
        repository.object_cache_size_if_unset(4 << 20);
        let inbox = Inbox {
            path: path.to_owned(),
            repository,
        };
        // One without commits gathers the epochs of a list (`all.git`).
        let tree = match inbox.repository.head_commit() {
            Ok(head) => head.tree_id().map_err(fail)?.detach(),
            Err(_) => return Ok(None),
        };
        let files = inbox.tree(tree).map_err(fail)?;
        Ok(holds_mails(&files).then_some(inbox))
    }

    /// The commits, oldest first.
    ///
    /// # Errors
    /// Where the history is broken.
    pub fn commits(&self) -> Result<Vec<ObjectId>, InboxError> {
        let fail = |error| broken(&self.path, &error);
        let head = self.repository.head_id().map_err(fail)?;
        let walk = self.repository.rev_walk([head]).all().map_err(fail)?;
        let commits: gix::Result<Vec<_>> = walk.map(|info| Ok(info?.id)).collect();
        let mut commits = commits.map_err(fail)?;
        commits.reverse();
        Ok(commits)
    }

    /// Hands the mails that a commit brought to `take`.
    ///
    /// # Errors
    /// Where the commit is broken; nothing of it was handed over.
    pub fn mails(
        &self,
        commit: ObjectId,
        mut take: impl FnMut(Mail<'_>),
    ) -> Result<(), InboxError> {
        let new = self.new_files(commit);
        for (path, id) in new.map_err(|error| broken(&self.path, &error))? {
            let found = self.blob(id);
            let blob = found.map_err(|error| broken(&self.path, &error))?;
            if let Some(blob) = blob {
                take(Mail {
                    name: &format!("{commit}:{path}"),
                    bytes: &blob.data,
                });
            }
        }
        Ok(())
    }

    /// A mail; `None` for one that is too large, which no list lets through.
    fn blob(&self, id: ObjectId) -> gix::Result<Option<gix::Blob<'_>>> {
        let size = self.repository.find_header(id)?.size();
        if size > MAX_MAIL {
            return Ok(None);
        }
        self.repository.find_blob(id).map(Some)
    }

    /// The files that the commit's tree has and its parents' trees have not.
    fn new_files(&self, id: ObjectId) -> gix::Result<Vec<(String, ObjectId)>> {
        let commit = self.repository.find_commit(id)?;
        let mut parents = Vec::new();
        for parent in commit.parent_ids() {
            let parent = self.repository.find_commit(parent.detach())?;
            parents.push(parent.tree_id()?.detach());
        }
        let mut new = Vec::new();
        self.compare(
            commit.tree_id()?.detach(),
            &parents,
            "",
            MAX_DEPTH,
            &mut new,
        )?;
        Ok(new)
    }

    fn compare(
        &self,
        tree: ObjectId,
        parents: &[ObjectId],
        prefix: &str,
        depth: usize,
        new: &mut Vec<(String, ObjectId)>,
    ) -> gix::Result<()> {
        let mut before: HashMap<(String, EntryKind), Vec<ObjectId>> = HashMap::new();
        for parent in parents {
            for file in self.tree(*parent)? {
                let known = before.entry((file.name, file.kind)).or_default();
                known.push(file.id);
            }
        }
        for file in self.tree(tree)? {
            let known = before.get(&(file.name.clone(), file.kind));
            let known = known.map_or(&[][..], Vec::as_slice);
            if known.contains(&file.id) {
                continue;
            }
            let path = format!("{prefix}{}", file.name);
            match file.kind {
                EntryKind::Tree if depth > 0 => {
                    self.compare(file.id, known, &format!("{path}/"), depth - 1, new)?;
                }
                EntryKind::Blob | EntryKind::BlobExecutable if path != DELETED => {
                    new.push((path, file.id));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn tree(&self, id: ObjectId) -> gix::Result<Vec<File>> {
        let tree = self.repository.find_tree(id)?;
        let decoded = tree.decode()?;
        let files = decoded.entries.iter().map(|entry| File {
            name: entry.filename.to_string(),
            kind: entry.mode.kind(),
            id: entry.oid.to_owned(),
        });
        Ok(files.collect())
    }
}

/// A file or folder of a tree.
struct File {
    name: String,
    kind: EntryKind,
    id: ObjectId,
}

/// The root of version 2 has `m` or `d` and nothing else; that of version 1 folders of two hex digits.
fn holds_mails(root: &[File]) -> bool {
    let is_v2 = |file: &File| file.kind == EntryKind::Blob && ["m", DELETED].contains(&&*file.name);
    let is_v1 = |file: &File| {
        let hex = file.name.len() == 2 && file.name.bytes().all(|byte| byte.is_ascii_hexdigit());
        file.kind == EntryKind::Tree && hex
    };
    !root.is_empty() && (root.iter().all(is_v2) || root.iter().all(is_v1))
}

fn broken(path: &Path, error: &gix::Error) -> InboxError {
    let reason = error.to_string();
    InboxError {
        path: path.display().to_string(),
        reason: reason.lines().next().unwrap_or_default().to_owned(),
    }
}

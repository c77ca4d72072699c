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

#[cfg(test)]
mod tests {
    use super::*;
    use gix::actor::SignatureRef;
    use gix::objs::Tree;
    use gix::objs::tree::Entry;

    fn entry(name: &str, kind: EntryKind, id: ObjectId) -> Entry {
        Entry {
            mode: kind.into(),
            filename: name.into(),
            oid: id,
        }
    }

    /// Commits a tree; each file is `NAME` or `FOLDER/NAME`, with its text.
    fn commit(repository: &Repository, files: &[(&str, &str)]) -> ObjectId {
        let mut root = Tree::empty();
        for (path, text) in files {
            let blob = repository.write_blob(text).expect("written").detach();
            let file = match path.split_once('/') {
                None => entry(path, EntryKind::Blob, blob),
                Some((folder, name)) => {
                    let mut inside = Tree::empty();
                    inside.entries.push(entry(name, EntryKind::Blob, blob));
                    let inside = repository.write_object(&inside).expect("written").detach();
                    entry(folder, EntryKind::Tree, inside)
                }
            };
            root.entries.push(file);
        }
        let tree = repository.write_object(&root).expect("written").detach();
        let who = SignatureRef {
            name: "a".into(),
            email: "a@b".into(),
            time: "0 +0000",
        };
        let parents: Vec<_> = repository
            .head_id()
            .ok()
            .map(|id| id.detach())
            .into_iter()
            .collect();
        let commit = repository.commit_as(who, who, "HEAD", "mail", tree, parents);
        commit.expect("committed").detach()
    }

    fn mails(folder: &Path) -> Vec<(String, String)> {
        assert!(is(folder));
        let inbox = Inbox::open(folder).expect("readable").expect("an inbox");
        let mut mails = Vec::new();
        for commit in inbox.commits().expect("a history") {
            let take = |mail: Mail<'_>| {
                let text = String::from_utf8_lossy(mail.bytes).into_owned();
                mails.push((mail.name.to_owned(), text));
            };
            inbox.mails(commit, take).expect("readable");
        }
        mails
    }

    #[test]
    fn version_2_has_a_mail_a_commit_and_marks_those_taken_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = gix::init_bare(folder.path()).expect("a repository");
        let first = commit(&repository, &[("m", "one")]);
        let second = commit(&repository, &[("m", "two")]);
        commit(&repository, &[("d", "one")]);
        assert_eq!(
            mails(folder.path()),
            [
                (format!("{first}:m"), "one".to_owned()),
                (format!("{second}:m"), "two".to_owned()),
            ]
        );
    }

    #[test]
    fn version_1_keeps_all_mails_in_its_tree() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = gix::init_bare(folder.path()).expect("a repository");
        let first = commit(&repository, &[("ab/12", "one")]);
        let second = commit(&repository, &[("ab/12", "one"), ("cd/34", "two")]);
        // What a commit takes away was read where it came.
        commit(&repository, &[("cd/34", "two")]);
        assert_eq!(
            mails(folder.path()),
            [
                (format!("{first}:ab/12"), "one".to_owned()),
                (format!("{second}:cd/34"), "two".to_owned()),
            ]
        );
    }

    #[test]
    fn a_repository_of_something_else_or_of_nothing_is_no_inbox() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = gix::init_bare(folder.path()).expect("a repository");
        assert!(Inbox::open(folder.path()).expect("readable").is_none());
        commit(&repository, &[("Makefile", "all:")]);
        assert!(Inbox::open(folder.path()).expect("readable").is_none());
        assert!(!is(tempfile::tempdir().expect("a folder").path()));
    }

    #[test]
    fn a_broken_history_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = gix::init_bare(folder.path()).expect("a repository");
        let first = commit(&repository, &[("m", "one")]).to_string();
        commit(&repository, &[("m", "two")]);
        let (fan, name) = first.split_at(2);
        let object = folder.path().join("objects").join(fan).join(name);
        std::fs::remove_file(object).expect("removed");
        let inbox = Inbox::open(folder.path())
            .expect("readable")
            .expect("an inbox");
        let error = inbox
            .commits()
            .expect_err("a commit is missing")
            .to_string();
        assert_eq!(error.lines().count(), 1);
        assert!(error.contains("fetch the repository again"), "{error}");
    }
}

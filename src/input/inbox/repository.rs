//! A public-inbox repository, read with gix.

use super::super::container::MAX_MAIL;
use super::{InboxError, InboxMail};
use gix::objs::tree::EntryKind;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use gix::{ObjectId, Repository};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Folders within folders of a tree; version 1 has one level.
const MAX_DEPTH: usize = 4;

/// Bytes of objects that others are stored as differences from: without them each object of a chain is unpacked as often
/// as the chain is long (`git gc` makes chains of 50), which took five times as long. git keeps 96 MiB; more than this is
/// no faster where mails are read in the order in which they came.
const MAX_BASES: usize = 32 << 20;

/// The file that says which mail was taken away, in version 2.
const DELETED: &str = "d";

/// The name of a commit.
pub type CommitId = ObjectId;

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
        // Isolated: the user's git configuration must change nothing of what is read.
        // What is larger is not unpacked. To ask for the size of each mail first would unpack the beginning of its chain.
        let limit = format!("gitoxide.objects.allocLimit={MAX_MAIL}");
        let options = gix::open::Options::isolated()
            .open_path_as_is(true)
            .config_overrides([limit]);
        let mut repository = gix::open_opts(path, options).map_err(fail)?;
        repository.object_cache_size_if_unset(4 << 20);
        repository
            .objects
            .set_pack_cache(|| Box::new(MemoryCappedHashmap::new(MAX_BASES)));
        let inbox = Inbox {
            path: path.to_owned(),
            repository,
        };
        if inbox.repository.head().map_err(fail)?.is_unborn() {
            // One without commits gathers the epochs of a list (`all.git`); nothing of it is its own.
            return match inbox.is_empty() {
                true => Ok(None),
                false => Err(InboxError {
                    path: path.display().to_string(),
                    reason: "HEAD names no commit, though there are some".to_owned(),
                }),
            };
        }
        let head = inbox.repository.head_id().map_err(fail)?.detach();
        let tree = inbox.commit(head).map_err(fail)?.tree;
        let files = inbox.tree(tree).map_err(fail)?;
        Ok(holds_mails(&files).then_some(inbox))
    }

    /// The commits, oldest first; fewer where `is_over` becomes true meanwhile.
    ///
    /// # Errors
    /// Where the history is broken.
    pub fn commits(&self, is_over: impl Fn() -> bool) -> Result<Vec<ObjectId>, InboxError> {
        let fail = |error| broken(&self.path, &error);
        let head = self.repository.head_id().map_err(fail)?;
        let walk = self.repository.rev_walk([head]).all().map_err(fail)?;
        let walk = walk.take_while(|_| !is_over());
        let commits: gix::Result<Vec<_>> = walk.map(|info| Ok(info?.id)).collect();
        let mut commits = commits.map_err(fail)?;
        // git walks from the newest commit on.
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
        mut take: impl FnMut(InboxMail<'_>),
    ) -> Result<(), InboxError> {
        let fail = |mail: &str, error: &gix::Error| {
            let InboxError { path, reason } = broken(&self.path, error);
            let reason = format!("mail {commit}{mail}: {reason}");
            InboxError { path, reason }
        };
        let new = self.new_files(commit);
        for (path, id) in new.map_err(|error| fail("", &error))? {
            let found = self.blob(id);
            let blob = found.map_err(|error| fail(&format!(":{path}"), &error))?;
            if let Some(blob) = blob {
                take(InboxMail {
                    name: &format!("{commit}:{path}"),
                    bytes: &blob.data,
                });
            }
        }
        Ok(())
    }

    /// A mail; `None` for one that is too large, which no list lets through.
    fn blob(&self, id: ObjectId) -> gix::Result<Option<gix::Object<'_>>> {
        self.object(id).map(Some).or_else(|error| {
            let header = self.repository.find_header(id);
            match header.is_ok_and(|header| header.size() > MAX_MAIL) {
                true => Ok(None),
                false => Err(error),
            }
        })
    }

    /// An object whose bytes are those that its name was made of: git looks at that only when it is asked to, and
    /// an index may lead to another one.
    fn object(&self, id: ObjectId) -> gix::Result<gix::Object<'_>> {
        let object = self.repository.find_object(id)?;
        let is = gix::objs::compute_hash(id.kind(), object.kind, &object.data)?;
        match is == id {
            true => Ok(object),
            false => Err(gix::Error::from_error(io::Error::other(format!(
                "object {id} is damaged"
            )))),
        }
    }

    fn commit(&self, id: ObjectId) -> gix::Result<MailCommit> {
        let commit = self.object(id)?.try_into_commit()?;
        Ok(MailCommit {
            tree: commit.tree_id()?.detach(),
            parents: commit.parent_ids().map(gix::Id::detach).collect(),
        })
    }

    /// True where the repository holds no object and no name of one.
    fn is_empty(&self) -> bool {
        let holds = |folder: &Path| {
            let mut inside = fs::read_dir(folder).into_iter().flatten().flatten();
            inside.any(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        };
        let objects = self.path.join("objects");
        let folders = fs::read_dir(&objects).into_iter().flatten().flatten();
        let mut own = folders.filter(|entry| entry.file_name() != "info");
        let names = self.repository.references();
        let has_names =
            names.is_ok_and(|names| names.all().is_ok_and(|mut all| all.next().is_some()));
        !has_names && !own.any(|entry| holds(&entry.path()))
    }

    /// The files that the commit's tree has and its parents' trees have not.
    fn new_files(&self, id: ObjectId) -> gix::Result<Vec<(String, ObjectId)>> {
        let commit = self.commit(id)?;
        let mut parents = Vec::new();
        for parent in commit.parents {
            // A merge brought only what none of its parents has.
            parents.push(self.commit(parent)?.tree);
        }
        let mut new = Vec::new();
        self.compare(commit.tree, &parents, "", MAX_DEPTH, &mut new)?;
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
                    // Only in folders that changed: the tree of version 1 holds all mails of the
                    // list.
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

    fn tree(&self, id: ObjectId) -> gix::Result<Vec<RepositoryFile>> {
        let tree = self.object(id)?.try_into_tree()?;
        let decoded = tree.decode()?;
        let files = decoded.entries.iter().map(|entry| RepositoryFile {
            name: entry.filename.to_string(),
            kind: entry.mode.kind(),
            id: entry.oid.to_owned(),
        });
        Ok(files.collect())
    }
}

/// What matters of a commit.
struct MailCommit {
    tree: ObjectId,
    parents: Vec<ObjectId>,
}

/// A file or folder of a tree.
struct RepositoryFile {
    name: String,
    kind: EntryKind,
    id: ObjectId,
}

/// The root of version 2 has `m` or `d` and nothing else; that of version 1 folders of two hex digits.
fn holds_mails(root: &[RepositoryFile]) -> bool {
    let is_v2 = |file: &RepositoryFile| {
        // The test is strict: a kernel's repository is one with many commits too.
        file.kind == EntryKind::Blob && ["m", DELETED].contains(&&*file.name)
    };
    let is_v1 = |file: &RepositoryFile| {
        let hex = file.name.len() == 2 && file.name.bytes().all(|byte| byte.is_ascii_hexdigit());
        file.kind == EntryKind::Tree && hex
    };
    !root.is_empty() && (root.iter().all(is_v2) || root.iter().all(is_v1))
}

fn broken(path: &Path, error: &gix::Error) -> InboxError {
    let reason = error.to_string();
    InboxError {
        path: path.display().to_string(),
        // gix adds its causes in more lines; an error is one line here.
        reason: reason.lines().next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::is;
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
        for commit in inbox.commits(|| false).expect("a history") {
            let take = |mail: InboxMail<'_>| {
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
    fn a_repository_without_a_config_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = gix::init_bare(folder.path()).expect("a repository");
        commit(&repository, &[("m", "one")]);
        std::fs::remove_file(folder.path().join("config")).expect("removed");
        assert_eq!(mails(folder.path()).len(), 1);
    }

    #[test]
    fn a_mail_that_is_missing_is_named_and_the_others_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = gix::init_bare(folder.path()).expect("a repository");
        let first = commit(&repository, &[("m", "one")]);
        let second = commit(&repository, &[("m", "two")]);
        let blob = gix::objs::compute_hash(first.kind(), gix::objs::Kind::Blob, b"one");
        let blob = blob.expect("a hash").to_string();
        let (fan, name) = blob.split_at(2);
        let object = folder.path().join("objects").join(fan).join(name);
        std::fs::remove_file(object).expect("removed");
        let inbox = Inbox::open(folder.path())
            .expect("readable")
            .expect("an inbox");
        let error = inbox.mails(first, |_| ()).expect_err("a mail is missing");
        let error = error.to_string();
        assert!(error.contains(&format!("mail {first}:m: ")), "{error}");
        let mut count = 0;
        inbox.mails(second, |_| count += 1).expect("readable");
        assert_eq!(count, 1);
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
            .commits(|| false)
            .expect_err("a commit is missing")
            .to_string();
        assert_eq!(error.lines().count(), 1);
        assert!(error.contains("fetch the repository again"), "{error}");
    }
}

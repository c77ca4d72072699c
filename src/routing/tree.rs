//! A checkout of the kernel's sources.
//!
//! In: its folder, and paths and module names of a log. Out: lines of its files, its release, the folder of a
//! module. No path of a log leads out of the tree.

use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

/// A longer source file is not read.
const MAX_FILE: u64 = 32 << 20;

/// Bytes of a line that are shown.
const MAX_LINE: usize = 240;

/// Lines shown on each side.
const AROUND: u32 = 2;

/// Folders and files looked at for modules; the kernel has a tenth.
const MAX_ENTRIES: usize = 1 << 20;

/// Folders within folders; the kernel has 10.
const MAX_DEPTH: usize = 24;

/// A line of a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NumberedLine {
    /// Counted from 1.
    pub number: u32,
    /// Without its end.
    pub text: String,
}

/// Lines of a file of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SourceCode {
    /// Relative to the tree.
    pub file: String,
    /// The line that it is about.
    pub line: u32,
    /// This line, and those around it.
    pub lines: Vec<NumberedLine>,
    /// Which kernel the tree is, by its Makefile.
    pub tree_release: Option<String>,
    /// True where the log is of another kernel; `None` where either does not say.
    pub mismatch: Option<bool>,
}

/// The checkout.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    release: Option<String>,
    modules: OnceLock<HashMap<String, Option<String>>>,
}

impl Tree {
    /// # Errors
    /// Where there is no such folder.
    pub fn open(root: &Path) -> std::io::Result<Tree> {
        // Links on the way are resolved once, or no path of the tree would begin with it.
        let root = root.canonicalize()?;
        let release = file_in(&root, "Makefile").and_then(release);
        Ok(Tree {
            root,
            release,
            modules: OnceLock::new(),
        })
    }

    /// The lines around a line, where the tree has it. `log_release` is the kernel of the log.
    pub fn lines_around(
        &self,
        file: &str,
        line: u32,
        log_release: Option<&str>,
    ) -> Option<SourceCode> {
        let reader = file_in(&self.root, file)?;
        let first = line.saturating_sub(AROUND).max(1);
        let last = line.saturating_add(AROUND);
        let numbered = (1..=last).zip(reader.split(b'\n'));
        let mut lines = Vec::new();
        for (number, text) in numbered.skip_while(|(number, _)| *number < first) {
            let text = text.ok()?;
            let text = String::from_utf8_lossy(&text[..text.len().min(MAX_LINE)]);
            lines.push(NumberedLine {
                number,
                text: text.trim_end().to_owned(),
            });
        }
        // A file that ends before the line is of another kernel.
        lines.iter().any(|one| one.number == line).then_some(())?;
        let both = self.release.as_deref().zip(log_release);
        Some(SourceCode {
            file: file.to_owned(),
            line,
            lines,
            tree_release: self.release.clone(),
            mismatch: both.map(|(tree, log)| !is_release(tree, log)),
        })
    }

    /// The folder whose Makefile makes the module, with a slash at its end; nothing where none or several do.
    pub fn folder_of(&self, module: &str) -> Option<String> {
        let modules = self.modules.get_or_init(|| modules(&self.root));
        modules.get(&module.replace('-', "_")).cloned().flatten()
    }
}

/// A file of the tree. Not a path that leads out of it, nor a device or a FIFO, which could block.
fn file_in(root: &Path, file: &str) -> Option<BufReader<std::io::Take<File>>> {
    let path = Path::new(file);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    path.components().all(is_plain).then_some(())?;
    let path = root.join(path).canonicalize().ok()?;
    // A symbolic link inside the tree may lead out of it: the check is made on the resolved path.
    let metadata = path.starts_with(root).then(|| path.metadata())?.ok()?;
    let is_readable = metadata.is_file() && metadata.len() <= MAX_FILE;
    let file = is_readable.then(|| File::open(path))?.ok()?;
    // The file may have grown since its size was read.
    Some(BufReader::new(file.take(MAX_FILE)))
}

/// `VERSION.PATCHLEVEL.SUBLEVEL` and `EXTRAVERSION` of the top Makefile, as `uname -r` begins.
fn release(makefile: impl BufRead) -> Option<String> {
    let names = ["VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION"];
    let mut values: [Option<String>; 4] = Default::default();
    // The release is at the top of the Makefile.
    for line in makefile.split(b'\n').take(100).map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let known = names.iter().position(|known| *known == name.trim());
        if let Some(slot) = known.and_then(|index| values.get_mut(index)) {
            // The file may be anybody's: nothing but what a release has goes into the output.
            let is_plain = |c: char| c.is_ascii_graphic();
            *slot = Some(value.chars().filter(|c| is_plain(*c)).take(64).collect());
        }
    }
    let [version, patchlevel, sublevel, extra] = values;
    let sublevel = sublevel.filter(|number| !number.is_empty());
    let sublevel = sublevel.unwrap_or("0".to_owned());
    let extra = extra.unwrap_or_default();
    Some(format!("{}.{}.{sublevel}{extra}", version?, patchlevel?))
}

/// True where a log's release is one of the tree's: what a builder adds is after it.
fn is_release(tree: &str, log: &str) -> bool {
    let Some(rest) = log.strip_prefix(tree) else {
        return false;
    };
    // 6.9.0 came after 6.9.0-rc3.
    let is_longer = rest.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    !is_longer && !rest.starts_with("-rc")
}

/// Modules with the folder whose Makefile or Kbuild has their object in `obj-m` or `obj-$(CONFIG_…)`.
fn modules(root: &Path) -> HashMap<String, Option<String>> {
    let mut found: HashMap<String, Option<String>> = HashMap::new();
    let mut folders = vec![(String::new(), 0)];
    let mut left = MAX_ENTRIES;
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            left = left.saturating_sub(1);
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}{name}");
            // `file_type()` does not follow links: a link to a folder above would be walked again and again.
            match entry.file_type() {
                _ if left == 0 => return found,
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH && !name.starts_with('.') => {
                    folders.push((path + "/", depth + 1));
                }
                Ok(_) if name == "Makefile" || name == "Kbuild" => {
                    for module in objects(root, &path) {
                        let place = found.entry(module).or_insert_with(|| Some(folder.clone()));
                        // Two folders make modules of this name, and the log does not say which one it loaded.
                        if place.as_ref() != Some(&folder) {
                            *place = None;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The objects that a Makefile may make modules of.
fn objects(root: &Path, makefile: &str) -> Vec<String> {
    let mut text = String::new();
    let read = file_in(root, makefile).map(|mut file| file.read_to_string(&mut text));
    if !matches!(read, Some(Ok(_))) {
        return Vec::new();
    }
    // A list goes on after a backslash at the end of a line.
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| {
        let (name, values) = line.split_once('=')?;
        name.starts_with("obj-").then_some(values)
    });
    let words = lines.flat_map(str::split_whitespace);
    let objects = words.filter_map(|word| word.strip_suffix(".o"));
    // A path names the object of another folder.
    let names = objects.filter(|name| !name.contains('/'));
    names.map(|name| name.replace('-', "_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_of_a_makefile() {
        let makefile =
            "# SPDX\nVERSION = 6\nPATCHLEVEL = 9\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\nNAME = x\n";
        assert_eq!(release(makefile.as_bytes()).as_deref(), Some("6.9.0-rc3"));
        assert_eq!(release("VERSION = 6\n".as_bytes()), None);
        for (tree, log, same) in [
            ("6.9.0-rc3", "6.9.0-rc3-00001-gee8962082a44", true),
            ("6.9.0", "6.9.0", true),
            ("6.9.0", "6.9.0-rc3", false),
            ("6.9.0-rc3", "6.9.0-rc30", false),
            ("6.12.111", "6.12.111+deb12-cloud-amd64", true),
            ("6.1.172", "6.1.0-43-amd64", false),
        ] {
            assert_eq!(is_release(tree, log), same, "{tree} and {log}");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_tree() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("tree");
        std::fs::create_dir_all(root.join("fs")).expect("a folder");
        std::fs::write(dir.path().join("secret.c"), "a\nb\n").expect("written");
        std::fs::write(root.join("fs/x.c"), "one\ntwo\nthree\nfour\n").expect("written");
        std::os::unix::fs::symlink("../../secret.c", root.join("fs/link.c")).expect("a link");
        let tree = Tree::open(&root).expect("a tree");
        let around = |file: &str, line| tree.lines_around(file, line, None);
        let outside = dir.path().join("secret.c").display().to_string();
        for file in [
            "../secret.c",
            "fs/../../secret.c",
            "fs/link.c",
            "fs",
            "",
            &outside,
        ] {
            assert_eq!(around(file, 1), None, "{file}");
        }
        let lines = around("fs/x.c", 4).expect("lines").lines;
        assert_eq!(
            lines.iter().map(|l| l.number).collect::<Vec<_>>(),
            [2, 3, 4]
        );
        assert_eq!(around("fs/x.c", 5), None);
        assert_eq!(around("fs/x.c", 0), None);
        assert_eq!(around("fs/x.c", u32::MAX), None);
    }

    #[test]
    fn a_module_is_found_by_the_makefile_that_makes_it() {
        let dir = tempfile::tempdir().expect("a directory");
        for (folder, text) in [
            (
                "drivers/zeta",
                "obj-$(CONFIG_ZETA) += zeta-core.o \\\n\tsub/\nzeta-core-y := a.o\n",
            ),
            ("drivers/a", "obj-m := twice.o\n"),
            ("drivers/b", "obj-m := twice.o\n"),
        ] {
            std::fs::create_dir_all(dir.path().join(folder)).expect("a folder");
            std::fs::write(dir.path().join(folder).join("Makefile"), text).expect("written");
        }
        let tree = Tree::open(dir.path()).expect("a tree");
        assert_eq!(
            tree.folder_of("zeta_core").as_deref(),
            Some("drivers/zeta/")
        );
        assert_eq!(tree.folder_of("twice"), None);
        assert_eq!(tree.folder_of("a"), None);
    }
}

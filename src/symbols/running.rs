//! The kernel that runs here. In: the banner of a log. Out: the build-id of the kernel, where it is the one that
//! printed the log.
//!
//! Few logs hold build-ids. The log that most people ask about is that of their own machine, and there the kernel
//! says its build-id itself.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use object::elf::NT_GNU_BUILD_ID;

use super::elf::find_note;

/// The running kernel, looked at when a log may be its own.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Root of the system; `None` where it is not looked at.
    root: Option<PathBuf>,
    kernel: OnceLock<Option<RunningKernel>>,
}

#[derive(Debug)]
struct RunningKernel {
    /// `/proc/version`: the text of the log's first line.
    version: String,
    build_id: String,
}

impl Running {
    pub(super) fn new(root: Option<PathBuf>) -> Running {
        Running {
            root,
            kernel: OnceLock::new(),
        }
    }

    /// The build-id of the kernel with a banner, in hex, where that kernel runs here.
    pub(super) fn build_id_of(&self, banner: &str) -> Option<&str> {
        let root = self.root.as_deref()?;
        let kernel = self.kernel.get_or_init(|| read(root)).as_ref()?;
        // All of the banner, not only the release: it may be another build of the same release.
        (kernel.version == banner.trim()).then_some(&kernel.build_id)
    }
}

fn read(root: &Path) -> Option<RunningKernel> {
    let version = std::fs::read_to_string(root.join("proc/version")).ok()?;
    let notes = std::fs::read(root.join("sys/kernel/notes")).ok()?;
    let id = find_note(
        &notes,
        object::Endianness::default(),
        b"GNU",
        NT_GNU_BUILD_ID.0,
    )?;
    Some(RunningKernel {
        version: version.trim().to_owned(),
        build_id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_the_running_kernel_is_known_by_its_banner() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["proc", "sys/kernel"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let note = |words: [u32; 3]| words.map(u32::to_ne_bytes).concat();
        let notes = [&note([4, 3, 3])[..], b"GNU\0", &[0xab, 0x12, 0xcd, 0]].concat();
        std::fs::write(root.path().join("sys/kernel/notes"), notes).unwrap();
        std::fs::write(
            root.path().join("proc/version"),
            "Linux version 6.1 (x) #1\n",
        )
        .unwrap();
        let running = Running::new(Some(root.path().to_owned()));
        assert_eq!(
            running.build_id_of("Linux version 6.1 (x) #1"),
            Some("ab12cd")
        );
        assert_eq!(running.build_id_of("Linux version 6.1 (x) #2"), None);
        assert_eq!(
            Running::default().build_id_of("Linux version 6.1 (x) #1"),
            None
        );
    }
}

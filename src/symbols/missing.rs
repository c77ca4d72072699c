//! Debug info that was asked for and could not be had.
//!
//! In: what was looked for, and why it was not found. Out: a line for each kernel, with the package that has it. It is
//! kept here and reported at the end, once, whatever the number of splats.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Lines on stderr: one each for so many kernels is more than anybody reads.
const MAX_LINES: usize = 64;

/// Endings of `uname -r`, or parts where a `*` follows, and the package with the vmlinux of such a kernel; `REL` is the release.
/// Alpine and openEuler have no row: no source was found for what theirs is called.
const PACKAGES: &[(&str, &str)] = &[
    // debian/control.in of proxmox/pve-kernel, commit 0029aa8fa112. It calls the profile that makes the package.
    (
        "-pve",
        "install proxmox-kernel-REL-dbgsym (Proxmox; made with the build profile pkg.proxmox-kernel.debug)",
    ),
    // Ubuntu, from ddebs.ubuntu.com: "Debug symbol packages" in its Server documentation.
    (
        "-generic",
        "install linux-image-unsigned-REL-dbgsym (Ubuntu)",
    ),
    (
        "-lowlatency",
        "install linux-image-unsigned-REL-dbgsym (Ubuntu)",
    ),
    ("-aws", "install linux-image-unsigned-REL-dbgsym (Ubuntu)"),
    ("-azure", "install linux-image-unsigned-REL-dbgsym (Ubuntu)"),
    ("-gcp", "install linux-image-unsigned-REL-dbgsym (Ubuntu)"),
    // Package lists of Debian 12: linux-image-6.1.0-47-amd64-dbg, also of -cloud-amd64 and -rt-amd64.
    ("-amd64", "install linux-image-REL-dbg (Debian)"),
    // The packages' own names, as in kernel-debuginfo-5.7.8-201.…fc32.x86_64.rpm.
    (".fc*", "install kernel-debuginfo-REL (Fedora)"),
    // Oracle's "Installing DebugInfo Packages" has both names.
    ("uek.*", "install kernel-uek-debuginfo-REL (Oracle Linux)"),
    (
        ".el*",
        "install kernel-debuginfo-REL (RHEL, CentOS and their kin)",
    ),
    // The rows of SUSE's advisories; the package's version may have more numbers than the release.
    ("-default", "install kernel-default-debuginfo (SUSE)"),
    // Issue 10 of osandov/drgn.
    (
        "-arch*",
        "no package has it (Arch): give the vmlinux of a build with debug info with --vmlinux",
    ),
];

/// What is missing.
#[derive(Debug, Default)]
pub(super) struct Missing {
    lines: Mutex<BTreeSet<String>>,
}

impl Missing {
    /// Nothing was found in these folders.
    pub(super) fn not_found(
        &self,
        folders: &[PathBuf],
        places: &[String],
        release: Option<&str>,
        build_id: Option<&str>,
    ) {
        let folders: Vec<_> = folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        let folders = folders.join(", ");
        let kernel = match (release, build_id) {
            (Some(release), Some(id)) => format!("{release} (build-id {id})"),
            (Some(release), None) => release.to_owned(),
            (None, Some(id)) => format!("build-id {id}"),
            (None, None) => {
                // Without either there was nothing to look for, so no names of files are listed.
                let line = format!(
                    "{folders}: the log names neither release nor build-id of its kernel, so no vmlinux was looked \
                     for; name it with --vmlinux"
                );
                return self.add(line);
            }
        };
        let first = places.first().map_or("", String::as_str);
        let others = places.len().saturating_sub(1);
        self.add(format!(
            "{folders}: no vmlinux of {kernel}, looked for {first} and {others} other names; {}",
            mend(release)
        ));
    }

    /// A file was found that cannot be used, or is of another kernel.
    pub(super) fn unusable(&self, error: impl std::fmt::Display) {
        self.add(error.to_string());
    }

    /// A file is not of the kernel that printed the log.
    pub(super) fn mismatch(&self, file: &str, why: &str, release: Option<&str>) {
        self.add(format!(
            "{file}: not of the kernel that printed the log ({why}); {}",
            mend(release)
        ));
    }

    /// A file has the name of a module, but is not the one that was loaded.
    pub(super) fn other_module(&self, file: &str, name: &str, why: &str, release: Option<&str>) {
        // No package is named: which one has a module differs by distribution.
        let kernel = release.map_or("the kernel of the log".to_owned(), |release| {
            format!("kernel {release}")
        });
        self.add(format!(
            "{file}: not the module {name} that was loaded ({why}); give that of {kernel}"
        ));
    }

    fn add(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MAX_LINES {
            lines.insert(line);
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }
}

/// Where the vmlinux of a release comes from.
fn mend(release: Option<&str>) -> String {
    let package = release.and_then(|release| {
        let is = |name: &str| match name.strip_suffix('*') {
            Some(part) => release.contains(part),
            None => release.ends_with(name),
        };
        let (_, package) = PACKAGES.iter().find(|(name, _)| is(name))?;
        Some(package.replace("REL", release))
    });
    package.unwrap_or_else(|| "give the vmlinux of its build with --vmlinux".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_once_with_its_package() {
        let missing = Missing::default();
        let folders = [PathBuf::from("/usr/lib/debug")];
        let places = ["boot/vmlinux-6.1.0-13-amd64".to_owned(), "x".to_owned()];
        for _ in 0..3 {
            missing.not_found(&folders, &places, Some("6.1.0-13-amd64"), None);
        }
        missing.not_found(&folders, &[], None, None);
        assert_eq!(
            missing.lines(),
            [
                "/usr/lib/debug: no vmlinux of 6.1.0-13-amd64, looked for boot/vmlinux-6.1.0-13-amd64 and 1 other names; \
                 install linux-image-6.1.0-13-amd64-dbg (Debian)",
                "/usr/lib/debug: the log names neither release nor build-id of its kernel, so no vmlinux was looked for; \
                 name it with --vmlinux",
            ]
        );
    }

    #[test]
    fn distributions_are_told_by_the_release() {
        for (release, mend_of_it) in [
            (
                "6.8.0-45-generic",
                "install linux-image-unsigned-6.8.0-45-generic-dbgsym (Ubuntu)",
            ),
            (
                "6.11.4-301.fc41.x86_64",
                "install kernel-debuginfo-6.11.4-301.fc41.x86_64 (Fedora)",
            ),
            (
                "5.14.0-427.el9.x86_64",
                "install kernel-debuginfo-5.14.0-427.el9.x86_64 (RHEL, CentOS and their kin)",
            ),
            (
                "5.15.0-206.153.7.el9uek.x86_64",
                "install kernel-uek-debuginfo-5.15.0-206.153.7.el9uek.x86_64 (Oracle Linux)",
            ),
            (
                "6.8.12-4-pve",
                "install proxmox-kernel-6.8.12-4-pve-dbgsym (Proxmox; made with the build profile pkg.proxmox-kernel.debug)",
            ),
            (
                "6.11.5-arch1-1",
                "no package has it (Arch): give the vmlinux of a build with debug info with --vmlinux",
            ),
            (
                "6.1.0-47-cloud-amd64",
                "install linux-image-6.1.0-47-cloud-amd64-dbg (Debian)",
            ),
            (
                "6.4.0-150600.23-default",
                "install kernel-default-debuginfo (SUSE)",
            ),
            (
                "6.9.0-rc3-00001-gee8962082a44",
                "give the vmlinux of its build with --vmlinux",
            ),
        ] {
            assert_eq!(mend(Some(release)), mend_of_it);
        }
    }
}

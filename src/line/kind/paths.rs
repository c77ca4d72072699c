//! Source paths. In: a path as a log prints it, or as DWARF has it with the folder of its compilation.
//! Out: the path within the kernel tree.
//!
//! What is in front of the tree depends on the builder (`/home/me/linux`,
//! `/build/reproducible-path/linux-6.12.111/debian/build/…`), and no list of builders would be
//! complete. The tree's own top-level folders are a short list that hardly ever changes.

/// Top-level folders of the kernel tree that hold code.
const TOP: [&str; 23] = [
    "arch",
    "block",
    "certs",
    "crypto",
    "drivers",
    "fs",
    "include",
    "init",
    "io_uring",
    "ipc",
    "kernel",
    "lib",
    "mm",
    "net",
    "rust",
    "samples",
    "scripts",
    "security",
    "sound",
    "tools",
    "usr",
    "virt",
    "Documentation",
];

/// Top-level folders whose names do not appear deeper in the tree, or only below `sound` and `tools`:
/// found inside a path, the tree begins there and not at an earlier `net` or `kernel`.
const ANCHORS: [&str; 2] = ["arch", "drivers"];

/// `path` relative to the kernel tree, without `.` and `..`. A path that is not in a kernel tree is
/// returned as it is, tidied.
pub fn tree_path(path: &str, comp_dir: &str) -> String {
    let parts = components(path);
    let folder = components(comp_dir);
    let shared = parts
        .iter()
        .zip(&folder)
        .take_while(|(a, b)| a == b)
        .count();
    let rest = parts.get(shared..).unwrap_or_default();
    let is_top = |parts: &[&str]| parts.first().is_some_and(|first| TOP.contains(first));
    if shared > 0 && (shared == folder.len() || is_top(rest)) {
        return rest.join("/");
    }
    let absolute = path.starts_with('/');
    match tree_start(rest) {
        _ if !absolute && is_top(&parts) => parts.join("/"),
        Some(start) => rest.get(start..).unwrap_or_default().join("/"),
        None if absolute => format!("/{}", parts.join("/")),
        None => parts.join("/"),
    }
}

/// A path as a log prints it, relative to the kernel tree: the same bug must not have another name for
/// each folder that a kernel was built in.
pub(super) fn printed_path(path: &str) -> String {
    if !path.starts_with('/') {
        // A kernel that was built in a folder of its own (`make O=…`) has paths that begin there.
        let path = path.trim_start_matches("../");
        return path.trim_start_matches("./").to_owned();
    }
    // `/usr/src` and `/var/lib` are folders of the system, not the `usr` and `lib` of a kernel tree.
    let parts = components(path);
    let skipped = if matches!(parts.first(), Some(&("usr" | "var"))) {
        2
    } else {
        0
    };
    let inside = parts.get(skipped..).unwrap_or_default();
    match tree_start(inside) {
        Some(start) => inside.get(start..).unwrap_or_default().join("/"),
        None => path.to_owned(),
    }
}

/// Path components with `.` and `..` worked off; a `..` that leads out of the path stays.
fn components(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

/// Where the tree begins in a path whose front is unknown.
fn tree_start(parts: &[&str]) -> Option<usize> {
    // The last component is the file.
    let folders = parts.get(..parts.len().checked_sub(1)?)?;
    let top = folders.iter().position(|part| TOP.contains(part))?;
    let anchor = folders.iter().position(|part| ANCHORS.contains(part));
    Some(match anchor {
        Some(at) if at > top => match folders.get(at - 1) {
            Some(&("sound" | "tools")) => at - 1,
            _ => at,
        },
        _ => top,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_paths_start_at_the_kernel_tree() {
        let rows = [
            (
                "/build/linux-hwe-6.5-x/linux-hwe-6.5-6.5.0/drivers/net/hyperv/netvsc.c",
                "drivers/net/hyperv/netvsc.c",
            ),
            (
                "/usr/src/packages/BUILD/kernel-default-5.3/linux-5.3/kernel/fork.c",
                "kernel/fork.c",
            ),
            ("/kbuild/src/x86_64/mm/slub.c", "mm/slub.c"),
            ("../../mm/slub.c", "mm/slub.c"),
            ("./include/linux/mm.h", "include/linux/mm.h"),
            (
                "/var/lib/dkms/zeta/5.1/build/zeta/main.c",
                "/var/lib/dkms/zeta/5.1/build/zeta/main.c",
            ),
        ];
        for (path, expected) in rows {
            assert_eq!(printed_path(path), expected, "{path}");
        }
    }

    #[test]
    fn paths_start_at_the_kernel_tree() {
        let debian = "/build/reproducible-path/linux-6.12/debian/build/build_amd64";
        let cases = [
            (
                "debian/build/b/arch/x86/kernel/cpu/common.c",
                "debian/build/b",
                "arch/x86/kernel/cpu/common.c",
            ),
            (
                "debian/build/b/./include/linux/mm.h",
                "debian/build/b",
                "include/linux/mm.h",
            ),
            (
                "/build/reproducible-path/linux-6.12/arch/x86/lib/copy.S",
                debian,
                "arch/x86/lib/copy.S",
            ),
            (
                "/build/reproducible-path/linux-6.12/debian/build/build_amd64/include/generated/x.h",
                debian,
                "include/generated/x.h",
            ),
            (
                "/home/me/linux/out/../drivers/base/core.c",
                "/home/me/linux/out",
                "drivers/base/core.c",
            ),
            ("/home/me/linux/mm/slub.c", "/home/me/linux", "mm/slub.c"),
            (
                "/home/kernel/linux/mm/slub.c",
                "/home/kernel/out",
                "mm/slub.c",
            ),
            (
                "/srv/net/linux/drivers/net/tun.c",
                "/out",
                "drivers/net/tun.c",
            ),
            (
                "/src/sound/drivers/dummy.c",
                "/out",
                "sound/drivers/dummy.c",
            ),
            (
                "./arch/x86/entry/entry_64.S",
                "",
                "arch/x86/entry/entry_64.S",
            ),
            ("net/core/dev.c", "", "net/core/dev.c"),
            (
                "/rustc/123/library/core/src/panic.rs",
                "/home/me/linux",
                "/rustc/123/library/core/src/panic.rs",
            ),
            ("", "", ""),
        ];
        for (path, folder, expected) in cases {
            assert_eq!(tree_path(path, folder), expected, "{path} in {folder}");
        }
    }
}

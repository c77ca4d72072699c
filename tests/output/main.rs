//! Every `--format` that other programs read, end to end: valid, whole, and no way out for hostile bytes.

#[path = "../common/mod.rs"]
mod common;

mod every;
mod github;
mod html;
mod junit;
mod mail;
mod sarif;

use common::stdout;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const AP: &str = "ap-vmx-bios-kaslr/log";
const BSP: &str = "bsp-vmx-kaslr/log";
const TWO: &str = "ap-level4-panic-on-warn-kaslr-nogdb/log";
const HEALTHY: &str = "healthy-2cpu/log";

/// What a log would need to say to get out of its place.
const EVIL: &str =
    "\"'>]]><script>\x1b[2J\x07\u{9b}1m\u{202e}%0A::error::x\r</failure>\u{0}\u{ffff}--&amp;<";

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// What ksplat prints, whatever it finds.
fn ksplat(folder: &Path, arguments: &[&str]) -> String {
    let output = common::ksplat(folder).args(arguments).output();
    stdout(&output.expect("ksplat runs"))
}

/// The output for files of the corpus.
fn format(name: &str, arguments: &[&str]) -> String {
    ksplat(&corpus(), &[&["--format", name], arguments].concat())
}

/// A folder with a hostile log, whose name is hostile too.
fn hostile() -> (TempDir, String) {
    let log = format!(
        "[    1.000000] Linux version 6.1.0 (x@y) #1 {EVIL}\n\
         [    1.000000] Kernel command line: {EVIL}\n\
         [    2.000000] ------------[ cut here ]------------\n\
         [    2.000000] {EVIL}\n\
         [    2.000000] WARNING: CPU: 0 PID: 1 at a/b.c:1 f+0x1/0x2\n\
         [    2.000000] CPU: 0 PID: 1 Comm: {EVIL} Not tainted 6.1.0 #1\n\
         [    2.000000] Hardware name: {EVIL}\n\
         [    2.000000] Call Trace:\n\
         [    2.000000]  g+0x1/0x2 [{EVIL}]\n\
         [    2.000000] ---[ end trace 0000000000000000 ]---\n"
    );
    let folder = tempfile::tempdir().expect("a directory");
    let name = "a,line=7::\"<b>&\x1b\n%0A".to_owned();
    std::fs::write(folder.path().join(&name), log).expect("written");
    (folder, name)
}

/// A baseline that knows the bug of [`AP`].
fn baseline(folder: &TempDir) -> String {
    let path = folder.path().join("baseline.toml");
    let known = "[[known]]\nsignature = \"late-clear:ap:VMX:init_ia32_feat_ctl\"\nreason = \"a <BIOS> update is under way\"\n";
    std::fs::write(&path, known).expect("written");
    path.display().to_string()
}

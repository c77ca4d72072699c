//! `ksplat scan`: one result, whatever the threads, the packing and the accidents.

mod common;

use common::{ksplat, stderr, stdout};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A tree with the logs of the corpus, some of them packed.
fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for case in fs::read_dir(corpus)
        .expect("the corpus")
        .map(|case| case.expect("readable").path())
    {
        let log = case.join("log");
        let name = case.file_name().expect("a name");
        if log.is_file() {
            let target = folder.path().join("tree").join(name);
            fs::create_dir_all(&target).expect("a folder");
            fs::copy(&log, target.join("dmesg")).expect("copied");
            let mut packed = flate2::write::GzEncoder::new(
                File::create(target.join("again.gz")).expect("a file"),
                flate2::Compression::fast(),
            );
            std::io::copy(&mut File::open(&log).expect("a log"), &mut packed).expect("packed");
            packed.finish().expect("packed");
        }
    }
    folder
}

fn scan(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = ksplat(folder);
    command.arg("scan").args(arguments);
    command.output().expect("ksplat runs")
}

fn document(folder: &Path, path: &str) -> Value {
    let output = scan(folder, &["--format", "json", path]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn a_large_archive_is_read_by_all_threads_and_gives_what_its_files_give() {
    let folder = tempfile::tempdir().expect("a folder");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let logs: Vec<_> = [
        "bsp-vmx-kaslr",
        "reonline",
        "healthy-2cpu",
        "resume-bsp-vmx",
    ]
    .map(|case| fs::read(corpus.join(case).join("log")).expect("a log"))
    .into();
    let mut archive = tar::Builder::new(File::create(folder.path().join("a.tar")).expect("a file"));
    // More than one window, and a broken member between.
    for number in 0..500 {
        let log = &logs[number % logs.len()];
        let (name, bytes) = match number {
            200 => ("200.gz".to_owned(), &b"\x1f\x8b\x08 no gzip"[..]),
            _ => (format!("{number:03}.log"), log.as_slice()),
        };
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, &name, bytes)
            .expect("written");
        fs::create_dir_all(folder.path().join("tree")).expect("a folder");
        fs::write(folder.path().join("tree").join(name), bytes).expect("written");
    }
    archive.finish().expect("written");
    let size = fs::metadata(folder.path().join("a.tar"))
        .expect("a file")
        .len();
    assert!(size > 13 << 20, "{size}");
    let read = |arguments: &[&str]| {
        let output = scan(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        serde_json::from_str::<Value>(&stdout(&output)).expect("JSON")
    };
    let one = read(&["-j1", "--format", "json", "a.tar"]);
    assert_eq!(one, read(&["-j2", "--format", "json", "a.tar"]));
    let tree = read(&["-j2", "--format", "json", "tree"]);
    assert_eq!(groups(&one), groups(&tree));
    let numbers = |document: &Value| {
        let splats = document["splats"].as_array().expect("splats").iter();
        let number = |splat: &Value| {
            (
                splat["incident"].clone(),
                splat["late_clear"]["caused_by"].clone(),
            )
        };
        splats.map(number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&one), numbers(&tree));
}

/// The groups without the places, which tell how the logs were packed.
fn groups(document: &Value) -> Vec<Value> {
    let mut groups = document["groups"].as_array().expect("groups").clone();
    for group in &mut groups {
        let group = group.as_object_mut().expect("an object");
        group.remove("first").expect("first");
        group.remove("last").expect("last");
    }
    groups
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let folder = tree();
    for format in ["text", "json", "ndjson"] {
        let run = |jobs: &str| {
            scan(
                folder.path(),
                &["-v", "-j", jobs, "--format", format, "tree"],
            )
        };
        let one = run("1");
        assert_eq!(one.status.code(), Some(1));
        for jobs in ["2", "7"] {
            let more = run(jobs);
            assert_eq!(stdout(&one), stdout(&more), "{format}, {jobs} threads");
            assert_eq!(stderr(&one), stderr(&more), "{format}, {jobs} threads");
        }
    }
}

#[test]
fn splats_count_on_from_input_to_input() {
    let folder = tree();
    let document = document(folder.path(), "tree");
    let splats = document["splats"].as_array().expect("splats");
    let of_two = document["inputs"].as_array().expect("inputs").len();
    assert_eq!(
        of_two,
        fs::read_dir(folder.path().join("tree"))
            .expect("the tree")
            .count()
            * 2
    );
    for (index, splat) in splats.iter().enumerate() {
        let cause = &splat["late_clear"]["caused_by"];
        assert!(
            cause.is_null() || cause.as_u64() == Some(index as u64 - 1),
            "{splat}"
        );
        let path = splat["source"]["path"].as_str().expect("a path");
        assert!(path.starts_with("tree/"), "{path}");
    }
    let incidents: Vec<_> = splats
        .iter()
        .filter_map(|splat| splat["incident"].as_u64())
        .collect();
    assert!(incidents.is_sorted());
    assert_eq!(incidents.first(), Some(&0));
    assert!(incidents.windows(2).all(|pair| pair[1] - pair[0] <= 1));
}

#[test]
fn a_folder_and_the_same_packed_give_the_same_groups() {
    let folder = tree();
    let packed = File::create(folder.path().join("all.tar.zst")).expect("a file");
    let packed = zstd::stream::write::Encoder::new(packed, 1).expect("zstd");
    let mut archive = tar::Builder::new(packed);
    archive
        .append_dir_all("tree", folder.path().join("tree"))
        .expect("packed");
    archive
        .into_inner()
        .and_then(|zstd| zstd.finish())
        .expect("packed");
    let (plain, packed) = (
        document(folder.path(), "tree"),
        document(folder.path(), "all.tar.zst"),
    );
    assert!(groups(&plain).len() > 10);
    assert_eq!(groups(&plain), groups(&packed));
}

#[test]
fn the_summary_tells_machines_kernels_and_places() {
    let folder = tree();
    let text = stdout(&scan(folder.path(), &["tree"]));
    let vmx = "\n  signature late-clear:ap:VMX:init_ia32_feat_ctl\n  kernels   6.12.111+deb12-cloud-amd64\n";
    assert!(text.contains(vmx), "{text}");
    assert!(
        text.contains("  hardware  one kind of machine: QEMU Standard PC"),
        "{text}"
    );
    assert!(
        text.contains("  first     tree/ap-sgx-tailcall/again.gz:165\n"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_found() {
    let folder = tree();
    fs::write(
        folder.path().join("tree/cut.gz"),
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b",
    )
    .expect("a file");
    let clean = scan(folder.path(), &["-q", "tree/bsp-vmx-kaslr"]);
    let output = scan(folder.path(), &["nowhere", "tree"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = stderr(&output);
    let lines: Vec<_> = errors.lines().collect();
    assert_eq!(lines.len(), 3, "{errors}");
    assert!(
        lines[0].starts_with("ksplat: nowhere: No such file"),
        "{errors}"
    );
    assert!(
        lines[1].starts_with("ksplat: tree/cut.gz: the gzip data is cut off"),
        "{errors}"
    );
    assert_eq!(lines[2], "ksplat: 2 parts of the input could not be read");
    assert!(stdout(&output).contains("late-clear:bsp:VMX:init_ia32_feat_ctl"));
    assert!(stderr(&clean).is_empty());
}

#[test]
fn a_file_without_permission_is_told() {
    let folder = tree();
    let secret = folder.path().join("tree/secret");
    fs::write(&secret, "x").expect("a file");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).expect("changed");
    if File::open(&secret).is_ok() {
        eprintln!("skipped: this user may read any file");
        return;
    }
    let output = scan(folder.path(), &["tree"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("tree/secret: Permission denied"));
}

/// A scan whose second input is a pipe that never ends.
fn endless(folder: &Path, format: &str) -> std::process::Child {
    let made = Command::new("mkfifo").arg(folder.join("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    let mut command = ksplat(folder);
    // One thread: the pipe comes when all else was read.
    command.args(["scan", "-j", "1", "--format", format, "tree", "pipe"]);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksplat runs")
}

fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn killed_half_way_nothing_printed_is_lost() {
    let folder = tree();
    let whole = stdout(&scan(folder.path(), &["--format", "ndjson", "tree"]));
    let mut child = endless(folder.path(), "ndjson");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut printed = Vec::new();
    for line in lines.map(|line| line.expect("text")) {
        printed.push(line);
        if printed.len() == whole.lines().count() {
            signal(&child, "-KILL");
        }
    }
    child.wait().expect("it ended");
    assert_eq!(printed, whole.lines().collect::<Vec<_>>());
}

#[test]
fn interrupted_it_tells_what_was_found_so_far() {
    let folder = tree();
    let whole = document(folder.path(), "tree");
    let mut child = endless(folder.path(), "json");
    // Opening the pipe for writing waits until the scan has come to it.
    let pipe = File::options()
        .write(true)
        .open(folder.path().join("pipe"))
        .expect("a pipe");
    signal(&child, "-INT");
    std::thread::sleep(std::time::Duration::from_millis(300));
    drop(pipe);
    let mut text = String::new();
    let mut out = child.stdout.take().expect("a pipe");
    std::io::Read::read_to_string(&mut out, &mut text).expect("text");
    assert_eq!(child.wait().expect("it ended").code(), Some(130));
    let found: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(groups(&found), groups(&whole));
}

#[test]
fn a_reader_that_goes_away_ends_the_scan_without_noise() {
    let folder = tree();
    let mut command = ksplat(folder.path());
    command.args(["scan", "--format", "ndjson", "tree"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ended");
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(1), "")
    );
}

/// A public-inbox epoch with two mails, one of them with a log.
fn inbox(folder: &Path) -> (String, String) {
    fs::create_dir_all(folder).expect("a folder");
    let repository = gix::init_bare(folder).expect("a repository");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let log = fs::read_to_string(corpus.join("bsp-vmx-kaslr/log")).expect("a log");
    let header =
        "From: a@b\nTo: c@d\nSubject: a warning\nDate: Mon, 23 Nov 2026 12:00:00 +0000\n\n";
    let with_log = commit(&repository, format!("{header}{log}"));
    (with_log, commit(&repository, format!("{header}nothing\n")))
}

/// Adds a mail to a public-inbox epoch.
fn commit(repository: &gix::Repository, text: String) -> String {
    let blob = repository.write_blob(text).expect("written").detach();
    let mut tree = gix::objs::Tree::empty();
    tree.entries.push(gix::objs::tree::Entry {
        mode: gix::objs::tree::EntryKind::Blob.into(),
        filename: "m".into(),
        oid: blob,
    });
    let tree = repository.write_object(&tree).expect("written").detach();
    let who = gix::actor::SignatureRef {
        name: "a".into(),
        email: "a@b".into(),
        time: "0 +0000",
    };
    let parent = repository.head_id().ok().map(|id| id.detach());
    let commit = repository.commit_as(who, who, "HEAD", "mail", tree, parent);
    commit.expect("committed").to_string()
}

#[test]
fn a_database_reads_only_the_new_commits_of_a_public_inbox() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("list/git/0.git");
    inbox(&list);
    let scan = || {
        let output = ksplat(folder.path())
            .args(["scan", "--db", "all.db", "list"])
            .output()
            .expect("ksplat runs");
        assert_eq!(stderr(&output), "");
        stdout(&output)
    };
    assert!(scan().contains("1 splat in 1 group"));
    assert!(scan().contains("0 splats in 0 groups"));
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let log = fs::read_to_string(corpus.join("ap-faststring/log")).expect("a log");
    let repository = gix::open(&list).expect("a repository");
    commit(
        &repository,
        format!("From: a@b\nTo: c@d\nMessage-Id: <3@b>\n\n{log}"),
    );
    let new = scan();
    assert!(new.contains("4 splats in 2 groups"), "{new}");
    assert!(scan().contains("0 splats in 0 groups"));
}

#[test]
fn mails_of_a_public_inbox_are_members_by_their_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    let (with_log, _) = inbox(&folder.path().join("list/git/0.git"));
    let document = document(folder.path(), "list");
    assert_eq!(document["inputs"].as_array().map(Vec::len), Some(1));
    let splats = document["splats"].as_array().expect("splats");
    assert_eq!(splats.len(), 1);
    assert_eq!(splats[0]["source"]["path"], "list/git/0.git");
    assert_eq!(splats[0]["source"]["member"], format!("{with_log}:m"));
    // The same by the main command.
    let triage = ksplat(folder.path())
        .args(["--format", "json", "list"])
        .output();
    let triage: Value = serde_json::from_str(&stdout(&triage.expect("ksplat runs"))).expect("JSON");
    assert_eq!(triage["splats"], document["splats"]);
}

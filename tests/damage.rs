//! Damaged inputs, through the real binary: each is read fully, or an error with exit code 2. Unreadable is never
//! "nothing found".

mod common;

use common::{ksplat, stderr, stdout};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Mails of the list, each with a bug of its own.
const MAILS: usize = 24;

fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=a", "-c", "user.email=a@b"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "git {arguments:?}");
    stdout(&output).trim().to_owned()
}

/// A mail with a WARNING in a function of its own. Its prose cannot be packed well, so that it fills the pack.
fn mail(number: usize) -> String {
    let mut noise = number as u64 + 1;
    let prose: String = (0..40)
        .map(|_| {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            format!("{noise:016x}\n")
        })
        .collect();
    format!(
        "From: a <a@b>\nSubject: bug {number}\nMessage-ID: <{number}@b>\n\n{prose}\n\
         [    1.0] WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 f{number}x+0x10/0x20\n\
         [    1.0] RIP: 0010:f{number}x+0x10/0x20\n[    1.0] Call Trace:\n[    1.0]  g+0x1/0x2\n\
         [    1.0] ---[ end trace 0000000000000000 ]---\n"
    )
}

/// A mailing list in version 2 of public-inbox's form.
fn list(folder: &Path, packed: bool) -> PathBuf {
    let list = folder.join("list.git");
    git(
        folder,
        &["init", "-q", "--bare", "-b", "master", "list.git"],
        b"",
    );
    let mut stream = String::new();
    for number in 0..MAILS {
        let mail = mail(number);
        let length = mail.len();
        stream += &format!(
            "commit refs/heads/master\ncommitter a <a@b> {} +0000\ndata 1\nm\nM 100644 inline m\ndata {length}\n{mail}\n",
            1_700_000_000 + number
        );
    }
    let unpack = if packed {
        "fastimport.unpackLimit=0"
    } else {
        "fastimport.unpackLimit=1000"
    };
    git(
        &list,
        &["-c", unpack, "fast-import", "--quiet"],
        stream.as_bytes(),
    );
    if packed {
        git(&list, &["gc", "-q"], b"");
        git(&list, &["pack-refs", "--all"], b"");
    }
    list
}

/// Every file of a folder that matters to a reader, by its path in it.
fn files(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder.join(prefix)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let is_aside = ["hooks", "logs", "description", "info"].contains(&name.as_str());
        match entry.file_type().expect("known") {
            _ if is_aside => {}
            kind if kind.is_dir() => files(folder, &format!("{name}/"), found),
            _ => found.push(name),
        }
    }
    found.sort();
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status();
    assert!(copied.expect("cp runs").success());
}

/// What is wrong with the answer to a damaged list; nothing where all was read, or an error was told.
fn wrong(folder: &Path, list: &str) -> Option<String> {
    let output = ksplat(folder)
        .args(["scan", "--format", "ndjson", list])
        .output()
        .expect("ksplat runs");
    let found = stdout(&output).lines().count();
    let told = stderr(&output);
    match output.status.code() {
        Some(1) if found == MAILS && told.is_empty() => None,
        Some(2) if told.contains(list) => None,
        code => Some(format!("{code:?}, {found} found, told: {told}")),
    }
}

#[test]
fn a_damaged_list_is_read_fully_or_is_an_error() {
    if Command::new("git").arg("--version").output().is_err() {
        return;
    }
    for packed in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let list = list(folder.path(), packed);
        assert_eq!(wrong(folder.path(), "list.git"), None);
        let mut all = Vec::new();
        files(&list, "", &mut all);
        let mut damages: Vec<(String, Box<dyn Fn(&Path)>)> = Vec::new();
        // Of loose objects, which are alike, one in twenty.
        let chosen = all.iter().enumerate();
        let chosen = chosen
            .filter(|(index, name)| packed || !name.starts_with("objects/") || index % 20 == 0);
        for (_, name) in chosen {
            damages.push((
                format!("{name} gone"),
                Box::new(|path: &Path| {
                    fs::remove_file(path).expect("removed");
                }),
            ));
            for eighths in [0, 3, 7] {
                damages.push((
                    format!("{name} cut at {eighths}/8"),
                    Box::new(move |path: &Path| {
                        let bytes = fs::read(path).expect("readable");
                        fs::remove_file(path).expect("removed");
                        fs::write(path, &bytes[..bytes.len() * eighths / 8]).expect("written");
                    }),
                ));
                damages.push((
                    format!("{name} changed at {eighths}/8"),
                    Box::new(move |path: &Path| {
                        let mut bytes = fs::read(path).expect("readable");
                        let at = bytes.len() * eighths / 8 + 9;
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte ^= 0x55;
                        }
                        fs::remove_file(path).expect("removed");
                        fs::write(path, &bytes).expect("written");
                    }),
                ));
            }
        }
        let mut faults = Vec::new();
        for (what, damage) in &damages {
            let name = what.split(' ').next().expect("a name");
            copy(&list, &folder.path().join("damaged"));
            damage(&folder.path().join("damaged").join(name));
            faults.extend(wrong(folder.path(), "damaged").map(|wrong| format!("{what}: {wrong}")));
            fs::remove_dir_all(folder.path().join("damaged")).expect("removed");
        }
        for part in ["objects", "objects/pack", "refs"] {
            copy(&list, &folder.path().join("damaged"));
            let part_of = folder.path().join("damaged").join(part);
            fs::remove_dir_all(part_of).expect("removed");
            let wrong = wrong(folder.path(), "damaged");
            faults.extend(wrong.map(|wrong| format!("{part} gone: {wrong}")));
            fs::remove_dir_all(folder.path().join("damaged")).expect("removed");
        }
        assert!(
            faults.is_empty(),
            "{} of {}: {faults:#?}",
            faults.len(),
            damages.len()
        );
    }
}

/// Programs that pack, and the ending of what they make.
const PACKERS: [(&[&str], &str); 6] = [
    (&["gzip", "-c"], "gz"),
    (&["xz", "-c"], "xz"),
    (&["bzip2", "-c"], "bz2"),
    (&["zstd", "-q", "-c", "--no-check"], "zst"),
    (&["zstd", "-q", "-c"], "zst"),
    (&["lz4", "-q", "-c"], "lz4"),
];

#[test]
fn packed_files_that_are_cut_or_do_not_begin_as_such_are_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = (0..8).map(mail).collect::<String>();
    for (command, ending) in PACKERS {
        let child = Command::new(command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            continue;
        };
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(text.as_bytes()).expect("written");
        drop(stdin);
        let packed = child.wait_with_output().expect("ends").stdout;
        let mut damaged: Vec<(String, Vec<u8>)> = [0, 1, 5, 10, packed.len() / 2, packed.len() - 1]
            .map(|length| (format!("cut at {length}"), packed[..length].to_vec()))
            .into();
        let mut headless = packed.clone();
        headless[..4].fill(0);
        damaged.push(("without its mark".to_owned(), headless));
        for (what, bytes) in damaged {
            let name = format!("log.{ending}");
            fs::write(folder.path().join(&name), bytes).expect("written");
            for arguments in [&["scan", &name][..], &[&name]] {
                let output = ksplat(folder.path()).args(arguments).output();
                let output = output.expect("ksplat runs");
                let told = stderr(&output);
                assert_eq!(output.status.code(), Some(2), "{command:?} {what}: {told}");
                assert!(told.starts_with(&format!("ksplat: {name}: ")), "{told}");
                assert_eq!(
                    told.lines().filter(|line| line.contains(&name)).count(),
                    1,
                    "{told}"
                );
            }
        }
    }
}

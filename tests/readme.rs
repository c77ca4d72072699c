//! The README's examples: every command of a `console` block gives what stands below it.

mod common;

use common::stdout;
use std::path::Path;
use std::process::Command;

/// A command and the output that the README shows for it.
struct Example {
    command: String,
    output: String,
}

fn examples(readme: &str) -> Vec<Example> {
    let blocks = readme
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut examples: Vec<Example> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), examples.last_mut()) {
            (Some(command), _) => examples.push(Example {
                command: command.to_owned(),
                output: String::new(),
            }),
            (None, Some(example)) => {
                example.output.push_str(line);
                example.output.push('\n');
            }
            (None, None) => panic!("a console block begins with a command: {line}"),
        }
    }
    examples
}

/// Runs a command line as a shell would, with this build's ksplat.
fn run(command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_ksplat"));
    let folder = tempfile::tempdir().expect("a directory");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    std::os::unix::fs::symlink(corpus, folder.path().join("corpus")).expect("a link");
    let path = format!(
        "{}:{}",
        binary.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let shell = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder.path())
        .env("PATH", path)
        .output();
    stdout(&shell.expect("sh runs"))
}

#[test]
fn every_example_gives_what_the_readme_shows() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))
        .expect("readable");
    let examples = examples(&readme);
    assert!(examples.len() >= 3);
    for example in examples {
        assert_eq!(run(&example.command), example.output, "{}", example.command);
    }
}

#[test]
fn the_rust_test_of_the_readme_is_one_that_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("readable");
    let shown = readme
        .split("```rust\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let test = include_str!("pinned.rs");
    assert!(test.ends_with(shown.expect("a test")));
}

//! Completions and the man page: they name every command and every option that `--help` names.

mod common;

use common::{ksplat, stdout};
use std::path::Path;

fn run(arguments: &[&str]) -> String {
    let output = ksplat(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .output()
        .expect("ksplat runs");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    stdout(&output)
}

/// Commands of `--help`, without `help` itself.
fn commands() -> Vec<String> {
    let help = run(&["--help"]);
    let list = help
        .split("Commands:\n")
        .nth(1)
        .expect("a list of commands");
    let rows = list.lines().take_while(|line| !line.is_empty());
    // Deeper in stands the rest of a long description.
    let rows = rows.filter_map(|row| row.strip_prefix("  "));
    let names = rows.filter_map(|row| row.split(' ').next());
    names
        .filter(|name| !name.is_empty() && *name != "help")
        .map(str::to_owned)
        .collect()
}

/// `--long` options of a help text.
fn options(help: &str) -> Vec<&str> {
    let rows = help.lines().map(str::trim_start);
    let long = rows.filter_map(|row| row.strip_prefix("-").and(row.split_once("--")));
    long.filter_map(|(_, name)| name.split([' ', ',']).next())
        .collect()
}

#[test]
fn every_shell_gets_every_command() {
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell}: no {command}");
        }
    }
}

#[test]
fn the_man_page_has_every_command_and_option() {
    let page = run(&["man"]).replace("\\-", "-");
    assert!(page.contains(".TH ksplat 1 "), "{page}");
    for command in commands() {
        let heading = format!("ksplat {command}");
        assert!(page.contains(&heading), "no {heading}");
        for option in options(&run(&[&command, "--help"])) {
            assert!(page.contains(&format!("--{option}")), "no --{option}");
        }
    }
    assert!(
        !page.contains("(1)"),
        "a page of its own that is not installed"
    );
}

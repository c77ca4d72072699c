//! `ksplat completions SHELL` and `ksplat man`: what packagers install beside the binary.

use super::args::{Args, Options};
use super::examples::{self, Part};
use super::{CLEAN, Outcome, output};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use std::io::Write;

/// Prints the completions for a shell.
pub fn completions(options: &Options, shell: Shell) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "ksplat", &mut text);
    if shell == Shell::Zsh {
        text = first_word_is_command(&String::from_utf8(text)?).into_bytes();
    }
    print(options, &text)
}

/// clap_complete gives zsh the first word as a file and the second one as the command, because triage takes files
/// in front of all commands: nothing was completed inside a command. Here the first word is either.
fn first_word_is_command(script: &str) -> String {
    let is_file = |line: &&str| !line.starts_with("'::files -- ");
    let lines: Vec<_> = script.lines().filter(is_file).collect();
    let describe = "_describe -t commands 'ksplat commands' commands \"$@\"";
    let script = lines.join("\n") + "\n";
    script
        .replace("$line[2]", "$line[1]")
        .replace(describe, &format!("{describe}\n    _files"))
}

/// Prints the man page: one for the program and its commands.
pub fn man(options: &Options) -> Outcome {
    let program = Man::new(Args::command());
    let mut text = Vec::new();
    program.render_title(&mut text)?;
    program.render_name_section(&mut text)?;
    program.render_synopsis_section(&mut text)?;
    program.render_description_section(&mut text)?;
    program.render_options_section(&mut text)?;
    commands().to_writer(&mut text)?;
    part("EXAMPLES", &all_examples()).to_writer(&mut text)?;
    for Part { heading, entries } in examples::PARTS {
        part(heading, entries).to_writer(&mut text)?;
    }
    program.render_version_section(&mut text)?;
    print(options, &text)
}

/// A heading, and entries with what they mean.
fn part(heading: &str, entries: &[(&str, &str)]) -> Roff {
    let mut page = Roff::new();
    page.control("SH", [heading]);
    for (entry, about) in entries {
        page.control("TP", []);
        page.text([bold(*entry)]);
        page.text([roman(*about)]);
    }
    page
}

/// The examples of all commands.
fn all_examples() -> Vec<(&'static str, &'static str)> {
    let all = [
        examples::TRIAGE,
        examples::ANNOTATE,
        examples::SCAN,
        examples::CHECK,
        examples::CPUS,
        examples::BUGS,
        examples::MERGE,
        examples::SYMBOLIZE,
        examples::EXPLAIN,
    ];
    all.concat()
}

/// Each command with the arguments that only it has.
fn commands() -> Roff {
    let mut page = Roff::new();
    page.control("SH", ["COMMANDS"]);
    for command in Args::command().get_subcommands() {
        let name = format!("ksplat {}", command.get_name());
        page.control("SS", [name.as_str()]);
        let about = command.get_long_about().or(command.get_about());
        page.text([roman(about.map(ToString::to_string).unwrap_or_default())]);
        arguments(&mut page, command);
    }
    page
}

fn arguments(page: &mut Roff, command: &Command) {
    for argument in command.get_arguments() {
        let name = argument.get_id().as_str().to_uppercase();
        let value = argument.get_value_names().and_then(<[_]>::first);
        let value = value.map_or(name, ToString::to_string);
        let mut head: Vec<Inline> = Vec::new();
        if let Some(long) = argument.get_long() {
            head.extend([bold(format!("--{long}")), roman(" ")]);
        }
        if argument.get_action().takes_values() {
            head.push(italic(value));
        }
        page.control("TP", []);
        page.text(head);
        let help = argument.get_help().map(ToString::to_string);
        page.text([roman(help.unwrap_or_default())]);
    }
}

fn print(options: &Options, text: &[u8]) -> Outcome {
    let mut out = output::open(options)?;
    out.write_all(text)?;
    out.finish()?;
    Ok(CLEAN)
}

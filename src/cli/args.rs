//! The command line.

use super::examples::{self, help};
use super::fail_on::FailOn;
use super::format::Format;
use super::symbolize::kaslr_offset;
use crate::grammar::MilestoneName;
use crate::render::Links;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;
use regex::Regex;
use std::path::PathBuf;

/// Reads kernel logs and says of each report (splat): what broke, whose code it is, what to do. Frames get files and lines
/// by a vmlinux; late clears of x86 CPU features are explained.
///
/// Exit code: 0 nothing that --fail-on names was found, 1 it was, 2 an error.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    after_long_help = help(examples::TRIAGE),
    max_term_width = 100
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Logs to read; - is standard input. Without any: standard input, or /dev/kmsg on a terminal
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub options: Options,
}

/// What to do other than triage.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the log itself, unchanged but for symbolized frames
    #[command(after_long_help = help(examples::ANNOTATE))]
    Annotate {
        /// Log to read; standard input without it
        file: Option<PathBuf>,

        /// Add the instructions of each Code: line (x86, arm64), the one at fault marked
        #[arg(long)]
        code: bool,
    },

    /// Read folders, archives, mailboxes and public-inbox repositories on all cores; print the splats grouped
    /// by signature
    ///
    /// Ctrl-C prints what was found so far, with exit code 130.
    #[command(after_long_help = help(examples::SCAN))]
    Scan(ScanOptions),

    /// Hold the splats of a run against a file of known ones; for CI
    ///
    /// Exit code: 0 nothing new, 1 a splat that the baseline lacks, or whose entry is past its date, 2 an error.
    #[command(after_long_help = help(examples::CHECK))]
    Check(CheckOptions),

    /// Compare what inputs of one machine say of its single CPUs: boot lines, /proc/cpuinfo, rdmsr, cpuid, x86info,
    /// turbostat, lscpu, dmidecode
    ///
    /// Exit code: 0 the CPUs are alike as far as the inputs say, 1 they differ, 2 an error.
    #[command(after_long_help = help(examples::CPUS))]
    Cpus {
        /// Logs, mails, folders and archives of one machine; - is standard input
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
    },

    /// Show the bugs of a database (--db): how often, since when, on which kernels, in which mails
    ///
    /// Exit code: 0, or 1 where the bug that is named is not known, 2 an error.
    #[command(after_long_help = help(examples::BUGS))]
    Bugs(BugOptions),

    /// Put databases and NDJSON of several scans together into one database (-o)
    ///
    /// The result is the same as that of one scan over all, in whatever order the shards come.
    #[command(after_long_help = help(examples::MERGE))]
    Merge {
        /// Databases, or what scan --format ndjson printed
        #[arg(value_name = "SHARD", required = true)]
        shards: Vec<PathBuf>,
    },

    /// Tell function, file, line and inlined functions of places in code
    ///
    /// Exit code: 0 every place is known, 1 one is not, 2 an error.
    #[command(after_long_help = help(examples::SYMBOLIZE))]
    Symbolize(Symbolize),

    /// Say what a kind of report, a signature or a CPU feature means, and what to do about it
    ///
    /// Exit code: 0, or 2 where nothing is known by that name.
    #[command(after_long_help = help(examples::EXPLAIN))]
    Explain {
        /// A kind (hung-task), a signature (late-clear:ap:VMX:init_ia32_feat_ctl), or a feature by its name, its
        /// flag in /proc/cpuinfo or its number (VMX, vmx, 133, 4*32+5); without any all kinds are listed
        #[arg(value_name = "KIND|SIGNATURE|FEATURE")]
        what: Option<String>,
    },

    /// Print completions for a shell
    Completions {
        /// The shell that they are for
        shell: Shell,
    },

    /// Print the man page
    Man,
}

/// `ksplat symbolize`.
#[derive(Debug, ClapArgs)]
pub struct Symbolize {
    /// Link-time addresses, functions (FUNC, FUNC+0x12, FUNC+0x12/0x40) or frames as logs print them;
    /// one a line on standard input without any
    #[arg(value_name = "PLACE")]
    pub places: Vec<String>,

    /// What KASLR added to the addresses: the log's "Kernel Offset: 0x…"
    #[arg(long, value_name = "HEX", value_parser = kaslr_offset)]
    pub kaslr_offset: Option<u64>,

    /// The places are frames of a call trace: name the call in front of each, not what follows
    #[arg(long)]
    pub return_addresses: bool,
}

/// What `scan` takes.
#[derive(Debug, ClapArgs)]
pub struct ScanOptions {
    /// Folders and files to read; - is standard input
    #[arg(value_name = "PATH", required_unless_present = "fixes")]
    pub paths: Vec<PathBuf>,

    /// Git repository of the kernel, bare or not (repeatable): commits that quote a splat, or name a mail or a bug of
    /// syzbot's that has one, are kept in the database of --db as fixes. Mails of lists of commits are read so as well
    #[arg(long, value_name = "GIT_DIR")]
    pub fixes: Vec<PathBuf>,

    /// Groups to show; the others are counted (default: 20 on a terminal, else all)
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,

    /// Show all groups, also on a terminal
    #[arg(long, conflicts_with = "top")]
    pub all: bool,

    /// Order of the groups
    #[arg(long, value_enum, value_name = "BY", default_value_t = GroupOrder::Count)]
    pub sort: GroupOrder,

    /// Only splats of this kind (repeatable)
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,

    /// Only splats whose title or signature this regular expression matches
    #[arg(long, value_name = "REGEX")]
    pub grep: Option<Regex>,
}

/// What `bugs` takes.
#[derive(Debug, ClapArgs)]
pub struct BugOptions {
    /// Only the bug of this signature or title: its whole history
    #[arg(value_name = "SIGNATURE|TITLE")]
    pub name: Option<String>,

    /// Only bugs of this kind (repeatable)
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,

    /// Only bugs of the subsystem that begins so (a scan with --maintainers knows it)
    #[arg(long, value_name = "NAME")]
    pub subsystem: Option<String>,

    /// Only events whose first mail is of this day or later (2024-04-30)
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,

    /// Only events whose first mail is of this day or earlier
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,

    /// Only events on a kernel whose release begins so (6.12)
    #[arg(long, value_name = "RELEASE")]
    pub kernel: Option<String>,

    /// Only events on a mailing list with this in its name
    #[arg(long, value_name = "LIST")]
    pub list: Option<String>,

    /// Only bugs whose title or signature this regular expression matches
    #[arg(long, value_name = "REGEX")]
    pub grep: Option<Regex>,

    /// Only bugs that were not seen before this day
    #[arg(long, value_name = "DATE")]
    pub new_since: Option<Date>,

    /// Bugs to show; the others are counted (default on a terminal: 20)
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,

    /// Show all bugs, also on a terminal
    #[arg(long, conflicts_with = "top")]
    pub all: bool,

    /// Order of the bugs
    #[arg(long, value_enum, value_name = "BY", default_value_t = BugOrder::Count)]
    pub sort: BugOrder,
}

/// In which order bugs come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BugOrder {
    /// The most frequent first
    Count,
    /// The oldest first
    First,
    /// What was seen last comes first
    Last,
    /// By title
    Title,
}

/// What `check` takes.
#[derive(Debug, ClapArgs)]
pub struct CheckOptions {
    /// Known splats: a TOML file; without it all that the database of --db has seen
    #[arg(long, value_name = "FILE", required_unless_present = "db")]
    pub baseline: Option<PathBuf>,

    /// Add the new ones to the baseline, which is made where it is missing; what it holds stays as it is
    #[arg(long)]
    pub update: bool,

    /// Drop entries from the baseline whose splat was not seen
    #[arg(long)]
    pub prune: bool,

    /// The day that expiry dates are held against (default: today)
    #[arg(long, hide = true, value_name = "DATE")]
    pub today: Option<Date>,

    /// Folders and files to read; - is standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
}

/// Options that mean the same everywhere.
#[derive(Debug, ClapArgs)]
pub struct Options {
    /// Kernel image with debug info, or a module; plain, .gz, .xz or .zst (repeatable: the one that matches is used).
    /// Without it the working directory's build tree, installed debug packages and debuginfod are looked through
    #[arg(long, global = true, value_name = "PATH")]
    pub vmlinux: Vec<PathBuf>,

    /// Folder to search for vmlinux and modules, by build-id, then by kernel release (repeatable)
    #[arg(long, global = true, value_name = "DIR")]
    pub debug_dir: Vec<PathBuf>,

    /// Release (uname -r) of the kernel whose debug info is used where the log does not name it
    #[arg(short, long, global = true, value_name = "RELEASE")]
    pub release: Option<String>,

    /// Look for no debug info but that of --vmlinux and --debug-dir
    #[arg(long, global = true)]
    pub no_debug_info: bool,

    /// Checkout of the kernel's sources: lines around the top frame, and its MAINTAINERS file
    #[arg(long, global = true, value_name = "DIR")]
    pub kernel_tree: Option<PathBuf>,

    /// MAINTAINERS file: says who should hear of a report, as scripts/get_maintainer.pl does
    #[arg(long, global = true, value_name = "FILE")]
    pub maintainers: Option<PathBuf>,

    /// Database of what was seen before (SQLite): scan adds to it and reads only what is new to it; triage and check
    /// say of each splat how often it was seen, since when, and where
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,

    /// Form of the output (default: what the name of the file of -o ends in, else text)
    #[arg(long = "format", global = true, value_enum, value_name = "FORMAT")]
    pub chosen_format: Option<Format>,

    /// Write to a file instead of standard output
    #[arg(short, long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Folder of grammar files laid over the compiled-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub grammar: Option<PathBuf>,

    /// Limit of what one compressed file may grow to: bytes, or with K, M, G or T after them
    #[arg(long, global = true, value_name = "SIZE", value_parser = size, default_value = "4G")]
    pub max_size: u64,

    /// Colours in the text output (NO_COLOR is honoured)
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,

    /// Links to files and lines in text on a terminal (OSC 8): none, file, kitty, vscode, or a URL with {path}, {line}, and
    /// {file} for the path within the kernel's sources. {path} of a source needs --kernel-tree
    #[arg(long, global = true, value_name = "FORMAT", value_parser = link_format, default_value = "none")]
    pub hyperlink_format: String,

    /// Show text that is longer than the screen by a pager: on a terminal (auto), always, or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Paging::Auto)]
    pub paging: Paging,

    /// Threads to use (default: all cores)
    #[arg(short = 'j', global = true, value_name = "N")]
    pub jobs: Option<usize>,

    /// What makes the exit code 1 (repeatable): never; any splat but a notice, which healthy boots print as well;
    /// late-clear, or one on the path ap or bsp; hint, a message that a CPU feature was taken away where no splat
    /// explains it (a quiet console); or the name of a kind (hung-task)
    #[arg(long, global = true, value_name = "WHAT", default_value = "any")]
    pub fail_on: Vec<FailOn>,

    /// A boot that does not come as far as this is a finding, exit code 1 (repeatable: userspace,
    /// secondary-bring-up-done and other milestones as the JSON names them)
    #[arg(long, global = true, value_name = "MILESTONE", value_parser = milestone)]
    pub expect: Vec<MilestoneName>,

    /// Print nothing but splats: no notices, no summary
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Show every report of an incident and every frame of a call trace; say on stderr how a vmlinux was checked, and which messages about CPU
    /// features no splat explains
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Options {
    /// The form of the output.
    pub fn format(&self) -> Format {
        // Only where no form was asked for: `-o x.json --format text` is text.
        let by_name = || self.output.as_deref().and_then(Format::of_file);
        self.chosen_format.or_else(by_name).unwrap_or(Format::Text)
    }
}

/// In which order a scan shows its groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GroupOrder {
    /// The most frequent first
    Count,
    /// In the order in which they were seen first
    First,
    /// What was seen last comes first
    Last,
    /// By title
    Title,
}

/// When to use a pager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Paging {
    /// On a terminal, where the text does not fit
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The short name of [`MilestoneName::SecondaryBringUpDone`].
const SECONDARY_UP: &str = "secondary-up";

/// The value of `--expect`.
///
/// # Errors
/// What is no milestone.
fn milestone(text: &str) -> Result<MilestoneName, String> {
    if text == SECONDARY_UP {
        return Ok(MilestoneName::SecondaryBringUpDone);
    }
    let known = MilestoneName::ALL.iter().find(|known| known.name() == text);
    known.copied().ok_or_else(|| {
        let names = MilestoneName::ALL.map(MilestoneName::name).join(", ");
        format!("no milestone; known are {names}, and {SECONDARY_UP} for secondary-bring-up-done")
    })
}

/// The value of `--hyperlink-format`.
///
/// # Errors
/// What is no format of links.
fn link_format(text: &str) -> Result<String, String> {
    Links::of(text, None).map(|_| text.to_owned())
}

/// A number of bytes, as `--max-size` takes it: `4294967296`, `4G`, `4GiB`.
///
/// # Errors
/// What is no size.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text[digits.len()..].to_ascii_uppercase();
    let power = match unit.trim_end_matches('B').trim_end_matches('I') {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return Err("no size; 500M and 4G are".to_owned()),
    };
    let count: u64 = digits
        .parse()
        .map_err(|error| format!("{error}; 500M and 4G are sizes"))?;
    let bytes = count.checked_mul(1 << (10 * power));
    bytes.ok_or_else(|| "more than 64 bits can hold".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let rows = [
            ("0", 0),
            ("17", 17),
            ("4K", 4096),
            ("4k", 4096),
            ("3MiB", 3 << 20),
            ("4G", 4 << 30),
            ("1TB", 1 << 40),
        ];
        for (text, bytes) in rows {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "4X", "-1", "1.5G", "99999999999G", "4 G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}

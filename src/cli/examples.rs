//! What `--help` and the man page show beside the options: examples, exit codes, the environment, files.

/// A part of the man page: its heading, and each entry with what it means.
pub struct Part {
    /// In capitals, as man pages have it.
    pub heading: &'static str,
    /// Commands, codes, variables or files.
    pub entries: &'static [(&'static str, &'static str)],
}

/// Of `ksplat` itself.
pub const TRIAGE: &[(&str, &str)] = &[
    (
        "dmesg | ksplat",
        "every splat of the running kernel, explained",
    ),
    (
        "ksplat --vmlinux vmlinux.debug console.log",
        "the same of a file, with files and lines",
    ),
    (
        "dmesg -w | ksplat -q",
        "each report as soon as it is complete",
    ),
    ("ksplat -o report.html console.log", "a page for others"),
    (
        "ksplat --kernel-tree linux --format mail console.log",
        "a report mail to those whose code it is",
    ),
];

/// Of `ksplat annotate`.
pub const ANNOTATE: &[(&str, &str)] = &[
    (
        "ksplat annotate console.log",
        "the log itself, with file and line after each frame",
    ),
    (
        "ksplat annotate -r 6.12.9 quoted.log",
        "the same of a part that does not name its kernel",
    ),
];

/// Of `ksplat scan`.
pub const SCAN: &[(&str, &str)] = &[
    (
        "ksplat scan --top 20 logs/",
        "the twenty most frequent bugs of a tree",
    ),
    (
        "ksplat scan --kind hung-task --grep ext4 archive.tar.zst",
        "one kind, one file system",
    ),
    (
        "ksplat scan --db all.db --fixes linux.git linux-usb/",
        "a mailing list with its memory, and the commits that mended its bugs",
    ),
    (
        "ksplat scan --format ndjson logs/ >splats.ndjson",
        "a line a splat, for programs",
    ),
];

/// Of `ksplat check`.
pub const CHECK: &[(&str, &str)] = &[
    (
        "ksplat check --baseline known.toml console.log",
        "exit code 1 where something is new",
    ),
    (
        "ksplat check --baseline known.toml --update console.log",
        "accept what is new",
    ),
    (
        "ksplat check --baseline known.toml --expect userspace console.log",
        "and the boot must come up",
    ),
];

/// Of `ksplat bugs`.
pub const BUGS: &[(&str, &str)] = &[
    (
        "ksplat bugs --db all.db --new-since 2026-11-01 --top 20",
        "what is new this month",
    ),
    (
        "ksplat bugs --db all.db 'WARNING in do_clear_cpu_cap'",
        "the history of one bug: mails, kernels, machines",
    ),
    (
        "ksplat bugs --db all.db -o bugs.html",
        "all of them as a page",
    ),
];

/// Of `ksplat merge`.
pub const MERGE: &[(&str, &str)] = &[(
    "ksplat merge -o all.db 2024.db 2025.db today.ndjson",
    "what three runs have read, as if it were one",
)];

/// Of `ksplat cpus`.
pub const CPUS: &[(&str, &str)] = &[
    (
        "ksplat cpus console.log cpuinfo",
        "what was collected of a machine: flags, microcode, registers that differ",
    ),
    (
        "(echo rdmsr -a 0x3a; rdmsr -a 0x3a) | ksplat cpus -",
        "on which CPUs a register differs, and in which bit",
    ),
];

/// Of `ksplat symbolize`.
pub const SYMBOLIZE: &[(&str, &str)] = &[
    (
        "ksplat symbolize --vmlinux vmlinux.debug do_exit+0x12/0x340",
        "function, file and line, with inlined functions",
    ),
    (
        "ksplat symbolize -r $(uname -r) do_exit+0x12",
        "the same in the installed debug info of a kernel",
    ),
];

/// Of `ksplat explain`.
pub const EXPLAIN: &[(&str, &str)] = &[
    ("ksplat explain soft-lockup", "a kind of report"),
    ("ksplat explain vmx", "a CPU feature"),
    ("ksplat explain", "all kinds"),
];

/// What the man page has after the commands.
pub const PARTS: &[Part] = &[
    Part {
        heading: "EXIT STATUS",
        entries: &[
            (
                "0",
                "nothing that --fail-on names was found; for check, nothing new",
            ),
            (
                "1",
                "it was found; for check, a splat that the baseline lacks; for cpus, CPUs that differ; for symbolize, an unknown place",
            ),
            (
                "2",
                "an error: an input that could not be read, or an option that means nothing",
            ),
            (
                "130",
                "ended by a signal; what was found so far was printed",
            ),
        ],
    },
    Part {
        heading: "ENVIRONMENT",
        entries: &[
            ("NO_COLOR", "where it is set and not empty, no colours"),
            (
                "CLICOLOR_FORCE",
                "where it is set and not 0, colours also where the output is no terminal",
            ),
            ("TERM", "dumb: no colours, no pager, no links"),
            (
                "DEBUGINFOD_URLS, DEBUGINFOD_CACHE_PATH",
                "servers and cache of debuginfod, which debuginfod-find asks for debug info that is not here",
            ),
            (
                "KSPLAT_PAGER, PAGER",
                "the pager for --paging, KSPLAT_PAGER first; less without them",
            ),
        ],
    },
    Part {
        heading: "FILES",
        entries: &[
            (
                "/dev/kmsg",
                "the log of the running kernel: read where no file is named and standard input is a terminal",
            ),
            (
                "known.toml",
                "a baseline as check takes it: known splats, each with its reason",
            ),
        ],
    },
];

/// As `--help` shows them.
pub fn help(examples: &[(&str, &str)]) -> String {
    let mut text = "Examples:".to_owned();
    for (command, about) in examples {
        text.push_str(&format!("\n  {command}\n      {about}"));
    }
    text
}

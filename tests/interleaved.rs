//! Two splats that two CPUs print at once, in a log without caller tags: each comes out as if it had been alone, or is marked
//! as interleaved. None is lost.

use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::{Incidents, Report};
use ksplat::stages::splat::Splat;
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> =
    LazyLock::new(|| Analyzer::new(Grammar::builtin(), None).expect("few literals"));

/// An oops, with the registers that it prints once more behind its end (`oops_end()`).
const OOPS: &str = "\
[    1.500000] BUG: kernel NULL pointer dereference, address: 0000000000000008
[    1.500000] #PF: supervisor read access in kernel mode
[    1.500000] #PF: error_code(0x0000) - not-present page
[    1.500000] PGD 0 P4D 0
[    1.500000] Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI
[    1.500000] CPU: 3 UID: 0 PID: 77 Comm: modprobe Not tainted 6.12.111+deb12-cloud-amd64 #1
[    1.500000] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
[    1.500000] RIP: 0010:broken_read+0x11/0x40 [broken]
[    1.500000] Code: 0f 1f 44 00 00 48 8b 47 08 <48> 8b 40 08 c3
[    1.500000] RSP: 0018:ffffc900001c7be0 EFLAGS: 00010246
[    1.500000] RAX: 0000000000000000 RBX: ffff888100000001 RCX: 0000000000000031
[    1.500000] RDX: 0000000000000032 RSI: 0000000000000033 RDI: 0000000000000034
[    1.500000] RBP: 0000000000000035 R08: 0000000000000036 R09: 0000000000000037
[    1.500000] R10: 0000000000000038 R11: 0000000000000039 R12: 000000000000003a
[    1.500000] R13: 000000000000003b R14: 000000000000003c R15: 000000000000003d
[    1.500000] FS:  00007f0000000000(0000) GS:ffff88813bd80000(0000) knlGS:0000000000000000
[    1.500000] CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
[    1.500000] CR2: 0000000000000008 CR3: 0000000101010000 CR4: 0000000000350eb0
[    1.500000] Call Trace:
[    1.500000]  <TASK>
[    1.500000]  broken_init+0x21/0x1000 [broken]
[    1.500000]  do_one_initcall+0x58/0x300
[    1.500000]  do_init_module+0x60/0x230
[    1.500000]  </TASK>
[    1.500000] Modules linked in: broken(+)
[    1.500000] CR2: 0000000000000008
[    1.500000] ---[ end trace 0000000000000000 ]---
[    1.500000] RIP: 0010:broken_read+0x11/0x40 [broken]
[    1.500000] Code: 0f 1f 44 00 00 48 8b 47 08 <48> 8b 40 08 c3
[    1.500000] RSP: 0018:ffffc900001c7be0 EFLAGS: 00010246
[    1.500000] RAX: 0000000000000000 RBX: ffff888100000001 RCX: 0000000000000031
[    1.500000] RDX: 0000000000000032 RSI: 0000000000000033 RDI: 0000000000000034
";

/// The lines of a splat, and what they are when nobody interferes.
#[derive(Debug)]
struct Alone {
    lines: Vec<String>,
    splat: Splat,
}

impl Alone {
    fn new(lines: Vec<String>) -> Alone {
        let mut splats = read(&lines);
        assert_eq!(splats.len(), 1);
        let splat = splats.remove(0);
        assert!(splat.frames.len() >= 3 && splat.cpu.is_some());
        Alone { lines, splat }
    }

    /// The first splat of a corpus case.
    fn of_corpus(case: &str) -> Alone {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let log = std::fs::read_to_string(corpus.join(case).join("log")).expect("a corpus case");
        let lines = log.lines().map(|line| line.trim_end().to_owned());
        let mut lines: Vec<_> = lines
            .skip_while(|line| !line.contains("[ cut here ]"))
            .collect();
        let end = lines
            .iter()
            .position(|line| line.contains("---[ end trace"));
        lines.truncate(end.expect("an end") + 1);
        Alone::new(lines.iter().map(|line| at_once(line)).collect())
    }
}

/// The line with the stamp of the oops: what two CPUs print at once has no seconds in between.
fn at_once(line: &str) -> String {
    let (_, text) = line.split_once("] ").expect("a stamp");
    format!("[    1.500000] {text}")
}

/// Splats of three CPUs: one at the bring-up of a CPU, one in an initcall, one behind a system call, and an oops.
static ALONE: LazyLock<[Alone; 4]> = LazyLock::new(|| {
    [
        Alone::of_corpus("ap-vmx-bios-kaslr"),
        Alone::of_corpus("initcall-archlbr"),
        Alone::of_corpus("resume-bsp-vmx"),
        Alone::new(OOPS.lines().map(str::to_owned).collect()),
    ]
});

/// Pairs of different CPUs.
fn pairs() -> impl Iterator<Item = (&'static Alone, &'static Alone)> {
    let all = ALONE
        .iter()
        .flat_map(|one| ALONE.iter().map(move |other| (one, other)));
    all.filter(|(one, other)| one.splat.cpu != other.splat.cpu)
}

fn read(lines: &[String]) -> Vec<Splat> {
    let mut splats = Vec::new();
    let take = &mut |report: Report| splats.push(report.splat);
    let log = lines.join("\n");
    ANALYZER.read_all("log", log.as_bytes(), &mut Incidents::default(), take);
    splats
}

/// What a splat says, wherever it stands in the log.
fn said(splat: &Splat) -> Vec<String> {
    let registers = splat.registers.iter();
    let registers = registers.map(|(name, value)| format!("{name} {value}"));
    let frames = splat.frames.iter();
    let frames =
        frames.map(|frame| format!("{} {} {:?}", frame.code, frame.reliable, frame.section));
    let head = [
        format!(
            "{} {} {:?} {}",
            splat.kind, splat.at, splat.message, splat.truncated
        ),
        format!(
            "{:?} {:?} {:?} {:?}",
            splat.cpu, splat.pid, splat.comm, splat.hardware
        ),
        format!("{:?} {:?}", splat.kernel, splat.rip),
        format!("{:?}", splat.code),
    ];
    head.into_iter().chain(registers).chain(frames).collect()
}

/// What two of these lists do not have in common.
fn difference(found: &[String], due: &[String]) -> Vec<String> {
    let only = |sign: char, of: &[String], than: &[String]| {
        let lines = of.iter().filter(|line| !than.contains(line));
        lines
            .map(|line| format!("{sign} {line}"))
            .collect::<Vec<_>>()
    };
    [only('+', found, due), only('-', due, found)].concat()
}

/// The lines of two splats: `turns` says of each whether it is of the second one.
fn woven(one: &Alone, other: &Alone, turns: impl IntoIterator<Item = bool>) -> Vec<String> {
    let (mut first, mut second) = (one.lines.iter(), other.lines.iter());
    let mut lines = Vec::new();
    for turn in turns {
        lines.extend(if turn { second.next() } else { first.next() }.cloned());
    }
    lines.extend(first.chain(second).cloned());
    lines
}

/// How many of the two came out marked.
fn check(lines: &[String], one: &Alone, other: &Alone) -> usize {
    let found = read(lines);
    let log = lines.join("\n");
    for alone in [one, other] {
        let same = found
            .iter()
            .find(|splat| splat.header == alone.splat.header);
        let same = same.unwrap_or_else(|| panic!("lost: {}\n{log}", alone.splat.header));
        if !same.interleaved {
            let (found, due) = (said(same), said(&alone.splat));
            assert!(found == due, "{:#?}\n{log}", difference(&found, &due));
        }
    }
    assert_eq!(found.len(), 2, "\n{log}");
    found.iter().filter(|splat| splat.interleaved).count()
}

#[test]
fn in_turns_of_any_length() {
    for (one, other) in pairs() {
        for length in 1..one.lines.len() {
            let turns = (0..one.lines.len() + other.lines.len()).map(|line| line / length % 2 == 1);
            check(&woven(one, other, turns), one, other);
        }
    }
}

#[test]
fn one_inside_the_other() {
    for (one, other) in pairs() {
        for at in 1..one.lines.len() {
            let before = std::iter::repeat_n(false, at);
            let turns = before.chain(std::iter::repeat_n(true, other.lines.len()));
            let marked = check(&woven(one, other, turns), one, other);
            // What names its CPU is certain, and so is all of the other one while this one has no CPU yet or its trace is over.
            let reached = |text: &str| one.lines[..at].iter().any(|line| line.contains(text));
            if !reached("] CPU: ") || reached("</TASK>") {
                assert_eq!(marked, 0, "{at}");
            }
        }
    }
}

#[test]
fn the_registers_of_one_inside_the_other() {
    let is_register = |line: &&String| line.contains("RAX: ") || line.contains("RDX: ");
    for (one, other) in pairs() {
        let start = other
            .lines
            .iter()
            .position(|line| is_register(&line))
            .expect("registers");
        for at in 1..one.lines.len() {
            // All of the second one's lines in front of its registers, a piece of the first one, the registers, the rest.
            let turns = [
                (true, start),
                (false, at),
                (true, 7),
                (false, one.lines.len() - at),
            ];
            let turns = turns
                .into_iter()
                .flat_map(|(turn, lines)| std::iter::repeat_n(turn, lines));
            check(&woven(one, other, turns), one, other);
        }
    }
}

#[test]
fn line_by_line_up_to_the_traces_all_but_the_registers_is_certain() {
    let [one, _, _, other] = &*ALONE;
    let found = read(&woven(one, other, (0..80).map(|line| line % 2 == 1)));
    let known = |splat: &Splat| {
        (
            splat.header.clone(),
            splat.cpu,
            splat.pid,
            splat.comm.clone(),
            splat.rip.clone(),
        )
    };
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|splat| splat.interleaved));
    for alone in [one, other] {
        assert!(
            found
                .iter()
                .any(|splat| known(splat) == known(&alone.splat))
        );
    }
}

#[test]
fn one_behind_the_other_is_not_interleaved() {
    for (one, other) in pairs() {
        // The first one whole, and cut off anywhere by the second one.
        for lines in 2..=one.lines.len() {
            let log = [&one.lines[..lines], &other.lines].concat();
            let found = read(&log);
            assert_eq!(found.len(), 2);
            assert!(
                !found[0].interleaved && !found[1].interleaved,
                "{}",
                log.join("\n")
            );
            assert_eq!(said(&found[1]), said(&other.splat));
            assert_eq!(
                found[0].truncated,
                lines < one.lines.len() && found[0].truncated
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_any_turns(
        (one, other) in prop::sample::select(pairs().collect::<Vec<_>>()),
        lengths in prop::collection::vec(1..30_usize, 1..40),
    ) {
        let turns = lengths.iter().enumerate().flat_map(|(turn, lines)| std::iter::repeat_n(turn % 2 == 1, *lines));
        check(&woven(one, other, turns), one, other);
    }
}

//! The example of every kind behind every prefix that logs have, with the kernel's stamps and without: the same
//! reports, with the same titles.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::{Grammar, Kind};
use ksplat::stages::report::Incidents;

/// What stands in front of a line.
struct Prefix {
    /// In front of the stamp; `{n}` is a line number.
    before: &'static str,
    /// Behind it.
    behind: &'static str,
    /// True where it shows by itself that the kernel printed the line.
    of_kernel: bool,
}

const fn kernel(before: &'static str) -> Prefix {
    Prefix {
        before,
        behind: "",
        of_kernel: true,
    }
}

const fn anyone(before: &'static str) -> Prefix {
    Prefix {
        of_kernel: false,
        ..kernel(before)
    }
}

const fn vendor(behind: &'static str) -> Prefix {
    Prefix {
        behind,
        ..anyone("")
    }
}

const PREFIXES: &[Prefix] = &[
    anyone(""),
    kernel("<4>"),
    kernel("kern  :warn  : "),
    kernel("kern:warn:"),
    kernel("kernel: "),
    kernel("myhost kernel: "),
    // syslog and the journal, whatever the language
    kernel("Nov 23 14:20:48 host kernel: "),
    kernel("Nov  3 14:20:48 host kernel: "),
    kernel("Feb  6 04:11:34  kernel: "),
    kernel("Feb  6 04:11:34 <host> kernel: "),
    kernel("июл 27 14:08:03 host kernel: "),
    kernel("čen 15 20:21:18 host kernel: "),
    kernel("8月 25 13:52:23 host kernel: "),
    kernel("Dez. 22 13:52:23 host kernel: "),
    kernel("set 09 14:54:33.123456 host kernel: "),
    kernel("Thg 7 27 14:08:03 host kernel: "),
    kernel("27 июл 14:08:03 host kernel: "),
    kernel("Mon 2026-11-23 14:20:48 UTC host kernel: "),
    kernel("Пн 2026-11-23 14:20:48 MSK host kernel: "),
    kernel("2026-11-23T14:20:48.123456+01:00 host kernel: "),
    kernel("2026-11-23T14:20:48+0100 host kernel[0]: "),
    kernel("1795443648.123456 host kernel: "),
    kernel("<4>1 2026-11-23T14:20:48Z host kernel - - - "),
    kernel("Mon Nov 23 14:20:48 2026 kern.warn kernel: "),
    kernel("Nov 23 14:20:48 host kern.warn kernel: "),
    kernel("13.01.2025 10:51:35:600 kernel  "),
    kernel("192.0.2.20: kern: warning: [2024-01-28T16:36:11.454041804Z]: "),
    kernel("kern: warning: [2024-01-28T16:36:11.454041804Z]: "),
    // dmesg -T and its kin
    kernel("[Mon Nov 23 14:20:48 2026] "),
    kernel("[Mo Sep  9 09:33:26 2024] "),
    kernel("[lun. sept.  9 09:33:26 2024] "),
    kernel("[一 9月  9 09:33:26 2024] "),
    kernel("[Nov23 14:20] "),
    kernel("[  +0.000010] "),
    kernel("2026-11-23T14:20:48,123456+01:00 "),
    // Android, and what vendors' kernels put behind the stamp
    kernel("11-23 14:20:48.123  1234  1234 W kernel  : "),
    kernel("W/kernel  ( 1234): "),
    vendor("[pid:4711,cpu2,zetactl]"),
    vendor(" [2:        zetactl: 4711] "),
    vendor(" [1:   kworker/1:2:   55] "),
    vendor("c2   4711 "),
    vendor("(2)[4711:zetactl]"),
    vendor("[20240128_16:36:11.454041]@2 "),
    // clocks of job runners and terminals
    anyone("2026-11-23T14:20:48.1234567Z "),
    anyone("[2026-11-23T14:20:48.123Z] "),
    anyone("[14:20:48.123] "),
    anyone("14:20:48.123456  "),
    anyone("2026-11-23T14:20:48.123456Z 00O "),
    anyone("2026-11-23T14:20:48.123456789Z stdout F "),
    // mails, editors, people
    anyone("> "),
    anyone("> > "),
    anyone("  | "),
    anyone("| "),
    anyone("    "),
    anyone("[] "),
    anyone("[...] "),
    anyone("{n} "),
    anyone("{n}: "),
];

impl Prefix {
    fn log(&self, texts: &[&str], stamp: &str) -> String {
        let number = |line: usize| (9998 + line).to_string();
        let lines = texts.iter().enumerate().map(|(line, text)| {
            let before = self.before.replace("{n}", &number(line));
            let behind = if stamp.is_empty() { "" } else { self.behind };
            format!("{before}{stamp}{behind}{text}\n")
        });
        lines.collect()
    }

    /// False where nothing in the lines tells a report of this kind from what people and programs write: a number
    /// in front of a single line may be anything.
    fn can_show(&self, kind: &Kind, texts: &[&str], stamp: &str) -> bool {
        if texts.len() == 1 && stamp.is_empty() && self.before.starts_with("{n}") {
            return false;
        }
        let of_kernel = self.of_kernel || !stamp.is_empty();
        // `zetad[4711]: segfault at …` is the kernel's line about a program: alone it is that program's own.
        let is_tagged = texts[0]
            .split(' ')
            .next()
            .is_some_and(|tag| tag.ends_with("]:"));
        let is_list = kind.unindented && self.before.ends_with("  ");
        of_kernel || !(kind.framed && kind.fallback || kind.restart || is_list || is_tagged)
    }
}

/// The lines of an example without their stamps.
fn texts(log: &str) -> Vec<&str> {
    let without_stamp = |line| match str::split_once(line, "] ") {
        Some((stamp, text)) if is_stamp(stamp) => text,
        _ => line,
    };
    log.trim_matches('\n').lines().map(without_stamp).collect()
}

fn is_stamp(text: &str) -> bool {
    let time = text.strip_prefix('[').map(str::trim_start);
    time.is_some_and(|time| time.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

fn titles(analyzer: &Analyzer, log: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut take =
        |report: ksplat::stages::report::Report| all.push((report.splat.kind, report.title));
    analyzer.read_all(
        Origin::default(),
        log.as_bytes(),
        &mut Incidents::default(),
        &mut take,
    );
    all
}

#[test]
fn every_kind_is_found_behind_every_prefix() {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    let mut wrong = Vec::new();
    let mut tried = 0;
    for kind in &analyzer.grammar().kinds {
        for example in &kind.examples {
            let texts = texts(&example.log);
            let expected = [(kind.name.clone(), example.title.clone())];
            for prefix in PREFIXES {
                for stamp in ["", "[   12.345678] "] {
                    if !prefix.can_show(kind, &texts, stamp) {
                        continue;
                    }
                    tried += 1;
                    let log = prefix.log(&texts, stamp);
                    let found = titles(&analyzer, &log);
                    if found != expected {
                        let first = log.lines().next().unwrap_or_default();
                        wrong.push(format!("{}: {first:?}: {found:?}", kind.name));
                    }
                }
            }
        }
    }
    assert!(tried > 5000, "only {tried}");
    let shown: Vec<_> = wrong.iter().take(40).collect();
    assert!(wrong.is_empty(), "{} of {tried}: {shown:#?}", wrong.len());
}

/// What programs, editors and people put in front that no framing knows, and behind.
const FOREIGN: &[(&str, &str)] = &[
    ("node0123: ", ""),
    ("web-1  | ", ""),
    ("console:20261123T142048 c0-0c0s0n1 ", ""),
    ("2026-11-23T14:20:48.123Z cpu3:2098765)", ""),
    ("(XEN) ", ""),
    ("<alice> ", ""),
    ("JD> ", ""),
    ("- ", ""),
    ("+", ""),
    ("# ", ""),
    ("dmesg.txt:123:", ""),
    ("^1234567 (A U Thor 2026-11-23 12) ", ""),
    ("11/23/2026 2:20:48 PM\tkernel\t", ""),
    ("{\"log\":\"", ""),
    ("`", "`"),
    ("    '", "',"),
    // stamps that are none any more
    ("(512.345678) ", ""),
    ("512,345678] ", ""),
    ("[512s] ", ""),
    ("[12.3s][pid:77] ", ""),
];

#[test]
fn what_no_framing_knows_is_learned_from_the_lines_of_a_report() {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    let report = [
        "------------[ cut here ]------------",
        "WARNING: CPU: 3 PID: 77 at drivers/net/zeta/main.c:1535 zeta_remove_ring+0x89/0xa0 [zeta]",
        "CPU: 3 PID: 77 Comm: kworker/3:1 Tainted: G        W  O       6.8.0-45-generic #45-Ubuntu",
        "RIP: 0010:zeta_remove_ring+0x89/0xa0 [zeta]",
        "Call Trace:",
        " <TASK>",
        " zeta_down+0x11d/0x200 [zeta]",
        " kthread+0xf2/0x120",
        " </TASK>",
        "---[ end trace 0000000000000000 ]---",
    ];
    for (before, behind) in FOREIGN {
        let log: String = report
            .map(|line| format!("{before}{line}{behind}\n"))
            .concat();
        let mut all = Vec::new();
        let mut take = |report: ksplat::Report| all.push(report);
        let sequence = &mut Incidents::default();
        analyzer.read_all(Origin::default(), log.as_bytes(), sequence, &mut take);
        let splat = all.first().map(|report| &report.splat);
        let release = splat.and_then(|splat| splat.kernel.release.as_deref());
        assert_eq!(all.len(), 1, "{before}");
        assert_eq!(all[0].title, "WARNING in zeta_remove_ring", "{before}");
        assert_eq!(release, Some("6.8.0-45-generic"), "{before}");
        assert_eq!(splat.map(|splat| splat.frames.len()), Some(2), "{before}");
    }
}

//! Case reports: physical lines in, log lines out.

use super::*;
use crate::line::Caller;
use proptest::prelude::*;

/// All log lines of a text: line, time in microseconds, text.
fn read(log: &[u8]) -> Vec<(u64, Option<u64>, String)> {
    lines(log)
        .into_iter()
        .map(|line| (line.number, line.framing.time_us, line.text.into_owned()))
        .collect()
}

fn lines(log: &[u8]) -> Vec<LogLine<'static>> {
    let mut decoder = Decoder::default();
    let mut all = Vec::new();
    for (number, raw) in (1..).zip(log.split(|byte| *byte == b'\n')) {
        decoder.line(number, raw, &mut |line| all.push(line.into_owned()));
    }
    decoder.release(&mut |line| all.push(line.into_owned()));
    all
}

fn texts(log: &[u8]) -> Vec<String> {
    read(log).into_iter().map(|(_, _, text)| text).collect()
}

#[test]
fn kmsg_records_with_escapes_dictionaries_and_continuations() {
    let log = b"4,567,55225,-,caller=T0;caf\\xc3\\xa9 \\x5c\n SUBSYSTEM=cpu\n DEVICE=+cpu:cpu1\n6,568,55226,c;a \n6,569,55226,+;b";
    assert_eq!(
        read(log),
        [
            (1, Some(55_225), "caf\u{e9} \\".into()),
            (4, Some(55_226), "a b".into())
        ]
    );
    let first = &lines(log)[0];
    assert_eq!(first.framing.caller, Some(Caller::Task(0)));
    assert_eq!(first.framing.level, Some(4));
}

#[test]
fn netconsole_pieces_make_one_message() {
    let log = b"6.12.0,6,416,1758426,-,ncfrag=0/33;the first chunk, \n6.12.0,6,416,1758426,-,ncfrag=17/33;the second chunk\n6,417,1758427,-;next";
    assert_eq!(texts(log), ["the first chunk, the second chunk", "next"]);
    let lost = b"6,416,1,-,ncfrag=0/33;the first chunk, \n6,417,2,-;next";
    assert_eq!(texts(lost), ["the first chunk, ", "next"]);
}

#[test]
fn dmesg_json_is_numbered_by_the_lines_of_its_texts() {
    let log = b"{\n   \"dmesg\": [\n      {\n         \"pri\": 4,\n         \"time\":     0.055225,\n         \"caller\": \"T1\",\n         \"msg\": \"say \\\"x\\\"\"\n      },{\n         \"pri\": 6,\n         \"time\":     1.000000,\n         \"msg\": \"y\"\n      }\n   ]\n}";
    assert_eq!(
        read(log),
        [
            (7, Some(55_225), "say \"x\"".into()),
            (11, Some(1_000_000), "y".into())
        ]
    );
    assert_eq!(lines(log)[0].framing.caller, Some(Caller::Task(1)));
}

#[test]
fn journal_json_with_bytes_and_lines() {
    let log = b"\x1e{\"MESSAGE\":[27,91,109,120],\"_SOURCE_MONOTONIC_TIMESTAMP\":\"55225\",\"PRIORITY\":\"4\"}\n{\"MESSAGE\":\"a\\nb\"}";
    assert_eq!(
        read(log),
        [
            (1, Some(55_225), "x".into()),
            (2, None, "a".into()),
            (2, None, "b".into())
        ]
    );
}

#[test]
fn journal_export_with_a_binary_value() {
    let mut log = b"__CURSOR=s\n_TRANSPORT=kernel\nMESSAGE\n".to_vec();
    log.extend_from_slice(&10_u64.to_le_bytes());
    log.extend_from_slice(b"1234\n6789\x01\n_SOURCE_MONOTONIC_TIMESTAMP=7\n\n__CURSOR=t\nMESSAGE=x=y\n\n[    1.000000] z");
    assert_eq!(
        read(&log),
        [
            (3, Some(7), "1234".into()),
            (3, Some(7), "6789\u{1}".into()),
            (10, None, "x=y".into()),
            (12, Some(1_000_000), "z".into()),
        ]
    );
}

#[test]
fn parts_of_a_pstore_dump_come_in_the_order_of_the_kernel() {
    let log = b"Panic#1 Part1\n<4>[    3.000000] c\nPanic#1 Part2\n<4>[    1.000000] a\n<4>[    2.000000] b";
    let told: Vec<_> = read(log)
        .into_iter()
        .filter(|(_, time, _)| time.is_some())
        .collect();
    assert_eq!(
        told,
        [
            (2, Some(1_000_000), "a".into()),
            (3, Some(2_000_000), "b".into()),
            (5, Some(3_000_000), "c".into()),
        ]
    );
}

#[test]
fn a_dump_of_very_many_parts_is_read_in_no_time() {
    let log: String = (1..=200_000)
        .map(|part| format!("Panic#1 Part{part}\n"))
        .collect();
    assert!(texts(log.as_bytes()).iter().all(String::is_empty));
}

#[test]
fn terminals_add_colours_and_print_over() {
    assert_eq!(texts(b"\x1b[0;31m[    1.000000]\x1b[0m x\r"), ["x"]);
    assert_eq!(
        texts(b"Loading 10%\r[    1.000000] x\rhost:~# \r[    2.000000] y"),
        ["x", "y"]
    );
    assert_eq!(texts(b"x\ry"), ["x", "y"]);
    assert_eq!(texts(b"\x1b]0;title\x07x"), ["x"]);
}

#[test]
fn web_pages_add_tags_and_entities_but_the_kernels_own_stay() {
    assert_eq!(
        texts(b"<pre><span class=\"x\">[    1.000000]</span>  &lt;TASK&gt;<br>"),
        [" <TASK>"]
    );
    assert_eq!(
        texts(b"Code: 90 <0f> 0b & x &bogus; &#x27;"),
        ["Code: 90 <0f> 0b & x &bogus; '"]
    );
    assert_eq!(texts(b" <TASK>"), [" <TASK>"]);
}

#[test]
fn messages_run_together_come_apart() {
    assert_eq!(
        read(b"login: <4>[    1.000000] a[    2.000000] b"),
        [
            (1, Some(1_000_000), "a".into()),
            (1, Some(2_000_000), "b".into())
        ]
    );
    assert_eq!(
        texts(b"[    1.000000] f+0x1/0x22024/04/30 12:00:00 executing program 3:"),
        ["f+0x1/0x2"]
    );
    assert_eq!(
        texts(b"** 7 printk messages dropped ** [    2.000000] b"),
        ["b"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read(log in prop::collection::vec(any::<u8>(), 0..400)) {
        lines(&log);
    }

    #[test]
    fn any_mix_of_forms_is_read(words in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        lines(&words.concat());
    }
}

/// What a decoder makes of a line: its messages, and whether a record is open.
type Made = (Vec<(u64, usize, Framing, usize, String)>, bool);

fn made(read: &dyn Fn(&mut RecordLines, &mut Take<'_>)) -> Made {
    let mut lines = RecordLines::default();
    let mut found = Vec::new();
    let mut take = |line: LogLine<'_>| {
        let text = line.text.into_owned();
        found.push((line.number, line.quote, line.framing, line.width, text));
    };
    read(&mut lines, &mut take);
    lines.release(&mut take);
    (found, lines.awaits_no_record())
}

/// Both ways through a line, where it has a short one.
fn both_ways(raw: &[u8]) -> Option<(Made, Made)> {
    let plain = plain::read(7, raw)?;
    let short = made(&|_, take| take(plain.clone()));
    Some((short, made(&|lines, take| lines.any_line(7, raw, take))))
}

/// Pieces of lines that kernels print: the literals of the grammars, and words of their examples.
fn pieces_of_kernels() -> Vec<String> {
    let grammar = crate::grammar::Grammar::builtin();
    let literals = grammar.report_literals().chain(grammar.note_literals());
    let examples = grammar.kinds.iter().flat_map(|kind| &kind.examples);
    let words = examples.flat_map(|example| example.log.split([' ', '\n']));
    let ends = [
        "[s=1]",
        "[s=0;i=1;b=2]",
        "MESSAGE=x",
        ";",
        ",-;",
        "\"}",
        "</b>",
    ];
    let all = literals.chain(words).chain(ends);
    let mut all: Vec<String> = all.map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn every_line_of_the_corpus_reads_alike_both_ways() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let folders = std::fs::read_dir(corpus).expect("corpus/ is part of the repository");
    let logs = folders.filter_map(|folder| std::fs::read(folder.ok()?.path().join("log")).ok());
    let mut compared = 0;
    for log in logs {
        for raw in log.split(|byte| *byte == b'\n') {
            if let Some((short, long)) = both_ways(raw) {
                assert_eq!(short, long, "{}", String::from_utf8_lossy(raw));
                compared += 1;
            }
        }
    }
    assert!(compared > 3000, "only {compared}");
}

/// journalctl -o verbose ends the heads of its entries so: a kernel may say it, too.
#[test]
fn brackets_of_a_journal_s_cursor_behind_other_words_are_text() {
    let text = "Kernel panic - not syncing: x [s=1]";
    for prefix in ["", "[    1.000000] ", "Nov 23 14:20:48 host kernel: "] {
        assert_eq!(texts(format!("{prefix}{text}").as_bytes()), [text]);
    }
    let head = b"Mon 2026-11-23 14:20:48.123456 UTC [s=0;i=1;b=2]\n    MESSAGE=x";
    assert_eq!(texts(head), ["x"]);
}

#[test]
fn another_program_s_line_is_none_of_the_kernel_s() {
    for line in [
        "Mar  3 10:11:13 host openvpn[812]: WARNING: x",
        "2026-11-23T14:20:48.123456+01:00 host kubelet[7]: BUG: x",
        "Mar  3 10:11:13 host abrt[7]: [    1.000000] BUG: x",
        "user  :warn  : [    1.000000] x",
        "<12>[    1.000000] x",
        "12,5,6,-;x",
        "W/openvpn  ( 1234): x",
        "<28>1 2026-11-23T14:20:48Z host openvpn 812 - - x",
        "192.0.2.20: daemon: warning: [2024-01-28T16:36:11Z]: x",
        r#"{"_TRANSPORT":"syslog","MESSAGE":"x"}"#,
        r#"{"_TRANSPORT":"kernel","SYSLOG_IDENTIFIER":"systemd","MESSAGE":"x"}"#,
        r#"{"pri":12,"time":1.0,"msg":"x"}"#,
        "_TRANSPORT=stdout\nMESSAGE=x\n",
    ] {
        assert_eq!(texts(line.as_bytes()), [""; 0], "{line}");
    }
    for line in [
        "Mar  3 10:11:13 host kernel: x",
        "kern  :warn  : x",
        "4,5,6,-;x",
        r#"{"_TRANSPORT":"kernel","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"x"}"#,
        r#"{"pri":4,"time":1.0,"msg":"x"}"#,
        "_TRANSPORT=kernel\nMESSAGE=x\n",
    ] {
        let all = lines(line.as_bytes());
        let is_kernels = |line: &LogLine<'_>| line.framing.is_kernels() && line.text == "x";
        assert!(all.iter().any(is_kernels), "{line}");
    }
}

proptest! {
    #[test]
    fn a_plain_line_reads_as_it_does_the_long_way(
        stamp in "\\[ {0,4}[0-9]{1,3}\\.[0-9]{6}\\] ?(\\[ {0,3}[TC][0-9]\\] ?)?",
        words in prop::collection::vec(prop::sample::select(WORDS), 0..6),
    ) {
        if let Some((short, long)) = both_ways(&[stamp.as_bytes(), &words.concat()].concat()) {
            prop_assert_eq!(short, long);
        }
    }

    #[test]
    fn what_kernels_print_reads_alike_both_ways(
        words in prop::collection::vec(prop::sample::select(pieces_of_kernels()), 0..6),
        blank in " ?",
    ) {
        let raw = format!("[    1.000000] {}", words.join(&blank));
        if let Some((short, long)) = both_ways(raw.as_bytes()) {
            prop_assert_eq!(short, long);
        }
    }
}

/// What texts and framings begin with.
const WORDS: &[&[u8]] = &[
    b" ",
    b"  ",
    b"\t",
    b":",
    b"/",
    b"(",
    b"[",
    b"]",
    b"-",
    b".",
    b"+",
    b"#",
    b"?",
    b"=",
    b"\r",
    b"x",
    b"Code: 0f",
    b"RIP: 0010:f+0x1/0x2",
    b"host",
    b"kernel:",
    b"kernel[1]:",
    b"klogd:",
    b"kern.warn",
    b"kern",
    b"warn",
    b"local0",
    b"user  :info  : ",
    b"W/",
    b"kernel( 1): ",
    b"stdout F ",
    b"00O ",
    b"deO ",
    b"Nov 23 14:20:48 ",
    b"Mon Nov 23 14:20:48 2026 ",
    b"Mon 2026-11-23 14:20:48 UTC ",
    b"14:20:48 ",
    b"2026-11-23T14:20:48Z ",
    b"1795443648.123456 ",
    b"[   12.345678] ",
    b"[    T0]",
    b"(0)[0:swapper/0]",
    b"I[0:  swapper/0:    0] ",
    b"** 3 printk messages dropped ** ",
    b"** replaying previous printk message **",
    b"2024/04/30 12:00:00 executing program",
    b"result:",
    b"MESSAGE=x",
    b"{\"msg\":1}",
    "\u{438}\u{44e}\u{43b} 27 14:20:48 ".as_bytes(),
    b"Dez. 22 14:20:48 ",
    b"13.01.2025 10:51:35:600 ",
    b"c2   4711 ",
    b"[pid:4711,cpu2,zetactl]",
    b"[2: zetactl: 4711] ",
    b"[20240128_16:36:11.454041]@2 ",
    b"kern: warning: [2024-01-28T16:36:11Z]: ",
    b"    0.031400    T0 ",
    b"[...] ",
    b"systemd[1]: ",
    b"login: ",
    b" [s=1]",
    b"1",
    b"%",
];

/// Pieces of every form, to be put together wrongly.
const PIECES: &[&[u8]] = &[
    b"\n",
    b" ",
    b"[    1.000000] ",
    b"<4>",
    b"4,5,6,-;",
    b"4,5,6,c;",
    b"4,5,6,+;",
    b"4,5,6,-,ncfrag=0/33;",
    b"4,5,6,-,ncfrag=18446744073709551615/18446744073709551615;",
    b"\\x",
    b"\\x4",
    b"\\x0a",
    b" KEY=value",
    b"{",
    b"}",
    b"},{",
    b"\"msg\": \"x\"",
    b"\"time\": -1e300,",
    b"{\"MESSAGE\":[1,2,300]}",
    b"\x1e",
    b"MESSAGE",
    b"MESSAGE=x",
    b"__CURSOR=x",
    b"\x02\0\0\0\0\0\0\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"Panic#1 Part1",
    b"Panic#1 Part2",
    b"Oops#9 Part99999999999999999999",
    b"\x1b[",
    b"\x1b]",
    b"\x1b(",
    b"\r",
    b"&lt;",
    b"&#x110000;",
    b"&#",
    b"<pre",
    b"<a href=\"",
    b"> ",
    b"| ",
    b"** replaying previous printk message **",
    b"** 3 printk messages dropped **",
    b"Code: 0f 0b",
    b"\xc3\xa9",
    b"\xf0\x9f",
    b"2024/04/30 12:00:00 executing program",
];

#[test]
fn what_stands_before_kernel_may_be_any_host() {
    for host in ["#x", "--x", "=x", "?x", "#[20240128_16:36:11.454041]@2"] {
        let raw = format!("[    0.000000]{host} kernel: y");
        if let Some((short, long)) = both_ways(raw.as_bytes()) {
            assert_eq!(short, long, "{host}");
        }
    }
}

#[test]
fn a_line_in_quotation_marks_is_the_line() {
    for log in ["`[    1.0] x`", "  \"[    1.0] x\",", "'[    1.0] x'"] {
        assert_eq!(read(log.as_bytes()), [(1, Some(1_000_000), "x".into())]);
    }
    assert_eq!(texts(b"\"x\""), ["\"x\""]);
}

#[test]
fn a_blank_or_a_line_feed_by_its_number_is_a_blank() {
    assert_eq!(
        texts(b"<pre>a&#160;b&#xa0;c&#10;d&#0;e</pre>"),
        ["a b c d e"]
    );
}

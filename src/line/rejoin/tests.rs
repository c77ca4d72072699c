//! Case reports: physical lines in, whole lines out.

use super::*;

fn texts(log: &[u8]) -> Vec<String> {
    let grammar = Grammar::builtin();
    let mut rejoin = Rejoin::new(&grammar);
    let mut all = Vec::new();
    for (number, raw) in (1..).zip(log.split(|byte| *byte == b'\n')) {
        let (held, line) = rejoin.line(LogLine::parse(number, raw));
        let line = line.and_then(|line| rejoin.hold(line, false));
        let whole = held.into_iter().chain(line.map(LogLine::into_owned));
        all.extend(whole.map(|line| line.text.into_owned()));
    }
    all.extend(rejoin.release(u64::MAX).map(|line| line.text.into_owned()));
    assert!(rejoin.is_idle());
    all
}

#[test]
fn what_printk_replays_comes_once() {
    let log = b"[    1.000000] ha** replaying previous printk message **\n[    1.000000] half\n[    2.000000] x\n** replaying previous printk message **\n[    2.000000] x\n[    3.000000] x";
    assert_eq!(texts(log), ["half", "x", "x"]);
}

#[test]
fn a_line_in_three_pieces_without_any_framing() {
    let code = "Code: 0f 84 6e ff ff ff 48 c7 c7 80 a0 ee 9d e8 a6 3e 1c 00 84 c0 74\n0e 80 3d 91 1c c0 01 00 75 05 e8 91 f8 ff ff 0f 0b 48 8b 04 24 48 8b 54 24\n08 <0f> 0b e9\nRSP: 0000:ffffa0f4c0097e70 EFLAGS: 00010046";
    let whole = texts(code.as_bytes());
    assert_eq!(whole.len(), 2);
    assert!(whole[0].ends_with("08 <0f> 0b e9"), "{}", whole[0]);
}

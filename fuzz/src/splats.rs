//! Any lines into the assembler, with no decoder in between.

use ksplat::stages::boot::Boots;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::line::LogLine;
use ksplat::stages::splat::{Assembler, Splat};
use ksplat::stages::title;
use std::sync::LazyLock;

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(Grammar::builtin);

pub fn run(log: &[u8]) {
    let mut assembler = Assembler::new(&GRAMMAR, "log");
    let mut boots = Boots::default();
    let mut splats = Vec::new();
    let mut count = 0;
    for (number, line) in (1..).zip(log.split(|byte| *byte == b'\n')) {
        let line = LogLine::parse(number, line);
        splats.extend(assembler.feed(line, &mut boots));
        count = number;
    }
    splats.extend(assembler.finish(&mut boots));
    assert!(assembler.is_idle());
    assert!(splats.is_sorted_by_key(|splat| splat.source.first_line));
    for splat in &splats {
        check(splat, &boots, count);
    }
}

fn check(splat: &Splat, boots: &Boots, count: u64) {
    let source = &splat.source;
    let lines = source.first_line..=source.last_line;
    assert!(source.first_line >= 1 && source.last_line <= count && !lines.is_empty());
    let inside = |line: u64| line == 0 || lines.contains(&line);
    assert!(inside(splat.header_line));
    assert!(splat.frames.iter().all(|frame| inside(frame.log_line)));
    assert!(splat.boot.is_some_and(|boot| boot < boots.all().len()));
    title::name(&GRAMMAR, splat, None);
}

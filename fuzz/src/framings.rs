//! Any bytes through the line decoders, cut into lines as they come.

use ksplat::stages::line::decode::Decoder;

pub fn run(log: &[u8]) {
    let mut decoder = Decoder::default();
    let mut texts = 0;
    for (number, line) in (1..).zip(log.split(|byte| *byte == b'\n')) {
        decoder.line(number, line, &mut |line| texts += line.text.len());
    }
    decoder.release(&mut |line| texts += line.text.len());
    assert!(decoder.is_idle());
    // Decoding takes away; the longest replacement, three bytes for one, is that of a byte that is no UTF-8.
    assert!(texts <= 3 * log.len() + 16 * 1024);
}

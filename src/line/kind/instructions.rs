//! Instructions and words of memory: the `Code:` line, its rows on other architectures, disassembly.

use super::{Code, LineKind};
use crate::grammar::Detail;

/// Words of memory or of registers.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// As printed; none in a line of disassembly.
    pub words: Vec<String>,
    /// The same as instructions.
    pub code: Code,
}

/// Instruction bytes; the one in `<>`, on arm, riscv and openrisc in `()`, is where the CPU was. Words of other
/// architectures are split into bytes as printed.
pub(super) fn code(text: &str) -> Option<LineKind> {
    let (_, dump) = text.split_once(':')?;
    if dump.trim().is_empty() {
        return Some(LineKind::Code(Code::default()));
    }
    // s390 begins its disassembly in the line.
    if let Some(LineKind::Words(words)) = disassembled(dump.trim()) {
        return Some(LineKind::Code(words.code));
    }
    let code = instructions(dump);
    Some(match code.bytes.is_empty() {
        // `Code: Bad RIP value.` belongs to the report and holds no instruction.
        true => LineKind::Known(Detail::None),
        false => LineKind::Code(code),
    })
}

/// As many instructions as are at the beginning of a text.
fn instructions(dump: &str) -> Code {
    let mut code = Code::default();
    for token in dump.split_ascii_whitespace() {
        if let Some(byte) = hex_byte(token.as_bytes()).filter(|_| token.len() == 2) {
            code.bytes.push(byte);
            continue;
        }
        let digits = token.trim_matches(['<', '>', '(', ')']).as_bytes();
        if !digits.len().is_multiple_of(2) || !(1..=16).contains(&digits.len()) {
            break;
        }
        let begin = code.bytes.len();
        let bytes = digits.chunks_exact(2).map_while(hex_byte);
        code.bytes.extend(bytes);
        if code.bytes.len() - begin < digits.len() / 2 {
            // Half a word may be cut off or be prose: neither is an instruction.
            code.bytes.truncate(begin);
            break;
        }
        if token.starts_with(['<', '(']) {
            code.trap_offset = Some(begin);
        }
    }
    code
}

/// Nothing but words of the machine: a row of registers, of instructions, or of the stack.
pub(super) fn words(text: &str) -> Option<LineKind> {
    // arm and sh put the end of the address in front: `5fa0: 00000000 be963e80`
    let text = match text.split_once(':') {
        Some((address, row)) if address.len() == 4 && hex_byte(address.as_bytes()).is_some() => row,
        _ => text,
    };
    let is_word = |word: &str| {
        let digits = word.trim_matches(['<', '>']);
        matches!(digits.len(), 4 | 8 | 16) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let all = || text.split_ascii_whitespace();
    (all().next().is_some() && all().all(is_word)).then(|| {
        LineKind::Words(Words {
            words: all().map(str::to_owned).collect(),
            code: instructions(text),
        })
    })
}

/// An instruction as s390 disassembles it, `>` before the one that comes next:
/// `>0000021761df4098: af000000            mc      0,0` (arch/s390/kernel/dis.c, `show_code()`).
pub(super) fn disassembled(text: &str) -> Option<LineKind> {
    let (address, rest) = text.split_once(": ")?;
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = address.trim_start_matches(['>', '#', '*']);
    let word = rest.split_ascii_whitespace().next()?;
    let is_one =
        digits.len() == 16 && is_hex(digits) && matches!(word.len(), 4 | 8 | 12) && is_hex(word);
    is_one.then(|| {
        let mut code = instructions(word);
        code.trap_offset = address.starts_with('>').then_some(0);
        LineKind::Words(Words {
            words: Vec::new(),
            code,
        })
    })
}

/// The byte that two digits give.
fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    let [high, low, ..] = digits else { return None };
    Some(digit(*high)? << 4 | digit(*low)?)
}

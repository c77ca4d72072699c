//! The link in the QR code of a panic screen, `…#?a=x86_64&v=6.12.0&z=7800…`: the end of the kernel's log, compressed
//! with zlib, in decimal digits (drivers/gpu/drm/drm_panic.c, drm_panic_qr.rs).

use super::record::{Physical, Record, Records};
use flate2::bufread::DeflateDecoder;
use std::io::Read;

/// How the parameters of the link begin.
pub(super) const MARK: &str = "#?a=";

/// Bytes of a log; the kernel's buffer is smaller.
const MAX_LOG: u64 = 256 << 10;

/// Digits of a link; the largest QR code holds 7089.
const MAX_DIGITS: usize = 16 << 10;

/// The format: each link is whole by itself.
#[derive(Debug, Default)]
pub(super) struct Qr;

impl Records for Qr {
    fn line(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        let log = unpacked(line.text);
        out.extend(log.iter().map(|log| Record::at(line, log.trim_end())));
        log.is_some()
    }

    fn release(&mut self, _: &mut Vec<Record>) {}

    fn is_idle(&self) -> bool {
        true
    }
}

/// The log in a link.
fn unpacked(text: &str) -> Option<String> {
    let (_, parameters) = text.split_once(MARK)?;
    let parameter = |name: &str| {
        let (_, value) = parameters.split_once(name)?;
        let end = value.find(|c: char| !c.is_ascii_digit());
        let digits = &value[..end.unwrap_or(value.len())];
        (!digits.is_empty() && digits.len() <= MAX_DIGITS).then_some(digits)
    };
    // Each encoding has a name of its own.
    let packed = match parameter("&zl=") {
        Some(digits) => by_bytes(digits)?,
        None => by_bits(parameter("&z=")?)?,
    };
    // Without head and checksum, whose last bits may be lost.
    let (head, stream) = packed.split_at_checked(2)?;
    let is_deflate = head[0] & 0xf == 8;
    let mut log = Vec::new();
    let _ = DeflateDecoder::new(stream)
        .take(MAX_LOG)
        .read_to_end(&mut log);
    let is_log = is_deflate && !log.is_empty();
    is_log.then(|| String::from_utf8_lossy(&log).into_owned())
}

/// Bits that are written in so many digits at the end; there are as many as make whole bytes. 4, 7 and 10 bits would
/// need one digit more than the kernel gives them: what is lost is of zlib's checksum.
const LAST_BITS: [std::ops::RangeInclusive<usize>; 4] = [11..=13, 1..=4, 5..=7, 8..=10];

/// Four digits for each 13 bits, the highest first (6.12 to 6.14).
fn by_bits(digits: &str) -> Option<Vec<u8>> {
    let last = (digits.len() - 1) / 4;
    let last_bits = LAST_BITS[digits.len() % 4].clone();
    let last_bits = last_bits
        .into_iter()
        .find(|bits| (13 * last + bits).is_multiple_of(8))?;
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for (index, chunk) in digits.as_bytes().chunks(4).enumerate() {
        let count = if index == last { last_bits } else { 13 };
        let number: u32 = str::from_utf8(chunk).ok()?.parse().ok()?;
        let fits = number < 1 << count || index == last;
        held = (held << count) | fits.then_some(number & ((1 << count) - 1))?;
        bits += count;
        while bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// Digits of so many bytes.
const DIGITS_OF_BYTES: [usize; 8] = [0, 3, 5, 8, 10, 13, 15, 17];

/// 17 digits for each seven bytes, the lowest byte first.
fn by_bytes(digits: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in digits.as_bytes().chunks(17) {
        let count = DIGITS_OF_BYTES
            .iter()
            .position(|digits| *digits == chunk.len())?;
        let number: u64 = str::from_utf8(chunk).ok()?.parse().ok()?;
        bytes.extend(number.to_le_bytes().iter().take(count));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::bufread::ZlibEncoder;
    use proptest::prelude::*;

    /// As the kernel of 6.12 does it.
    fn to_bits(bytes: &[u8]) -> String {
        let bits: Vec<u16> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)))
            .collect();
        let number = |chunk: &[u16]| {
            let width = if chunk.len() == 1 {
                1
            } else {
                (chunk.len() + 1) / 3
            };
            let number = chunk.iter().fold(0, |number, bit| (number << 1) | bit);
            format!("{:0width$}", number % 10_u16.pow(width as u32))
        };
        bits.chunks(13).map(number).collect()
    }

    /// As later ones do it.
    fn to_bytes(bytes: &[u8]) -> String {
        let number = |chunk: &[u8]| {
            let number = chunk
                .iter()
                .rev()
                .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
            format!("{number:0width$}", width = DIGITS_OF_BYTES[chunk.len()])
        };
        bytes.chunks(7).map(number).collect()
    }

    proptest! {
        #[test]
        fn both_encodings_give_back_what_went_in(bytes in proptest::collection::vec(any::<u8>(), 1..80)) {
            if !matches!(bytes.len() * 8 % 13, 4 | 7 | 10) {
                prop_assert_eq!(by_bits(&to_bits(&bytes)), Some(bytes.clone()));
            }
            prop_assert_eq!(by_bytes(&to_bytes(&bytes)), Some(bytes));
        }

        #[test]
        fn any_digits_are_read_without_a_panic(text in "#\\?a=x&z(l)?=[0-9]{0,40}") {
            let _ = unpacked(&text);
        }
    }

    #[test]
    fn a_link_is_the_log_in_it() {
        let mut packed = Vec::new();
        let log = "[    1.000000] Kernel panic - not syncing: x\n[    1.000001] CPU: 1\n";
        let mut encoder = ZlibEncoder::new(log.as_bytes(), Compression::best());
        encoder.read_to_end(&mut packed).expect("it is packed");
        for parameter in [
            format!("z={}", to_bits(&packed)),
            format!("zl={}", to_bytes(&packed)),
        ] {
            let link = format!("https://example.org/report/#?a=x86_64&v=6.12.0&{parameter}");
            assert_eq!(unpacked(&link).as_deref(), Some(log));
        }
        assert_eq!(unpacked("https://example.org/#?a=1&z=12"), None);
        assert_eq!(unpacked("https://example.org/#?a=1"), None);
    }
}

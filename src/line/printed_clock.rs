//! The time of day in front of a line.

use std::fmt;

/// Bytes that are kept. The usual forms have up to 36; a date of longer words is left out.
const CAPACITY: usize = 47;

/// A time of day as the log prints it, with whatever zone and language its logger has.
///
/// It is kept in place. A copy on the heap for each line would cost more than the rest of its framing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PrintedClock {
    length: u8,
    bytes: [u8; CAPACITY],
}

impl PrintedClock {
    /// `None` where it is too long.
    pub fn of(text: &str) -> Option<PrintedClock> {
        let mut bytes = [0; CAPACITY];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).ok()?;
        Some(PrintedClock { length, bytes })
    }

    /// As printed.
    pub fn as_str(&self) -> &str {
        let bytes = &self.bytes[..usize::from(self.length)];
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Debug for PrintedClock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_kept_as_printed_or_not_at_all() {
        let month = "vasárnap, 23. november 2026 14:20:48";
        assert_eq!(
            PrintedClock::of(month)
                .map(|c| c.as_str().to_owned())
                .as_deref(),
            Some(month)
        );
        assert_eq!(PrintedClock::of(&"x".repeat(CAPACITY + 1)), None);
    }
}

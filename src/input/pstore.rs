//! The first line of a part of a pstore dump.

/// `Panic#1 Part3` (fs/pstore/platform.c, `pstore_dump()`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHead {
    /// Why the kernel dumped its log.
    pub reason: &'static str,
    /// Count of dumps.
    pub dump: u64,
    /// Part of the dump; the kernel saves the end of its log first, so 1 is the last one.
    pub part: u64,
}

/// `kmsg_dump_reason_str()` (kernel/printk/printk.c), and what older kernels called them.
const REASONS: [&str; 8] = [
    "Panic",
    "Oops",
    "Emergency",
    "Shutdown",
    "Unknown",
    "Restart",
    "Halt",
    "Poweroff",
];

impl PartHead {
    /// Reads it; `None` where the line is another one.
    pub fn read(line: &[u8]) -> Option<PartHead> {
        let text = str::from_utf8(line.trim_ascii_end()).ok()?;
        let (reason, rest) = text.split_once('#')?;
        let reason = REASONS.iter().find(|known| **known == reason)?;
        let (dump, part) = rest.split_once(" Part")?;
        Some(PartHead {
            reason,
            dump: dump.parse().ok()?,
            part: part.parse().ok()?,
        })
    }
}

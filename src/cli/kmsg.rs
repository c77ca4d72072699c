//! The running kernel's log: `/dev/kmsg`, read to its end without waiting for more.

use crate::os;
use std::error::Error;
use std::io::{self, Read};
use std::path::Path;

const PATH: &str = "/dev/kmsg";

/// A record is at most this long (`PRINTKRB_RECORD_MAX` and its prefix, kernel/printk/printk.c).
const RECORD: usize = 16 * 1024;

/// Hands all records of the ring buffer to `take`.
///
/// # Errors
/// Where the device cannot be opened: the message says how to pipe dmesg in.
pub fn read(mut take: impl FnMut(&[u8])) -> Result<(), Box<dyn Error>> {
    let opened = os::open_named(Path::new(PATH));
    let mut device = opened.map_err(|e| format!("{PATH}: {e}; run: sudo dmesg | ksplat"))?;
    let mut record = vec![0; RECORD];
    loop {
        match device.read(&mut record) {
            Ok(0) => return Ok(()),
            Ok(length) => take(&record[..length]),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            // A record was overwritten before it could be read; the next read goes on after it.
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted
                ) => {}
            Err(e) => return Err(format!("{PATH}: {e}; run: sudo dmesg | ksplat").into()),
        }
    }
}

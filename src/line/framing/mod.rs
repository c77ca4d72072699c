//! Framing: what stands in front of the kernel's text.
//!
//! A line may carry several layers (`kern  :warn  : [    0.055225][    T0] …`). Each entry of
//! `LAYERS` reads one; they are taken off until none fits. A new framing is one more entry.

mod android;
mod ci;
mod clock;
mod kernel;
mod syslog;

use super::{Caller, Framing};
use nom::IResult;

pub(super) use kernel::{caller_id, stamp_at};

/// More layers than any real log has; a bound on hostile input.
const MAX_LAYERS: usize = 8;

/// What one layer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Time(u64),
    Caller(Caller),
    Level(u8),
    /// A layer that tells nothing ksplat keeps (host name, wall clock).
    Other,
}

/// One framing.
struct Layer {
    read: fn(&str) -> IResult<&str, Mark>,
    /// Where it may stand.
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Anywhere in front of the text.
    Any,
    /// Only behind another layer: alone it could be text.
    Behind,
}

const fn any(read: fn(&str) -> IResult<&str, Mark>) -> Layer {
    Layer {
        read,
        place: Place::Any,
    }
}

const fn behind(read: fn(&str) -> IResult<&str, Mark>) -> Layer {
    Layer {
        read,
        place: Place::Behind,
    }
}

/// Every layer that ksplat knows, the commonest first.
const LAYERS: &[Layer] = &[
    any(kernel::uptime),
    any(kernel::caller),
    // Before the level: MediaTek's processor begins as one does.
    behind(android::processor),
    any(syslog::rfc5424),
    any(kernel::level_number),
    any(kernel::facility_level),
    any(kernel::wall_clock),
    any(kernel::delta),
    any(kernel::minute),
    any(kernel::indented),
    // Before the clocks: logcat's may begin as one of theirs.
    any(android::logcat),
    any(android::brief),
    any(clock::iso),
    any(clock::classic),
    any(clock::weekday_iso),
    any(clock::unix),
    any(clock::bracketed),
    any(clock::time_of_day),
    behind(syslog::busybox_tag),
    behind(syslog::kernel_tag),
    behind(ci::gitlab_stream),
    behind(ci::container_stream),
];

/// Takes the kernel's own stamp and caller off a line of a console; `None` without the stamp, and where
/// it has another form than the usual one.
pub fn of_console(line: &str) -> Option<(Framing, &str)> {
    let (rest, time_us) = kernel::usual_uptime(line)?;
    let (rest, caller) = match kernel::caller(rest) {
        Ok((rest, Mark::Caller(caller))) => (rest, Some(caller)),
        _ => (rest, None),
    };
    let framing = Framing {
        time_us: Some(time_us),
        caller,
        level: None,
        present: true,
    };
    Some((framing, rest))
}

/// True where one of the layers begins a text that stands behind another one.
pub fn begins(text: &str) -> bool {
    LAYERS.iter().any(|layer| (layer.read)(text).is_ok())
}

/// True where a text holds another message with a stamp of its own.
pub fn holds_stamp(text: &str) -> bool {
    stamp_at(text).is_some()
}

/// Takes all framing off a line.
pub fn strip(line: &str) -> (Framing, &str) {
    let mut framing = Framing::default();
    let mut rest = line;
    for _ in 0..MAX_LAYERS {
        let fits = |layer: &&Layer| layer.place == Place::Any || framing.present;
        let layers = LAYERS.iter().filter(fits);
        let Some((inner, mark)) = layers.flat_map(|layer| (layer.read)(rest)).next() else {
            break;
        };
        framing.present = true;
        match mark {
            Mark::Time(us) => framing.time_us = Some(us),
            Mark::Caller(caller) => framing.caller = Some(caller),
            Mark::Level(level) => framing.level = Some(level),
            Mark::Other => {}
        }
        rest = inner;
    }
    (framing, rest)
}

#[cfg(test)]
mod tests;

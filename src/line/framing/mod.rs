//! Framing: what is in front of the kernel's text.
//!
//! A line may carry several layers (`kern  :warn  : [    0.055225][    T0] …`). Each entry of
//! `LAYERS` reads one; they are taken off until none fits. A new framing is one more entry.

mod android;
mod ci;
mod clock;
mod kernel;
mod syslog;

use super::{Caller, Framing, PrintedClock, Source};
use nom::IResult;

pub(super) use clock::may_hold as may_hold_clock;
pub(super) use kernel::{caller_id, level_of, stamp_at};

/// More layers than any real log has; a bound on hostile input.
const MAX_LAYERS: usize = 8;

/// What one layer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark<'a> {
    Time(u64),
    Caller(Caller),
    /// Time and caller in one layer.
    Stamp(u64, Caller),
    /// A level, and whose it is by its facility.
    Level(u8, Source),
    /// A layer that only lines of the kernel have, or only those of another program.
    Of(Source),
    /// A time of day, and whose it is by its form.
    Clock(&'a str, Source),
    /// A layer that says nothing ksplat keeps (a host's name).
    Other,
}

/// One framing.
struct Layer {
    read: fn(&str) -> IResult<&str, Mark<'_>>,
    /// Where it may be.
    place: LayerPlace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LayerPlace {
    /// Anywhere in front of the text.
    Any,
    /// Only after another layer: alone it could be text.
    After,
}

const fn any(read: fn(&str) -> IResult<&str, Mark<'_>>) -> Layer {
    Layer {
        read,
        place: LayerPlace::Any,
    }
}

const fn after(read: fn(&str) -> IResult<&str, Mark<'_>>) -> Layer {
    Layer {
        read,
        place: LayerPlace::After,
    }
}

/// Every layer that ksplat knows, the commonest first.
const LAYERS: &[Layer] = &[
    any(kernel::uptime),
    any(kernel::caller),
    // Before the level: MediaTek's processor begins as one does.
    after(android::processor),
    after(android::task_of_vendor),
    any(syslog::rfc5424),
    any(kernel::level_number),
    any(kernel::facility_level),
    any(kernel::talos),
    any(kernel::wall_clock),
    any(kernel::delta),
    any(kernel::minute),
    any(kernel::indented),
    any(kernel::stamp_without_brackets),
    any(kernel::cut_stamp),
    any(kernel::emptied),
    // Before the clocks: logcat's may begin as one of theirs.
    any(android::logcat),
    any(android::brief),
    any(clock::iso),
    // Before the classic one, which has no zone.
    any(clock::weekday_iso),
    any(clock::classic),
    any(clock::unix),
    any(clock::bracketed),
    any(clock::time_of_day),
    after(syslog::busybox_tag),
    after(syslog::kernel_tag),
    any(syslog::bare_kernel_tag),
    any(ci::node_event),
    after(ci::gitlab_stream),
    after(ci::container_stream),
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
        clock: None,
        caller,
        level: None,
        source: Source::Kernel,
        present: true,
    };
    Some((framing, rest))
}

/// True where one of the layers begins a text that is after another one.
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
        let fits = |layer: &&Layer| layer.place == LayerPlace::Any || framing.present;
        let layers = LAYERS.iter().filter(fits);
        let Some((inner, mark)) = layers.flat_map(|layer| (layer.read)(rest)).next() else {
            break;
        };
        framing.take(mark);
        rest = inner;
    }
    // A clock alone says nothing of the writer; the tag after it may.
    if framing.present && framing.source != Source::Kernel && syslog::has_program_tag(rest) {
        framing.source = Source::Program;
    }
    (framing, rest)
}

/// True for the head of an entry of journalctl -o verbose, without its cursor: a full date alone.
pub fn is_full_date(text: &str) -> bool {
    clock::weekday_iso(text).is_ok_and(|(rest, _)| rest.is_empty())
}

/// True where what is before a header is another program's tag: `systemd[1]: foo.service: `.
pub fn holds_program_tag(text: &str) -> bool {
    syslog::has_program_tag(text)
}

impl Framing {
    /// With what one more layer says.
    fn take(&mut self, mark: Mark<'_>) {
        self.present = true;
        match mark {
            Mark::Time(us) => self.time_us = Some(us),
            Mark::Caller(caller) => self.caller = Some(caller),
            Mark::Stamp(us, caller) => {
                (self.time_us, self.caller) = (Some(us), Some(caller));
            }
            Mark::Level(level, _) => self.level = Some(level),
            // The kernel's own is nearer to the message than its logger's.
            Mark::Clock(clock, _) => self.clock = PrintedClock::of(clock).or(self.clock),
            Mark::Of(_) | Mark::Other => {}
        }
        match mark {
            Mark::Clock(_, Source::Unknown) => {}
            Mark::Level(_, source) | Mark::Of(source) | Mark::Clock(_, source) => {
                self.source = source;
            }
            // printk stamps what programs write to /dev/kmsg as well: their facility counts.
            Mark::Time(_) | Mark::Caller(_) | Mark::Stamp(..) if self.source != Source::Program => {
                self.source = Source::Kernel;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;

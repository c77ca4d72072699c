//! The data types of a splat. Field docs name the printed line that each one comes from.

use super::lines::Lines;
use crate::input::container::Envelope;
use crate::line::Caller;
use crate::line::kind::{Code, CodeRef, Frame, Kernel, Registers};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::ops::Range;
use std::sync::Arc;

/// Where in the input a splat is. Lines count from 1, as editors do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SourceSpan {
    /// The input as the user named it (`-` for standard input).
    pub path: String,
    /// The chain of containers inside `path` (`dmesg.xz in mail 3`).
    pub member: Option<String>,
    /// First line that belongs to the splat.
    pub first_line: u64,
    /// Last line that belongs to the splat.
    pub last_line: u64,
    /// The mail that it is in, where it is in one; JSON has its fields beside those here.
    #[serde(flatten, serialize_with = "mail")]
    pub mail: Option<Arc<Envelope>>,
}

/// The fields of a mail that JSON has.
fn mail<S: Serializer>(mail: &Option<Arc<Envelope>>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(mail) = mail {
        let fields = [
            ("message_id", &mail.message_id),
            ("date", &mail.date),
            ("list", &mail.list),
            ("subject", &mail.subject),
            ("syzbot", &mail.syzbot),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
    }
    map.end()
}

/// One of the stacks of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stack {
    /// The line that says whose stack it is, without its colon (`Allocated by task 5312`); `None` for the
    /// report's own.
    pub label: Option<String>,
    /// Its frames, as a range of [`Splat::frames`].
    pub frames: Range<usize>,
}

impl Stack {
    /// The task that the label names (`Allocated by task 5312`).
    pub fn task(&self) -> Option<u32> {
        let (_, rest) = self.label.as_deref()?.split_once("by task ")?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    }
}

/// A kernel report as the log prints it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Splat {
    /// Where it is in the input.
    pub source: SourceSpan,
    /// Name of the kind in `grammars/kinds/` (`warning`, …).
    pub kind: String,
    /// Text of the line that names the kind, without framing (`WARNING: CPU: 1 PID: 0 at …`).
    pub header: String,
    /// Log line of `header`; 0 when the log has none.
    pub header_line: u64,
    /// Lines printed before the header that belong to it: the text or the condition of a WARN().
    pub message: Vec<String>,
    /// Cut off at either end.
    pub truncated: bool,
    /// Lines of two splats could not be separated.
    pub interleaved: bool,
    /// Log line of the report itself which says that the machine stopped.
    pub panic_line: Option<u64>,
    /// The kernel's own marks (`cut here`, `end trace`) show that this is a report, whatever is left of it.
    pub(crate) marked: bool,
    /// Before its trace is another line of the kernel's, which may be a header that no rule knows.
    pub(crate) announced: bool,
    /// Index into the boots of the input.
    pub boot: Option<usize>,
    /// The kernel that printed it.
    pub kernel: Kernel,
    /// `Hardware name:` line.
    pub hardware: Option<String>,
    /// Seconds since boot, in microseconds.
    pub time_us: Option<u64>,
    /// Time of day of its first line, as printed.
    pub clock: Option<String>,
    /// Who printed it, where printk says.
    pub caller: Option<Caller>,
    /// CPU that printed it.
    pub cpu: Option<u32>,
    /// Task that was running; negative where the task was overwritten.
    pub pid: Option<i32>,
    /// Its name.
    pub comm: Option<String>,
    /// `FILE` of the header.
    pub at_file: Option<String>,
    /// `LINE` of the header.
    pub at_line: Option<u32>,
    /// The code that the header points at.
    pub at: CodeRef,
    /// The code at RIP.
    pub rip: Option<CodeRef>,
    /// Registers of the kernel context (never those of the user-mode block at the end).
    pub registers: Registers,
    /// The kernel's `Code:` line.
    pub code: Option<Code>,
    /// The frames of all stacks, each innermost first, in the order printed.
    pub frames: Vec<Frame>,
    /// The stacks that the frames are of, the report's own first; empty until the report is judged.
    pub stacks: Vec<Stack>,
    /// What the report says after its header, as printed: the access and the object of KASAN, the index of
    /// UBSAN, the locks of lockdep; empty until the report is made.
    pub details: Vec<String>,
    /// The report as printed, without framing and unreliable frames: the header, then what its
    /// caller printed after it, as far as the bounds allow. Titles are made from it.
    pub(crate) lines: Lines,
}

impl Splat {
    /// The frames of the report's own stack, without those of allocations, other locks or other CPUs.
    pub fn own_frames(&self) -> &[Frame] {
        // Until the report is made all frames count as its own.
        match self.stacks.first() {
            Some(own) => self.frames_of(own),
            None => &self.frames,
        }
    }

    /// The frames of one of its stacks.
    pub fn frames_of(&self, stack: &Stack) -> &[Frame] {
        self.frames.get(stack.frames.clone()).unwrap_or_default()
    }
}

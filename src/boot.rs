//! Boots: what a log says of each start of the kernel, and the milestones it passed.
//!
//! In: log lines, one after the other. Out: [`Boot`]s; a version banner begins a new one. Lines
//! before the first banner belong to a boot of which nothing is known.

use crate::grammar::{BootEvent, FactField, Grammar, MilestoneName};
use crate::line::LogLine;

/// Milestones and notes kept for one boot; a machine that hotplugs for weeks would fill memory.
const MAX_ENTRIES: usize = 4096;

/// A milestone that a boot passed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedMilestone {
    /// Which one.
    pub name: MilestoneName,
    /// Log line.
    pub line: u64,
    /// Microseconds since boot.
    pub time_us: Option<u64>,
    /// The CPU it speaks of, for hotplug.
    pub cpu: Option<u32>,
}

/// Something the log says of a CPU feature ([`crate::grammar::Word`]), or a mention of a function
/// that late clears come from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeatureMessage {
    /// Name of the word rule; `None` for a mention.
    pub word: Option<String>,
    /// Log line.
    pub line: u64,
    /// The /proc/cpuinfo flag it names.
    pub flag: Option<String>,
    /// The text, for people.
    pub text: String,
    /// True where the log's framing shows that the kernel printed the line.
    pub framed: bool,
}

/// The last line of a boot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastLine {
    /// Log line.
    pub number: u64,
    /// As it is there.
    pub text: String,
}

/// What a line of the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Log line.
    pub line: u64,
    /// What.
    pub text: String,
}

/// One start of the kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Boot {
    /// First line of the boot.
    pub first_line: u64,
    /// `Linux version …`, whole.
    pub banner: Option<String>,
    /// Kernel command line.
    pub command_line: Option<String>,
    /// `DMI:` line.
    pub hardware: Option<String>,
    /// Microcode revision.
    pub microcode: Option<String>,
    /// CPUs brought up at boot.
    pub cpus: Option<u32>,
    /// KASLR offset in bytes.
    pub kaslr_offset: Option<u64>,
    /// The hypervisor that it runs under.
    pub hypervisor: Option<Statement>,
    /// It ended by starting another kernel.
    pub kexec: Option<Statement>,
    /// The kernel before it started it by kexec.
    pub after_kexec: Option<Statement>,
    /// Milestones in the order of the log.
    pub milestones: Vec<PassedMilestone>,
    /// What the log says of features.
    pub notes: Vec<FeatureMessage>,
    /// The last line that is not blank; only where milestones are expected.
    pub last: Option<LastLine>,
    /// Milestones that were expected and not passed.
    pub lacks: Vec<MilestoneName>,
    /// The kernel said that it goes: what follows is no surprise.
    pub has_ended: bool,
}

impl Boot {
    /// `uname -r` from the banner.
    pub fn release(&self) -> Option<&str> {
        self.banner
            .as_deref()?
            .strip_prefix("Linux version ")?
            .split_whitespace()
            .next()
    }

    /// The last milestone of that name before `line`.
    pub(crate) fn passed_before(&self, name: MilestoneName, line: u64) -> Option<&PassedMilestone> {
        self.milestones
            .iter()
            .rev()
            .find(|passed| passed.name == name && passed.line < line)
    }

    /// The first milestone of that name.
    pub fn first(&self, name: MilestoneName) -> Option<&PassedMilestone> {
        self.milestones.iter().find(|passed| passed.name == name)
    }

    /// True where a message at `line` is news of what came after the milestone: the boot had not said
    /// the same before it.
    pub(crate) fn is_news_after(&self, name: MilestoneName, line: u64, text: &str) -> bool {
        let Some(passed) = self.first(name) else {
            return false;
        };
        let said = |note: &FeatureMessage| note.line < passed.line && note.text == text;
        passed.line < line && !self.notes.iter().any(said)
    }

    fn set(&mut self, field: FactField, line: u64, value: &str) {
        let text = || Some(value.trim().to_owned());
        let said = || {
            Some(Statement {
                line,
                text: value.trim().to_owned(),
            })
        };
        match field {
            // It begins a boot, and so never comes here as a fact of one.
            FactField::Banner => {}
            // The first one counts: a second kernel may quote the line of this one.
            FactField::CommandLine if self.command_line.is_none() => self.command_line = text(),
            FactField::Hardware if self.hardware.is_none() => self.hardware = text(),
            FactField::Microcode if self.microcode.is_none() => self.microcode = text(),
            FactField::Cpus if self.cpus.is_none() => self.cpus = value.parse().ok(),
            FactField::End => self.has_ended = true,
            FactField::Hypervisor if self.hypervisor.is_none() => self.hypervisor = said(),
            // The last one counts: a start may be tried again.
            FactField::Kexec => self.kexec = said(),
            FactField::KaslrOffset => self.kaslr_offset = kaslr_offset(value),
            _ => {}
        }
    }

    /// Keeps a milestone. Those that a boot passes once are kept once: two forms of the line are
    /// one milestone.
    fn pass(&mut self, passed: PassedMilestone) {
        // Each of the others may come any number of times.
        let once = !matches!(
            passed.name,
            MilestoneName::CpuOnline
                | MilestoneName::CpuOffline
                | MilestoneName::Suspend
                | MilestoneName::Resume
                | MilestoneName::ResumeDone
        );
        if self.milestones.len() < MAX_ENTRIES && !(once && self.first(passed.name).is_some()) {
            self.milestones.push(passed);
        }
    }
}

/// `0x1f400000`; `disabled` is an offset of 0.
fn kaslr_offset(value: &str) -> Option<u64> {
    match value.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => Some(0),
    }
}

/// The boots of one input.
#[derive(Debug, Clone, Default)]
pub struct Boots {
    all: Vec<Boot>,
    /// Index of the last boot that a splat belongs to.
    claimed: Option<usize>,
    /// A line of the last boot may be a milestone.
    begun: bool,
    /// A line of a kernel was seen, whatever it says.
    has_kernel_lines: bool,
}

impl Boots {
    /// All boots, in the order of the log.
    pub fn all(&self) -> &[Boot] {
        &self.all
    }

    /// The same, where nothing more comes.
    pub fn into_all(self) -> Vec<Boot> {
        self.all
    }

    /// Index of the boot that a splat at `line` belongs to. Where no banner came before it that is
    /// a boot of which nothing is known.
    pub fn claim(&mut self, line: u64) -> usize {
        let index = self.current(line);
        self.claimed = Some(index);
        index
    }

    /// Index of the boot that the log is in.
    fn current(&mut self, line: u64) -> usize {
        if self.all.is_empty() {
            self.all.push(Boot {
                first_line: line,
                ..Boot::default()
            });
        }
        self.all.len() - 1
    }

    /// The boot of that index.
    pub fn get(&self, index: usize) -> Option<&Boot> {
        self.all.get(index)
    }

    /// The boot of that index printed this line last.
    pub fn end(&mut self, index: usize, last: Option<LastLine>) {
        if let Some(boot) = self.all.get_mut(index) {
            boot.last = last;
        }
    }

    /// Notes what of `wanted` each boot did not pass. One whose beginning is not in the log may have passed it there,
    /// save where the log has no other.
    pub fn hold_against(&mut self, wanted: &[MilestoneName]) {
        // A log may begin after its banner. Then nothing else can be held against.
        let is_alone = self.all.len() == 1;
        for boot in &mut self.all {
            if boot.banner.is_none() && !is_alone {
                continue;
            }
            let lacks = wanted.iter().filter(|name| boot.first(**name).is_none());
            boot.lacks = lacks.copied().collect();
        }
    }

    /// Keeps the KASLR offset that a splat of the boot proved.
    pub fn learn_kaslr_offset(&mut self, index: usize, offset: Option<u64>) {
        if let Some(boot) = self.all.get_mut(index) {
            // The kernel's own line comes first.
            boot.kaslr_offset = boot.kaslr_offset.or(offset);
        }
    }

    /// True where a line of the last boot may be a milestone: its banner, once more, begins another.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// A line of the last boot may be a milestone.
    pub fn set_begun(&mut self) {
        self.begun = true;
    }

    /// True where a kernel that starts now does so without a word from the one before. The first boot of a log is
    /// no such start.
    pub fn makes_restart_a_surprise(&self) -> bool {
        let was_one = self.has_kernel_lines || !self.all.is_empty();
        // A log that begins with a boot is no surprise.
        was_one && self.all.last().is_none_or(|boot| !boot.has_ended)
    }

    /// True for a line with the banner of the last boot.
    pub fn has_banner_of(&self, line: &[u8]) -> bool {
        let banner = self.all.last().and_then(|boot| boot.banner.as_deref());
        let line = line.trim_ascii_end();
        banner.is_some_and(|banner| line.ends_with(banner.as_bytes()))
    }

    /// The line that began the last boot has come again: another boot, or the same line printed twice.
    pub fn repeat(&mut self, line: u64) {
        let banner = self.all.last().and_then(|last| last.banner.clone());
        // Nothing but the banner was seen since: the same line, printed twice.
        if self.begun {
            self.begun = false;
            self.all.push(self.next(line, banner));
        }
    }

    /// Takes in one line.
    pub fn observe(&mut self, grammar: &Grammar, line: &LogLine<'_>) {
        self.has_kernel_lines |= line.framing.is_kernels();
        let text = line.text.trim();
        let Some(events) = grammar.boot_events(text) else {
            return;
        };
        let is_fact = |event: &&BootEvent| matches!(event, BootEvent::Fact(..));
        let facts = events.all.iter().take_while(is_fact).count();
        let (facts, rest) = events.all.split_at(facts);
        // A banner in the line begins the boot that the rest is of.
        facts.iter().for_each(|fact| self.learn(fact, line, text));
        self.begun |= events.may_be_milestone;
        rest.iter().for_each(|event| self.learn(event, line, text));
    }

    fn learn(&mut self, event: &BootEvent, line: &LogLine<'_>, text: &str) {
        match event {
            BootEvent::Fact(FactField::Banner, banner) => self.begin(line, banner),
            BootEvent::Fact(field, value) => self.boot(line).set(*field, line.number, value),
            BootEvent::Milestone(name, cpu) => self.boot(line).pass(PassedMilestone {
                name: *name,
                line: line.number,
                time_us: line.framing.time_us,
                cpu: *cpu,
            }),
            BootEvent::Word(name, flag) => self.note(line, Some(name.clone()), flag.clone(), text),
            BootEvent::Site => self.note(line, None, None, text),
        }
    }

    fn note(&mut self, line: &LogLine<'_>, word: Option<String>, flag: Option<String>, text: &str) {
        let note = FeatureMessage {
            word,
            line: line.number,
            flag,
            text: text.to_owned(),
            framed: line.framing.present,
        };
        let boot = self.boot(line);
        if boot.notes.len() < MAX_ENTRIES {
            boot.notes.push(note);
        }
    }

    fn boot(&mut self, line: &LogLine<'_>) -> &mut Boot {
        let index = self.current(line.number);
        &mut self.all[index]
    }

    /// The boot after the last one.
    fn next(&self, first_line: u64, banner: Option<String>) -> Boot {
        Boot {
            first_line,
            banner,
            after_kexec: self.all.last().and_then(|last| last.kexec.clone()),
            ..Boot::default()
        }
    }

    /// A banner begins a boot. Firmware and early consoles print some of a boot's lines twice: the
    /// same banner before any milestone is the same boot.
    fn begin(&mut self, line: &LogLine<'_>, banner: &str) {
        let last = self.all.last().and_then(|last| last.banner.as_deref());
        // Another banner is always another boot.
        if self.begun || last != Some(banner) {
            self.begun = false;
            self.all
                .push(self.next(line.number, Some(banner.to_owned())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boots(log: &str) -> Boots {
        let grammar = Grammar::builtin();
        let mut boots = Boots::default();
        for (number, line) in (1..).zip(log.lines()) {
            boots.observe(&grammar, &LogLine::parse(number, line.as_bytes()));
        }
        boots
    }

    #[test]
    fn two_boots_in_one_console_log() {
        let boots = boots(
            "SeaBIOS\n\
             [    0.000000] Linux version 6.12.1 (a@b) (gcc) #1 SMP\n\
             [    0.000000] Command line: quiet nokaslr\n\
             [    0.700000] smp: Bringing up secondary CPUs ...\n\
             [    0.710000] smpboot: x86: Booting SMP configuration:\n\
             [    0.900000] smp: Brought up 1 node, 2 CPUs\n\
             [    0.000000] Linux version 6.13.0 (a@b) (gcc) #2 SMP\n",
        );
        let releases: Vec<_> = boots.all().iter().map(Boot::release).collect();
        assert_eq!(releases, [Some("6.12.1"), Some("6.13.0")]);
        let first = &boots.all()[0];
        assert_eq!(first.command_line.as_deref(), Some("quiet nokaslr"));
        assert_eq!(first.cpus, Some(2));
        let names: Vec<_> = first.milestones.iter().map(|m| (m.name, m.line)).collect();
        assert_eq!(
            names,
            [
                (MilestoneName::SecondaryBringUp, 4),
                (MilestoneName::SecondaryBringUpDone, 6)
            ]
        );
    }

    #[test]
    fn prose_that_mentions_the_function_is_a_note_and_no_boot_fact() {
        let boots =
            boots("Subject: WARNING:at_arch/x86/kernel/cpu/cpuid-deps.c:#do_clear_cpu_cap\n");
        assert_eq!(boots.all()[0].notes.len(), 1);
        assert_eq!(boots.all()[0].banner, None);
    }
}

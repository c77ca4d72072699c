//! What an input says of single CPUs, and how they differ.
//!
//! In: texts (logs, /proc/cpuinfo, listings of registers). Out: a [`CpuTable`]: what is said, for each CPU; and
//! its [`Difference`]s. What such lines look like is in `grammars/cpus.toml`, what bits of registers are called in
//! `grammars/msr.toml`.

mod columns;
mod compare;
mod contradiction;
mod listings;
mod rdmsr;
mod read;

pub use compare::{Difference, label};
pub use contradiction::Contradiction;
pub use listings::{Beside, Listings, TextPlace};
pub use read::ListingReader;

use crate::grammar::{CountedUnit, Msr};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// CPUs of a machine: the most that x86 kernels can have (`NR_CPUS`, arch/x86/Kconfig).
const MAX_CPUS: u32 = 8192;

/// Bytes of names, values and places that a table keeps; a listing of 8192 CPUs has half.
const MAX_BYTES: usize = 128 << 20;

/// The source of what the kernel prints in lines of their own.
const KERNEL: &str = "kernel";

/// The source with the model's name.
const CPUINFO: &str = "/proc/cpuinfo";

/// What the model's name is called there, and in the rule for the kernel's line.
const MODEL: &str = "model name";

/// What a value is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A model-specific register, by its number.
    Msr(u32),
    /// A field of a listing, or what a line is about: where it is printed, and its name.
    Field(String, String),
}

impl Subject {
    /// Bytes of its names.
    fn size(&self) -> usize {
        match self {
            Subject::Msr(_) => 0,
            Subject::Field(listing, name) => listing.len() + name.len(),
        }
    }
}

/// Where a value is printed first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Printed {
    /// The input, as the user named it.
    #[serde(serialize_with = "as_text")]
    pub path: Arc<str>,
    /// Physical line, counted from 1.
    pub line: u64,
}

fn as_text<S: Serializer>(path: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(path)
}

/// CPUs that agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The value as printed.
    pub value: String,
    /// Them, sorted.
    pub cpus: BTreeSet<u32>,
    /// Where the first of them says so.
    pub printed: Printed,
}

/// What the CPUs say of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub subject: Subject,
    /// The values, in the order in which they were printed first. CPUs of which several are printed are in none.
    pub values: Vec<Agreed>,
    /// Where the value of each CPU is printed.
    places: BTreeMap<u32, Printed>,
    /// CPUs of which several values are printed, with all of them and where: which one is true nobody can say.
    contradicted: BTreeMap<u32, Vec<(String, Printed)>>,
    /// A list of words, compared word by word.
    pub is_set: bool,
    /// Each CPU has a value of its own.
    pub is_own: bool,
    /// What it means that one CPU has a value at all.
    pub says: Option<String>,
    /// What is known of the register.
    pub register: Option<Msr>,
    /// Registers of CPUID in the value whose bits have names.
    words: Vec<NamedWord>,
}

/// A register of CPUID, and the features that its bits are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedWord {
    /// As the listing calls it.
    register: String,
    /// By the bit.
    names: BTreeMap<u32, String>,
}

impl Row {
    /// Where it is printed, and what it is called.
    pub fn name(&self) -> (String, String) {
        match &self.subject {
            Subject::Msr(number) => {
                let register = self.register.as_ref();
                let name = register.map_or(String::new(), |msr| msr.name.clone());
                (format!("MSR {number:#x}"), name)
            }
            Subject::Field(source, name) => (source.clone(), name.clone()),
        }
    }

    /// The value of a CPU; `None` where none is printed, or several.
    pub fn of(&self, cpu: u32) -> Option<&Agreed> {
        self.values.iter().find(|value| value.cpus.contains(&cpu))
    }

    /// Takes in a value; gives the bytes that it takes.
    fn take(&mut self, said: &Said<'_>, printed: &Printed) -> usize {
        if let Some(all) = self.contradicted.get_mut(&said.cpu) {
            return contradiction::note(all, said, printed);
        }
        match self.of(said.cpu) {
            Some(known) if known.value == said.value || self.is_of_kernel() => 0,
            Some(known) if said.is_same(&known.value) => 0,
            Some(_) => self.contradict(said, printed),
            None => self.agree(said, printed),
        }
    }

    fn agree(&mut self, said: &Said<'_>, printed: &Printed) -> usize {
        self.places.insert(said.cpu, printed.clone());
        let mut values = self.values.iter_mut();
        if let Some(agreed) = values.find(|value| value.value == said.value) {
            agreed.cpus.insert(said.cpu);
            return size_of::<(u32, Printed)>();
        }
        self.values.push(Agreed {
            value: said.value.to_owned(),
            cpus: BTreeSet::from([said.cpu]),
            printed: printed.clone(),
        });
        size_of::<(u32, Printed)>() + said.value.len()
    }

    fn is_of_kernel(&self) -> bool {
        matches!(&self.subject, Subject::Field(source, _) if source == KERNEL)
    }
}

/// What an input says of its CPUs.
#[derive(Debug, Clone, Default)]
pub struct CpuTable {
    /// What the numbers are of.
    unit: CountedUnit,
    /// What is said of sockets, in the table of CPUs.
    sockets: Option<Box<CpuTable>>,
    rows: Vec<Row>,
    index: HashMap<Subject, usize>,
    cpus: BTreeSet<u32>,
    /// Those that are empty: nothing is said of them.
    empty: BTreeSet<u32>,
    bytes: usize,
    /// Values that were passed over: too many.
    lost: u64,
    /// Last lines that do not end, and are too short to be compared.
    cut: Vec<Printed>,
}

/// A value of a CPU, as a reader finds it.
struct Said<'a> {
    unit: CountedUnit,
    cpu: u32,
    subject: Subject,
    value: &'a str,
    is_set: bool,
    is_own: bool,
    says: Option<&'a str>,
    register: Option<&'a Msr>,
    words: &'a [NamedWord],
    /// Its line is the last one, and has no end.
    may_be_cut: bool,
}

impl<'a> Said<'a> {
    /// A value of a CPU that is compared as it is.
    fn plain(cpu: u32, subject: Subject, value: &'a str) -> Said<'a> {
        Said {
            unit: CountedUnit::Cpu,
            cpu,
            subject,
            value,
            is_set: false,
            is_own: false,
            says: None,
            register: None,
            words: &[],
            may_be_cut: false,
        }
    }

    /// True for a value that is the same, whatever the order of its words.
    fn is_same(&self, value: &str) -> bool {
        value == self.value
            || self.is_set && compare::words_of(value) == compare::words_of(self.value)
    }

    /// True where the value may lack its end: another CPU's goes on, or has other words.
    fn is_short_of(&self, value: &str) -> bool {
        !self.is_same(value) && (self.is_set || value.starts_with(self.value))
    }
}

impl CpuTable {
    /// The rows, in the order in which they were printed first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of a subject.
    pub fn row(&self, subject: &Subject) -> Option<&Row> {
        self.index.get(subject).map(|index| &self.rows[*index])
    }

    /// The CPUs of which anything is said.
    pub fn cpus(&self) -> &BTreeSet<u32> {
        &self.cpus
    }

    /// True where nothing is said of any CPU.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.sockets.is_none()
    }

    /// What is said of sockets: a table whose numbers count them.
    pub fn sockets(&self) -> Option<&CpuTable> {
        self.sockets.as_deref()
    }

    /// What the numbers are of.
    pub fn unit(&self) -> CountedUnit {
        self.unit
    }

    /// Sockets without a processor.
    pub fn empty(&self) -> &BTreeSet<u32> {
        &self.empty
    }

    /// A socket is empty: what its block says otherwise is of a processor that is not there.
    fn leave_empty(&mut self, socket: u32) {
        let sockets = self.sockets_mut();
        if socket < MAX_CPUS {
            sockets.empty.insert(socket);
        }
        sockets.cpus.remove(&socket);
        for row in &mut sockets.rows {
            row.contradicted.remove(&socket);
            row.values.retain_mut(|value| {
                value.cpus.remove(&socket);
                !value.cpus.is_empty()
            });
        }
    }

    fn sockets_mut(&mut self) -> &mut CpuTable {
        self.sockets.get_or_insert_with(|| {
            Box::new(CpuTable {
                unit: CountedUnit::Socket,
                ..CpuTable::default()
            })
        })
    }

    /// Values that were passed over because there are too many.
    pub fn lost(&self) -> u64 {
        self.lost + self.sockets().map_or(0, CpuTable::lost)
    }

    /// Last lines that were passed over: they have no end, and may have been cut off.
    pub fn cut(&self) -> &[Printed] {
        &self.cut
    }

    /// Takes in a value. Another one than was printed of the CPU before contradicts that, save where the kernel prints it:
    /// microcode is updated, and a log may hold several boots.
    fn add(&mut self, said: Said<'_>, printed: &Printed) {
        if said.unit != self.unit {
            self.sockets_mut().add(said, printed);
            return;
        }
        if self.empty.contains(&said.cpu) {
            return;
        }
        // Counted, so that the output can say that something is left out.
        if said.cpu >= MAX_CPUS || self.bytes + said.value.len() > MAX_BYTES {
            self.lost += 1;
            return;
        }
        let next = self.rows.len();
        let index = *self.index.entry(said.subject.clone()).or_insert(next);
        if index == next {
            // Names count as well: a text may have a new one in each line.
            self.bytes += said.subject.size();
            self.rows.push(Row {
                subject: said.subject.clone(),
                values: Vec::new(),
                places: BTreeMap::new(),
                contradicted: BTreeMap::new(),
                is_set: said.is_set,
                is_own: said.is_own,
                says: said.says.map(str::to_owned),
                register: said.register.cloned(),
                words: said.words.to_vec(),
            });
        }
        let row = &mut self.rows[index];
        if said.may_be_cut
            && row
                .values
                .iter()
                .any(|value| said.is_short_of(&value.value))
        {
            self.cut.push(printed.clone());
            return;
        }
        self.bytes += row.take(&said, printed);
        self.cpus.insert(said.cpu);
    }

    /// Takes in what another text of the same machine says.
    pub fn absorb(&mut self, other: CpuTable) {
        for row in other.rows {
            for (cpu, value, printed) in row.printed() {
                let said = Said {
                    unit: other.unit,
                    cpu,
                    subject: row.subject.clone(),
                    value,
                    is_set: row.is_set,
                    is_own: row.is_own,
                    says: row.says.as_deref(),
                    register: row.register.as_ref(),
                    words: &row.words,
                    may_be_cut: false,
                };
                self.add(said, printed);
            }
        }
        self.cut.extend(other.cut);
        for socket in other.empty {
            self.empty.insert(socket);
        }
        if let Some(sockets) = other.sockets {
            self.sockets_mut().absorb(*sockets);
        }
        self.lost += other.lost;
    }

    /// True where another text must be of another machine: both list a CPU, and unlike. Registers change while a machine
    /// runs, and lines of the kernel from boot to boot; only the model that the kernel prints does not.
    pub fn is_of_another_machine(&self, other: &CpuTable) -> bool {
        let unlike = |row: &Row| {
            let Subject::Field(source, _) = &row.subject else {
                return false;
            };
            let same = other.row(&row.subject).filter(|_| !row.is_own);
            let same = same.filter(|_| source != KERNEL);
            same.is_some_and(|same| {
                let mut values = row.values.iter();
                values.any(|value| {
                    let others = value.cpus.iter().filter_map(|cpu| same.of(*cpu));
                    others.into_iter().any(|other| other.value != value.value)
                })
            })
        };
        self.rows.iter().any(unlike) || models_differ(self, other) || models_differ(other, self)
    }

    /// The CPUs in classes: those that agree in all that differs, in the order of their first CPU.
    pub fn classes(&self, differences: &[Difference]) -> Vec<BTreeSet<u32>> {
        let mut classes: BTreeMap<Vec<Option<usize>>, BTreeSet<u32>> = BTreeMap::new();
        for cpu in &self.cpus {
            let key = differences.iter().map(|difference| {
                let mut values = difference.values.iter();
                values.position(|value| value.cpus.contains(cpu))
            });
            classes.entry(key.collect()).or_default().insert(*cpu);
        }
        let mut classes: Vec<_> = classes.into_values().collect();
        classes.sort_by_key(|class| class.first().copied());
        classes
    }
}

/// True where the kernel of one text prints another model (`smpboot: CPU0: …`) than the other text lists.
fn models_differ(kernel: &CpuTable, listing: &CpuTable) -> bool {
    let model = |table: &'_ CpuTable, source: &str| {
        let subject = Subject::Field(source.to_owned(), MODEL.to_owned());
        let value = table.row(&subject)?.of(0)?.value.clone();
        // A listing may pad the name.
        Some(value.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
    };
    let (printed, listed) = (model(kernel, KERNEL), model(listing, CPUINFO));
    printed
        .zip(listed)
        .is_some_and(|(printed, listed)| !printed.starts_with(&listed))
}

/// CPUs as people write them: `0,2-3`.
pub fn ranges(cpus: &BTreeSet<u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for cpu in cpus {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *cpu => *last = *cpu,
            _ => runs.push((*cpu, *cpu)),
        }
    }
    let runs = runs.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    runs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_written_as_ranges() {
        let ranges = |cpus: &[u32]| ranges(&cpus.iter().copied().collect());
        assert_eq!(ranges(&[1]), "1");
        assert_eq!(ranges(&[0, 1]), "0,1");
        assert_eq!(ranges(&[0, 2, 3, 4, 7]), "0,2-4,7");
        assert_eq!(ranges(&[]), "");
    }
}

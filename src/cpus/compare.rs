//! What differs between the CPUs, and what it says.

use super::{Agreed, CpuTable, NamedWord, Row, Subject, ranges};
use crate::grammar::CountedUnit;
use std::collections::BTreeSet;

/// A difference between CPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is printed (`/proc/cpuinfo`, `MSR 0x1a0`).
    pub source: String,
    /// What differs.
    pub name: String,
    /// The CPUs by what they have, in the order of their first.
    pub values: Vec<Agreed>,
    /// What decides, a clause each.
    pub says: Vec<String>,
}

impl Difference {
    /// The difference in a register; `None` where there is none that matters.
    pub fn of_register(number: u32, row: &Row) -> Option<Difference> {
        register(number, row)
    }
}

impl CpuTable {
    /// All differences, in the order in which they are printed.
    pub fn differences(&self) -> Vec<Difference> {
        let rows = self.rows.iter().filter(|row| !row.is_own);
        rows.flat_map(|row| of_row(self.unit, row)).collect()
    }
}

fn of_row(unit: CountedUnit, row: &Row) -> Vec<Difference> {
    if let Some(says) = &row.says {
        return vec![statement(row, says)];
    }
    // One value: all that say anything agree.
    if row.values.len() < 2 {
        return Vec::new();
    }
    match &row.subject {
        Subject::Field(source, name) if row.is_set => words(unit, (source, name), row),
        Subject::Field(source, name) => {
            let values = row.values.clone();
            vec![Difference {
                source: source.clone(),
                name: name.clone(),
                values,
                says: row
                    .words
                    .iter()
                    .flat_map(|word| features(row, word))
                    .collect(),
            }]
        }
        Subject::Msr(number) => register(*number, row).into_iter().collect(),
    }
}

/// A line that is printed of a CPU with which something is wrong.
fn statement(row: &Row, says: &str) -> Difference {
    let Subject::Field(source, name) = &row.subject else {
        unreachable!("a register says nothing by itself");
    };
    let cpus = row.values.iter().flat_map(|value| &value.cpus).copied();
    Difference {
        source: source.clone(),
        name: name.clone(),
        values: row.values.clone(),
        says: vec![format!(
            "{}: {says}",
            label(CountedUnit::Cpu, &cpus.collect())
        )],
    }
}

/// One difference for each word that some CPUs have.
fn words(unit: CountedUnit, (source, field): (&str, &str), row: &Row) -> Vec<Difference> {
    let sets = row
        .values
        .iter()
        .map(|value| (words_of(&value.value), value));
    let sets: Vec<_> = sets.collect();
    let all: BTreeSet<&str> = sets.iter().flat_map(|(words, _)| words).copied().collect();
    let differs = |word: &&str| !sets.iter().all(|(words, _)| words.contains(word));
    let one = field.strip_suffix('s').unwrap_or(field);
    let difference = |word: &str| {
        let with = |has: bool| {
            let of = sets.iter().filter(|(words, _)| words.contains(word) == has);
            let mut of = of.map(|(_, value)| *value);
            let first = of.next().expect("some have it, and some have not");
            let value = if has { "yes" } else { "no" };
            let mut cpus = first.cpus.clone();
            of.for_each(|value| cpus.extend(&value.cpus));
            Agreed {
                value: value.to_owned(),
                cpus,
                printed: first.printed.clone(),
            }
        };
        let mut values = vec![with(true), with(false)];
        values.sort_by_key(|value| value.cpus.first().copied());
        let says = fewer(unit, &values);
        Difference {
            source: source.to_owned(),
            name: format!("{one} {word}"),
            values,
            says: vec![says],
        }
    };
    all.into_iter().filter(differs).map(difference).collect()
}

/// Words are separated by blanks, or each has a line.
pub(super) fn words_of(value: &str) -> BTreeSet<&str> {
    match value.contains('\n') {
        true => value.lines().collect(),
        false => value.split_ascii_whitespace().collect(),
    }
}

/// Which CPUs are the odd ones out: the fewer, of as many those without CPU 0.
fn fewer(unit: CountedUnit, values: &[Agreed]) -> String {
    let odd = values
        .iter()
        .min_by_key(|value| (value.cpus.len(), value.cpus.contains(&0)));
    let odd = odd.expect("there are two");
    let verb = match (odd.value == "yes", odd.cpus.len()) {
        (true, 1) => "has it",
        (true, _) => "have it",
        (false, 1) => "lacks it",
        (false, _) => "lack it",
    };
    format!("only {} {verb}", label(unit, &odd.cpus))
}

/// `CPU 1`, `CPUs 1-3`, `socket 1`.
pub fn label(unit: CountedUnit, cpus: &BTreeSet<u32>) -> String {
    let plural = if cpus.len() == 1 { "" } else { "s" };
    format!("{}{plural} {}", unit.word(), ranges(cpus))
}

/// A register whose values differ in more than the bits that each CPU has of its own.
fn register(number: u32, row: &Row) -> Option<Difference> {
    let known = row.register.as_ref();
    let own = known.map_or(0, |msr| {
        let bits = msr.own_bits.iter();
        // A user's grammar may name a bit that no register has.
        bits.fold(0, |mask, bit| mask | 1u64.checked_shl(*bit).unwrap_or(0))
    });
    let numbers: Option<Vec<u64>> = row.values.iter().map(|agreed| hex(&agreed.value)).collect();
    let same = |numbers: &Vec<u64>| numbers.iter().all(|value| (value ^ numbers[0]) & !own == 0);
    if numbers.as_ref().is_some_and(same) {
        return None;
    }
    let bits = Bits { row, value: hex };
    let says = bits.that_differ(own).into_iter().map(|bit| {
        let name = known.and_then(|msr| msr.bits.iter().find(|named| named.bit == bit));
        let name = name.map_or(String::new(), |named| format!(" ({})", named.name));
        format!("bit {bit}{name} {}", bits.odd_ones(bit))
    });
    let name = known.map_or(String::new(), |msr| msr.name.clone());
    Some(Difference {
        source: format!("MSR {number:#x}"),
        name,
        values: row.values.clone(),
        says: says.collect(),
    })
}

fn hex(value: &str) -> Option<u64> {
    u64::from_str_radix(value.strip_prefix("0x")?, 16).ok()
}

/// The features in which a register of CPUID differs; bits without a name are those of the value alone.
fn features(row: &Row, word: &NamedWord) -> Vec<String> {
    let bits = Bits {
        row,
        value: |value: &str| register_of(value, &word.register),
    };
    let named = bits.that_differ(0).into_iter();
    let named = named.filter_map(|bit| Some((bit, word.names.get(&bit)?)));
    named
        .map(|(bit, name)| {
            format!(
                "{} bit {bit} ({name}) {}",
                word.register,
                bits.odd_ones(bit)
            )
        })
        .collect()
}

/// `ecx=0x…` of a value; what each CPU has of its own, and a `?` stands for, is 0 on all of them.
fn register_of(value: &str, register: &str) -> Option<u64> {
    let mut parts = value.split_ascii_whitespace();
    let digits = parts.find_map(|part| part.strip_prefix(register)?.strip_prefix("=0x"))?;
    u64::from_str_radix(&digits.replace('?', "0"), 16).ok()
}

/// The bits of a row's values, or of a part of them.
struct Bits<'r, V> {
    row: &'r Row,
    value: V,
}

impl<V: Fn(&str) -> Option<u64>> Bits<'_, V> {
    /// The bits in which the values differ, but for those of `own`.
    fn that_differ(&self, own: u64) -> Vec<u32> {
        let values = self.row.values.iter();
        let values: Vec<u64> = values
            .filter_map(|agreed| (self.value)(&agreed.value))
            .collect();
        let first = values.first().copied().unwrap_or_default();
        let differ = values.iter().fold(0, |bits, value| bits | (value ^ first));
        (0..64)
            .filter(|bit| (differ & !own) >> bit & 1 == 1)
            .collect()
    }

    /// `off on CPU 1 only`: the fewer CPUs are named, of as many those without CPU 0, which is the one that others are
    /// compared with.
    fn odd_ones(&self, bit: u32) -> String {
        let (mut on, mut off) = (BTreeSet::new(), BTreeSet::new());
        for agreed in &self.row.values {
            match (self.value)(&agreed.value).map(|value| value >> bit & 1) {
                Some(1) => on.extend(&agreed.cpus),
                Some(_) => off.extend(&agreed.cpus),
                None => {}
            }
        }
        let (state, cpus) = match (off.len(), on.len()) {
            (off_len, on_len) if off_len < on_len => ("off", off),
            (off_len, on_len) if off_len == on_len && on.contains(&0) => ("off", off),
            _ => ("set", on),
        };
        format!("{state} on {} only", label(CountedUnit::Cpu, &cpus))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ListingReader;
    use super::*;
    use crate::grammar::Grammar;

    fn differences(text: &str) -> Vec<Difference> {
        let grammar = Grammar::builtin();
        let mut reader = ListingReader::new(&grammar).expect("few literals");
        reader.text("text", text.as_bytes());
        reader.finish().differences()
    }

    fn says(text: &str) -> Vec<String> {
        let all = differences(text);
        let all = all
            .iter()
            .map(|d| format!("{} {}: {}", d.source, d.name, d.says.join(", ")));
        all.collect()
    }

    #[test]
    fn a_bit_of_a_register() {
        assert_eq!(
            says("lab# rdmsr -a 0x1a0\n364972489\n364972488\n364972489\n"),
            ["MSR 0x1a0 IA32_MISC_ENABLE: bit 0 (fast strings) off on CPU 1 only"]
        );
    }

    #[test]
    fn a_register_that_one_cpu_refuses() {
        assert_eq!(
            says("# rdmsr -a 0x3a\n5\nrdmsr: CPU 1 cannot read MSR 0x0000003a\n"),
            ["MSR 0x3a IA32_FEAT_CTL: "]
        );
    }

    #[test]
    fn flags_one_by_one_also_where_a_mailer_broke_them() {
        let text = "processor\t: 0\nmodel\t\t: 28\napicid\t\t: 0\nflags\t\t: fpu vme\nrep_good pse\n\n\
                    processor\t: 1\nmodel\t\t: 28\napicid\t\t: 1\nflags\t\t: fpu vme pse\n\n";
        assert_eq!(
            says(text),
            ["/proc/cpuinfo flag rep_good: only CPU 1 lacks it"]
        );
    }

    #[test]
    fn the_boot_cpu_is_marked_by_nature() {
        assert_eq!(
            says("# rdmsr -a 0x1b\nfee00900\nfee00800\n"),
            Vec::<String>::new()
        );
        assert_eq!(
            says("# rdmsr -a 0x1b\nfee00900\nfee00000\n"),
            ["MSR 0x1b IA32_APICBASE: bit 11 off on CPU 1 only"]
        );
    }

    #[test]
    fn lines_of_the_kernel() {
        let text = "[    0.1] microcode: CPU0: patch_level=0x08701021\n[    0.1] microcode: CPU1: patch_level=0x08701013\n\
                    [    9.0] kvm: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 3\n";
        assert_eq!(
            says(text),
            [
                "kernel microcode: ",
                "kernel VMX: CPU 3: KVM found virtualization off in IA32_FEAT_CTL"
            ]
        );
    }
}

//! `rdmsr` of msr-tools: a command line, then one value a line for each CPU it was asked for.

use crate::grammar::Grammar;

/// The command, in each line that may begin a listing.
pub const COMMAND: &str = "rdmsr ";

/// A listing that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The register.
    pub msr: u32,
    /// The CPU of the next value.
    pub next: u32,
    /// One value for each CPU, else one value.
    all: bool,
    radix: u32,
    taken: bool,
}

impl Listing {
    /// Reads a command line, with the prompt in front of it: `root@host:~# rdmsr -a -x 0x1a0`. The options are those
    /// of rdmsr.c; values are hex if none says otherwise. `None` where it is no whole command: prose.
    pub fn begun_by(grammar: &Grammar, line: &str) -> Option<Listing> {
        let (prompt, command) = line.split_once(COMMAND)?;
        let prompt = prompt.trim_end();
        // Prose may mention the command: only a prompt, or nothing, is in front of one that was
        // typed.
        let is_prompt = prompt.is_empty() || prompt.ends_with(['#', '$', '>', '%', '/']);
        if !is_prompt && !prompt.ends_with("sudo") {
            return None;
        }
        let mut listing = Listing {
            msr: 0,
            next: 0,
            all: false,
            radix: 16,
            taken: false,
        };
        let mut msr = None;
        let mut words = command.split_ascii_whitespace();
        while let Some(word) = words.next() {
            match word {
                "-a" | "--all" => listing.all = true,
                "-p" | "--processor" => listing.next = words.next()?.parse().ok()?,
                "-u" | "--unsigned" | "-d" | "--decimal" => listing.radix = 10,
                "-o" | "--octal" => listing.radix = 8,
                "-x" | "--hexadecimal" | "-X" | "--hexadecimal-caps" | "-c" | "--c-language" => {}
                "-0" | "--zero-pad" => {}
                // A part of the register, or raw bytes: other values than the register's.
                word if word.starts_with('-') => return None,
                word if msr.is_none() => msr = Some(number(grammar, word)?),
                _ => return None,
            }
        }
        listing.msr = msr?;
        Some(listing)
    }

    /// Takes a line: the CPU and its value as hex with 0x; `None` where the listing is over.
    pub fn value(&mut self, line: &str) -> Option<(u32, String)> {
        // rdmsr without -a prints one value: the next number belongs to something else.
        if self.taken && !self.all {
            return None;
        }
        let digits = line.strip_prefix("0x").unwrap_or(line);
        // 64 bits have 22 octal digits.
        if digits.is_empty() || digits.len() > 22 {
            return None;
        }
        let value = u64::from_str_radix(digits, self.radix).ok()?;
        let cpu = self.next;
        self.taken = true;
        self.next = cpu.checked_add(1)?;
        Some((cpu, format!("{value:#x}")))
    }

    /// A CPU that cannot be read is passed over.
    pub fn skip(&mut self, cpu: u32) {
        self.taken = true;
        self.next = cpu.saturating_add(1);
    }
}

/// A register by its number, as strtoul() takes it, or by its name.
fn number(grammar: &Grammar, word: &str) -> Option<u32> {
    let hex = word.strip_prefix("0x").or(word.strip_prefix("0X"));
    match hex {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if word.bytes().all(|byte| byte.is_ascii_digit()) => word.parse().ok(),
        None => {
            let name = word.strip_prefix("MSR_").unwrap_or(word);
            grammar.register_named(name).map(|msr| msr.number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Option<Vec<(u32, String)>> {
        let mut listing = Listing::begun_by(&Grammar::builtin(), lines[0])?;
        let values = lines[1..].iter().map_while(|line| listing.value(line));
        Some(values.collect())
    }

    #[test]
    fn values_of_all_cpus_are_hex() {
        let listing = read(&["lab# rdmsr -a 0x1a0", "364972489", "364972488", "lab#"]);
        let values = [(0, "0x364972489".to_owned()), (1, "0x364972488".to_owned())];
        assert_eq!(listing, Some(values.to_vec()));
    }

    #[test]
    fn one_cpu_has_one_value() {
        let listing = read(&["$ sudo rdmsr -p 3 -c 58", "0x5", "0x1"]);
        assert_eq!(listing, Some(vec![(3, "0x5".to_owned())]));
    }

    #[test]
    fn decimal_values() {
        let listing = read(&["rdmsr -u --all 0x8b", "255"]);
        assert_eq!(listing, Some(vec![(0, "0xff".to_owned())]));
    }

    #[test]
    fn prose_is_no_command() {
        for line in [
            "Read MSR 0x3a on every CPU (rdmsr -a 0x3a).",
            "please run rdmsr -a 0x3a on it",
            "# rdmsr -f 0:0 -a 0x3a",
            "# rdmsr -a",
        ] {
            assert_eq!(read(&[line, "5"]), None, "{line}");
        }
    }
}

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
    /// The highest and the lowest bit of the part of the register that is printed, where it is not the whole.
    pub bits: Option<(u8, u8)>,
    /// One value for each CPU, else one value.
    all: bool,
    radix: u32,
    taken: bool,
}

impl Default for Listing {
    /// As rdmsr prints without an option: one CPU, hexadecimal.
    fn default() -> Listing {
        Listing {
            msr: 0,
            next: 0,
            bits: None,
            all: false,
            radix: 16,
            taken: false,
        }
    }
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
        let mut listing = Listing::default();
        let mut msr = None;
        let mut words = command.split_ascii_whitespace();
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = long.split_once('=').unzip();
                listing.option(short(name.unwrap_or(long))?, value, &mut words)?;
            } else if let Some(letters) = word.strip_prefix('-') {
                listing.options(letters, &mut words)?;
            } else if msr.is_none() {
                msr = Some(number(grammar, word)?);
            } else {
                return None;
            }
        }
        listing.msr = msr?;
        Some(listing)
    }

    /// `-ax`, `-p0`: letters without a value, and the last one with its value, which may be the next word.
    fn options<'w>(
        &mut self,
        letters: &'w str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Option<()> {
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            let takes_value = matches!(letter, 'p' | 'f');
            self.option(
                letter,
                Some(rest).filter(|rest| takes_value && !rest.is_empty()),
                words,
            )?;
            if takes_value {
                break;
            }
        }
        Some(())
    }

    /// `None` where the values are others than those of the register, or the option is none of rdmsr's.
    fn option<'w>(
        &mut self,
        letter: char,
        value: Option<&'w str>,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Option<()> {
        match letter {
            'a' => self.all = true,
            'p' => self.next = value.or_else(|| words.next())?.parse().ok()?,
            'f' => self.bits = Some(bits(value.or_else(|| words.next())?)?),
            'u' | 'd' => self.radix = 10,
            'o' => self.radix = 8,
            'x' | 'X' => self.radix = 16,
            // How the digits are written.
            'c' | '0' => {}
            // Raw bytes.
            _ => return None,
        }
        Some(())
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
        // -d prints a register whose highest bit is set as a negative number.
        let negative = || digits.parse::<i64>().ok().map(i64::cast_unsigned);
        let value = match self.radix {
            10 if digits.starts_with('-') => negative()?,
            radix => u64::from_str_radix(digits, radix).ok()?,
        };
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

/// The letter of a long option.
fn short(name: &str) -> Option<char> {
    Some(match name {
        "all" => 'a',
        "processor" | "cpu" => 'p',
        "bitfield" => 'f',
        "unsigned" => 'u',
        "decimal" => 'd',
        "octal" => 'o',
        "hexadecimal" => 'x',
        "hexadecimal-caps" | "capital-hex" => 'X',
        "c-language" => 'c',
        "zero-pad" => '0',
        _ => return None,
    })
}

/// `5:2`: the highest and the lowest bit.
fn bits(text: &str) -> Option<(u8, u8)> {
    let (high, low) = text.split_once(':')?;
    let (high, low): (u8, u8) = (high.parse().ok()?, low.parse().ok()?);
    (low <= high && high < 64).then_some((high, low))
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
    fn options_stand_in_any_order_and_attached() {
        let five = Some(vec![(0, "0x5".to_owned())]);
        for command in [
            "rdmsr -ax 0x3a",
            "# rdmsr -p0 0x3a",
            "rdmsr 0x3a --processor=0",
            "% rdmsr -0xp0 58",
            "> rdmsr -c -X -p 0 0x3A",
        ] {
            assert_eq!(read(&[command, "0000000000000005"]), five, "{command}");
        }
        let negative = read(&["# rdmsr -ad 0x3a", "-1"]);
        assert_eq!(negative, Some(vec![(0, format!("{:#x}", u64::MAX))]));
    }

    #[test]
    fn a_part_of_a_register_is_no_register() {
        let listing = Listing::begun_by(&Grammar::builtin(), "# rdmsr -a -f 2:2 0x3a");
        assert_eq!(
            listing.map(|listing| (listing.msr, listing.bits)),
            Some((0x3a, Some((2, 2))))
        );
    }

    #[test]
    fn prose_is_no_command() {
        for line in [
            "Read MSR 0x3a on every CPU (rdmsr -a 0x3a).",
            "please run rdmsr -a 0x3a on it",
            "# rdmsr -f 0:9 -a 0x3a",
            "# rdmsr -r 0x3a",
            "# rdmsr -p",
            "# rdmsr -a",
        ] {
            assert_eq!(read(&[line, "5"]), None, "{line}");
        }
    }
}

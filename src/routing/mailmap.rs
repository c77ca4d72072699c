//! `.mailmap` of a tree: names and addresses that people have now (gitmailmap(5)).
//!
//! In: its text. Out: an address of MAINTAINERS as scripts/get_maintainer.pl would print it.

use super::addresses::split;
use std::collections::HashMap;

/// Entries that are kept; the kernel's file has a hundredth.
const MAX_ENTRIES: usize = 100_000;

/// What is known now, by the address, or by name and address, that was used before.
#[derive(Debug, Default)]
pub struct Mailmap {
    entries: HashMap<String, Now>,
}

#[derive(Debug, Default)]
struct Now {
    name: Option<String>,
    address: Option<String>,
}

impl Mailmap {
    /// Reads the file's text.
    pub fn read(text: &str) -> Mailmap {
        let mut map = Mailmap::default();
        for line in text.lines().take(MAX_ENTRIES) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some((before, now)) = entry(line) {
                let known = map.entries.entry(before).or_default();
                // Later lines add to earlier ones: one may give the name, another the address.
                known.name = now.name.or(known.name.take());
                known.address = now.address.or(known.address.take());
            }
        }
        map
    }

    /// `NAME <ADDRESS>` as it is now.
    pub fn now(&self, text: &str) -> String {
        let (name, address) = split(text);
        // A name with an address is more special than the address alone.
        let of_both = self.entries.get(&key(name, address));
        let Some(now) = of_both.or_else(|| self.entries.get(&key("", address))) else {
            return text.to_owned();
        };
        let name = now.name.as_deref().unwrap_or(name);
        let address = now.address.as_deref().unwrap_or(address);
        match name {
            "" => address.to_owned(),
            name => format!("{name} <{address}>"),
        }
    }
}

/// `NAME <NOW>`, `[NAME] <NOW> [OLD NAME] <BEFORE>`.
fn entry(line: &str) -> Option<(String, Now)> {
    let (name, rest) = line.split_once('<')?;
    let (first, rest) = rest.split_once('>')?;
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let Some((old_name, second)) = rest.split_once('<') else {
        let now = Now {
            name,
            address: None,
        };
        return Some((key("", first), now));
    };
    let before = second.split('>').next()?;
    let now = Now {
        name,
        address: Some(first.trim().to_owned()),
    };
    Some((key(old_name, before), now))
}

fn key(name: &str, address: &str) -> String {
    format!("{}<{}>", name.trim(), address.trim())
}

#[cfg(test)]
mod tests {
    use super::Mailmap;

    #[test]
    fn the_four_forms() {
        let map = Mailmap::read(
            "A New <a@b.c> # comment\n<new@b.c> <old@b.c>\nB New <b@b.c> <b@old.c>\n\
             C New <c@b.c> C Old <shared@b.c>\n<unclosed\n",
        );
        for (before, now) in [
            ("A <a@b.c>", "A New <a@b.c>"),
            ("X <old@b.c>", "X <new@b.c>"),
            ("old@b.c", "new@b.c"),
            ("B <b@old.c>", "B New <b@b.c>"),
            ("C Old <shared@b.c>", "C New <c@b.c>"),
            ("D <shared@b.c>", "D <shared@b.c>"),
        ] {
            assert_eq!(map.now(before), now);
        }
    }
}

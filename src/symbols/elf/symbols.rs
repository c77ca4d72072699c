//! Symbols by name and by address. In: names as a log prints them. Out: every symbol of that name
//! with the size that kallsyms would print for it.

use std::sync::{Arc, PoisonError};

use super::file::ElfFile;
use super::symbol_table::View;

/// Names kept per image; a batch of hostile logs must not fill the memory.
const CACHED_NAMES: usize = 1 << 17;

/// One symbol of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Name in the ELF file, with clone suffixes.
    pub name: String,
    /// Link address; in a module an address of its own layout.
    pub address: u64,
    /// `st_size`: bytes without padding; 0 for assembler labels.
    pub st_size: u64,
    /// Bytes up to the next symbol: the size that kallsyms prints (kernel/kallsyms.c,
    /// `get_symbol_pos()`). `None` for data, and where no symbol follows.
    pub extent: Option<u64>,
    /// Is in a section of instructions.
    pub is_code: bool,
}

impl Symbol {
    /// Whether the log may have printed this symbol for code, with this offset and size. A return
    /// address may be right after the last byte.
    pub fn fits(&self, offset: u64, size: Option<u64>) -> bool {
        if !self.is_code {
            return false;
        }
        let Some(extent) = self.extent else {
            // Last in its section: the loader decides what comes next.
            return size.is_none_or(|size| size >= self.st_size && offset <= size);
        };
        offset <= extent && size.is_none_or(|size| size == extent)
    }
}

impl ElfFile {
    /// The symbols of a name, also of its ThinLTO clones where there is no other.
    pub fn symbols(&self, name: &str) -> Arc<[Symbol]> {
        self.find_symbols(&[name]);
        let cache = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(name).cloned().unwrap_or_default()
    }

    /// Looks up many names in one pass over the tables, for later [`ElfFile::symbols`] calls.
    pub fn find_symbols(&self, names: &[&str]) {
        let mut wanted: Vec<&str> = {
            // Nothing is weighed against use: what a log names again is found again in one pass.
            let mut cache = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.len() > CACHED_NAMES {
                cache.clear();
            }
            let unknown = |name: &&str| !name.is_empty() && !cache.contains_key(*name);
            names.iter().copied().filter(unknown).collect()
        };
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return;
        }
        // Without the lock: two threads may search for the same names, but none waits for a pass
        // over 200,000 symbols.
        let found = self.scan(&wanted);
        let mut cache = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, symbols) in wanted.iter().zip(found) {
            cache.insert((*name).to_owned(), symbols.into());
        }
    }

    fn scan(&self, names: &[&str]) -> Vec<Vec<Symbol>> {
        let mut found = vec![Vec::new(); names.len()];
        let Some(table) = View::of(self) else {
            return found;
        };
        for (name, entry) in table.with_names(&table.whole_names(names)) {
            found[name].push(table.build(&entry));
        }
        // Only for names that are still missing, since each suffix search reads the whole string table. Kernels print
        // the name of a clone up to the suffix: one that holds a dot is whole.
        let is_missing = |&i: &usize| found[i].is_empty() && !names[i].contains('.');
        let missing: Vec<usize> = (0..names.len()).filter(is_missing).collect();
        if !missing.is_empty() {
            let bases: Vec<&str> = missing.iter().map(|&i| names[i]).collect();
            for (base, entry) in table.with_names(&table.names_with_suffix(&bases)) {
                found[missing[base]].push(table.build(&entry));
            }
        }
        found
    }

    /// The symbols that kallsyms would print for link addresses, `None` outside of all symbols.
    pub fn symbols_covering(&self, addresses: &[u64]) -> Vec<Option<Symbol>> {
        self.symbols_at(addresses, |symbol| symbol.extent)
    }

    /// The symbols that hold link addresses, of code or data: data ends where its `st_size` does, and what has none
    /// holds the address of its start only.
    pub(in crate::symbols) fn symbols_holding(&self, addresses: &[u64]) -> Vec<Option<Symbol>> {
        self.symbols_at(addresses, |symbol| {
            Some(symbol.extent.unwrap_or(symbol.st_size.max(1)))
        })
    }

    fn symbols_at(
        &self,
        addresses: &[u64],
        size: impl Fn(&Symbol) -> Option<u64>,
    ) -> Vec<Option<Symbol>> {
        let Some(table) = View::of(self) else {
            return vec![None; addresses.len()];
        };
        let at = |&address: &u64| {
            let symbol = table.build(&table.nearest_below(address)?);
            let distance = address.wrapping_sub(symbol.address);
            size(&symbol)
                .is_some_and(|size| distance < size)
                .then_some(symbol)
        };
        addresses.iter().map(at).collect()
    }

    /// Link address of `name+offset`, where exactly one symbol has that name and, if given, the size that
    /// kallsyms prints.
    pub fn resolve_name(&self, name: &str, offset: u64, size: Option<u64>) -> Option<u64> {
        match fitting(&self.symbols(name), offset, size).as_slice() {
            &[address] => Some(address.wrapping_add(offset)),
            _ => None,
        }
    }
}

/// Addresses of the symbols that the log may have printed with this offset and size.
pub(in crate::symbols) fn fitting(symbols: &[Symbol], offset: u64, size: Option<u64>) -> Vec<u64> {
    // Aliases are one place, not several.
    let fitting = symbols.iter().filter(|symbol| symbol.fits(offset, size));
    let mut addresses: Vec<u64> = fitting.map(|symbol| symbol.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

//! Places that somebody asks for. In: an address, or a function with an offset, and an image. Out: the
//! function, file and line there, with what is inlined.

use std::fmt;
use std::sync::Arc;

use super::{Image, Position, Symbol};

/// A place in code, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodePlace {
    /// A link address: KASLR taken off.
    Address(u64),
    /// A place in a function.
    Function {
        /// The symbol, with or without the suffixes of a clone.
        name: String,
        /// Bytes from its start.
        offset: u64,
        /// The size that kallsyms prints for it, by which functions of one name differ.
        size: Option<u64>,
    },
}

/// What an image knows of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Link address.
    pub address: u64,
    /// The symbol that covers the address.
    pub symbol: Symbol,
    /// File, line and inlined functions; empty where there is no debug info.
    pub position: Arc<Position>,
}

/// Why an image knows nothing of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// No function covers the address.
    NoCode,
    /// No function has the name.
    NoFunction,
    /// Functions have the name, but none this size, or none that reaches so far. `size`: that of
    /// the first one, in bytes.
    OtherSize {
        /// Bytes, as kallsyms prints them; `None` where no symbol follows the function.
        size: Option<u64>,
    },
}

impl fmt::Display for Unresolved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unresolved::NoCode => out.write_str("no function at this address"),
            Unresolved::NoFunction => out.write_str("no function of this name"),
            Unresolved::OtherSize { size: Some(size) } => {
                write!(
                    out,
                    "the function has {size:#x} bytes here: another kernel's?"
                )
            }
            Unresolved::OtherSize { size: None } => {
                out.write_str("the function has another size here: another kernel's?")
            }
        }
    }
}

impl Image {
    /// Looks up many places at once, which costs little more than one: several answers for a name
    /// that several functions have, in the order of their addresses. `exact`: not return addresses,
    /// which are after the call.
    pub fn resolve(
        &self,
        places: &[CodePlace],
        exact: bool,
    ) -> Vec<Result<Vec<Resolved>, Unresolved>> {
        let names = places.iter().filter_map(|place| match place {
            CodePlace::Function { name, .. } => Some(name.as_str()),
            CodePlace::Address(_) => None,
        });
        self.find_symbols(&names.collect::<Vec<_>>());
        let addresses = places.iter().filter_map(|place| match place {
            CodePlace::Address(address) => Some(*address),
            CodePlace::Function { .. } => None,
        });
        let mut covering = self
            .symbols_covering(&addresses.collect::<Vec<_>>())
            .into_iter();
        let symbols: Vec<_> = places
            .iter()
            .map(|place| match place {
                CodePlace::Address(address) => {
                    let symbol = covering.next().flatten().filter(|symbol| symbol.is_code);
                    symbol
                        .map(|s| vec![(*address, s)])
                        .ok_or(Unresolved::NoCode)
                }
                CodePlace::Function { name, offset, size } => {
                    self.in_function(name, *offset, *size)
                }
            })
            .collect();
        self.with_positions(symbols, exact)
    }

    fn in_function(
        &self,
        name: &str,
        offset: u64,
        size: Option<u64>,
    ) -> Result<Vec<(u64, Symbol)>, Unresolved> {
        let mut named: Vec<Symbol> = self.symbols(name).iter().cloned().collect();
        named.retain(|symbol| symbol.is_code);
        // Aliases would give one place several times.
        named.sort_by_key(|symbol| symbol.address);
        named.dedup_by_key(|symbol| symbol.address);
        let first = named.first().ok_or(Unresolved::NoFunction)?;
        let other = Unresolved::OtherSize { size: first.extent };
        named.retain(|symbol| symbol.fits(offset, size));
        if named.is_empty() {
            return Err(other);
        }
        let at = |symbol: Symbol| (symbol.address.wrapping_add(offset), symbol);
        Ok(named.into_iter().map(at).collect())
    }

    fn with_positions(
        &self,
        symbols: Vec<Result<Vec<(u64, Symbol)>, Unresolved>>,
        exact: bool,
    ) -> Vec<Result<Vec<Resolved>, Unresolved>> {
        // The start of a function is where nothing returns to.
        let probe_of = |(address, symbol): &(u64, Symbol)| {
            self.probe(*address, exact || *address == symbol.address)
        };
        let probes: Vec<u64> = symbols.iter().flatten().flatten().map(probe_of).collect();
        let mut positions = self.positions(&probes).into_iter();
        let mut resolve = |(address, symbol): (u64, Symbol)| Resolved {
            address,
            symbol,
            position: positions.next().unwrap_or_default(),
        };
        let mut each = |found: Vec<(u64, Symbol)>| found.into_iter().map(&mut resolve).collect();
        symbols
            .into_iter()
            .map(|found| found.map(&mut each))
            .collect()
    }
}

//! A vmlinux, a split `.debug` file or a module, with its symbols and its debug info. In: a path. Out: answers
//! about names and addresses.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self_cell::self_cell;

use super::companions::Files;
use super::dwarf::{
    CallSite, Debug, MachineState, ParameterValue, Position, TailCall, Variable, probe,
};
use super::elf::{ElfFile, SymbolError};
use crate::splat::Inline;

self_cell!(
    /// The debug info is read where the file is mapped.
    struct Cell {
        owner: Files,
        #[not_covariant]
        dependent: Debug,
    }
);

/// An open file. Shared between threads.
pub struct Image(Cell);

impl Deref for Image {
    type Target = ElfFile;

    fn deref(&self) -> &ElfFile {
        &self.0.borrow_owner().own
    }
}

impl Image {
    /// Opens an ELF file with symbols, plain or compressed. `max_size` limits the unpacked bytes.
    ///
    /// # Errors
    /// The file cannot be read, is no ELF file of a machine that Linux runs on, or has no symbols.
    pub fn open(path: &Path, max_size: u64) -> Result<Image, SymbolError> {
        Image::open_below(path, Vec::new(), max_size)
    }

    /// The same, with the folders of debug info that may hold parts of the file's own.
    pub(super) fn open_below(
        path: &Path,
        roots: Vec<PathBuf>,
        max_size: u64,
    ) -> Result<Image, SymbolError> {
        let elf = ElfFile::open(path, max_size)?;
        match elf.has_symbols() {
            true => {
                let files = Files::new(elf, roots, max_size);
                Ok(Image(Cell::new(files, |files| Debug::new(files))))
            }
            false => Err(SymbolError::NoSymbols {
                path: path.to_owned(),
            }),
        }
    }

    /// Works out what is asked for first: where symbols and units begin.
    pub(super) fn prepare(&self) {
        self.index_addresses();
        self.debug(|debug| debug.index_units());
    }

    /// Has DWARF.
    pub(super) fn has_debug_info(&self) -> bool {
        // A symbol table alone gives names and sizes, which a match can be decided by.
        self.find(".debug_info").is_some()
    }

    /// The file that `.gnu_debuglink` names; a plain name, since it comes out of a file.
    pub(super) fn debug_link(&self) -> Option<String> {
        // A path in it would lead out of the folders that are searched.
        let link = self.section(".gnu_debuglink");
        let name = std::str::from_utf8(link.split(|&byte| byte == 0).next()?).ok()?;
        let is_plain = !name.is_empty() && name != ".." && !name.contains('/');
        is_plain.then(|| name.to_owned())
    }

    /// What keeps the file from naming files and lines, in words; what was looked up is known afterwards.
    pub(super) fn why_no_lines(&self) -> Option<&str> {
        if self.is_map() {
            return Some(
                "a list of symbols: names and sizes only; lines need DWARF, give the vmlinux of the kernel's debug package",
            );
        }
        match (self.has_debug_info(), self.find(".BTF")) {
            (true, _) => self.0.borrow_owner().missing(),
            (false, Some(_)) => Some(
                "has BTF, but no DWARF: names and sizes only; give the vmlinux of the kernel's debug package for lines",
            ),
            (false, None) => Some(
                "has no debug info: names and sizes only; give the vmlinux of the kernel's debug package for lines",
            ),
        }
    }

    fn debug<R>(&self, ask: impl FnOnce(&Debug<'_>) -> R) -> R {
        self.0
            .with_dependent(|_: &Files, debug: &Debug<'_>| ask(debug))
    }

    /// Positions of link addresses; empty ones where DWARF knows nothing. Many at once cost little
    /// more than one.
    pub fn positions(&self, addresses: &[u64]) -> Vec<Arc<Position>> {
        self.debug(|debug| debug.positions(addresses))
    }

    /// What DWARF says about a link address: the function with its inlines, innermost first, the
    /// function itself last.
    pub fn resolve_address(&self, address: u64) -> Option<Vec<Inline>> {
        self.frames_at(address, true)
    }

    /// The same for a return address, unless `exact`: that is the address after the call, which may
    /// already belong to the next line or even the next function.
    pub(super) fn frames_at(&self, address: u64, exact: bool) -> Option<Vec<Inline>> {
        let position = self.position_at(address, exact);
        (*position != Position::default()).then(|| position.frames())
    }

    pub(super) fn position_at(&self, address: u64, exact: bool) -> Arc<Position> {
        let position = self.positions(&[self.probe(address, exact)]).pop();
        position.unwrap_or_default()
    }

    /// The address to look up for an address in a call trace.
    pub(super) fn probe(&self, address: u64, exact: bool) -> u64 {
        probe(address, exact, self.layout.machine.call_distance())
    }

    /// Offset in `.debug_info` of the unit that holds a link address.
    pub(super) fn unit_at(&self, address: u64) -> Option<usize> {
        self.debug(|debug| debug.unit_at(address))
    }

    /// The call that returns to a link address, as DWARF describes it.
    pub fn call_site(&self, return_address: u64) -> Option<CallSite> {
        self.debug(|debug| debug.call_site(return_address))
    }

    /// The direct tail calls of the function at a link address.
    pub(super) fn tail_calls(&self, function: u64) -> Vec<TailCall<String>> {
        self.debug(|debug| debug.tail_calls(function))
    }

    /// The variables that are alive at `machine.pc`.
    pub(super) fn variables(&self, machine: &MachineState<'_>) -> Vec<Variable> {
        self.debug(|debug| debug.variables(machine))
    }

    /// The value of `function`'s parameter or variable `name` at `machine.pc`.
    pub(super) fn parameter(
        &self,
        machine: &MachineState<'_>,
        function: &str,
        name: &str,
    ) -> ParameterValue {
        self.debug(|debug| debug.parameter(machine, function, name))
    }
}

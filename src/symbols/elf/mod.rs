//! ELF files: a vmlinux, a split `.debug` file or a module, of any machine that Linux runs on. In: a path.
//! Out: sections, symbols, relocations, and what the file says of itself. Knows nothing of DWARF.

mod error;
mod file;
mod machine;
mod map;
mod notes;
mod relocations;
mod symbol_table;
mod symbols;
mod unpack;

pub use error::SymbolError;
pub use file::ElfFile;
pub use symbols::Symbol;

pub(super) use notes::find_note;
pub(super) use relocations::Relocations;
pub(super) use symbols::fitting;

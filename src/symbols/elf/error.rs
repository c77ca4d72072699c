//! Errors of opening a vmlinux or a module. In: what went wrong with which file. Out: one line that
//! names the file and the mend.

use std::io;
use std::path::PathBuf;

/// Why an ELF file with symbols cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SymbolError {
    /// The file cannot be opened or mapped.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Neither an ELF file nor a compressed one (a bzImage, a text file).
    #[error(
        "{}: not an ELF file; give the vmlinux with debug info of the kernel that printed the log",
        path.display()
    )]
    NotElf {
        /// The file.
        path: PathBuf,
    },
    /// A `System.map` or kallsyms that cannot be used.
    #[error("{}: {why}", path.display())]
    Map {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and the mend.
        why: &'static str,
    },
    /// An ELF file of a machine that Linux does not run on, or that is not known here.
    #[error(
        "{}: an ELF file of machine {machine}, of which no kernel is known; give the vmlinux of the kernel that \
         printed the log",
        path.display()
    )]
    OtherMachine {
        /// The file.
        path: PathBuf,
        /// `e_machine`.
        machine: u16,
    },
    /// The section headers point outside of the file.
    #[error("{}: broken ELF section headers; copy the file again, it may be cut off", path.display())]
    BrokenElf {
        /// The file.
        path: PathBuf,
    },
    /// No symbol table: nothing could ever be found in it.
    #[error(
        "{}: has no symbol table (stripped); give the vmlinux of the kernel's debug package",
        path.display()
    )]
    NoSymbols {
        /// The file.
        path: PathBuf,
    },
    /// A `.gz`, `.xz` or `.zst` file that does not unpack.
    #[error("{}: broken {format} data: {source}; copy the file again", path.display())]
    Unpack {
        /// The file.
        path: PathBuf,
        /// `gzip`, `xz` or `zstd`.
        format: &'static str,
        /// What the decoder said.
        source: io::Error,
    },
    /// Larger than `--max-size` once unpacked, or than any kernel packed like that.
    #[error("{}: more than {limit} bytes when unpacked; raise --max-size, or unpack it first", path.display())]
    TooBig {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
}

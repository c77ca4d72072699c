//! Machines that Linux runs on. In: `e_machine`. Out: the machine's name, and the facts that reading its
//! kernels takes.

use object::elf::{self, RelocationType};

/// A machine, by its `e_machine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::symbols) struct Machine(pub(super) elf::Machine);

/// How a relocation changes what it points at. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::symbols) enum Fixup {
    /// Becomes symbol + addend.
    Absolute(usize),
    /// Becomes symbol + addend - place.
    Relative(usize),
    /// Symbol + addend is added. RISC-V and LoongArch print differences so: their linkers shorten code.
    Add(usize),
    /// Symbol + addend is taken off.
    Subtract(usize),
    /// Six low bits of a byte become symbol + addend.
    Set6,
    /// Symbol + addend is added to the six low bits.
    Add6,
    /// Symbol + addend is taken off the six low bits.
    Subtract6,
    /// A ULEB128 number becomes symbol + addend, in as many bytes.
    SetUleb,
    /// Symbol + addend is taken off a ULEB128 number.
    SubtractUleb,
}

use Fixup::{Absolute, Add, Add6, Relative, Set6, SetUleb, Subtract, Subtract6, SubtractUleb};

/// `e_machine`, the kernel's name for it (the folder in arch/, or what `uname -m` prints), and the relocations
/// that debug info and the tables of patch sites have.
type MachineRow = (
    elf::Machine,
    &'static str,
    &'static [(RelocationType, Fixup)],
);

/// The psABIs of the machines; arch/*/kernel/module.c applies the same.
const MACHINES: &[MachineRow] = &[
    (
        elf::EM_X86_64,
        "x86-64",
        &[
            (elf::R_X86_64_64, Absolute(8)),
            (elf::R_X86_64_32, Absolute(4)),
            (elf::R_X86_64_32S, Absolute(4)),
            (elf::R_X86_64_PC32, Relative(4)),
            (elf::R_X86_64_PLT32, Relative(4)),
            (elf::R_X86_64_PC64, Relative(8)),
        ],
    ),
    (
        elf::EM_386,
        "i386",
        &[
            (elf::R_386_32, Absolute(4)),
            (elf::R_386_PC32, Relative(4)),
            (elf::R_386_PLT32, Relative(4)),
        ],
    ),
    (
        elf::EM_AARCH64,
        "arm64",
        &[
            (elf::R_AARCH64_ABS64, Absolute(8)),
            (elf::R_AARCH64_ABS32, Absolute(4)),
            (elf::R_AARCH64_PREL32, Relative(4)),
            (elf::R_AARCH64_PREL64, Relative(8)),
        ],
    ),
    (
        elf::EM_ARM,
        "arm",
        &[
            (elf::R_ARM_ABS32, Absolute(4)),
            (elf::R_ARM_REL32, Relative(4)),
            (elf::R_ARM_TARGET1, Absolute(4)),
        ],
    ),
    (
        elf::EM_RISCV,
        "riscv",
        &[
            (elf::R_RISCV_32, Absolute(4)),
            (elf::R_RISCV_64, Absolute(8)),
            (elf::R_RISCV_32_PCREL, Relative(4)),
            (elf::R_RISCV_ADD8, Add(1)),
            (elf::R_RISCV_ADD16, Add(2)),
            (elf::R_RISCV_ADD32, Add(4)),
            (elf::R_RISCV_ADD64, Add(8)),
            (elf::R_RISCV_SUB8, Subtract(1)),
            (elf::R_RISCV_SUB16, Subtract(2)),
            (elf::R_RISCV_SUB32, Subtract(4)),
            (elf::R_RISCV_SUB64, Subtract(8)),
            (elf::R_RISCV_SET6, Set6),
            (elf::R_RISCV_SUB6, Subtract6),
            (elf::R_RISCV_SET8, Absolute(1)),
            (elf::R_RISCV_SET16, Absolute(2)),
            (elf::R_RISCV_SET32, Absolute(4)),
            (elf::R_RISCV_SET_ULEB128, SetUleb),
            (elf::R_RISCV_SUB_ULEB128, SubtractUleb),
        ],
    ),
    (
        elf::EM_LOONGARCH,
        "loongarch",
        &[
            (elf::R_LARCH_32, Absolute(4)),
            (elf::R_LARCH_64, Absolute(8)),
            (elf::R_LARCH_32_PCREL, Relative(4)),
            (elf::R_LARCH_ADD8, Add(1)),
            (elf::R_LARCH_ADD16, Add(2)),
            (elf::R_LARCH_ADD32, Add(4)),
            (elf::R_LARCH_ADD64, Add(8)),
            (elf::R_LARCH_SUB8, Subtract(1)),
            (elf::R_LARCH_SUB16, Subtract(2)),
            (elf::R_LARCH_SUB32, Subtract(4)),
            (elf::R_LARCH_SUB64, Subtract(8)),
            (elf::R_LARCH_ADD6, Add6),
            (elf::R_LARCH_SUB6, Subtract6),
            (elf::R_LARCH_ADD_ULEB128, SetUleb),
            (elf::R_LARCH_SUB_ULEB128, SubtractUleb),
        ],
    ),
    (
        elf::EM_S390,
        "s390",
        &[
            (elf::R_390_32, Absolute(4)),
            (elf::R_390_64, Absolute(8)),
            (elf::R_390_PC32, Relative(4)),
            (elf::R_390_PC64, Relative(8)),
        ],
    ),
    (
        elf::EM_PPC64,
        "powerpc64",
        &[
            (elf::R_PPC64_ADDR32, Absolute(4)),
            (elf::R_PPC64_ADDR64, Absolute(8)),
            (elf::R_PPC64_REL32, Relative(4)),
            (elf::R_PPC64_REL64, Relative(8)),
        ],
    ),
    (
        elf::EM_PPC,
        "powerpc",
        &[
            (elf::R_PPC_ADDR32, Absolute(4)),
            (elf::R_PPC_REL32, Relative(4)),
        ],
    ),
    (
        elf::EM_MIPS,
        "mips",
        &[(elf::R_MIPS_32, Absolute(4)), (elf::R_MIPS_64, Absolute(8))],
    ),
    (
        elf::EM_SPARCV9,
        "sparc64",
        &[
            (elf::R_SPARC_32, Absolute(4)),
            (elf::R_SPARC_UA32, Absolute(4)),
            (elf::R_SPARC_64, Absolute(8)),
            (elf::R_SPARC_UA64, Absolute(8)),
        ],
    ),
    // Nothing to apply: a vmlinux of these is read, the debug info of a module stays unresolved.
    (elf::EM_PARISC, "parisc", &[]),
    (elf::EM_ALPHA, "alpha", &[]),
    (elf::EM_SH, "sh", &[]),
    (elf::EM_ARC_COMPACT2, "arc", &[]),
    (elf::EM_68K, "m68k", &[]),
    (elf::EM_XTENSA, "xtensa", &[]),
    (elf::EM_OPENRISC, "openrisc", &[]),
];

impl Machine {
    /// The kernel's name for it.
    pub(in crate::symbols) fn name(self) -> Option<&'static str> {
        self.row().map(|(_, name, _)| *name)
    }

    fn row(self) -> Option<&'static MachineRow> {
        MACHINES.iter().find(|(machine, ..)| *machine == self.0)
    }

    /// What a relocation of this type does; `None` for one that debug info does not have.
    pub(super) fn fixup(self, kind: RelocationType) -> Option<Fixup> {
        let (_, _, fixups) = self.row()?;
        let (_, fixup) = fixups.iter().find(|(known, _)| *known == kind)?;
        Some(*fixup)
    }

    /// Whether several relocations may change one place, so that none says what is there by itself.
    pub(super) fn has_differences(self) -> bool {
        matches!(self.0, elf::EM_RISCV | elf::EM_LOONGARCH)
    }

    /// True for x86-64: the machine whose run-time patching is known.
    pub(in crate::symbols) fn is_x86_64(self) -> bool {
        self.0 == elf::EM_X86_64
    }

    /// Bytes from the call to its return address, less one: what is taken off a return address to land in the call.
    /// On MIPS and SPARC an instruction that belongs to the call follows it, perhaps from another line.
    pub(in crate::symbols) fn call_distance(self) -> u64 {
        match self.0 {
            elf::EM_MIPS | elf::EM_SPARC | elf::EM_SPARCV9 => 8,
            _ => 1,
        }
    }
}

//! Questions about x86 CPU features that only a vmlinux answers. In: an image, values out of a splat's
//! registers. Out: whose data a `struct cpuinfo_x86 *` is, the name of a capability flag, and whether code
//! looks at a variable.

use super::kaslr;
use crate::splat::Code;
use crate::symbols::Image;

/// Whose `struct cpuinfo_x86` a pointer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CpuInfo {
    /// NULL: for `clear_cpu_cap()` and its kin, every CPU.
    All,
    /// `&boot_cpu_data`.
    BootCpuData,
    /// `this_cpu_ptr(&cpu_info)` of the CPU that printed the splat.
    ThisCpu,
    /// Another per-CPU copy of `cpu_info`, or, where the log shows no GS base, any.
    PerCpuOther,
    /// None of these.
    Unknown,
}

const PAGE: u64 = 4096;

/// Where per-CPU copies can be: the direct map and vmalloc space, of four- and five-level paging
/// (Documentation/arch/x86/x86_64/mm.rst), below the `vmemmap` and KASAN regions.
const PER_CPU: std::ops::Range<u64> = 0xff11_0000_0000_0000..0xffff_ea00_0000_0000;

/// Whose data `value` points at. `gs_base`: the `GS:` of the register block.
pub(in crate::symbols) fn classify(
    image: &Image,
    value: u64,
    gs_base: Option<u64>,
    kaslr_offset: Option<u64>,
) -> CpuInfo {
    if value == 0 {
        return CpuInfo::All;
    }
    let address = |name| image.symbols(name).first().map(|symbol| symbol.address);
    if let Some(boot_cpu_data) = address("boot_cpu_data") {
        let moved = value.wrapping_sub(boot_cpu_data);
        let fits = match kaslr_offset {
            Some(offset) => moved == offset,
            None => kaslr::is_possible(moved),
        };
        if fits {
            return CpuInfo::BootCpuData;
        }
    }
    let Some(cpu_info) = address("cpu_info") else {
        return CpuInfo::Unknown;
    };
    // Until 6.14 per-CPU symbols are offsets from GS base; since then they are kernel addresses that
    // KASLR moves, and GS base is the (wrapping) distance to the CPU's copy.
    let offsets = [cpu_info, cpu_info.wrapping_add(kaslr_offset.unwrap_or(0))];
    match gs_base.filter(|&base| base != 0) {
        Some(base) if offsets.iter().any(|&o| base.wrapping_add(o) == value) => CpuInfo::ThisCpu,
        // Per-CPU areas begin on pages.
        _ if PER_CPU.contains(&value) && value % PAGE == cpu_info % PAGE => CpuInfo::PerCpuOther,
        _ => CpuInfo::Unknown,
    }
}

/// `x86_cap_flags[feature]` as /proc/cpuinfo shows it: `None` where the image does not say,
/// `Some(None)` where the kernel has no name for the feature (a hidden one).
pub(in crate::symbols) fn cap_flag(image: &Image, feature: u32) -> Option<Option<String>> {
    // The longest real names have some 20 bytes; the pointer may be a crafted one.
    const LONGEST: usize = 64;
    let flags = image.symbols("x86_cap_flags").first()?.clone();
    let offset = u64::from(feature).checked_mul(8)?;
    // The array has 32 * NCAPINTS entries, of this build: after it there is other data.
    if offset.checked_add(8)? > flags.st_size {
        return None;
    }
    let pointer = image.bytes_at(flags.address.checked_add(offset)?, 8)?;
    let pointer = u64::from_le_bytes(pointer.try_into().ok()?);
    if pointer == 0 {
        return Some(None);
    }
    let text = image.bytes_from(pointer)?;
    let end = memchr::memchr(0, text.get(..LONGEST.min(text.len()))?)?;
    let flag = std::str::from_utf8(text.get(..end)?).ok()?;
    Some(Some(flag.to_owned()))
}

/// Whether one of the instructions right in front of RIP reads the variable at a link address through
/// a displacement from RIP, which KASLR does not change.
pub(in crate::symbols) fn loads_before(code: &Code, rip: u64, variable: u64) -> Option<bool> {
    /// A load, a test and a jump of the longest forms that compilers emit.
    const REACH: usize = 24;
    let trap = code.trap_offset?;
    let before = code.bytes.get(trap.saturating_sub(REACH)..trap)?;
    let reads = |at: usize| {
        let (opcode, modrm) = (before.get(at)?, before.get(at + 1)?);
        // mod 00, rm 101: a 32-bit displacement from the next instruction.
        if modrm & 0xc7 != 0x05 {
            return None;
        }
        let displacement = before.get(at + 2..at + 6)?;
        let displacement = i32::from_le_bytes(displacement.try_into().ok()?);
        let end = at + 6 + immediate(*opcode);
        let next = rip.checked_sub(before.len().checked_sub(end)? as u64)?;
        Some(next.wrapping_add_signed(displacement.into()) == variable)
    };
    // Where an instruction begins is not known. By chance four bytes lead to this very variable
    // once in four billion times.
    Some((0..before.len()).any(|at| reads(at) == Some(true)))
}

/// Bytes of immediate operand after the displacement: `cmp`, `test` and `mov` with a constant.
fn immediate(opcode: u8) -> usize {
    match opcode {
        0x80 | 0x83 | 0xc6 | 0xf6 => 1,
        0x81 | 0xc7 | 0xf7 => 4,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6.12's do_clear_cpu_cap: `mov alternatives_patched(%rip),%edx; test %edx,%edx; je; ud2`.
    const CODE: [u8; 16] = [
        0x8b, 0x15, 0x0a, 0x72, 0xe0, 0x01, 0x85, 0xd2, 0x0f, 0x84, 0x6e, 0xff, 0xff, 0xff, 0x0f,
        0x0b,
    ];

    fn code(bytes: &[u8], trap: usize) -> Code {
        Code {
            bytes: bytes.to_vec(),
            trap_offset: Some(trap),
        }
    }

    #[test]
    fn a_load_in_front_of_the_trap_is_seen() {
        let (rip, variable) = (0xffff_ffff_8105_f07e, 0xffff_ffff_82e6_6280);
        assert_eq!(loads_before(&code(&CODE, 14), rip, variable), Some(true));
        assert_eq!(
            loads_before(&code(&CODE, 14), rip, variable + 4),
            Some(false)
        );
        assert_eq!(
            loads_before(&code(&CODE, 14), rip + 1, variable),
            Some(false)
        );
    }

    #[test]
    fn a_compare_with_a_constant_is_seen() {
        // cmpl $0, 0x10(%rip); je; ud2
        let bytes = [0x83, 0x3d, 0x10, 0, 0, 0, 0, 0x74, 0x02, 0x0f, 0x0b];
        assert_eq!(loads_before(&code(&bytes, 9), 0x1009, 0x1017), Some(true));
    }

    #[test]
    fn a_cut_code_line_is_no_evidence() {
        assert_eq!(loads_before(&code(&CODE, 99), 0x1000, 0x1000), None);
        assert_eq!(loads_before(&Code::default(), 0x1000, 0x1000), None);
    }
}

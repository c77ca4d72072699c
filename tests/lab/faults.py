"""The faults: what a broken CPU, BIOS or hypervisor would have made the kernel see.

In: nothing but which CPU and when. Out: hooks for a guest. A fault changes a value that the
CPU has just read; what the kernel makes of it is the kernel's own doing.
"""

from guest import Hook

IA32_FEATURE_CONTROL = 0x3A
IA32_MISC_ENABLE = 0x1A0
IA32_LBR_DEPTH = 0x14CF
EIO = -5 & 0xFFFFFFFF
FEATURE_CONTROL_LOCKED = 1 << 0
FAST_STRINGS = 1 << 0
BOOT_CPU = 0


def vmx_off(cpu, when_patched=False):
    """The BIOS has locked IA32_FEATURE_CONTROL without allowing VMX on this CPU; with
    `when_patched` only once alternatives are patched, as after a resume."""

    def lock(guest, at_cpu):
        if at_cpu == cpu and (patched(guest) or not when_patched):
            guest.gdb.set_register("rax", FEATURE_CONTROL_LOCKED)
            guest.gdb.set_register("rdx", 0)

    return lambda v: [Hook(v.after_msr_access("init_ia32_feat_ctl", IA32_FEATURE_CONTROL), lock)]


def fast_strings_off(cpu):
    """The BIOS has cleared the fast-strings bit of IA32_MISC_ENABLE on this CPU."""

    def clear(guest, at_cpu):
        if at_cpu == cpu:
            guest.gdb.set_register("rax", guest.gdb.registers()["rax"] & ~FAST_STRINGS)

    return lambda v: [Hook(v.after_msr_access("early_init_intel", IA32_MISC_ENABLE), clear)]


def patched_during(function):
    """`alternatives_patched` is set while the boot CPU runs a function for the first time: the
    boot CPU has no late clear on mainline at boot, a kernel that patches too early would."""

    def enter(guest, at_cpu):
        if at_cpu != BOOT_CPU:
            return
        guest.remove_hook(entry)
        set_patched(guest, 1)
        leave.address = guest.link_time(guest.return_address())
        guest.add_hook(leave)

    def restore(guest, at_cpu):
        guest.remove_hook(leave)
        set_patched(guest, 0)

    leave = Hook(0, restore)
    entry = Hook(0, enter)

    def hooks(vmlinux):
        entry.address = vmlinux.address(function)
        return [entry]

    return hooks


def arch_lbr_refused():
    """A hypervisor shows an architectural PMU (CPUID leaf 10, here version 2 with four 48-bit
    counters) and Arch LBR, but the MSR that sets the LBRs' depth cannot be written."""
    arch_perfmon = 3 * 32 + 11  # X86_FEATURE_ARCH_PERFMON
    pmu = {"rdi": 0x07300402, "rsi": 0, "rdx": 0, "rcx": 0x603}  # eax, ebx, ecx, edx
    results = {}

    def show_pmu(guest, _):
        capabilities = guest.symbol("boot_cpu_data") + guest.vmlinux.capability_offset()
        byte = capabilities + arch_perfmon // 8
        guest.write_number(byte, guest.read_number(byte, 1) | 1 << arch_perfmon % 8, 1)

    def before_cpuid(guest, _):
        results.update(guest.gdb.registers())

    def after_cpuid(guest, _):
        for register, value in pmu.items():
            guest.write_number(results[register], value, 4)

    def refuse(guest, _):
        guest.gdb.set_register("rax", EIO)  # what wrmsr_safe() returns

    def hooks(vmlinux):
        before, after = vmlinux.around_cpuid("intel_pmu_init")
        written = vmlinux.after_msr_access("intel_pmu_arch_lbr_init", IA32_LBR_DEPTH)
        return [
            Hook(vmlinux.address("intel_pmu_init"), show_pmu),
            Hook(before, before_cpuid),
            Hook(after, after_cpuid),
            Hook(written, refuse),
        ]

    return hooks


def patched(guest):
    return guest.read_number(guest.symbol("alternatives_patched"), 4) != 0


def set_patched(guest, value):
    guest.write_number(guest.symbol("alternatives_patched"), value, 4)

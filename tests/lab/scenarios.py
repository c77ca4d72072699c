"""The scenarios: which machine, which fault, and what is true of the log that comes of it.

In: nothing. Out: SCENARIOS, a table. A new scenario is an entry here.
"""

import dataclasses
import shlex
import typing

import faults

# A CPU with which the kernel takes Intel's paths (family 6, model 85: Skylake server).
INTEL = "max,vendor=GenuineIntel,family=6,model=85,stepping=4,x-force-features=on,la57=off"
# One that also has what CPUID levels take away: DCA (level 9) and MWAIT (level 5). Without
# XSAVE, whose loss (level 13) would otherwise come with them.
LEVELS = f"{INTEL},-xsave,-avx,-avx2,+monitor,+dca"
NAMES = {
    "arch_lbr": "ARCH_LBR",
    "dca": "DCA",
    "erms": "ERMS",
    "monitor": "MWAIT",
    "rep_good": "REP_GOOD",
    "vmx": "VMX",
}
"""The X86_FEATURE_ name of each flag that a scenario clears."""


@dataclasses.dataclass
class Clear:
    """A late clear that a scenario must bring about."""

    path: str
    stage: str
    cpu: int
    flag: str
    target: str
    requester: str
    caused_by: int | None = None
    divergence: str | None = None
    """None where the log does not decide it; then it is not checked."""


def ap(cpu, flag, requester, stage="smp-boot"):
    """An AP clears a feature from its own cpuinfo; that mainline warns proves that the boot CPU
    has it."""
    return Clear("ap", stage, cpu, flag, "cpu", requester, divergence="divergent")


def everywhere(clear, index):
    """A clear from all CPUs' cpuinfo warns twice: for all, and from inside for the boot CPU's.
    `index` is that of the first one."""
    first = dataclasses.replace(clear, target="all")
    return [first, dataclasses.replace(clear, target="boot-cpu-data", caused_by=index)]


@dataclasses.dataclass
class Scenario:
    name: str
    about: str
    """The fault, in words."""
    cpu: str = INTEL
    smp: str = "2"
    devices: tuple = ()
    """QEMU's -device options: CPUs that differ from the first one."""
    kaslr: bool = False
    parameters: str = ""
    """More of the kernel command line."""
    steps: str = ""
    """What `init` does in the guest."""
    faults: tuple = ()
    clears: tuple = ()
    """What must come of it, in order."""

    def command(self, kernel_image, initramfs):
        """The QEMU command line, without the sockets and the serial ports. One thread for all
        CPUs: with a thread each, a resume from S3 now and then comes back with broken flags."""
        words = ["console=ttyS0,115200", "loglevel=8", "panic=-1"]
        words += [] if self.kaslr else ["nokaslr"]
        words += [self.parameters] if self.parameters else []
        words += [f"lab={self.steps}"] if self.steps else []
        devices = [word for device in self.devices for word in ("-device", device)]
        return [
            *("qemu-system-x86_64", "-machine", "pc", "-accel", "tcg,thread=single"),
            *("-cpu", self.cpu, "-smp", self.smp, *devices, "-m", "512M"),
            *("-nodefaults", "-display", "none", "-no-reboot"),
            *("-kernel", str(kernel_image), "-initrd", str(initramfs), "-append", " ".join(words)),
        ]

    def shown_command(self):
        """The command line for a reader, with bare file names."""
        return shlex.join(self.command("vmlinuz", "initramfs.cpio.gz"))


def sockets(count):
    """-smp for CPUs that are given as devices, but for the first one."""
    return f"1,maxcpus={count},sockets={count},cores=1,threads=1"


def socket_cpu(number, properties=""):
    """A CPU of its own kind in a socket."""
    return f"max-x86_64-cpu,socket-id={number},core-id=0,thread-id=0{properties}"


SCENARIOS = [
    Scenario(
        "ap-vmx-off",
        "The BIOS locked VMX off on CPU 1 only (IA32_FEATURE_CONTROL).",
        cpu=f"{INTEL},+vmx",
        kaslr=True,
        faults=(faults.vmx_off(1),),
        clears=(ap(1, "vmx", "init_ia32_feat_ctl"),),
    ),
    Scenario(
        "ap-fast-strings-off",
        "The BIOS disabled fast strings on CPU 1 only (IA32_MISC_ENABLE); the kernel then clears"
        " REP_GOOD and ERMS everywhere.",
        faults=(faults.fast_strings_off(1),),
        clears=(
            *everywhere(ap(1, "rep_good", "early_init_intel"), 0),
            *everywhere(ap(1, "erms", "early_init_intel"), 2),
        ),
    ),
    Scenario(
        "ap-cpuid-levels",
        "Four CPUs of unequal CPUID level: CPU 2 has 8 (no DCA), CPU 3 has 4 (no MWAIT either)."
        " CPU 3 lacks DCA too, but CPU 2 has taken it from the boot CPU's flags by then.",
        cpu=LEVELS,
        smp=sockets(4),
        devices=(socket_cpu(1), socket_cpu(2, ",level=8"), socket_cpu(3, ",level=4")),
        kaslr=True,
        clears=(
            ap(2, "dca", "filter_cpuid_features"),
            ap(3, "monitor", "filter_cpuid_features"),
        ),
    ),
    Scenario(
        "ap-hotplug",
        "CPU 1 has CPUID level 4 (no MWAIT, no DCA) and is brought up by hand long after boot.",
        cpu=LEVELS,
        smp=sockets(2),
        devices=(socket_cpu(1, ",level=4"),),
        kaslr=True,
        parameters="maxcpus=1",
        steps="online1",
        clears=(
            ap(1, "monitor", "filter_cpuid_features", stage="hotplug"),
            ap(1, "dca", "filter_cpuid_features", stage="hotplug"),
        ),
    ),
    Scenario(
        "bsp-boot",
        "VMX is locked off on the boot CPU, and alternatives_patched is set while it runs"
        " init_intel(): mainline cannot warn there, a kernel that patches too early would.",
        cpu=f"{INTEL},+vmx",
        kaslr=True,
        faults=(faults.patched_during("init_intel"), faults.vmx_off(0)),
        clears=(Clear("bsp", "boot", 0, "vmx", "boot-cpu-data", "init_ia32_feat_ctl"),),
    ),
    Scenario(
        "bsp-resume",
        "After a suspend to memory (S3) the BIOS left VMX locked off on the boot CPU.",
        cpu=f"{INTEL},+vmx",
        steps="suspend",
        faults=(faults.vmx_off(0, when_patched=True),),
        clears=(Clear("bsp", "resume", 0, "vmx", "cpu", "init_ia32_feat_ctl"),),
    ),
    Scenario(
        "initcall-arch-lbr",
        "A hypervisor shows Arch LBR but refuses its MSR; an initcall clears it everywhere.",
        cpu=f"{INTEL},+arch-lbr",
        faults=(faults.arch_lbr_refused(),),
        clears=(
            *everywhere(
                Clear("other", "initcall", 0, "arch_lbr", "all", "intel_pmu_arch_lbr_init"), 0
            ),
        ),
    ),
    Scenario(
        "healthy-boot",
        "Nothing is wrong: two equal CPUs.",
        cpu=f"{INTEL},+vmx",
    ),
    Scenario(
        "healthy-suspend",
        "Nothing is wrong: two equal CPUs, a suspend to memory (S3).",
        kaslr=True,
        steps="suspend",
    ),
    Scenario(
        "healthy-clearcpuid",
        "Nothing is wrong: features cleared by hand, early enough.",
        kaslr=True,
        parameters="clearcpuid=avx2,smap,fsgsbase",
    ),
]

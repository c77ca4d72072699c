"""What the lab must know of a kernel's code: symbols, and places that only the code itself shows.

In: a vmlinux. Out: link-time addresses (without KASLR). The places are found by what the
instructions do, never by an offset, so that they hold for every build.
"""

import bisect
import dataclasses
import functools
import re
import subprocess

INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)")
# Documentation/arch/x86/x86_64/mm.rst: the kernel image is mapped from here.
KERNEL_MAPPING = 0xFFFFFFFF80000000


@dataclasses.dataclass
class Instruction:
    address: int
    mnemonic: str
    operands: str

    def touches_msr(self):
        """An MSR access: the instruction, or the paravirt call that stands for it."""
        return self.mnemonic in ("rdmsr", "wrmsr") or self.is_paravirt_call()

    def is_paravirt_call(self):
        return self.mnemonic == "call" and "<pv_ops" in self.operands

    def calls(self, function):
        return self.mnemonic == "call" and self.operands.endswith(f"<{function}>")


class Vmlinux:
    """The symbols and the code of a kernel image."""

    def __init__(self, path):
        self.path = path
        lines = output("nm", "--numeric-sort", path).splitlines()
        symbols = [line.split() for line in lines if not line.startswith(" ")]
        self.addresses = {name: int(address, 16) for address, _, name in symbols}
        text = [(int(a, 16), name) for a, kind, name in symbols if kind in "tT"]
        self.text = [entry for entry in text if entry[0] >= KERNEL_MAPPING]

    def address(self, symbol):
        return self.addresses[symbol]

    def function_at(self, address):
        """Name of the function that an address lies in, without `.cold` and the like."""
        nth = bisect.bisect_right(self.text, (address, "\xff")) - 1
        return self.text[nth][1].partition(".")[0] if nth >= 0 else None

    @functools.cache
    def code(self, function):
        """The instructions of a function."""
        listing = output("objdump", "-d", "--no-show-raw-insn", f"--disassemble={function}", self.path)
        found = [INSTRUCTION.match(line) for line in listing.splitlines()]
        code = [Instruction(int(m[1], 16), m[2], m[3]) for m in found if m]
        if not code:
            raise LookupError(f"{self.path}: no code of {function}")
        return code

    def after_msr_access(self, function, msr):
        """Where a function has just read or written an MSR: after its first access since the
        MSR's number was loaded (`mov $0x3a,%edi` or `%ecx`)."""
        loaded = False
        for instruction, following in zip(self.code(function), self.code(function)[1:]):
            if instruction.operands.startswith(f"${msr:#x},%e"):
                loaded = True
            elif loaded and instruction.touches_msr():
                return following.address
            elif instruction.mnemonic == "call":
                loaded = False
        raise LookupError(f"{self.path}: {function} does not access MSR {msr:#x}")

    def around_cpuid(self, function):
        """A function's first CPUID: the call, whose four arguments point to the registers of the
        result, and the place after it."""
        for instruction, following in zip(self.code(function), self.code(function)[1:]):
            if instruction.is_paravirt_call() or instruction.calls("__cpuid"):
                return instruction.address, following.address
        raise LookupError(f"{self.path}: {function} makes no CPUID")

    def capability_offset(self):
        """Where x86_capability is in struct cpuinfo_x86: do_clear_cpu_cap() tests a bit there."""
        for instruction in self.code("do_clear_cpu_cap"):
            found = re.search(r"boot_cpu_data\+(0x[0-9a-f]+)>", instruction.operands)
            if found and instruction.mnemonic == "bt":
                return int(found[1], 16)
        raise LookupError(f"{self.path}: do_clear_cpu_cap does not test boot_cpu_data")

    def traps(self, function):
        """The places where a function warns (`ud2`; the kernel's WARN())."""
        return [i.address for i in self.code(function) if i.mnemonic == "ud2"]


def output(*command):
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout

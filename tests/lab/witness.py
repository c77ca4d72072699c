"""Sees every late clear of a guest happen, from outside.

In: a running guest. Out: for each warning of do_clear_cpu_cap() what the registers held: the
CPU, the feature, what it was cleared from, who asked. This is the truth that ksplat's reading
of the log is held against; nothing of it comes from the log.
"""

import dataclasses

from guest import Hook

FUNCTION = "do_clear_cpu_cap"
WORD = 8


@dataclasses.dataclass
class Sighting:
    """One late clear, as the registers show it."""

    cpu: int
    number: int
    flag: str | None
    """Name in /proc/cpuinfo; None for a feature hidden there."""
    target: str
    """As in ksplat's `target`."""
    requester: str
    """The function that the call returns to: who asked, unless it asked by a tail call."""
    caused_by: int | None
    """Index of the sighting that this one is a nested repeat of."""


class Witness:
    """Collects the late clears of one guest, in `sightings`."""

    def __init__(self, vmlinux):
        self.vmlinux = vmlinux
        self.sightings = []
        self.calls = {}
        """By CPU: the sighting-to-be of its latest call of do_clear_cpu_cap()."""
        self.outer = {}
        """By CPU: the index of the sighting whose call is still running, else None."""

    def hooks(self):
        entry = Hook(self.vmlinux.address(FUNCTION), self.see_call)
        return [entry, *(Hook(trap, self.see_trap) for trap in self.vmlinux.traps(FUNCTION))]

    def see_call(self, guest, cpu):
        """At the entry: rdi is the cpuinfo, rsi the feature."""
        registers = guest.gdb.registers()
        caller = self.vmlinux.function_at(guest.link_time(guest.return_address()))
        number = registers["rsi"] & 0xFFFFFFFF
        nested = caller == FUNCTION
        if nested:
            caller = self.calls[cpu].requester
        else:
            self.outer[cpu] = None
        self.calls[cpu] = Sighting(
            cpu, number, flag(guest, number), target(guest, cpu, registers["rdi"]), caller,
            self.outer[cpu] if nested else None,
        )

    def see_trap(self, guest, cpu):
        """At a WARN(): the latest call of this CPU is a late clear."""
        if self.outer[cpu] is None:
            self.outer[cpu] = len(self.sightings)
        self.sightings.append(self.calls[cpu])


def flag(guest, number):
    pointer = guest.read_number(guest.symbol("x86_cap_flags") + number * WORD, WORD)
    return guest.read_string(pointer) if pointer else None


def target(guest, cpu, cpuinfo):
    """Which cpuinfo a pointer is: ksplat's word for it."""
    per_cpu = guest.symbol("__per_cpu_offset") + cpu * WORD
    own = guest.symbol("cpu_info") + guest.read_number(per_cpu, WORD)
    names = {0: "all", guest.symbol("boot_cpu_data"): "boot-cpu-data", own % 2**64: "cpu"}
    return names.get(cpuinfo, f"unknown cpuinfo {cpuinfo:#x}")

"""Runs one scenario: boots the guest, checks that the fault came about, asks ksplat.

In: a scenario, a kernel. Out: the log, its truth, and every way in which they or ksplat's
answers differ from it.
"""

import dataclasses
import pathlib
import subprocess
import time

import compare
from guest import Failed, Guest
from scenarios import NAMES
from witness import Witness

RETRIES = 2
"""Boots after the first one, where the guest was lost."""

LAB_FAILED = "lab: "
"""Begins a difference that ksplat has no part in."""


@dataclasses.dataclass
class Outcome:
    """A scenario's log and what is true of it."""

    scenario: object
    log: pathlib.Path
    truth: dict
    """As compare.py reads it; empty where the lab failed."""
    wrong: list
    """What differs, one line each; empty for a pass."""
    seconds: float
    lost: list = dataclasses.field(default_factory=list)
    """Why boots before this one came to nothing, one line each."""


@dataclasses.dataclass
class Lab:
    """What every boot needs."""

    kernel: object
    vmlinux: object
    initramfs: pathlib.Path
    boot_seconds: int

    def run(self, scenario, folder):
        """Boots a scenario in an empty folder and holds ksplat against the truth. Software emulation
        under load now and then loses a guest, most of all in a suspend: such a boot is made
        again, and said. An answer of ksplat's is never asked for twice."""
        began = time.monotonic()
        lost = []
        while True:
            attempt = folder / str(len(lost) + 1)
            attempt.mkdir()
            outcome = self.attempt(scenario, attempt, began)
            lab_failed = any(line.startswith(LAB_FAILED) for line in outcome.wrong)
            if not lab_failed or len(lost) == RETRIES:
                return dataclasses.replace(outcome, lost=lost)
            lost += outcome.wrong

    def attempt(self, scenario, folder, began):
        """One boot and its outcome."""
        command = scenario.command(self.kernel.image, self.initramfs)
        witness = Witness(self.vmlinux)
        log = folder / "serial.log"
        truth = {}
        try:
            with Guest(command, self.vmlinux, folder, scenario.kaslr) as guest:
                hooks = [hook for fault in scenario.faults for hook in fault(self.vmlinux)]
                guest.run([*witness.hooks(), *hooks], self.boot_seconds)
            wrong = unlike(scenario.clears, witness.sightings)
            if not wrong:
                truth = self.truth(scenario, guest.kaslr_offset, witness.sightings)
                wrong = self.ksplat_differences(truth, log)
        except (Failed, LookupError, OSError, ValueError, subprocess.TimeoutExpired) as failure:
            wrong = [f"{LAB_FAILED}{failure}"]
        return Outcome(scenario, log, truth, wrong, time.monotonic() - began)

    def truth(self, scenario, kaslr_offset, sightings):
        clears = zip(scenario.clears, sightings)
        return {
            "kernel": self.kernel.release,
            "kaslr": scenario.kaslr,
            "kaslr_offset": hex(kaslr_offset) if scenario.kaslr else None,
            "late_clears": [true_clear(clear, sighting.number) for clear, sighting in clears],
            "how": scenario.shown_command(),
        }

    def ksplat_differences(self, truth, log):
        """What ksplat says wrongly, with the kernel's vmlinux and without."""
        wrong = []
        for vmlinux in (self.kernel.vmlinux, None):
            answer = compare.ask(log, vmlinux)
            mode = "with" if vmlinux else "without"
            lines = compare.differences(truth, answer, with_vmlinux=vmlinux is not None)
            wrong += [f"{mode} vmlinux: {line}" for line in lines]
        return wrong


def true_clear(clear, number):
    """A late clear as a truth has it."""
    fields = {k: v for k, v in dataclasses.asdict(clear).items() if k not in ("flag", "divergence")}
    fields["feature"] = {"number": number, "name": NAMES[clear.flag], "flag": clear.flag}
    if clear.divergence:
        fields["divergence"] = clear.divergence
    return fields


def unlike(clears, sightings):
    """How the late clears that happened differ from those that the scenario is for: then the lab
    is wrong, not ksplat."""
    wanted = [(c.cpu, c.flag, c.target, c.requester, c.caused_by) for c in clears]
    seen = [(s.cpu, s.flag, s.target, s.requester, s.caused_by) for s in sightings]
    return [] if wanted == seen else [f"{LAB_FAILED}the guest's late clears were {seen}, not {wanted}"]

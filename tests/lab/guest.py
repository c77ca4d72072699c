"""Runs a guest under QEMU's software emulation and lets hooks look at it and change it.

In: a kernel, an initramfs, QEMU options, hooks (a place in the kernel and what to do there).
Out: the guest's serial log; the hooks' doing. The kernel itself is unchanged: a hook writes
registers and memory from outside, as a broken CPU or BIOS would have left them.
"""

import contextlib
import dataclasses
import pathlib
import select
import subprocess
import time
import typing

from gdbstub import GdbStub
from qmp import Qmp
from vmlinux import KERNEL_MAPPING

# With KASLR the kernel image is anywhere in the 1 GiB of its mapping, by steps of
# CONFIG_PHYSICAL_ALIGN.
KASLR_RANGE = 0x40000000
KASLR_STEP = 0x200000
class Failed(Exception):
    """The guest did not do what it was started for; the text says what was seen."""


@dataclasses.dataclass
class Hook:
    """What to do when a CPU is about to execute an instruction."""

    address: int
    """Link-time address (without KASLR)."""
    action: typing.Callable
    """Called with the Guest, stopped and with the CPU selected, and the CPU's number."""


class Guest:
    """A guest that is stopped before its first instruction; use it in a `with` statement."""

    def __init__(self, command, vmlinux, folder, kaslr):
        self.vmlinux = vmlinux
        self.kaslr_offset = None if kaslr else 0
        self.hooks = {}
        self.messages = pathlib.Path(folder, "init.log")
        self.log = pathlib.Path(folder, "serial.log")
        sockets = ["-qmp", "unix:qmp,server=on,wait=off", "-S", "-gdb", "unix:gdb,server=on,wait=off"]
        serials = ["-serial", f"file:{self.log.name}", "-serial", f"file:{self.messages.name}"]
        self.errors = pathlib.Path(folder, "qemu.err")
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*command, *serials, *sockets],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
            )
        with contextlib.ExitStack() as opened:
            opened.callback(self.kill)
            self.qmp = opened.enter_context(contextlib.closing(Qmp(pathlib.Path(folder, "qmp"))))
            self.gdb = opened.enter_context(contextlib.closing(GdbStub(pathlib.Path(folder, "gdb"))))
            self.opened = opened.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def run(self, hooks, seconds):
        """Lets the guest run to its power-off, the hooks at work; Failed if it takes longer."""
        deadline = time.monotonic() + seconds
        if self.kaslr_offset is None:
            self.locate_kernel(deadline)
        for hook in hooks:
            self.add_hook(hook)
        while (cpu := self.next_stop(deadline)) is not None:
            address = self.gdb.registers()["rip"]
            for hook in list(self.hooks.get(address, [])):
                hook.action(self, cpu)
            self.gdb.step(cpu)
        self.check_ended_well()

    def locate_kernel(self, deadline):
        """Finds the KASLR offset: start_kernel is waited for at every place it can be at. Not
        before the kernel uses its own mapping: so many breakpoints make unpacking it very slow."""
        self.gdb.set_watchpoint(KERNEL_MAPPING, KASLR_RANGE)
        self.need_stop(deadline)
        self.gdb.clear_watchpoint(KERNEL_MAPPING, KASLR_RANGE)
        start = self.vmlinux.address("start_kernel")
        places = range(start, KERNEL_MAPPING + KASLR_RANGE, KASLR_STEP)
        for address in places:
            self.gdb.set_breakpoint(address)
        self.need_stop(deadline)
        self.kaslr_offset = self.gdb.registers()["rip"] - start
        for address in places:
            self.gdb.clear_breakpoint(address)

    def need_stop(self, deadline):
        if self.next_stop(deadline) is None:
            raise Failed("the guest ended before start_kernel()")

    def next_stop(self, deadline):
        """Resumes the guest; the CPU that comes to a breakpoint, now selected, or None at the end.
        A guest that suspends meanwhile is woken up."""
        self.gdb.resume()
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.gdb, self.qmp], [], [], 1)
            try:
                if self.qmp in readable and "SUSPEND" in self.qmp.events():
                    self.qmp.execute("system_wakeup")
                if self.gdb in readable and (packet := self.gdb.poll()) is not None:
                    cpu = self.gdb.stopped_cpu(packet)
                    if cpu is not None:
                        self.gdb.select_cpu(cpu)
                    return cpu
            except (EOFError, ConnectionError):
                return None
        raise Failed(f"the guest did not end in time; {self.last_line()}")

    def check_ended_well(self):
        self.process.wait(timeout=30)
        steps = self.messages.read_text(errors="replace").split("\n")
        if steps[0].strip() != "all steps done":
            raise Failed(f"init: {' '.join(steps).strip() or 'not reached'}; {self.last_line()}")

    def last_line(self):
        """The end of what the guest or QEMU said, for a message."""
        lines = (self.log.read_text(errors="replace") + self.errors.read_text()).split("\n")
        return "last line: " + next((line for line in reversed(lines) if line.strip()), "none")

    def add_hook(self, hook):
        place = self.run_time(hook.address)
        if place not in self.hooks:
            self.gdb.set_breakpoint(place)
        self.hooks.setdefault(place, []).append(hook)

    def remove_hook(self, hook):
        place = self.run_time(hook.address)
        self.hooks[place].remove(hook)
        if not self.hooks[place]:
            del self.hooks[place]
            self.gdb.clear_breakpoint(place)

    def run_time(self, address):
        """Where something is in the running guest. What is not in the kernel's mapping does not
        move: per-CPU symbols are small offsets up to Linux 6.14."""
        return address + self.kaslr_offset if address >= KERNEL_MAPPING else address

    def link_time(self, address):
        return address - self.kaslr_offset

    def symbol(self, name):
        """Where a symbol is in the running guest."""
        return self.run_time(self.vmlinux.address(name))

    def read_number(self, address, size):
        return int.from_bytes(self.gdb.read(address, size), "little")

    def write_number(self, address, value, size):
        self.gdb.write(address, value.to_bytes(size, "little"))

    def read_string(self, address):
        """A C string of at most 31 characters."""
        return self.gdb.read(address, 32).partition(b"\0")[0].decode()

    def return_address(self):
        """Where the selected CPU, at a function's first instruction, will return to."""
        return self.read_number(self.gdb.registers()["rsp"], 8)

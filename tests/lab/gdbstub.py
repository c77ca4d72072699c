"""A client of the gdb remote protocol, as much of it as QEMU's gdbstub and the lab need.

In: the stub's Unix socket. Out: registers and memory of a stopped guest, stops at breakpoints.
Breakpoints are hardware ones (Z1): they leave guest memory as it is. A thread of the protocol
is a CPU of the guest; the stub counts threads from 1, this module counts CPUs from 0.
"""

import socket
import struct
import time

REGISTERS = [
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"),
]
REPLY_TIMEOUT_S = 30


class GdbStub:
    """A connection to a guest. It answers requests only while the guest is stopped."""

    def __init__(self, path):
        self.socket = connect(path)
        self.received = b""
        self.request("qSupported:hwbreak+;xmlRegisters=i386")
        # QEMU lets single registers be written only by a client that has read their description.
        self.request("qXfer:features:read:target.xml:0,ffb")
        self.request("?")

    def fileno(self):
        """For select()."""
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def request(self, packet):
        self.send(packet)
        return self.receive()

    def send(self, packet):
        data = packet.encode()
        self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))

    def receive(self):
        """The next packet; EOFError once QEMU has gone."""
        while (packet := self.take_packet()) is None:
            self.read_socket()
        return packet

    def poll(self):
        """The next packet, None if it is not here yet; call when the socket is readable."""
        self.read_socket()
        return self.take_packet()

    def read_socket(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the gdbstub closed its socket")
        self.received += data

    def take_packet(self):
        start = self.received.find(b"$")
        end = self.received.find(b"#", start)
        if not 0 <= start < end or len(self.received) < end + 3:
            return None
        packet = self.received[start + 1 : end].decode()
        self.received = self.received[end + 3 :]
        self.socket.sendall(b"+")
        return packet

    def resume(self):
        """Lets the guest run; the next packet is a stop, see `stopped_cpu`."""
        self.send("vCont;c")

    def step(self, cpu):
        """Runs one instruction of one CPU, breakpoint or not; the other CPUs stand still."""
        self.request(f"vCont;s:{cpu + 1:x}")

    @staticmethod
    def stopped_cpu(packet):
        """The CPU that a stop packet (`T05thread:02;`) names; None when the guest has ended."""
        _, found, rest = packet.partition("thread:")
        return int(rest.split(";")[0], 16) - 1 if found else None

    def select_cpu(self, cpu):
        """Makes `registers` and memory accesses those of one CPU."""
        self.request(f"Hg{cpu + 1:x}")

    def registers(self):
        """The selected CPU's general registers and rip."""
        dump = bytes.fromhex(self.request("g")[: len(REGISTERS) * 16])
        return dict(zip(REGISTERS, struct.unpack(f"<{len(REGISTERS)}Q", dump)))

    def set_register(self, name, value):
        self.demand(f"P{REGISTERS.index(name):x}={struct.pack('<Q', value).hex()}")

    def read(self, address, size):
        """Guest memory at a virtual address."""
        answer = self.request(f"m{address:x},{size:x}")
        if len(answer) != 2 * size:
            raise ValueError(f"guest memory at {address:#x} cannot be read ({answer})")
        return bytes.fromhex(answer)

    def write(self, address, data):
        self.demand(f"M{address:x},{len(data):x}:{data.hex()}")

    def set_breakpoint(self, address):
        self.demand(f"Z1,{address:x},1")

    def clear_breakpoint(self, address):
        self.demand(f"z1,{address:x},1")

    def set_watchpoint(self, address, size):
        """A stop at any access to a range of memory."""
        self.demand(f"Z4,{address:x},{size:x}")

    def clear_watchpoint(self, address, size):
        self.demand(f"z4,{address:x},{size:x}")

    def demand(self, packet):
        answer = self.request(packet)
        if answer != "OK":
            raise ValueError(f"the gdbstub answers {answer!r} to {packet}")


def connect(path):
    """A socket to a QEMU that may still be starting."""
    deadline = time.monotonic() + REPLY_TIMEOUT_S
    while True:
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(REPLY_TIMEOUT_S)
        try:
            end.connect(str(path))
            return end
        except OSError:
            end.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)

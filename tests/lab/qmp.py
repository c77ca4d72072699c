"""A client of QEMU's machine protocol (QMP).

In: the monitor's Unix socket. Out: the events of the machine; commands go the other way.
"""

import json

from gdbstub import connect


class Qmp:
    """A connection to a monitor."""

    def __init__(self, path):
        self.socket = connect(path)
        self.received = b""
        self.waiting = []
        self.message()  # the greeting
        self.execute("qmp_capabilities")

    def fileno(self):
        """For select()."""
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def execute(self, command):
        """Runs a command; events that come before its answer are kept for `events`."""
        self.socket.sendall(json.dumps({"execute": command}).encode() + b"\n")
        while True:
            message = self.message()
            if "error" in message:
                raise ValueError(f"QEMU refuses {command}: {message['error']['desc']}")
            if "return" in message:
                return
            self.waiting.append(message)

    def events(self):
        """Names of the events that have come; call when the socket is readable."""
        self.waiting.append(self.message())
        while b"\n" in self.received:
            self.waiting.append(self.message())
        names = [message["event"] for message in self.waiting if "event" in message]
        self.waiting.clear()
        return names

    def message(self):
        while b"\n" not in self.received:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("QEMU closed its monitor")
            self.received += data
        line, _, self.received = self.received.partition(b"\n")
        return json.loads(line)

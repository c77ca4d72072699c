"""What the benchmarks share: commands run side by side, their times and their memory."""

import shlex
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KSPLAT = ROOT / "target/release/ksplat"
HEAD = "| what | mean, s | at least, s | ratio | resident, MB |\n|---|---|---|---|---|"


def need(*tools):
    """Ends with one line where something is missing."""
    if not KSPLAT.exists():
        sys.exit(f"{KSPLAT}: not there; run: cargo build --release")
    for tool in tools:
        if not shutil.which(tool):
            sys.exit(f"{tool}: not there; install it")


def resident(pid):
    """The most memory that a process has had so far, in kB (not what its parent had: /proc knows)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def run(command):
    """Seconds of one run; standard output and error go nowhere."""
    start = time.perf_counter()
    subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def memory(command):
    """MB that a command without pipes and the like has resident at its most, in a run of its own."""
    process = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        most = max(most, resident(process.pid))
        time.sleep(0.002)
    return most / 1024


def beside(pairs, runs):
    """Runs commands in turns, so that what else the machine does meets all of them; prints a row each.

    `pairs`: what, command, and the name of the row that it is held against or None. A ratio is one of the means.
    """
    seconds = {what: [] for what, _, _ in pairs}
    for what, command, _ in pairs:
        run(command)
    for _ in range(runs):
        for what, command, _ in pairs:
            seconds[what].append(run(command))
    for what, command, against in pairs:
        mean = statistics.mean(seconds[what])
        ratio = f"{mean / statistics.mean(seconds[against]):.2f}" if against else ""
        megabytes = f"{memory(command):.0f}" if command.startswith(str(KSPLAT)) else ""
        print(f"| {what} | {mean:.3f} | {min(seconds[what]):.3f} | {ratio} | {megabytes} |", flush=True)

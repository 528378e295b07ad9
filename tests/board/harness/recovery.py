"""Reads the `events` of a run through faults: the program's JSON lines and the script's marks, each with the guest's time."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from .checks import demand

# For faults that must not be reported as the loss of the camera.
NEVER = object()
# What a run may grow by that is no leak: memory that the allocator keeps, in KiB.
MEMORY_NOISE = 1024


@dataclass
class Process:
    """What the process held at one moment."""

    pid: int
    memory_kib: int
    threads: int
    descriptors: int


@dataclass
class Fault:
    """All cycles of one fault."""

    name: str
    cycles: int = 0
    # Milliseconds from the device's being whole again to the next result.
    recoveries: list[float] = field(default_factory=list)
    # What the program gave as cause of each loss.
    causes: set[str] = field(default_factory=set)
    # What went wrong, in words.
    troubles: list[str] = field(default_factory=list)

    def percentile(self, share):
        """Nearest-rank percentile of the recoveries."""
        ordered = sorted(self.recoveries)
        return ordered[max(0, -(-len(ordered) * share // 100) - 1)]

    def row(self):
        """Name, cycles, survived, p50, p99 and largest recovery."""
        times = [f"{self.percentile(share):.0f}" for share in (50, 99, 100)] if self.recoveries else ["-"] * 3
        return [self.name.replace("_", " "), str(self.cycles), str(len(self.recoveries)), *times]


def read(path: Path):
    """The lines of an events file as (seconds, mark's words or None, JSON object or None)."""
    events = []
    for line in path.read_text(errors="replace").splitlines():
        time, _, text = line.partition(" ")
        if text.startswith("mark "):
            events.append((float(time), text.split()[1:], None))
        elif text.startswith("{"):
            events.append((float(time), None, json.loads(text)))
    return events


def faults(events):
    """The faults in their order, and the measures of the process."""
    found, processes, cycle = {}, [], None
    for time, mark, line in events:
        if mark and mark[0] == "process":
            processes.append(Process(*map(int, mark[1:5])))
        elif mark and mark[0] == "inject":
            if cycle:
                cycle.end()
            cycle = Cycle(found.setdefault(mark[1], Fault(mark[1])))
        elif mark and mark[0] == "restored":
            cycle.restored = time
        elif mark and mark[0] == "died":
            if cycle:
                cycle.fault.troubles.append("the program ended: " + " ".join(mark[4:]))
                cycle.broken = True
        elif mark and cycle:
            cycle.fault.troubles.append({"silent": "no loss was reported", "stuck": "it did not recover"}.get(mark[0], mark[0]))
        elif line and cycle:
            cycle.take(time, line)
    if cycle:
        cycle.end()
    return list(found.values()), processes


class Cycle:
    """One injection: from the fault to the first result that the whole device gave."""

    def __init__(self, fault):
        self.fault = fault
        fault.cycles += 1
        self.restored = self.recovered = None
        self.is_lost = self.broken = False

    def take(self, time, line):
        state = line.get("state")
        if state == "camera lost":
            self.is_lost = True
            self.recovered = None
            self.fault.causes.add(line.get("cause", ""))
        elif state == "live":
            self.is_lost = False
        elif "label" in line and self.restored and not self.is_lost and self.recovered is None:
            # A result while the camera is lost is that of a frame from before.
            self.recovered = time

    def end(self):
        if self.recovered is not None and not self.broken:
            self.fault.recoveries.append((self.recovered - self.restored) * 1000)


def check(result, kinds, limit_ms):
    """Demands that every cycle of every fault was survived within `limit_ms`, that losses were reported with a cause, and
    that the one process holds no more at the end than at the start. `kinds` gives for each fault what it is, in words, and a
    word of the cause that must be reported; None where a loss may be reported, NEVER where it must not. Gives a table."""
    found, processes = faults(read(result.files / "events"))
    troubles = [f"{name}: was not injected" for name in kinds.keys() - {fault.name for fault in found}]
    yield "fault               cycles survived   p50   p99   max ms"
    for fault in found:
        name, cycles, survived, *times = fault.row()
        causes = "; ".join(sorted(fault.causes))
        yield f"{name:<20}{cycles:>6}{survived:>9}" + "".join(f"{time:>6}" for time in times) + f"  {causes}".rstrip()
        troubles += [f"{name}: {trouble}" for trouble in dict.fromkeys(fault.troubles)]
        if len(fault.recoveries) < fault.cycles:
            troubles.append(f"{name}: {fault.cycles - len(fault.recoveries)} of {fault.cycles} not survived")
        if fault.recoveries and max(fault.recoveries) > limit_ms:
            troubles.append(f"{name}: took {max(fault.recoveries):.0f} ms, and {limit_ms} are allowed")
        _, word = kinds[fault.name]
        if word is NEVER and fault.causes:
            troubles.append(f"{name}: was reported as a loss: {causes}")
        elif word not in (None, NEVER) and not any(word in cause for cause in fault.causes):
            troubles.append(f"{name}: no cause says {word!r}, but {causes or 'none was reported'}")
    for process in processes:
        yield f"memory {process.memory_kib} KiB, {process.threads} threads, {process.descriptors} descriptors"
    demand(not troubles, "\n      ".join(["", *troubles]))
    demand(len(processes) == 2 and found, "the script did not come to its end")
    start, end = processes
    demand(start.pid == end.pid, "it is not the same process at the end")
    demand(end.threads <= start.threads, f"threads grew from {start.threads} to {end.threads}")
    demand(end.descriptors <= start.descriptors, f"descriptors grew from {start.descriptors} to {end.descriptors}")
    grown = end.memory_kib - start.memory_kib
    demand(grown <= MEMORY_NOISE, f"memory grew by {grown} KiB")
    demand((result.files / "exit").read_text().strip() == "0", "the program did not end with 0 on SIGTERM")

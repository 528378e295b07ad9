"""What is on a prepared card, read and changed without starting a board with it."""

import shutil
import subprocess
from pathlib import Path

import debian_image
from harness.checks import demand
from harness.debian import find


def read(card: Path, work: Path):
    """The card's file system in a file of its own, where e2fsck can bring what a loss of power left in the journal to its place."""
    disk = work / "root.ext4"
    with open(card, "rb") as source, open(disk, "wb") as target:
        source.seek(debian_image.START * 512)
        shutil.copyfileobj(source, target, 1 << 20)
    status = subprocess.run([find("e2fsck"), "-f", "-p", disk], capture_output=True).returncode
    demand(status in (0, 1), f"the card's file system is damaged: e2fsck ends with {status}")
    return disk


def change(disk: Path, card: Path, work: Path, commands: list[str]):
    """Gives commands to debugfs, and the file system back to the card."""
    file = work / "commands"
    file.write_text("\n".join(commands))
    subprocess.run([find("debugfs"), "-w", "-f", file, disk], check=True, capture_output=True)
    with open(disk, "rb") as source, open(card, "r+b") as target:
        target.seek(debian_image.START * 512)
        shutil.copyfileobj(source, target, 1 << 20)


def content(disk: Path, path: str, work: Path):
    """The text of a file, or None where there is none."""
    out = work / "read"
    out.unlink(missing_ok=True)
    subprocess.run([find("debugfs"), "-R", f"dump {path} {out}", disk], check=True, capture_output=True)
    return out.read_text() if out.exists() else None


def rights(disk: Path, path: str):
    """Rights of a file, its user's and its group's number."""
    said = subprocess.run([find("debugfs"), "-R", f"stat {path}", disk], check=True, capture_output=True, text=True).stdout
    words = said.replace(":", ": ").split()
    return tuple(int(words[words.index(f"{name}:") + 1], base) for name, base in (("Mode", 8), ("User", 10), ("Group", 10)))

"""Cross-building what runs on the board."""

import json
import os
import subprocess
from pathlib import Path

from .debian import BoardError

TARGET = "aarch64-unknown-linux-gnu"


def build(project: Path):
    """Builds vggcam for the board as the README does, and returns its path."""
    command = ["cargo", "build", "--target", TARGET, "--no-default-features", "--bin", "vggcam"]
    linker = {"CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER": "aarch64-linux-gnu-gcc"}
    done = subprocess.run(
        [*command, "--message-format=json-render-diagnostics"],
        cwd=project,
        env=os.environ | linker,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise BoardError(f"vggcam does not build for the board; try `rustup target add {TARGET}`, or give --program FILE")
    built = (json.loads(line) for line in done.stdout.splitlines())
    return next(Path(item["executable"]) for item in built if item.get("executable"))


def build_tools(sources: Path, folder: Path):
    """Builds the guest's own tools, one of each C file, and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    tools = []
    for source in sorted(sources.glob("*.c")):
        tool = folder / source.stem
        tools.append(tool)
        if not tool.exists() or tool.stat().st_mtime < source.stat().st_mtime:
            command = ["aarch64-linux-gnu-gcc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", tool, source]
            subprocess.run(command, check=True)
    return tools

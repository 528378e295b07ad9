"""Debian's arm64 kernel and busybox, downloaded once into the cache and unpacked there; nothing is installed."""

import re
import shutil
import subprocess
from pathlib import Path

HOST_TOOLS = {
    "qemu-system-aarch64": "qemu-system-arm",
    "cpio": "cpio",
    "modprobe": "kmod",
    "dtc": "device-tree-compiler",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
}


class BoardError(Exception):
    """Says what the virtual board lacks, and what to do about it."""


def require_tools():
    """Errs with the packages to install where a program of the host is missing."""
    missing = [package for tool, package in HOST_TOOLS.items() if not find(tool)]
    if missing:
        raise BoardError(f"missing on this machine: apt-get install {' '.join(missing)}")


def find(tool):
    """The path of a program, also where administrators' programs lie."""
    return shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")


class Kernel:
    """The unpacked kernel: its release, image and modules."""

    def __init__(self, cache: Path):
        self.cache = cache
        self.root = cache / "root"
        self.apt = Apt(cache / "apt")
        complete = cache / "kernel.complete"
        if not complete.exists():
            self.download()
            complete.touch()
        self.release = next((self.root / "lib/modules").iterdir()).name
        self.image = self.root / f"boot/vmlinuz-{self.release}"
        self.busybox = self.root / "bin/busybox"

    def download(self):
        """Downloads and unpacks the newest kernel of this Debian release."""
        depends = self.apt.output("apt-cache", "depends", "linux-image-arm64:arm64")
        package = re.search(r"Depends: (\S*linux-image-\S+)", depends)
        if not package:
            raise BoardError("Debian's package lists name no arm64 kernel; is this Debian, and is its mirror reachable?")
        name = package[1].split(":")[0]
        self.apt.unpack(self.root, f"{name}:arm64", "busybox-static:arm64")
        subprocess.run([find("depmod"), "-b", self.root, name.removeprefix("linux-image-")], check=True)

    def load_order(self, module):
        """The files of `module` and of what it depends on, in the order in which they are loaded."""
        command = [find("modprobe"), "-d", self.root, "-S", self.release, "--show-depends", module]
        shown = subprocess.run(command, capture_output=True, text=True)
        if shown.returncode:
            raise BoardError(f"the kernel has no module {module}: {shown.stderr.strip()}")
        return [Path(line.split()[1]) for line in shown.stdout.splitlines() if line.startswith("insmod ")]


class Apt:
    """apt with package lists of its own that hold arm64 too, so that this machine's are left alone."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.options = [
            "-o", "APT::Architectures::=arm64",
            "-o", f"Dir::State::lists={folder}/lists",
            "-o", f"Dir::Cache={folder}/cache",
            "-o", "APT::Sandbox::User=root",
            "-o", "Acquire::Languages=none",
        ]

    def output(self, tool, *arguments):
        """What an apt tool prints; the package lists are there by then."""
        if not (self.folder / "lists.complete").exists():
            for part in ("lists/partial", "cache/archives/partial"):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
            # --error-on: without it a mirror that cannot be reached is only a warning.
            self.call("apt-get", "update", "-qq", "--error-on=any")
            (self.folder / "lists.complete").touch()
        return self.call(tool, *arguments)

    def call(self, tool, *arguments, folder=None):
        """Runs an apt tool and returns what it prints."""
        command = [tool, *arguments[:1], *self.options, *arguments[1:]]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise BoardError(f"{tool} {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout

    def download(self, folder, *packages):
        """Downloads packages, such as `busybox-static:arm64`, and returns their files."""
        folder.mkdir(parents=True, exist_ok=True)
        self.output("apt-cache", "policy")
        self.call("apt-get", "download", *packages, folder=folder)
        return sorted(folder.glob("*.deb"))

    def unpack(self, root, *packages):
        """Downloads packages and unpacks them under `root`."""
        folder = self.folder / "unpack"
        shutil.rmtree(folder, ignore_errors=True)
        for package in self.download(folder, *packages):
            subprocess.run(["dpkg", "-x", package, root], check=True)
        shutil.rmtree(folder)

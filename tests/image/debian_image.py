"""A small Debian arm64 image: a boot partition and an ext4 partition with the essential packages and systemd, as
debootstrap's first stage leaves them, and what their maintainer scripts would have made of them. Nothing of it runs here."""

import os
import shutil
import subprocess
from pathlib import Path

from harness.debian import BoardError, Kernel, find
from harness.machine import pack

PACKAGES = ["?essential", "systemd-sysv", "udev", "kmod", "dbus"]
MODULES = ["virtio_pci", "virtio_blk", "virtio_net", "ext4", "virtio-gpu", "vivid"]
MEGABYTES = 700
# Sectors.
START, ALIGNMENT = 20480, 2048


def build(kernel: Kernel, out: Path):
    """Makes `out`/debian.img and `out`/initramfs, and returns the image."""
    missing = [tool for tool in ("mkfs.ext4", "sfdisk", "cpio", "qemu-system-aarch64") if not find(tool)]
    if missing:
        raise BoardError(f"missing on this machine: {', '.join(missing)}; apt-get install e2fsprogs fdisk cpio qemu-system-arm")
    root = out / "root"
    unpack(kernel, root)
    configure(root)
    image = out / "debian.img"
    with open(image, "wb") as file:
        file.truncate(MEGABYTES << 20)
    table = f"label: dos\nstart={ALIGNMENT}, size={START - ALIGNMENT}, type=c, bootable\nstart={START}, type=83\n"
    subprocess.run([find("sfdisk"), "--quiet", image], input=table, text=True, check=True)
    size = (MEGABYTES << 10) - START // 2
    make = [find("mkfs.ext4"), "-q", "-d", root, "-E", f"offset={START * 512},root_owner=0:0", image, f"{size}k"]
    subprocess.run(make, check=True)
    shutil.rmtree(root)
    initramfs(kernel, out)
    return image


def unpack(kernel, root):
    """Downloads the packages with all that they depend on, unpacks them, and enters them into dpkg's list."""
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "var/lib/dpkg/info", "var/lib/dpkg/updates"):
        (root / folder).mkdir(parents=True)
    for name in ("bin", "sbin", "lib"):
        (root / name).symlink_to(f"usr/{name}")
    status = []
    for package in download(kernel):
        unpacking = f"dpkg-deb --fsys-tarfile '{package}' | tar -x --keep-directory-symlink -C '{root}'"
        subprocess.run(unpacking, shell=True, check=True)
        control = subprocess.run(["dpkg-deb", "--field", package], check=True, capture_output=True, text=True).stdout
        status.append(control.replace("\n", "\nStatus: install ok installed\n", 1))
    (root / "var/lib/dpkg/status").write_text("\n".join(status))


def download(kernel):
    """The packages' files. Nothing counts as installed, so that all that they depend on is among them."""
    folder = kernel.cache / "debian-image"
    archives = folder / "archives"
    if not (folder / "complete").exists():
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        kernel.apt.output("apt-cache", "policy")
        kernel.apt.call(
            "apt-get", "-y", "--no-install-recommends", "--download-only", "install", *PACKAGES,
            "-o", "APT::Architecture=arm64", "-o", "APT::Architectures::=arm64",
            "-o", f"Dir::State::status={folder}/status", "-o", f"Dir::Cache::archives={archives}",
        )  # fmt: skip
        (folder / "complete").touch()
    return sorted(archives.glob("*.deb"))


def configure(root: Path):
    """What maintainer scripts and an installer do."""
    etc = root / "etc"
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", etc / name)
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nshadow: files\n")
    (etc / "hostname").write_text("board\n")
    (etc / "machine-id").write_text("5e1f2d3c4b5a69788796a5b4c3d2e1f0\n")
    (etc / "fstab").write_text("/dev/vda2 / ext4 defaults 0 1\n")
    # Only for this test: results are seen from outside.
    drop_in = etc / "systemd/system/vggcam.service.d/test.conf"
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text("[Service]\nStandardOutput=journal+console\nStandardError=journal+console\n")


def initramfs(kernel: Kernel, out: Path):
    """Packs busybox and the kernel's modules; a board's own system has its drivers on the card."""
    root = out / "initramfs.root"
    for part in ("bin", "modules", "dev", "proc", "sys", "root"):
        (root / part).mkdir(parents=True)
    shutil.copy(kernel.busybox, root / "bin")
    files = dict.fromkeys(file for module in MODULES for file in kernel.load_order(module))
    for file in files:
        shutil.copy(file, root / "modules")
    (root / "modules/order").write_text("".join(f"{file.name}\n" for file in files))
    shutil.copy(Path(__file__).parent / "init", root / "init")
    pack(root, out)

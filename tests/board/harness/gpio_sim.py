"""gpio-sim, a GPIO chip in software, which Debian's kernel leaves out: built from Debian's kernel source into the cache."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .debian import BoardError, Kernel, find

# irq_sim, by which the chip reports edges, is built into kernels or left out; here it becomes a module.
KBUILD = """
obj-m := gpio-sim.o irq_sim_.o
irq_sim_-y := irq_sim.o irq_sim_mod.o
CFLAGS_gpio-sim.o := -DCONFIG_IRQ_SIM
CFLAGS_irq_sim.o := -DCONFIG_IRQ_SIM
"""
IRQ_SIM_MODULE = '#include <linux/module.h>\nMODULE_LICENSE("GPL");\n'
SOURCES = ["drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c"]


def ensure(kernel: Kernel):
    """Adds gpio-sim to the kernel's modules, if it is not there."""
    modules = kernel.root / "lib/modules" / kernel.release
    if any(modules.rglob("gpio-sim.ko*")):
        return
    with tempfile.TemporaryDirectory(dir=kernel.cache) as folder:
        built = build(kernel, Path(folder))
        (modules / "extra").mkdir(exist_ok=True)
        for module in built:
            shutil.copy(module, modules / "extra")
    subprocess.run([find("depmod"), "-b", kernel.root, kernel.release], check=True)


def build(kernel, folder):
    """Builds the modules in `folder` and returns their files."""
    series = re.match(r"\d+\.\d+", kernel.release)[0]
    flavour = kernel.release.removesuffix("-arm64")
    root = folder / "root"
    source = f"linux-source-{series}"
    kernel.apt.unpack(
        root,
        f"linux-headers-{kernel.release}:arm64",
        f"linux-headers-{flavour}-common",
        f"linux-kbuild-{series}",
        source,
    )
    headers = root / f"usr/src/linux-headers-{kernel.release}"
    for makefile in (headers / "Makefile", headers / ".config"):
        if makefile.exists():
            makefile.write_text(makefile.read_text().replace("/usr/src/", f"{root}/usr/src/"))
    archive = root / f"usr/src/{source}.tar.xz"
    parts = [f"{source}/{path}" for path in SOURCES]
    subprocess.run(["tar", "-xJf", archive, "-C", folder, *parts], check=True)

    work = folder / "modules"
    work.mkdir()
    for part in parts:
        shutil.copy(folder / part, work)
    # Modules cannot call irq_to_desc; what they may call does the same.
    text = (work / "irq_sim.c").read_text()
    text = text.replace("handle_simple_irq(irq_to_desc(irqnum))", "generic_handle_irq(irqnum)")
    (work / "irq_sim.c").write_text(text)
    (work / "irq_sim_mod.c").write_text(IRQ_SIM_MODULE)
    (work / "Kbuild").write_text(KBUILD)
    command = ["make", "-s", "-C", headers, f"M={work}", "ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "modules"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BoardError(f"gpio-sim does not build for {kernel.release}:\n{done.stderr}")
    return sorted(work.glob("*.ko"))

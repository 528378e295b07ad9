"""Finding, running and checking scenarios: NAME.sh runs on the board, NAME.py says what board that is and checks."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from . import gpio_sim, machine, program
from .checks import Failure
from .debian import Kernel, require_tools

FOLDER = Path(__file__).parent.parent / "scenarios"
PROJECT = Path(__file__).parents[3]
# A photograph for screens.
PHOTOGRAPH = PROJECT / "models/demo/cat-chelsea.jpg"


def names():
    """The scenarios that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.sh"))


def cache():
    """Where downloads and builds are kept."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    return (target / "board").resolve()


class Bench:
    """Everything that runs share."""

    def __init__(self, vggcam: Path | None, out: Path | None):
        require_tools()
        self.cache = cache()
        self.cache.mkdir(parents=True, exist_ok=True)
        self.out = (out or self.cache / "out").resolve()
        self.kernel = Kernel(self.cache)
        self.vggcam = vggcam or program.build(PROJECT)
        self.tools = program.build_tools(machine.GUEST, self.cache / "tools")

    def run(self, name, cycles):
        """Runs a scenario and checks what it left; gives lines that say what was seen. Raises Failure."""
        module = load(name)
        if module.BOARD.gpio_sim:
            gpio_sim.ensure(self.kernel)
        inputs = {"vggcam": self.vggcam} | {tool.name: tool for tool in self.tools}
        made = self.cache / "inputs" / name
        made.mkdir(parents=True, exist_ok=True)
        if hasattr(module, "inputs"):
            inputs |= module.inputs(made)
        environment = {"CYCLES": str(cycles)} | getattr(module, "ENVIRONMENT", {})
        script = FOLDER / f"{name}.sh"
        result = machine.boot(self.kernel, module.BOARD, script, inputs, environment, self.out / name)
        if result.status:
            raise Failure(f"its script ended with {result.status}:\n{result.output}{messages(result)}")
        yield from module.check(result)


def messages(result):
    """The last of what the program wrote on standard error."""
    file = result.files / "messages"
    return "\n".join(file.read_text(errors="replace").splitlines()[-5:]) if file.exists() else ""


def load(name):
    """The checker of a scenario."""
    specification = importlib.util.spec_from_file_location(f"scenario_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module

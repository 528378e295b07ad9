"""The web page of a board in QEMU, as it is seen from outside: only where its service may use the network."""

import base64
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import card
from harness.checks import demand

PASSWORD = "blue whale"
# On the board.
SECRET = "/etc/vggcam/web-password"
DROP_IN = "/etc/systemd/system/vggcam.service.d/network.conf"
# What the service says without it.
ADVICE = "the service may use no network until network.conf"
PORT = 8080
CONFIGURATION = f"""\
[web]
listen = "0.0.0.0:{PORT}"
password_file = "{SECRET}"
"""
# Root and the service alone.
RIGHTS = 0o640


class Line:
    """A network card of the board, whose port of the web page is one of this machine."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def options(self):
        """What QEMU needs for it."""
        forward = f"hostfwd=tcp:127.0.0.1:{self.port}-:{PORT}"
        return ["-netdev", f"user,id=line,restrict=on,{forward}", "-device", "virtio-net-pci,netdev=line,romfile="]

    def ask(self, password):
        """Status and text of /metrics; 0 where nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/metrics")
        credentials = base64.b64encode(f"vggcam:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {credentials}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            return 0, ""

    def check_open(self):
        """Demands that the page tells results to who knows the password, and nobody else. The board may be busy."""
        for _ in range(10):
            status, text = self.ask(PASSWORD)
            if status:
                break
            time.sleep(1)
        demand(status == 200 and "vggcam_results_total" in text, f"the board's page answers {status}")
        status, _ = self.ask("another")
        demand(status == 401, f"to a wrong password the board's page answers {status}")

    def check_closed(self):
        """Demands that nobody answers."""
        status, _ = self.ask(PASSWORD)
        demand(status == 0, f"without {DROP_IN} the board's page answers {status}")


def check_secret(disk: Path):
    """Demands that the password is for root and the service's group alone."""
    mode, user, group = card.rights(disk, SECRET)
    demand(mode == RIGHTS and user == 0 and group != 0, f"{SECRET} has mode {mode:o}, user {user}, group {group}")

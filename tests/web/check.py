#!/usr/bin/env python3
"""Looks at the web page of a running `vggcam` in a real browser, and says what is wrong with it.

usage: check.py [--screenshots DIR] [--promtool PROGRAM] VGGCAM PICTURE PICTURE

The pictures are told apart by their strongest colour, for which a model is made that costs next to nothing.

The page is opened in windows of three widths, light and dark: nothing is asked of anybody but the board, nothing is said in the
console, nothing reaches beyond the window, no text lacks contrast. Then the camera is lost and found, and the program killed, to
see that the page says so by itself and shows no label that does not count. At the end the page is asked with and without its
password, and its figures are read as Prometheus reads them.
"""

import argparse
import base64
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "report"), str(TESTS / "board")]
from chromium import Chromium  # noqa: E402
from harness import model  # noqa: E402

WIDTHS = [360, 768, 1280]
LOOK = (TESTS / "report" / "look.js").read_text()
PATIENCE_S = 60
faults = []


def expect(is_so, what):
    if not is_so:
        faults.append(what)


def until(what, found):
    """The first true value of `found`; a fault where none comes in time."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.1)
    faults.append(f"not in time: {what}")
    return None


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Board:
    """`vggcam run` on a camera that shows one picture, then another, and none while there is a file `stop`."""

    def __init__(self, program, pictures, folder, *more):
        self.folder = folder
        self.port = free_port()
        for name, picture in zip(("first.jpg", "second.jpg"), pictures):
            (folder / name).write_bytes(pathlib.Path(picture).read_bytes())
        (folder / "colours.onnx").write_bytes(model.onnx())
        camera = "pipe?wait=2:while [ -e first.jpg ] && [ ! -e stop ]; do if [ -e other ]; then cat second.jpg; else cat first.jpg; fi; sleep 0.1; done"
        arguments = [program, "run", "--model", "colours.onnx", "--camera", camera, "--display", "none", *more]
        environment = {**os.environ, "RUST_LOG": "error"}
        self.process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=subprocess.DEVNULL)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(20)


def ask(url, credentials=None):
    """Status, header fields and body of an answer; zero where there is none."""
    request = urllib.request.Request(url)
    if credentials:
        request.add_header("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
    except OSError:
        return 0, {}, b""


def open_page(browser, address, width, scheme):
    browser.events.clear()
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
    browser.ask("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.ask("Page.navigate", url=address)
    browser.wait_for("Page.loadEventFired")


def shown(browser, element):
    return browser.evaluate(f"document.getElementById({json.dumps(element)}).textContent")


def shoot(browser, screenshots, name):
    if screenshots:
        shot = browser.ask("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        (screenshots / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def said(browser, address):
    """What the browser asked of others, and what it said in its console."""
    browser.evaluate("0")
    for event in browser.events:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if not url.startswith(address):
                    yield f"it asks for {url}"
            case "Log.entryAdded":
                yield f"the browser says: {parameters['entry']['text']} {parameters['entry'].get('url', '')}"
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                yield f"the console says: {parameters}"


def windows(browser, address, screenshots):
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            open_page(browser, address, width, scheme)
            until("a label", lambda: shown(browser, "percent"))
            until("a picture", lambda: browser.evaluate("document.getElementById('picture').naturalWidth"))
            found = browser.evaluate(LOOK) + list(said(browser, address))
            faults.extend(f"at {width} pixels, {scheme}: {fault}" for fault in found)
            shoot(browser, screenshots, f"live-{width}-{scheme}")


def life(browser, address, board, screenshots):
    """The page follows what happens without being loaded again."""
    open_page(browser, address, 1280, "light")
    browser.evaluate("window.kept = true")
    first = until("a label", lambda: shown(browser, "percent") and shown(browser, "label"))
    (board.folder / "other").touch()
    until("another label", lambda: shown(browser, "label") not in (first, "Looking…"))
    entries = browser.evaluate("document.querySelectorAll('#history li').length")
    expect(entries >= 2, f"only {entries} changes are remembered")
    (board.folder / "stop").touch()
    until("the loss of the camera", lambda: shown(browser, "label") == "Camera lost")
    expect(shown(browser, "percent") == "", "a percentage stays without a label")
    expect(not browser.evaluate("document.getElementById('banner').hidden"), "nothing is said about the loss")
    faults.extend(f"while the camera is lost: {fault}" for fault in browser.evaluate(LOOK))
    for width, scheme in ((360, "dark"), (1280, "light")):
        browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        browser.ask("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])
        shoot(browser, screenshots, f"lost-{width}-{scheme}")
    (board.folder / "stop").unlink()
    until("the label again", lambda: shown(browser, "percent"))
    board.end(signal.SIGKILL)
    until("the loss of the board", lambda: shown(browser, "label") == "–")
    shoot(browser, screenshots, "gone-1280-light")
    expect(browser.evaluate("window.kept"), "the page was loaded again")


def figures(text, promtool):
    """The metrics as Prometheus reads them."""
    if promtool:
        checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
        expect(checked.returncode == 0, f"promtool: {checked.stdout.decode()}{checked.stderr.decode()}")
    names = {line.split("{")[0].split(" ")[0] for line in text.decode().splitlines() if not line.startswith("#")}
    for name in ("info", "results_total", "confidence_ratio", "inference_duration_seconds_bucket", "frame_age_seconds"):
        expect(f"vggcam_{name}" in names, f"vggcam_{name} is missing among the metrics")


def password(program, pictures, folder, promtool):
    (folder / "password").write_text("blue whale\n")
    (folder / "vggcam.toml").write_text("[web]\npassword_file = 'password'\n")
    port, metrics = free_port(), free_port()
    more = ["--config", "vggcam.toml", "--web", f"0.0.0.0:{port}", "--metrics", f"127.0.0.1:{metrics}"]
    board = Board(program, pictures, folder, *more)
    address = f"http://127.0.0.1:{port}/"
    try:
        until("the page", lambda: ask(address)[0])
        for path in ("", "status.json", "picture.jpg", "report", "metrics", "page.js"):
            expect(ask(address + path)[0] == 401, f"/{path} is shown without a password")
        expect(ask(address, "vggcam:blue whale")[0] == 200, "the password does not open the page")
        status, headers, report = ask(address + "report", "vggcam:blue whale")
        expect(status == 404 and b"report.html" in report, "nothing is said about the missing report")
        until("a result", lambda: b"vggcam_confidence_ratio" in ask(f"http://127.0.0.1:{metrics}/metrics")[2])
        figures(ask(f"http://127.0.0.1:{metrics}/metrics")[2], promtool)
        expect([ask(address, "vggcam:guess")[0] for _ in range(6)] == [401] * 5 + [429], "guesses are not stopped")
    finally:
        board.end()
    refused = subprocess.run([program, "run", "--web", "0.0.0.0:0"], capture_output=True, text=True, timeout=60)
    expect(refused.returncode == 1 and "password_file" in refused.stderr, f"everybody may see: {refused.stderr}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--screenshots", type=pathlib.Path)
    arguments.add_argument("--promtool")
    arguments.add_argument("program")
    arguments.add_argument("pictures", nargs=2)
    arguments = arguments.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    with tempfile.TemporaryDirectory() as folder, Chromium() as browser:
        folder = pathlib.Path(folder)
        port = free_port()
        board = Board(program, arguments.pictures, folder, "--web", f"127.0.0.1:{port}")
        address = f"http://127.0.0.1:{port}/"
        try:
            until("an answer", lambda: b'"label"' in ask(address + "status.json")[2])
            windows(browser, address, arguments.screenshots)
            life(browser, address, board, arguments.screenshots)
        finally:
            if board.process.poll() is None:
                board.end()
        (folder / "other").unlink(missing_ok=True)
        password(program, arguments.pictures, folder, arguments.promtool)
    for fault in faults[:40]:
        print(fault)
    print(f"{len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()

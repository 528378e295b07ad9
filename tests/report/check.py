#!/usr/bin/env python3
"""Opens report pages in a real browser and says what is wrong with them.

usage: check.py [--screenshots DIR] PAGE=SECTION,SECTION,…

Each page is opened in windows of three widths, light and dark, and as it is printed: no request beyond the page itself, no
message in the console, nothing that reaches beyond the window, no picture that does not decode, no text without contrast, all
sections there. Then faults are put into a copy of the first page, to see that each would be found.
"""

import argparse
import base64
import pathlib
import sys
import tempfile

from chromium import Chromium

WIDTHS = [360, 768, 1280]
LOOK = (pathlib.Path(__file__).parent / "look.js").read_text()
# What a fault does to a page, and a word of what must be said about it.
FAULTS = {
    "a wide box": ("</main>", '<div style="width:1500px">wide</div></main>', "1500 pixels wide|ends at"),
    "a request": ("<main>", '<main><img alt="x" src="http://127.0.0.1:9/x.png">', "127.0.0.1:9"),
    "a style that asks": ("</style>", "body{background:url(http://127.0.0.1:9/y)}</style>", "127.0.0.1:9"),
    "a script": ("<main>", "<main><script>1</script>", "Content Security Policy"),
    "a torn picture": ("<main>", '<main><img alt="x" src="data:image/png;base64,AAAA">', "cannot be decoded"),
    "a picture without words": ("<main>", '<main><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAAC">', "alternative"),
    "a table without caption": ("<main>", "<main><table><tr><td>x</td></tr></table>", "no caption"),
    "pale text": ("<main>", '<main><p style="color:#888;background:#999">pale</p>', "contrast"),
    "a link to nowhere": ("<main>", '<main><a href="#nowhere">x</a>', "leads nowhere"),
    "a lost section": ('<h2 id="making"', '<h2 id="made"', "making"),
}


def looked_at(browser, page, width, scheme, media, sections, screenshots):
    """What is wrong with a page in one window."""
    address = page.resolve().as_uri()
    browser.events.clear()
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
    browser.ask("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.ask("Page.navigate", url=address)
    browser.wait_for("Page.loadEventFired")
    faults = browser.evaluate(LOOK)
    there = browser.evaluate("[...document.querySelectorAll('section h2')].map(heading => heading.id)")
    faults += [f"section {section} is missing" for section in sections if section not in there]
    # A last question, so that all that was said before it has come.
    browser.evaluate("document.fonts.ready.then(() => 0)")
    for event in browser.events:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if url != address and not url.startswith("data:"):
                    faults.append(f"it asks for {url}")
            case "Log.entryAdded":
                faults.append(f"the browser says: {parameters['entry']['text']}")
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                faults.append(f"the console says: {parameters}")
    if screenshots:
        shot = browser.ask("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        name = f"{page.parent.name}-{page.stem}-{width}-{media or 'screen'}-{scheme}.png"
        (screenshots / name).write_bytes(base64.b64decode(shot["data"]))
    return faults


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--screenshots", type=pathlib.Path)
    arguments.add_argument("pages", nargs="+")
    arguments = arguments.parse_args()
    pages = [(pathlib.Path(page), sections.split(",")) for page, _, sections in (p.partition("=") for p in arguments.pages)]
    wrong = 0
    with Chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for page, sections in pages:
            windows = [(width, scheme, "") for width in WIDTHS for scheme in ("light", "dark")] + [(768, "light", "print")]
            for width, scheme, media in windows:
                faults = looked_at(browser, page, width, scheme, media, sections, arguments.screenshots)
                wrong += len(faults)
                for fault in faults[:20]:
                    print(f"{page} at {width} pixels, {scheme} {media}: {fault}")
            pdf = base64.b64decode(browser.ask("Page.printToPDF", printBackground=True)["data"])
            if not pdf.startswith(b"%PDF"):
                print(f"{page} cannot be printed")
                wrong += 1
            print(f"{page}: {page.stat().st_size / 1e3:.0f} kB, {len(windows)} windows, printed on {pdf.count(b'/Type /Page') - 1} pages")
        whole = pages[0][0].read_text()
        for fault, (place, instead, said) in FAULTS.items():
            broken = pathlib.Path(folder) / "broken.html"
            broken.write_text(whole.replace(place, instead, 1))
            faults = looked_at(browser, broken, 360, "light", "", pages[0][1], None)
            if not any(word in found for found in faults for word in said.split("|")):
                print(f"{fault} was not found: {faults}")
                wrong += 1
    print(f"{wrong} faults; {len(FAULTS)} kinds of fault are found when they are put in" if not wrong else f"{wrong} faults")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()

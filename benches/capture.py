"""Times frames from capture to label, and the network in it: capture.py VGGCAM FOLDER THREADS ROUNDS (run by benches/capture)."""
import json, platform, statistics, subprocess, sys
from pathlib import Path
import cv2
import numpy
from PIL import Image

# So few frames a second that each is classified before the next one comes.
FRAMES, PAUSE = 30, 0.15
vggcam, folder, threads, rounds = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
model = ["--model", folder / "vgg16-int8.onnx", "--threads", threads]


def sources():
    """Name and camera SPEC of each kind of frame."""
    photograph = Image.open("models/demo/dog-bicycle.jpg").convert("RGB")
    for width, height in ((640, 480), (1280, 720)):
        picture = photograph.resize((width, height), Image.LANCZOS)
        raw, jpeg = folder / f"capture-{width}.yuyv", folder / f"capture-{width}.jpg"
        cv2.cvtColor(numpy.asarray(picture), cv2.COLOR_RGB2YUV_YUYV).tofile(raw)
        picture.save(jpeg, quality=85, subsampling=1)
        again = f"while cat {{}}; do sleep {PAUSE}; done"
        yield f"YUYV {width}×{height}", f"pipe?format=yuyv&size={width}x{height}:" + again.format(raw)
        yield f"MJPG {width}×{height}", "pipe:" + again.format(jpeg)


def answers(*command):
    text = subprocess.check_output([vggcam, *map(str, command)], text=True, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in text.splitlines()]


def capture(spec):
    """Medians over the frames of a run: the whole way, the network's part of it, and the rest."""
    lines = answers("run", *model, "--camera", spec, "--display", "none", "--json", "--frames", FRAMES)
    ways = [(line["capture_to_label_ms"], line["latency_ms"]) for line in lines if "label" in line]
    return [statistics.median(values) for values in zip(*((whole, net, whole - net) for whole, net in ways))]


print(f"{platform.processor() or platform.machine()}, {threads} threads, {rounds} rounds of {FRAMES} frames, ms")
print("| frame | capture to label | network | besides | share |\n|---|---|---|---|---|")
for name, spec in sources():
    runs = [capture(spec) for _ in range(rounds)]
    whole, net, besides = (statistics.median(column) for column in zip(*runs))
    print(f"| {name} | {whole:.2f} | {net:.2f} | {besides:.2f} | {besides / net * 100:.1f} % |")

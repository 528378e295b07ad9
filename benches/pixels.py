"""Times camera frames to the 224×224 input, ours beside OpenCV: pixels.py OURS FOLDER ROUNDS (run by benches/pixels)."""
import platform, statistics, subprocess, sys, time
from pathlib import Path
import cv2
import numpy
from PIL import Image

WIDTH, HEIGHT, ITERATIONS = 1280, 720, 60
ours, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
cv2.setNumThreads(1)

photograph = Image.open("models/demo/dog-bicycle.jpg").convert("RGB")
photograph = photograph.crop((0, 72, 768, 504)).resize((WIDTH, HEIGHT), Image.LANCZOS)
frames = []
for name, subsampling in [("MJPG 4:2:2", 1), ("MJPG 4:2:0", 2)]:
    for quality in (85, 90):
        path = folder / f"pixels-{subsampling}-{quality}.jpg"
        photograph.save(path, quality=quality, subsampling=subsampling)
        frames.append((f"{name}, quality {quality}", path))
path = folder / "pixels.yuyv"
cv2.cvtColor(numpy.asarray(photograph), cv2.COLOR_RGB2YUV_YUYV).tofile(path)
frames.append(("YUYV", path))


def opencv(path, interpolation):
    data = numpy.fromfile(path, numpy.uint8)
    if path.suffix != ".jpg":
        data = data.reshape(HEIGHT, WIDTH, 2)
    times = []
    for _ in range(ITERATIONS + 1):
        start = time.perf_counter()
        if path.suffix == ".jpg":
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        else:
            picture = cv2.cvtColor(data, cv2.COLOR_YUV2RGB_YUYV)
        cv2.resize(picture, (224, 224), interpolation=interpolation)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[1:])


def vggcam(path):
    return float(subprocess.check_output([ours, path, str(WIDTH), str(HEIGHT), str(ITERATIONS)], text=True))


print(f"{platform.processor() or platform.machine()}, OpenCV {cv2.__version__}, one thread, {rounds} rounds, ms")
print("| frame | vggcam | OpenCV, linear | ratio | OpenCV, area | ratio |\n|---|---|---|---|---|---|")
for name, path in frames:
    times = [(vggcam(path), opencv(path, cv2.INTER_LINEAR), opencv(path, cv2.INTER_AREA)) for _ in range(rounds)]
    us, linear, area = (statistics.median(column) for column in zip(*times))
    ratio = lambda index: statistics.median(row[0] / row[index] for row in times)
    print(f"| {name} | {us:.2f} | {linear:.2f} | {ratio(1):.2f} | {area:.2f} | {ratio(2):.2f} |")

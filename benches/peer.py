"""Times one engine on one file and prints the median in milliseconds.

usage: peer.py onnxruntime|openvino|ncnn FILE THREADS ITERATIONS

For ncnn, FILE.param and FILE.bin are read.
"""

import sys
import time

import numpy as np

kind, path, threads, iterations = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
random = np.random.default_rng(3)


def picture(shape, is_bytes):
    """The picture that `vggcam bench` uses is not at hand here; speed does not depend on it."""
    values = random.integers(0, 256, shape)
    return values.astype(np.uint8) if is_bytes else values.astype(np.float32)


if kind == "onnxruntime":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    x = picture([d if isinstance(d, int) else 1 for d in source.shape], "uint8" in source.type)
    run = lambda: session.run(None, {source.name: x})
elif kind == "ncnn":
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    assert net.load_param(f"{path}.param") == 0 and net.load_model(f"{path}.bin") == 0
    pixels = picture((3, 224, 224), False)
    x = ncnn.Mat(pixels).clone()
    output = net.output_names()[0]

    def run():
        extractor = net.create_extractor()
        extractor.input("blob0", x)
        return extractor.extract(output)

else:
    import openvino

    config = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
    compiled = openvino.Core().compile_model(path, "CPU", config)
    source = compiled.input(0)
    shape = [1 if d.is_dynamic else d.get_length() for d in source.partial_shape]
    x = picture(shape, source.element_type == openvino.Type.u8)
    request = compiled.create_infer_request()
    run = lambda: request.infer({0: x})

for _ in range(5):
    run()
times = []
for _ in range(iterations):
    start = time.perf_counter()
    run()
    times.append(time.perf_counter() - start)
print(f"{sorted(times)[len(times) // 2] * 1e3:.3f}")

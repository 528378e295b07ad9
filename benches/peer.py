"""Times one engine on one file and prints the milliseconds of a run.

usage: peer.py onnxruntime|openvino|ncnn|keras FILE THREADS ITERATIONS [NAME=VALUE]…

Runs come one after the other, and their median counts, unless the engine may overlap them: then it is their mean. For ncnn,
FILE.param and FILE.bin are read. For Keras, FILE has the weights of a VGG16, whose features are computed for `batch=N`
pictures. All other settings are OpenVINO's.
"""

import sys
import time

import numpy as np

kind, path, threads, iterations = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
settings = dict(argument.split("=") for argument in sys.argv[5:])
random = np.random.default_rng(3)


def picture(shape, is_bytes):
    """The picture that `vggcam bench` uses is not at hand here; speed does not depend on it."""
    values = random.integers(0, 256, shape, np.uint8)
    return values if is_bytes else values.astype(np.float32)


# `run` makes one run; `run_all`, where there is one, makes any number of runs that may overlap.
run_all = None
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

elif kind == "keras":
    import keras_vgg16

    keras_vgg16.use_threads(threads)
    model = keras_vgg16.features(path, "uint8")
    batch = int(settings["batch"])
    x = picture((batch * iterations, *model.input_shape[1:]), True)
    run_all = lambda count: model.predict(x[: batch * count], batch_size=batch, verbose=0)
else:
    import openvino

    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": threads} | settings)
    source = compiled.input(0)
    shape = [1 if d.is_dynamic else d.get_length() for d in source.partial_shape]
    x = picture(shape, source.element_type == openvino.Type.u8)
    requests = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
    if requests == 1:
        request = compiled.create_infer_request()
        run = lambda: request.infer({0: x})
    else:
        queue = openvino.AsyncInferQueue(compiled, requests)

        def run_all(count):
            for _ in range(count):
                queue.start_async({0: x})
            queue.wait_all()


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


warm_up = max(2, iterations // 4)
if run_all:
    run_all(warm_up)
    print(f"{milliseconds(lambda: run_all(iterations)) / iterations:.3f}")
else:
    for _ in range(warm_up):
        run()
    print(f"{sorted(milliseconds(run) for _ in range(iterations))[iterations // 2]:.3f}")

# Sourced by the benchmarks with their own arguments: goes to the repository, builds it, and sets `target`, where the programs
# are, and `folder`, which keeps models, pictures and Python environments (the first argument; default: target/benches).
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
folder=${1:-$target/benches}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cargo build --release
export PYTHONDONTWRITEBYTECODE=1

# environment NAME PACKAGE…   Each peer has one of its own, since their protobuf versions clash.
environment() {
    local place=$folder/$1
    shift
    if [ ! -x "$place/bin/python" ]; then
        python3 -m venv "$place"
        "$place/bin/pip" -q install "$@" || { rm -r "$place"; return 1; }
    fi
}

# made NAME COMMAND…   Runs COMMAND with a path to write, which becomes FOLDER/NAME, unless that is there already.
made() {
    local name=$1
    shift
    if [ ! -e "$folder/$name" ]; then
        rm -rf "$folder/new-$name"
        "$@" "$folder/new-$name"
        mv "$folder/new-$name" "$folder/$name"
    fi
}

# The networks that every peer runs, in some form.
networks() {
    environment onnxruntime onnxruntime numpy onnx pillow
    if [ ! -f "$folder/vgg16-static.onnx" ]; then
        "$folder/onnxruntime/bin/python" benches/make_vgg16.py "$folder"
    fi
}

# The same network's weights for Keras.
keras_network() {
    networks
    environment keras tensorflow-cpu onnx pillow
    made vgg16.weights.h5 "$folder/keras/bin/python" benches/keras_vgg16.py "$folder/vgg16-f32.onnx"
}

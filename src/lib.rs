//! vggcam: from photographs to a label on the screen of a small board.
//!
//! # The map
//!
//! The list is the order of the floors: a module may use those below it, never one above.
//!
//! | module | holds |
//! |---|---|
//! | [`runtime`] | what `vggcam` does: the live loop, `classify`, `bench`, `doctor`, `install` |
//! | `finetune` | what `finetune` does: import, train, evaluate, predict, quantize, deploy (feature `finetune`) |
//! | [`camera`] | where frames come from: V4L2, programs that write frames, files, the bundled pictures |
//! | [`display`] | where the screen goes: terminal, PNG, framebuffer, DRM, SPI and I2C panels |
//! | [`gpio`] | lines of the board's header: buttons, outputs, the wires beside a panel's bus |
//! | [`engine`] | picture in, probabilities out: the one path that both programs use |
//! | [`vision`] | frames and pictures: decoding, orientation, fitting to the network's input |
//! | [`model`] | the model file: the network's structure, its metadata, reading and writing ONNX |
//! | [`newest`] | a place between two threads where the newest item wins |
//! | [`kept`] | names of the pictures that a board keeps for its owner |
//! | [`message`] | what a program prints: results, and an error as one line |
//!
//! # Principles
//!
//! 1. Both programs classify through the same code, so what `finetune` measures is what the board shows.
//! 2. The newest frame wins: a slow consumer skips frames, and never delays the camera.
//! 3. A model says everything about itself; a file that does not is refused with the way to mend it.
//! 4. Every error names what was tried, on which file or device, and what to do next.
//! 5. No input makes the program panic.
//! 6. Sums of integers are exact, so an int8 model's answer depends on the model and the picture alone: not on the board, its
//!    instruction set, the number of threads or the algorithm. Floats are taken instead only where the owner lets `bench --all`
//!    compare both on the board itself.

pub mod camera;
pub mod display;
pub mod engine;
#[cfg(feature = "finetune")]
pub mod finetune;
pub mod gpio;
pub mod kept;
pub mod message;
pub mod model;
pub mod newest;
pub mod runtime;
pub mod vision;

//! Frames and pictures: decoding, orientation, fitting to the network's input.

pub mod decode;
pub mod demo;
pub mod fit;
pub mod frame;
pub mod jpeg;
pub mod mjpeg;
pub mod packed;
pub mod pictures;
#[cfg(test)]
pub(crate) mod samples;
pub mod yuv;

//! Frames and pictures: decoding, orientation, fitting to the network's input.

pub mod decode;
pub mod demo;
pub mod fit;
pub mod frame;
pub mod jpeg;
pub mod layout;
pub mod mjpeg;
pub mod packed;
pub mod pictures;
pub mod resample;
#[cfg(test)]
pub(crate) mod samples;
pub mod scaled;
pub mod yuv;

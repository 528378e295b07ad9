//! Frames and pictures: decoding, orientation, fitting to the network's input.

pub mod decode;
pub mod fit;
pub mod frame;

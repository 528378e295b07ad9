//! Video4Linux2 cameras: which node is one, which of its modes to use, and its frames.

mod buffer;
mod calls;
mod capture;
mod device;
mod modes;
mod stream;

pub use capture::V4l2Camera;
pub use device::{DeviceInfo, inspect};
pub use modes::{OfferedFormat, OfferedSize, SENSOR_ADVICE};

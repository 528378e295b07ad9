//! Where the screen goes.

pub mod panel;
pub mod screen;

use image::RgbImage;

/// Something that shows a picture of its own size, used by one thread.
pub trait Panel: Send {
    /// Says in a few words what this is, such as `terminal 80×24`.
    fn describe(&self) -> String;
    /// Width and height in pixels that the next [`Panel::show`] expects; may change between calls.
    fn size(&self) -> (u32, u32);
    /// Shows `canvas`; `status` is one line of text for panels that have room for it outside the picture.
    fn show(&mut self, canvas: &RgbImage, status: &str) -> Result<(), panel::DisplayError>;
}

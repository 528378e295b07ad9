//! Where the screen goes.
//!
//! [`screen`] draws a [`View`](screen::View) on a canvas of any size; a [`Panel`] brings the canvas to a device.

mod canvas;
pub mod caption;
pub mod error;
mod framebuffer;
mod layout;
pub mod list;
mod palette;
pub mod panel;
mod picture;
mod pixels;
mod png;
mod scale;
pub mod screen;
pub mod spec;
mod spi;
mod terminal;
mod text;

use image::RgbImage;

use caption::Caption;

/// Something that shows a picture of its own size, used by one thread.
pub trait Panel: Send {
    /// Says in a few words what this is, such as `terminal 80×24`.
    fn describe(&self) -> String;
    /// Width and height in pixels that the next [`Panel::show`] expects; may change between calls.
    /// A side of 0 means that nothing is shown, and that nothing need be drawn.
    fn size(&self) -> (u32, u32);
    /// Whether the panel writes the caption itself, so that the canvas should hold the picture alone.
    fn shows_text(&self) -> bool {
        false
    }
    /// Shows `canvas`; `caption` is the same in words, for panels that write text themselves.
    fn show(&mut self, canvas: &RgbImage, caption: &Caption) -> Result<(), error::DisplayError>;
}

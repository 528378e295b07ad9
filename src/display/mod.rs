//! Where the screen goes.
//!
//! [`screen`] draws a [`View`](screen::View) on a canvas of any size; a [`Panel`] brings the canvas to a device.

mod canvas;
pub mod caption;
mod drm;
pub mod error;
mod framebuffer;
mod icon;
mod layout;
pub mod list;
mod oled;
mod palette;
pub mod panel;
mod picture;
mod pixels;
mod png;
mod scale;
pub mod screen;
mod shown;
pub mod spec;
mod spi;
mod terminal;
pub mod test_picture;
mod text;
mod turned;

use image::RgbImage;

use caption::Caption;

/// What is drawn on a panel's canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// The picture and the words, in colour.
    Whole,
    /// The picture alone: the panel writes the words itself.
    Picture,
    /// Words for a panel whose pixels are on or off; every pixel is black or white.
    OneBit,
}

/// Something that shows a picture of its own size, used by one thread.
pub trait Panel: Send {
    /// Says in a few words what this is, such as `terminal 80×24`.
    fn describe(&self) -> String;
    /// Width and height in pixels that the next [`Panel::show`] expects; may change between calls.
    /// A side of 0 means that nothing is shown, and that nothing need be drawn.
    fn size(&self) -> (u32, u32);
    /// What the canvas should hold.
    fn drawing(&self) -> Drawing {
        Drawing::Whole
    }
    /// Shows `canvas`; `caption` is the same in words, for panels that write text themselves. Parts that are shown
    /// already are not sent again, unless the last call failed.
    fn show(&mut self, canvas: &RgbImage, caption: &Caption) -> Result<(), error::DisplayError>;
    /// Makes the next [`Panel::show`] send everything, as is needed where the device may have lost its content.
    fn invalidate(&mut self) {}
}

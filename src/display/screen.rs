//! The screen: the picture, the label, its confidence as a bar, the pace, and whatever is amiss.

mod brush;
mod details_page;
mod keeping_dot;
mod label_page;
mod one_bit;
mod picture_page;

use image::RgbImage;

use super::{Drawing, caption::Caption, palette};

/// What the screen puts first; a button leafs through these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The picture with its label.
    #[default]
    Picture,
    /// The label alone, as large as it goes.
    Label,
    /// Camera, model and figures.
    Details,
}

impl Page {
    /// The page after this one.
    pub fn next(self) -> Self {
        match self {
            Self::Picture => Self::Label,
            Self::Label => Self::Details,
            Self::Details => Self::Picture,
        }
    }
}

/// What the screen shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The camera's newest picture, of any size; `None` before the first.
    pub picture: Option<&'a RgbImage>,
    /// What is said about it.
    pub caption: &'a Caption,
    /// What is put first.
    pub page: Page,
}

/// Draws what a panel wants on a canvas of `size` (width, height) pixels.
pub fn draw(view: &View, (width, height): (u32, u32), drawing: Drawing) -> RgbImage {
    let mut canvas = RgbImage::from_pixel(width, height, palette::BACKDROP);
    if width > 0 && height > 0 {
        match (drawing, view.page) {
            (Drawing::OneBit, page) => one_bit::draw(&mut canvas, view.caption, page),
            (Drawing::Picture, _) => picture_page::draw(&mut canvas, view, true),
            (Drawing::Whole, Page::Picture) => picture_page::draw(&mut canvas, view, false),
            (Drawing::Whole, Page::Label) => label_page::draw(&mut canvas, view.caption),
            (Drawing::Whole, Page::Details) => details_page::draw(&mut canvas, view.caption),
        }
        if view.caption.keeping {
            keeping_dot::draw(&mut canvas, drawing);
        }
    }
    canvas
}

#[cfg(test)]
mod tests;

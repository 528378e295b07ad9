//! Frames straight to the size in which they are needed, without converting pixels that are not kept.

use image::RgbImage;

use super::decode::{DecodeError, damaged, frame_to_rgb};
use super::fit::fit;
use super::frame::Frame;
use super::layout::planes;
use super::resample::{self, Cut};
use super::yuv::Converter;
use crate::model::metadata::Fit;

/// Scales a frame to the network's input of `size`×`size` pixels.
///
/// The pixels are those of `fit(&frame_to_rgb(frame)?, size, how)`; of luma and chroma to two steps of 255, where no colour lies
/// outside RGB's range. Errs where the frame is damaged.
pub fn frame_to_input(frame: &Frame, size: u32, how: Fit) -> Result<RgbImage, DecodeError> {
    match scaled(frame, |whole| (size > 0).then(|| (cut(whole, how), (size, size))))? {
        Some(picture) => Ok(picture),
        None => Ok(fit(&frame_to_rgb(frame)?, size, how)),
    }
}

/// Converts a whole frame to RGB with no more pixels than it takes for neither side to be shorter than `wanted`, proportions
/// kept.
///
/// A frame that is smaller comes as it is, and so does one of RGB or JPEG. Errs where the frame is damaged.
pub fn frame_to_rgb_at_least(frame: &Frame, wanted: (u32, u32)) -> Result<RgbImage, DecodeError> {
    let reduced = |whole| {
        let outputs = at_least(whole, wanted);
        (outputs != whole).then_some((cut(whole, Fit::Squash), outputs))
    };
    match scaled(frame, reduced)? {
        Some(picture) => Ok(picture),
        None => frame_to_rgb(frame),
    }
}

/// Scales the part of a frame that `choose` names by its size; `None` where that is none, or the frame's pixels have to be
/// converted first.
fn scaled(
    frame: &Frame,
    choose: impl Fn((u32, u32)) -> Option<(Cut, (u32, u32))>,
) -> Result<Option<RgbImage>, DecodeError> {
    if !frame.format.is_luma_and_chroma() {
        return Ok(None);
    }
    let whole = (frame.width, frame.height);
    let planes = planes(frame).map_err(|reason| damaged(frame, reason))?;
    Ok(choose(whole).map(|(cut, outputs)| {
        let layers = resample::layers(&planes, cut, outputs);
        resample::to_rgb(&layers, outputs, &Converter::new(frame.colour))
    }))
}

/// The part of a picture that the network sees.
fn cut((width, height): (u32, u32), how: Fit) -> Cut {
    match how {
        Fit::Squash => Cut { left: 0, top: 0, width, height },
        Fit::CentreCrop => {
            let side = width.min(height);
            Cut { left: (width - side) / 2, top: (height - side) / 2, width: side, height: side }
        }
    }
}

/// The smallest size of the same proportions that is at least `wanted`, but no larger than `whole`.
fn at_least(whole: (u32, u32), wanted: (u32, u32)) -> (u32, u32) {
    let (width, height) = (u64::from(whole.0.max(1)), u64::from(whole.1.max(1)));
    let (w, h) = (u64::from(wanted.0.max(1)), u64::from(wanted.1.max(1)));
    if w >= width || h >= height {
        return whole;
    }
    let (w, h) =
        if w * height >= h * width { (w, (height * w).div_ceil(width)) } else { ((width * h).div_ceil(height), h) };
    (w as u32, h as u32)
}

#[cfg(test)]
mod tests;

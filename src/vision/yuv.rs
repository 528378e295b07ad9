//! Luma and chroma to RGB.

use image::RgbImage;

use super::frame::{Frame, Matrix, Range, YuvColour};
use super::layout::{Pattern, planes};

/// Converts a frame of luma, with or without chroma; errs where its bytes are fewer than its size needs.
///
/// Chroma is taken from the nearest sample.
pub fn to_rgb(frame: &Frame) -> Result<RgbImage, String> {
    let planes = planes(frame)?;
    let convert = Converter::new(frame.colour);
    let width = frame.width as usize;
    // Luma, U and V of a row, and one more where the last pair of columns is half outside.
    let mut lines = [0.0, 128.0, 128.0].map(|value| vec![value; width.next_multiple_of(2)]);
    let mut picture = RgbImage::new(frame.width, frame.height);
    for (y, out) in picture.chunks_exact_mut(3 * width).enumerate() {
        let [lumas, us, vs] = &mut lines;
        for (index, plane) in planes.iter().enumerate() {
            let row = plane.row(y >> plane.shifts.1);
            match plane.pattern {
                Pattern::Single if index == 0 => spread::<1, 1>(row, 0, lumas),
                Pattern::Single => spread::<1, 2>(row, 0, if index == 1 { us } else { vs }),
                Pattern::ChromaPairs => {
                    spread::<2, 2>(row, 0, us);
                    spread::<2, 2>(row, 1, vs);
                }
                Pattern::Yuyv | Pattern::Uyvy => {
                    let first = usize::from(plane.pattern == Pattern::Uyvy);
                    spread::<2, 1>(row, first, lumas);
                    spread::<4, 2>(row, 1 - first, us);
                    spread::<4, 2>(row, 3 - first, vs);
                }
            }
        }
        convert.row(lumas, us, vs, out);
    }
    Ok(picture)
}

/// Takes one byte of every `STEP` as the value of `COLUMNS` columns.
#[inline(always)]
fn spread<const STEP: usize, const COLUMNS: usize>(row: &[u8], first: usize, line: &mut [f32]) {
    for (columns, bytes) in line.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(row.as_chunks::<STEP>().0) {
        *columns = [f32::from(bytes[first]); COLUMNS];
    }
}

/// What luma and chroma of one kind of colour mean.
pub struct Converter {
    black: f32,
    luma: f32,
    red_of_v: f32,
    green_of_u: f32,
    green_of_v: f32,
    blue_of_u: f32,
}

impl Converter {
    /// The standard's coefficients, for full-range RGB.
    pub fn new(colour: YuvColour) -> Self {
        let (kr, kb): (f64, f64) = match colour.matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let (black, luma, chroma) = match colour.range {
            Range::Limited => (16.0, 255.0 / 219.0, 255.0 / 224.0),
            Range::Full => (0.0, 1.0, 1.0),
        };
        let kg = 1.0 - kr - kb;
        Self {
            black,
            luma: luma as f32,
            red_of_v: (2.0 * (1.0 - kr) * chroma) as f32,
            green_of_u: (2.0 * (1.0 - kb) * kb / kg * chroma) as f32,
            green_of_v: (2.0 * (1.0 - kr) * kr / kg * chroma) as f32,
            blue_of_u: (2.0 * (1.0 - kb) * chroma) as f32,
        }
    }

    /// Converts a row of luma, U and V, from 0 to 255 each, to RGB bytes.
    #[inline(always)]
    pub fn row(&self, lumas: &[f32], us: &[f32], vs: &[f32], out: &mut [u8]) {
        for (((pixel, luma), u), v) in out.as_chunks_mut::<3>().0.iter_mut().zip(lumas).zip(us).zip(vs) {
            let (luma, u, v) = ((luma - self.black) * self.luma, u - 128.0, v - 128.0);
            *pixel = [
                rounded(luma + self.red_of_v * v),
                rounded(luma - self.green_of_u * u - self.green_of_v * v),
                rounded(luma + self.blue_of_u * u),
            ];
        }
    }
}

/// The nearest byte.
#[inline(always)]
fn rounded(value: f32) -> u8 {
    let value = if value > 0.0 { value } else { 0.0 };
    let value = if value < 255.0 { value } else { 255.0 };
    // Adding 1.5 × 2²³ leaves the nearest whole number in the lowest bits.
    (value + 12_582_912.0).to_bits() as u8
}

#[cfg(test)]
mod tests;

//! Frames of luma and chroma to RGB.

use image::{Rgb, RgbImage};

use super::frame::{Frame, Matrix, PixelFormat, Range, YuvColour};
use super::packed::{check_length, check_sides};

/// Converts a frame of luma, with or without chroma; errs where its bytes are fewer than its size needs.
///
/// Chroma is taken from the nearest sample.
pub fn to_rgb(frame: &Frame) -> Result<RgbImage, String> {
    let planes = Planes::of(frame)?;
    let convert = Converter::new(frame.colour);
    Ok(RgbImage::from_fn(frame.width, frame.height, |x, y| {
        let [luma, u, v] = planes.sample(x as usize, y as usize);
        Rgb(convert.rgb(luma, u, v))
    }))
}

/// Where the samples of a frame lie.
struct Planes<'a> {
    bytes: &'a [u8],
    luma: Plane,
    /// `None` for grey pictures.
    chroma: Option<[Plane; 2]>,
}

/// The samples of one component: the first one's place, and how far it is from one to the next.
#[derive(Clone, Copy)]
struct Plane {
    start: usize,
    stride: usize,
    step: usize,
    /// Columns and rows of the picture for each sample, as powers of two.
    shift: (u32, u32),
}

impl Plane {
    fn at(self, x: usize, y: usize) -> usize {
        self.start + (y >> self.shift.1) * self.stride + (x >> self.shift.0) * self.step
    }
}

impl<'a> Planes<'a> {
    fn of(frame: &'a Frame) -> Result<Self, String> {
        let Frame { bytes, width, height, stride, .. } = frame;
        check_sides(*width, *height)?;
        let (columns, rows) = (*width as usize, *height as usize);
        let pairs = columns.div_ceil(2);
        let plane = |start, stride, step, shift| Plane { start, stride, step, shift };
        let whole = |row_bytes, rows: u32| check_length(bytes, row_bytes, rows, *stride);
        let after_luma = stride.saturating_mul(rows);
        Ok(match frame.format {
            PixelFormat::Yuyv | PixelFormat::Uyvy => {
                whole(pairs * 4, *height)?;
                let first = usize::from(frame.format == PixelFormat::Uyvy);
                let chroma = |start| plane(start, *stride, 4, (1, 0));
                Self {
                    bytes,
                    luma: plane(first, *stride, 2, (0, 0)),
                    chroma: Some([chroma(1 - first), chroma(3 - first)]),
                }
            }
            PixelFormat::Nv12 => {
                whole((pairs * 2).max(columns), *height + height.div_ceil(2))?;
                let chroma = |start| plane(start, *stride, 2, (1, 1));
                Self {
                    bytes,
                    luma: plane(0, *stride, 1, (0, 0)),
                    chroma: Some([chroma(after_luma), chroma(after_luma + 1)]),
                }
            }
            PixelFormat::Yu12 => {
                whole(columns, *height)?;
                let (half, half_rows) = (stride / 2, height.div_ceil(2));
                let rest = bytes.get(after_luma..).unwrap_or_default();
                check_length(rest, pairs, half_rows.saturating_mul(2), half)?;
                let chroma = |start| plane(start, half, 1, (1, 1));
                let second = after_luma + half * half_rows as usize;
                Self { bytes, luma: plane(0, *stride, 1, (0, 0)), chroma: Some([chroma(after_luma), chroma(second)]) }
            }
            PixelFormat::Grey | PixelFormat::Rgb | PixelFormat::Mjpg => {
                whole(columns, *height)?;
                Self { bytes, luma: plane(0, *stride, 1, (0, 0)), chroma: None }
            }
        })
    }

    /// Luma, U and V of a pixel.
    fn sample(&self, x: usize, y: usize) -> [u8; 3] {
        let luma = self.bytes[self.luma.at(x, y)];
        match self.chroma {
            Some([u, v]) => [luma, self.bytes[u.at(x, y)], self.bytes[v.at(x, y)]],
            None => [luma, 128, 128],
        }
    }
}

/// The standard's coefficients times 2^16.
struct Converter {
    black: i32,
    luma: i32,
    red_of_v: i32,
    green_of_u: i32,
    green_of_v: i32,
    blue_of_u: i32,
}

impl Converter {
    fn new(colour: YuvColour) -> Self {
        let (kr, kb) = match colour.matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let (black, luma, chroma) = match colour.range {
            Range::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
            Range::Full => (0, 1.0, 1.0),
        };
        let kg = 1.0 - kr - kb;
        let fixed = |value: f64| (value * 65_536.0).round() as i32;
        Self {
            black,
            luma: fixed(luma),
            red_of_v: fixed(2.0 * (1.0 - kr) * chroma),
            green_of_u: fixed(2.0 * (1.0 - kb) * kb / kg * chroma),
            green_of_v: fixed(2.0 * (1.0 - kr) * kr / kg * chroma),
            blue_of_u: fixed(2.0 * (1.0 - kb) * chroma),
        }
    }

    /// One pixel as full-range RGB.
    fn rgb(&self, y: u8, u: u8, v: u8) -> [u8; 3] {
        const HALF: i32 = 1 << 15;
        let luma = self.luma * (i32::from(y) - self.black) + HALF;
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [luma + self.red_of_v * v, luma - self.green_of_u * u - self.green_of_v * v, luma + self.blue_of_u * u]
            .map(|value| (value >> 16).clamp(0, 255) as u8)
    }
}

#[cfg(test)]
mod tests;

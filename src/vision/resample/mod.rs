//! From the samples of a frame straight to an RGB picture of another size.
//!
//! Scaling and the change of colours are linear, so scaling comes first and only the pixels that are kept are converted.
//! A chroma sample counts as often as the pixels that share it, which makes the result that of converting every pixel and
//! scaling afterwards; only colours outside RGB's range, and what is rounded in between, differ.
//!
//! For each row of the result: weigh the rows of bytes it is made of, in integers ([`rows`]), then the columns of that sum,
//! in floats ([`columns`]), then convert ([`super::yuv`]). No float is reordered or fused, so every processor gives the
//! same pixels.

mod axis;
mod columns;
mod rows;
#[cfg(test)]
mod tests;

use image::RgbImage;

use super::layout::Plane;
use super::yuv::Converter;
use axis::{Axis, in_256ths};
use columns::Columns;

/// A rectangle of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Columns left of it.
    pub left: u32,
    /// Rows above it.
    pub top: u32,
    /// Its columns.
    pub width: u32,
    /// Its rows.
    pub height: u32,
}

/// One plane, and how its samples become those of the result.
pub struct Layer<'a> {
    plane: Plane<'a>,
    /// For each row of the result: the first of the plane's rows and the weights, in 256ths.
    rows: Vec<(usize, Vec<u16>)>,
    columns: Columns,
}

/// The planes of a picture as layers: `cut` is scaled to `outputs` pixels, neither of which may be empty.
pub fn layers<'a>(planes: &[Plane<'a>], cut: Cut, outputs: (u32, u32)) -> Vec<Layer<'a>> {
    let columns = Axis::triangle(cut.left as usize, cut.width as usize, outputs.0 as usize);
    let rows = Axis::triangle(cut.top as usize, cut.height as usize, outputs.1 as usize);
    let layer = |&plane: &Plane<'a>| {
        let (columns, rows) = (columns.shared(plane.shifts.0), rows.shared(plane.shifts.1));
        let rows = rows.outputs().iter().map(|(first, weights)| (*first, in_256ths(weights))).collect();
        Layer { plane, rows, columns: Columns::new(&columns, plane.pattern, 1.0 / 256.0) }
    };
    planes.iter().map(layer).collect()
}

/// Scales the layers to a picture of `size`; `convert` says what luma and chroma mean.
pub fn to_rgb(layers: &[Layer], size: (u32, u32), convert: &Converter) -> RgbImage {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { to_rgb_avx2(layers, size, convert) };
    }
    to_rgb_portable(layers, size, convert)
}

/// [`to_rgb_portable`], compiled for AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn to_rgb_avx2(layers: &[Layer], size: (u32, u32), convert: &Converter) -> RgbImage {
    to_rgb_portable(layers, size, convert)
}

#[inline(always)]
fn to_rgb_portable(layers: &[Layer], (width, height): (u32, u32), convert: &Converter) -> RgbImage {
    let columns = width as usize;
    let longest = layers.iter().map(|layer| layer.columns.row_values.max(layer.columns.bytes.len())).max();
    let mut sums = vec![0.0; longest.unwrap_or(0)];
    // Luma, U and V of one row. Grey pictures leave U and V as they are.
    let mut components = [0.0, 128.0, 128.0].map(|value| vec![value; columns]);
    let mut picture = RgbImage::new(width, height);
    let mut sources = Vec::new();
    for (y, out) in picture.chunks_exact_mut(3 * columns.max(1)).enumerate() {
        for (first, layer) in layers.iter().enumerate() {
            let (start, weights) = &layer.rows[y];
            sources.clear();
            let row = |row: usize| &layer.plane.row(row)[layer.columns.bytes.clone()];
            sources.extend((*start..).zip(weights).map(|(at, &weight)| (row(at), weight)));
            rows::weigh(&sources, &mut sums);
            let [a, b, c] = &mut components;
            let mut parts = [&mut a[..], &mut b[..], &mut c[..]];
            layer.columns.sum(&sums, &mut parts[first..]);
        }
        let [a, b, c] = &components;
        convert.row(a, b, c, out);
    }
    picture
}

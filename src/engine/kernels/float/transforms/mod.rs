//! The transforms of Winograd's F(n×n, 3×3) on floats, over any vector, and the end of direct convolution.
//!
//! Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4. An algorithm is given by its
//! three matrices along one axis ([`four`], [`six`]); `tile` applies them along both.

pub mod four;
pub mod six;
mod tile;

use super::lanes::Floats;
use crate::engine::kernels::{Float, OutputPixels};

/// Finishes pixels of summed products, each with `pixels.lanes` outputs; with `pixels.pool`, the maximum of 2×2.
///
/// # Safety
///
/// - the processor has the instruction set of `F`;
/// - `pixels.lanes` is a multiple of `F::COUNT`, and as many sums may be read, biases too, and values written, for each of
///   `pixels.count` outputs with the given strides.
#[inline(always)]
pub unsafe fn direct_output<F: Floats>(pixels: &OutputPixels<Float>) {
    // SAFETY: by the contract above.
    unsafe {
        let low = F::constant(pixels.finish.low);
        for pixel in 0..pixels.count {
            let to = pixels.to.add(pixel * pixels.pixel_stride);
            for lane in (0..pixels.lanes).step_by(F::COUNT) {
                let bias = F::load(pixels.finish.bias.add(lane));
                let sum = if pixels.pool {
                    let sums = pixels.sums.add(2 * pixel * pixels.sums_stride + lane);
                    let below = sums.add(pixels.sums_row_stride);
                    let top = F::load(sums).max(F::load(sums.add(pixels.sums_stride)));
                    top.max(F::load(below).max(F::load(below.add(pixels.sums_stride))))
                } else {
                    F::load(pixels.sums.add(pixel * pixels.sums_stride + lane))
                };
                sum.add(bias).max(low).store(to.add(lane));
            }
        }
    }
}

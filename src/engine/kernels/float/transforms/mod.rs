//! The transforms of Winograd's F(n×n, 3×3) on floating-point numbers, over any vector, and the end of direct convolution.
//!
//! Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4. An algorithm is given by its
//! three matrices along one axis ([`four`], [`six`]); `tile` applies them along both.

pub mod four;
pub mod six;
pub(in crate::engine::kernels) mod tile;

use super::{ending::Ending, lanes::Floats};
use crate::engine::kernels::{Arithmetic, OutputPixels};

/// Finishes pixels of summed products, each with `pixels.lanes` outputs; with `pixels.pool`, the maximum of 2×2.
///
/// # Safety
///
/// - the processor has the instruction set of `E`;
/// - `pixels.lanes` is a multiple of `E::Sums::COUNT`, and as many sums may be read, as much of `pixels.finish`, and as many
///   values written, for each of `pixels.count` outputs with the given strides.
#[inline(always)]
pub unsafe fn direct_output<A: Arithmetic, E: Ending<A>>(pixels: &OutputPixels<A>) {
    // SAFETY: by the contract above.
    unsafe {
        for pixel in 0..pixels.count {
            let to = pixels.to.add(pixel * pixels.pixel_stride);
            for lane in (0..pixels.lanes).step_by(E::Sums::COUNT) {
                let ending = E::new(&pixels.finish, lane);
                let sum = if pixels.pool {
                    let sums = pixels.sums.add(2 * pixel * pixels.sums_stride + lane);
                    let below = sums.add(pixels.sums_row_stride);
                    let top = E::Sums::load(sums).max(E::Sums::load(sums.add(pixels.sums_stride)));
                    top.max(E::Sums::load(below).max(E::Sums::load(below.add(pixels.sums_stride))))
                } else {
                    E::Sums::load(pixels.sums.add(pixel * pixels.sums_stride + lane))
                };
                ending.write(sum, to.add(lane));
            }
        }
    }
}

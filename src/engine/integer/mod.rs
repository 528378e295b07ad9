//! A quantized VGG network on integers, in a tract plan.
//!
//! Layer by layer: tract's integer kernels give int32 sums ([`convolution`], or a matrix product for a dense layer);
//! [`requantize`] takes the 2×2 maximum where a max pool follows, adds the bias, scales per output channel and rounds, in
//! one pass. The maximum may come first because scaling by a positive factor and rounding never swap two values.
//!
//! Activations are kept as int8, that is uint8 steps minus 128, the type that tract's kernels multiply; the 128 goes
//! into the bias: `Σ w·(x−128) = Σ w·x − 128·Σ w`. A map carries its border of padding, so that convolutions run
//! without padding of their own and zero means 0 there too ([`pixels`] makes the first one).

mod convolution;
mod logits;
mod patches;
mod pixels;
mod requantize;
mod wire;

pub use wire::wire;

/// Real zero in the int8 form of a uint8 activation.
const ZERO: i8 = -128;

/// Bias of a layer over int8 activations: the file's bias, and what the shift by 128 takes away.
fn shifted_bias(bias: &[i32], weights: &[i8], shift: impl Fn(usize) -> i32) -> Vec<i32> {
    let per_output = weights.len() / bias.len().max(1);
    let row_sum =
        |row: &[i8]| row.iter().enumerate().fold(0i32, |sum, (i, &w)| sum.wrapping_add(i32::from(w) * shift(i)));
    bias.iter().zip(weights.chunks_exact(per_output.max(1))).map(|(&b, row)| b.wrapping_sub(row_sum(row))).collect()
}

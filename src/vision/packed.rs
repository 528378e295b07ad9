//! Uncompressed camera frames to RGB: checks of their size, rows with padding, YUYV arithmetic.

use image::RgbImage;

use super::frame::MAX_SIDE;

/// Bytes that hold two YUYV pixels.
const YUYV_PAIR_BYTES: usize = 4;

/// Copies the rows of a packed RGB frame; `stride` is in bytes. Errs where sizes do not fit `bytes`.
pub fn rgb_rows(bytes: &[u8], width: u32, height: u32, stride: usize) -> Result<RgbImage, String> {
    check_sides(width, height)?;
    let row_bytes = width as usize * 3;
    check_length(bytes, row_bytes, height, stride)?;
    let mut pixels = Vec::with_capacity(row_bytes * height as usize);
    for row in bytes.chunks(stride).take(height as usize) {
        pixels.extend_from_slice(&row[..row_bytes]);
    }
    Ok(picture_of(width, height, pixels))
}

/// Converts a YUYV frame (BT.601, limited range); `stride` is in bytes. Errs where sizes do not fit `bytes`.
pub fn yuyv_rows(bytes: &[u8], width: u32, height: u32, stride: usize) -> Result<RgbImage, String> {
    check_sides(width, height)?;
    let row_bytes = (width as usize).div_ceil(2) * YUYV_PAIR_BYTES;
    check_length(bytes, row_bytes, height, stride)?;
    let row_pixel_bytes = width as usize * 3;
    let mut pixels = Vec::with_capacity(row_pixel_bytes * height as usize + 3);
    for (y, row) in bytes.chunks(stride).take(height as usize).enumerate() {
        for pair in row[..row_bytes].chunks_exact(YUYV_PAIR_BYTES) {
            let [y0, u, y1, v] = [pair[0], pair[1], pair[2], pair[3]];
            pixels.extend_from_slice(&yuv_to_rgb(y0, u, v));
            pixels.extend_from_slice(&yuv_to_rgb(y1, u, v));
        }
        // The last pair of an odd row has a pixel too many.
        pixels.truncate((y + 1) * row_pixel_bytes);
    }
    Ok(picture_of(width, height, pixels))
}

/// One pixel from BT.601 limited range (luma 16–235, chroma 16–240) to full-range RGB.
fn yuv_to_rgb(y: u8, u: u8, v: u8) -> [u8; 3] {
    // The coefficients of the standard (1.164383, 1.596027, 0.391762, 0.812968, 2.017232) times 2^16.
    const HALF: i32 = 1 << 15;
    let luma = 76_309 * (i32::from(y) - 16) + HALF;
    let (blue, red) = (i32::from(u) - 128, i32::from(v) - 128);
    [luma + 104_597 * red, luma - 25_675 * blue - 53_279 * red, luma + 132_201 * blue]
        .map(|value| (value >> 16).clamp(0, 255) as u8)
}

/// Refuses empty frames, and sides so long that sums of bytes could overflow.
fn check_sides(width: u32, height: u32) -> Result<(), String> {
    if (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) {
        return Ok(());
    }
    Err(format!("its size of {width}×{height} pixels is not between 1 and {MAX_SIDE} a side"))
}

/// Checks that `height` rows, of `row_bytes` and one every `stride` bytes, are all there.
fn check_length(bytes: &[u8], row_bytes: usize, height: u32, stride: usize) -> Result<(), String> {
    if stride < row_bytes {
        return Err(format!("rows of {row_bytes} bytes do not fit a stride of {stride}"));
    }
    // The padding of the last row may be missing.
    let needed = stride.checked_mul(height as usize - 1).and_then(|before| before.checked_add(row_bytes));
    match needed {
        Some(needed) if needed <= bytes.len() => Ok(()),
        _ => Err(format!("{height} rows need more than the {} bytes that came", bytes.len())),
    }
}

fn picture_of(width: u32, height: u32, pixels: Vec<u8>) -> RgbImage {
    RgbImage::from_raw(width, height, pixels).expect("three bytes were pushed for every pixel")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The standard's formula from its luma weights, in floating point.
    fn reference(y: u8, u: u8, v: u8) -> [f64; 3] {
        let (kr, kb) = (0.299, 0.114);
        let kg = 1.0 - kr - kb;
        let luma = (f64::from(y) - 16.0) / 219.0;
        let (pb, pr) = ((f64::from(u) - 128.0) / 224.0, (f64::from(v) - 128.0) / 224.0);
        let red = luma + 2.0 * (1.0 - kr) * pr;
        let blue = luma + 2.0 * (1.0 - kb) * pb;
        let green = (luma - kr * red - kb * blue) / kg;
        [red, green, blue].map(|value| (value * 255.0).clamp(0.0, 255.0))
    }

    #[test]
    fn black_white_and_the_primaries() {
        assert_eq!(yuv_to_rgb(16, 128, 128), [0, 0, 0]);
        assert_eq!(yuv_to_rgb(235, 128, 128), [255, 255, 255]);
        // Full red, green and blue as an encoder rounds them.
        for (yuv, rgb) in [([81, 90, 240], [255, 0, 0]), ([145, 54, 34], [0, 255, 0]), ([41, 240, 110], [0, 0, 255])] {
            let [y, u, v] = yuv;
            for (got, want) in yuv_to_rgb(y, u, v).into_iter().zip(rgb) {
                assert!(i32::abs(i32::from(got) - want) <= 2, "{yuv:?} gave {got}, not {want}");
            }
        }
    }

    #[test]
    fn padding_between_rows_is_skipped() {
        let bytes = [1, 2, 3, 99, 4, 5, 6];
        assert_eq!(rgb_rows(&bytes, 1, 2, 4).unwrap().into_raw(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let bytes = [0; 64];
        assert!(rgb_rows(&bytes, 0, 4, 12).is_err());
        assert!(rgb_rows(&bytes, 4, 0, 12).is_err());
        assert!(rgb_rows(&bytes, 4, 4, 11).is_err());
        assert!(rgb_rows(&bytes, 4, 6, 12).is_err());
        assert!(rgb_rows(&bytes, 4, 4, 0).is_err());
        assert!(yuyv_rows(&bytes, 5, 4, 10).is_err(), "an odd row ends with a whole pair");
        assert!(yuyv_rows(&bytes, u32::MAX / 4, u32::MAX, u32::MAX as usize).is_err());
    }

    proptest! {
        #[test]
        fn integers_agree_with_the_formula(y in any::<u8>(), u in any::<u8>(), v in any::<u8>()) {
            for (got, want) in yuv_to_rgb(y, u, v).into_iter().zip(reference(y, u, v)) {
                prop_assert!((f64::from(got) - want).abs() <= 0.51, "{} for {}", got, want);
            }
        }

        #[test]
        fn every_yuyv_pixel_is_the_right_one(width in 1u32..9, height in 1u32..5, padding in 0usize..7, seed in any::<u64>()) {
            let stride = (width as usize).div_ceil(2) * 4 + padding;
            let bytes: Vec<u8> = (0..stride * height as usize)
                .map(|i| (seed.wrapping_mul(i as u64 + 1) >> 24) as u8).collect();
            let picture = yuyv_rows(&bytes, width, height, stride).unwrap();
            for (x, y, pixel) in picture.enumerate_pixels() {
                let pair = y as usize * stride + x as usize / 2 * 4;
                let luma = bytes[pair + x as usize % 2 * 2];
                prop_assert_eq!(pixel.0, yuv_to_rgb(luma, bytes[pair + 1], bytes[pair + 3]));
            }
        }
    }
}

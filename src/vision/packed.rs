//! Uncompressed RGB frames, and checks of sizes that every uncompressed frame needs.

use image::RgbImage;

use super::frame::MAX_SIDE;

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

/// Refuses empty frames, and sides so long that sums of bytes could overflow.
pub(super) fn check_sides(width: u32, height: u32) -> Result<(), String> {
    if (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) {
        return Ok(());
    }
    Err(format!("its size of {width}×{height} pixels is not between 1 and {MAX_SIDE} a side"))
}

/// Checks that `height` rows, of `row_bytes` and one every `stride` bytes, are all there.
pub(super) fn check_length(bytes: &[u8], row_bytes: usize, height: u32, stride: usize) -> Result<(), String> {
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
    use super::*;

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
    }
}

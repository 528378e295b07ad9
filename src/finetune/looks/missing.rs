//! The part of a picture that is missing from its file.
//!
//! Where a JPEG was cut and closed with an end marker again, the decoder reports success and makes up what is missing.

use image::RgbImage;

use crate::vision::decode::decode_picture;

/// The markers with which a JPEG starts and ends.
const START: [u8; 2] = [0xFF, 0xD8];
const END: [u8; 2] = [0xFF, 0xD9];
/// Bytes of data that are put before the end marker.
const FILLING: usize = 4096;

/// Share of the pixels of `picture`, 0 to 1, that the JPEG `bytes` it was decoded from says nothing about; 0 for other formats.
///
/// Data put in front of the end marker changes nothing where all pixels are there, for nobody reads it. Pixels that it
/// changes were missing.
pub fn share(bytes: &[u8], picture: &RgbImage) -> f32 {
    if !bytes.starts_with(&START) {
        return 0.0;
    }
    let Some(end) = bytes.windows(2).rposition(|pair| pair == END) else { return 0.0 };
    // No byte of it is the first of a marker.
    let filling: Vec<u8> = (0..FILLING).map(|i| (i * i % 251) as u8).collect();
    let longer = [&bytes[..end], &filling, &bytes[end..]].concat();
    let Ok(other) = decode_picture(&longer, "a copy with more data") else { return 0.0 };
    if other.dimensions() != picture.dimensions() {
        return 0.0;
    }
    let changed = picture.pixels().zip(other.pixels()).filter(|(a, b)| a != b).count();
    changed as f32 / picture.pixels().len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::samples;

    #[test]
    fn a_jpeg_that_was_cut_and_closed_again_is_noticed() {
        let whole = samples::jpeg(&samples::noise(96, 96));
        let share_of = |bytes: &[u8]| share(bytes, &decode_picture(bytes, "a picture").unwrap());
        assert_eq!(share_of(&whole), 0.0);
        for (kept, missing) in [(0.3, 0.5..1.0), (0.5, 0.3..0.7), (0.9, 0.02..0.3)] {
            let mut cut = whole[..(whole.len() as f64 * kept) as usize].to_vec();
            if cut.last() == Some(&0xFF) {
                cut.pop();
            }
            cut.extend(END);
            let share = share_of(&cut);
            assert!(missing.contains(&share), "{share} of {kept}");
        }
    }

    #[test]
    fn whole_pictures_lack_nothing() {
        for side in [1, 8, 17, 64] {
            for picture in [samples::gradient(side, 20), samples::noise(30, side)] {
                let bytes = [samples::jpeg(&picture), b"more behind the end".to_vec()].concat();
                assert_eq!(share(&bytes, &decode_picture(&bytes, "a picture").unwrap()), 0.0, "{side}");
            }
        }
        let png = samples::encoded(samples::noise(9, 9), image::ImageFormat::Png);
        assert_eq!(share(&png, &decode_picture(&png, "a picture").unwrap()), 0.0);
    }
}

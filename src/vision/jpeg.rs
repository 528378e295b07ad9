//! The outline of a JPEG file: its marker segments, and whether it ends as a JPEG must.
//!
//! The decoder fills what is missing from a cut file with grey and reports success. A grey half
//! would be classified as if it had been photographed, so the outline is checked beforehand.

use std::ops::Range;

/// Start of image: the first marker of every JPEG.
pub const SOI: u8 = 0xD8;
/// End of image: the last marker of every JPEG.
pub const EOI: u8 = 0xD9;
/// Start of scan: its header is followed by entropy-coded data.
pub const SOS: u8 = 0xDA;
/// Define Huffman tables.
pub const DHT: u8 = 0xC4;

/// Marker prefix.
const PREFIX: u8 = 0xFF;
/// Temporary private use in arithmetic coding: a marker without a length.
const TEM: u8 = 0x01;

/// One marker with the header that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The byte after `0xFF`.
    pub marker: u8,
    /// From the `0xFF` to the end of the header, in bytes from the start of the file.
    pub range: Range<usize>,
}

/// Walks the marker segments of a JPEG, leaping over entropy-coded data; ends after [`EOI`], or where bytes run out.
pub fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment> + '_ {
    let mut at = 0;
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let segment = next_segment(bytes, &mut at)?;
        ended = segment.marker == EOI;
        Some(segment)
    })
}

/// Says whether the picture runs to its end-of-image marker; what follows that marker does not matter.
pub fn is_complete(bytes: &[u8]) -> bool {
    segments(bytes).any(|segment| segment.marker == EOI)
}

/// Finds the first whole segment at or after `at`, and moves `at` behind it.
///
/// Where bytes run out, `at` stays where the search is to go on once there are more: nothing is looked at twice. A `0xFF`
/// followed by zero, by a restart marker or by another `0xFF` is entropy-coded data or filling, so one rule serves between
/// headers and inside scans.
pub fn next_segment(bytes: &[u8], at: &mut usize) -> Option<Segment> {
    loop {
        let rest = bytes.get(*at..)?;
        *at += rest.iter().position(|&byte| byte == PREFIX).unwrap_or(rest.len());
        let start = *at;
        let end = match *bytes.get(start + 1)? {
            PREFIX => {
                *at += 1;
                continue;
            }
            0x00 | 0xD0..=0xD7 => {
                *at += 2;
                continue;
            }
            SOI | EOI | TEM => start + 2,
            _ => {
                let length = bytes.get(start + 2..start + 4)?;
                start + 2 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2)
            }
        };
        if end > bytes.len() {
            return None;
        }
        *at = end;
        return Some(Segment { marker: bytes[start + 1], range: start..end });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vision::samples;

    #[test]
    fn lists_the_segments_of_a_real_file() {
        let jpeg = samples::jpeg(&samples::gradient(40, 30));
        let markers: Vec<u8> = segments(&jpeg).map(|segment| segment.marker).collect();
        assert_eq!(markers.first(), Some(&SOI));
        assert_eq!(markers.last(), Some(&EOI));
        assert!(markers.contains(&DHT) && markers.contains(&SOS));
    }

    #[test]
    fn every_cut_is_incomplete() {
        let jpeg = samples::jpeg(&samples::gradient(33, 17));
        assert!(is_complete(&jpeg));
        for length in 0..jpeg.len() {
            assert!(!is_complete(&jpeg[..length]), "cut at {length} of {}", jpeg.len());
        }
    }

    #[test]
    fn bytes_after_the_end_do_not_matter() {
        let mut jpeg = samples::jpeg(&samples::gradient(8, 8));
        jpeg.extend_from_slice(b"\0\0\xff trailing");
        assert!(is_complete(&jpeg));
    }

    #[test]
    fn an_end_marker_inside_a_header_does_not_count() {
        // A comment that holds the two bytes, as a thumbnail inside EXIF does.
        let bytes = [0xFF, SOI, 0xFF, 0xFE, 0x00, 0x04, 0xFF, EOI, 0xFF, SOS, 0x00, 0x02, 0x12];
        assert!(!is_complete(&bytes));
    }

    proptest! {
        #[test]
        fn bytes_that_come_in_pieces_have_the_same_segments(cuts in proptest::collection::vec(1usize..40, 1..60)) {
            let jpeg = samples::jpeg(&samples::noise(24, 18));
            let (mut at, mut length, mut found) = (0, 0, Vec::new());
            for cut in cuts.iter().cycle() {
                while let Some(segment) = next_segment(&jpeg[..length], &mut at) {
                    found.push(segment);
                }
                if length == jpeg.len() {
                    break;
                }
                length = (length + cut).min(jpeg.len());
            }
            prop_assert_eq!(found, segments(&jpeg).collect::<Vec<_>>());
        }

        #[test]
        fn segments_lie_inside_and_in_order(bytes in proptest::collection::vec(
            prop_oneof![Just(0xFFu8), Just(0u8), Just(SOS), Just(EOI), any::<u8>()], 0..200)) {
            let mut end = 0;
            for segment in segments(&bytes) {
                prop_assert!(segment.range.start >= end && segment.range.end <= bytes.len());
                prop_assert_eq!(bytes[segment.range.start], 0xFF);
                prop_assert_eq!(bytes[segment.range.start + 1], segment.marker);
                end = segment.range.end;
            }
        }
    }
}

//! A program's stream of JPEG pictures: cut into frames, given the tables that webcams leave out, decoded.

use std::{borrow::Cow, time::Instant};

use vggcam::{
    camera::pipe::{layout::JPEG_COLOUR, split::Splitter},
    vision::{
        decode::frame_to_rgb,
        frame::{Frame, PixelFormat},
        jpeg::{self, DHT, SOS, segments},
        mjpeg::with_huffman_tables,
    },
};

/// Pictures with more pixels than this are not decoded here, as that takes long.
const MAX_PIXELS: u32 = 1 << 16;

/// A choice of sizes of pieces; then the stream.
pub fn run(data: &[u8]) {
    let ([piece], stream) = super::choices(data);
    let frames = cut(stream, stream.len());
    // The same pieces again and again, and pieces of growing sizes.
    let piece = usize::from(piece);
    assert!(cut(stream, piece.max(1)) == frames, "pieces of {piece} bytes give other frames");
    for frame in &frames {
        assert!(frame.starts_with(&[0xFF, jpeg::SOI, 0xFF]) && frame.ends_with(&[0xFF, jpeg::EOI]));
        assert!(jpeg::is_complete(frame), "a frame that ends has its end");
        picture(frame);
    }
    assert!(frames.iter().map(Vec::len).sum::<usize>() <= stream.len(), "frames do not overlap");
    picture(stream);
}

fn cut(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::jpeg();
    let mut frames = vec![];
    for bytes in stream.chunks(piece.max(1)) {
        splitter.push(bytes, &mut |frame| {
            frames.push(frame.clone());
            // To be filled again, with what is in it.
            Some(frame)
        });
    }
    frames
}

fn picture(bytes: &[u8]) {
    let mut markers = segments(bytes).map(|segment| segment.marker).take_while(|&marker| marker != SOS);
    let has_tables = markers.any(|marker| marker == DHT);
    let has_scan = segments(bytes).any(|segment| segment.marker == SOS);
    let mended = with_huffman_tables(bytes);
    match &mended {
        Cow::Borrowed(same) => assert!(*same == bytes && (has_tables || !has_scan), "tables are missing"),
        Cow::Owned(mended) => assert!(!has_tables && has_scan && mended.len() > bytes.len(), "tables were there"),
    }
    assert!(matches!(with_huffman_tables(&mended), Cow::Borrowed(_)), "tables are put in once");
    if size(bytes).is_some_and(|[height, width]| height * width > MAX_PIXELS) {
        return;
    }
    let frame = Frame {
        format: PixelFormat::Mjpg,
        colour: JPEG_COLOUR,
        width: 0,
        height: 0,
        stride: 0,
        bytes: bytes.to_vec(),
        captured_at: Instant::now(),
        sequence: 0,
        name: String::new(),
    };
    match frame_to_rgb(&frame) {
        Ok(picture) => assert!(picture.width() > 0 && picture.height() > 0),
        Err(error) => super::assert_told(error),
    }
}

/// Rows and columns by the first frame header.
fn size(bytes: &[u8]) -> Option<[u32; 2]> {
    // All of 0xC0 to 0xCF that are no tables and no reserve.
    let is_header = |marker| matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
    let header = segments(bytes).find(|segment| is_header(segment.marker))?.range;
    let sides = bytes[header].get(5..9)?;
    Some([[sides[0], sides[1]], [sides[2], sides[3]]].map(|side| u16::from_be_bytes(side).into()))
}

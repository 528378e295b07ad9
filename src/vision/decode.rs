//! From a file or a frame to an RGB picture.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use super::frame::{Frame, MAX_SIDE, PixelFormat};
use super::{jpeg, mjpeg, packed, yuv};

/// Most memory that the pixels of one picture may take, in bytes: what a board can spare.
const MAX_DECODED_BYTES: u64 = 256 << 20;

/// Longest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// What [`read_picture`] reads, for messages.
const KNOWN_FORMATS: &str = "JPEG, PNG, GIF, BMP or WebP";

/// Why a picture could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file could not be opened or read.
    #[error("cannot read {path}: {source}; check the path and the permissions")]
    Read { path: PathBuf, source: std::io::Error },
    /// The bytes are not a picture in a known format, or are damaged.
    #[error("{what} is not a readable picture: {reason}")]
    Damaged { what: String, reason: String },
}

/// Reads a picture file (JPEG, PNG, GIF, BMP, WebP), upright as its EXIF orientation says, as RGB.
///
/// The format is told by the content, whatever the name. Transparency is dropped, of an animation the
/// first frame is taken. Errs for anything that is not a whole picture of at most 256 MiB of pixels.
pub fn read_picture(path: &Path) -> Result<RgbImage, DecodeError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| DecodeError::Read { path: path.into(), source })?;
    decode_picture(&bytes, &path.display().to_string())
}

/// Decodes picture bytes held in memory, as [`read_picture`] does; `what` names them in errors.
pub fn decode_picture(bytes: &[u8], what: &str) -> Result<RgbImage, DecodeError> {
    decode(bytes).map_err(|reason| DecodeError::Damaged { what: what.into(), reason })
}

/// Bytes of memory that [`decode_picture`] takes for a picture while it is at work, by what its header says; 0 where it says
/// nothing.
pub fn decoding_bytes(bytes: &[u8]) -> u64 {
    let Ok(format) = recognise(bytes) else { return 0 };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits());
    let Ok(decoder) = reader.into_decoder() else { return 0 };
    let (width, height) = decoder.dimensions();
    // The file's copy in the decoder; the coefficients of a progressive JPEG, twice the pixels; the pixels; and as RGB,
    // or turned upright.
    let pixels = decoder.total_bytes().min(MAX_DECODED_BYTES);
    bytes.len() as u64 + 3 * pixels + 3 * u64::from(width) * u64::from(height)
}

/// Converts a camera frame to RGB; errs where its bytes are fewer than its size needs, or damaged.
pub fn frame_to_rgb(frame: &Frame) -> Result<RgbImage, DecodeError> {
    let Frame { bytes, width, height, stride, .. } = frame;
    let picture = match frame.format {
        PixelFormat::Rgb => packed::rgb_rows(bytes, *width, *height, *stride),
        PixelFormat::Grey | PixelFormat::Yuyv | PixelFormat::Uyvy | PixelFormat::Nv12 | PixelFormat::Yu12 => {
            yuv::to_rgb(frame)
        }
        PixelFormat::Mjpg => decode(&mjpeg::with_huffman_tables(bytes)),
    };
    picture.map_err(|reason| damaged(frame, reason))
}

/// The error of a frame.
pub(super) fn damaged(frame: &Frame, reason: String) -> DecodeError {
    let what = if frame.name.is_empty() { format!("frame {}", frame.sequence) } else { frame.name.clone() };
    DecodeError::Damaged { what, reason }
}

/// Decodes, or says in one line what is wrong and what to do about it.
fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("it is longer than {} MiB; save a smaller copy", MAX_FILE_BYTES >> 20));
    }
    let format = recognise(bytes)?;
    if format == ImageFormat::Jpeg && !jpeg::is_complete(bytes) {
        return Err("the JPEG breaks off before its end marker; copy or download it again".into());
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(one_line)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(format!("its size of {width}×{height} pixels is empty"));
    }
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(format!("its {width}×{height} pixels need too much memory; save a smaller copy"));
    }
    // A damaged note about the orientation is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(one_line)?;
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

/// Tells the format by the first bytes; the error says what the file is instead, where that can be told.
fn recognise(bytes: &[u8]) -> Result<ImageFormat, String> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
    if bytes.is_empty() {
        return Err("the file is empty; copy or download it again".into());
    }
    let kind = match image::guess_format(bytes) {
        Ok(format @ (Jpeg | Png | Gif | Bmp | WebP)) => return Ok(format),
        Ok(other) => format!("a {other:?} file"),
        // Photographs of telephones; `ftyp` alone is every MPEG-4 container.
        Err(_) if bytes.get(4..8) == Some(b"ftyp") => "a HEIC photograph or a video".into(),
        Err(_) if std::str::from_utf8(bytes).is_ok() => {
            return Err("it is a text file, perhaps a saved web page; download the picture itself".into());
        }
        Err(_) => "of no known format".into(),
    };
    Err(format!("it is {kind}; convert it to {KNOWN_FORMATS}, or remove it"))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

/// The decoder's message without line breaks, and the next step.
fn one_line(error: ImageError) -> String {
    let message = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            "the file breaks off before its end; copy or download it again".into()
        }
        ImageError::Limits(_) => format!("{message}; save a smaller copy"),
        ImageError::Unsupported(_) => format!("{message}; save it again in an ordinary form"),
        _ => format!("{message}; copy or download it again"),
    }
}

#[cfg(test)]
mod tests;

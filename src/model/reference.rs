//! Reference pictures: what a model file carries to be tested with, and what it answers to them on every processor.
//!
//! They stand in the property `vggcam.reference_pictures`, as JSON: `{"precision": "int8", "pictures": [{"png": …,
//! "probabilities": […]}]}`, where a picture is a PNG in base64 with the probability of each class. PNG is lossless, so that
//! every decoder gives the same bytes. The file stays small because the picture has half the side of the network's input;
//! each of its pixels is repeated to fill the input, which takes whole numbers alone.

use std::{fs, io::Cursor, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{
    ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use prost::Message;
use serde::{Deserialize, Serialize};
use tract_onnx::pb::{ModelProto, StringStringEntryProto};

use super::{error::ModelError, replace::write_atomically};

/// Most reference pictures that are read from a file.
pub const MAX_PICTURES: usize = 64;
/// Longest side of one, in pixels.
const MAX_SIDE: u32 = 1024;
/// Name of the property.
const KEY: &str = "vggcam.reference_pictures";

/// All reference pictures of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceSet {
    /// The numbers that the answers were computed with: `int8` or `f32`.
    pub precision: String,
    /// The pictures.
    pub pictures: Vec<ReferencePicture>,
}

/// A picture with the answer that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePicture {
    /// The picture as the file keeps it: a square of [`stored_side`].
    pub stored: RgbImage,
    /// Probability of each class, in the order of the model's labels.
    pub probabilities: Vec<f32>,
}

/// Side in pixels of the picture that is kept for a network's input of `input_size` pixels a side.
pub fn stored_side(input_size: u32) -> u32 {
    input_size.div_ceil(2)
}

/// The network's input that a stored picture stands for: `input_size`×`input_size` pixels, each the stored one that lies
/// in the same place. A picture without pixels gives black.
pub fn input(stored: &RgbImage, input_size: u32) -> RgbImage {
    let (width, height) = stored.dimensions();
    if width == 0 || height == 0 {
        return RgbImage::new(input_size, input_size);
    }
    let place = |i: u32, side: u32| (u64::from(i) * u64::from(side) / u64::from(input_size)) as u32;
    RgbImage::from_fn(input_size, input_size, |x, y| *stored.get_pixel(place(x, width), place(y, height)))
}

/// The reference pictures of a file as their property has them; decoded only where they are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    property: Option<String>,
}

/// The property.
#[derive(Serialize, Deserialize)]
struct Property {
    precision: String,
    pictures: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    png: String,
    probabilities: Vec<f32>,
}

impl References {
    /// Finds them among a file's properties; of several lists the last one counts.
    pub fn from_properties<'a>(properties: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let ours = properties.into_iter().filter(|(key, _)| *key == KEY);
        References { property: ours.last().map(|(_, value)| value.to_string()) }
    }

    /// The pictures; none for a file without the property. The error says what is wrong with it.
    pub fn decode(&self) -> Result<ReferenceSet, String> {
        let Some(property) = &self.property else { return Ok(ReferenceSet::default()) };
        let Property { precision, pictures } =
            serde_json::from_str(property).map_err(|error| format!("{KEY} is not readable: {error}"))?;
        if pictures.len() > MAX_PICTURES {
            return Err(format!("{KEY} has {} pictures, more than {MAX_PICTURES}", pictures.len()));
        }
        let decoded = pictures.into_iter().zip(1..).map(|(Entry { png, probabilities }, number)| {
            let stored = decode_png(&png).map_err(|reason| format!("picture {number} of {KEY}: {reason}"))?;
            Ok(ReferencePicture { stored, probabilities })
        });
        Ok(ReferenceSet { precision, pictures: decoded.collect::<Result<_, String>>()? })
    }
}

/// Adds reference pictures to the model file at `path`; from then on they count, and not those that it may have.
pub fn add(path: &Path, references: &ReferenceSet) -> Result<(), ModelError> {
    let mut bytes = fs::read(path).map_err(|source| ModelError::Io { action: "read", path: path.into(), source })?;
    let pictures = references
        .pictures
        .iter()
        .map(|picture| Entry { png: encode_png(&picture.stored), probabilities: picture.probabilities.clone() })
        .collect();
    // Strings and finite numbers always have a JSON form; what is no number is told by the test.
    let property = Property { precision: references.precision.clone(), pictures };
    let value = serde_json::to_string(&property).unwrap_or_default();
    // Properties are a repeated field: those of a message that follows are added to those before it.
    let addition =
        ModelProto { metadata_props: vec![StringStringEntryProto { key: KEY.into(), value }], ..Default::default() };
    bytes.extend(addition.encode_to_vec());
    write_atomically(path, &bytes)
}

fn encode_png(picture: &RgbImage) -> String {
    let mut png = vec![];
    let (width, height) = picture.dimensions();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    encoder
        .write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
        .expect("an RgbImage holds three bytes for every pixel, and memory takes what is written");
    STANDARD.encode(png)
}

fn decode_png(text: &str) -> Result<RgbImage, String> {
    let png = STANDARD.decode(text).map_err(|error| format!("it is not base64: {error}"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    let mut reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
    reader.limits(limits);
    Ok(reader.decode().map_err(|error| error.to_string())?.into_rgb8())
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::model::file;

    fn references(value: &str) -> References {
        References::from_properties([("vggcam.name", "x"), (KEY, value)])
    }

    fn sample(seed: u8) -> ReferencePicture {
        let stored = RgbImage::from_fn(5, 5, |x, y| Rgb([seed, (x * 50) as u8, (y * 50) as u8]));
        ReferencePicture { stored, probabilities: vec![0.1, 0.9 - f32::from(seed) / 512.0] }
    }

    #[test]
    fn what_is_written_is_read_back_and_the_last_list_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        fs::write(&path, include_bytes!("../../models/cats-dogs.onnx")).unwrap();
        let before = file::open(&path).unwrap();
        for pictures in [vec![sample(1), sample(2)], vec![sample(3)], vec![]] {
            let references = ReferenceSet { precision: "int8".into(), pictures };
            add(&path, &references).unwrap();
            let after = file::open(&path).unwrap();
            assert_eq!(after.references.decode(), Ok(references));
            assert_eq!(after.metadata, before.metadata);
            assert!(after.network().is_some());
        }
    }

    #[test]
    fn each_stored_pixel_fills_its_share_of_the_input() {
        let stored = RgbImage::from_fn(stored_side(5), stored_side(5), |x, y| Rgb([x as u8, y as u8, 0]));
        let input = input(&stored, 5);
        assert_eq!(input.dimensions(), (5, 5));
        let row: Vec<u8> = (0..5).map(|x| input.get_pixel(x, 4)[0]).collect();
        assert_eq!(row, [0, 0, 1, 1, 2]);
        assert_eq!(super::input(&RgbImage::new(0, 0), 2), RgbImage::new(2, 2));
    }

    #[test]
    fn what_is_damaged_is_named() {
        let large = encode_png(&RgbImage::new(MAX_SIDE + 1, 1));
        let list = |entries: &str| format!("{{\"precision\":\"int8\",\"pictures\":[{entries}]}}");
        let one = |png: &str| format!("{{\"png\":\"{png}\",\"probabilities\":[1]}}");
        let entry = |png: &str| list(&one(png));
        let many = list(&vec![one(""); MAX_PICTURES + 1].join(","));
        for (value, says) in [
            ("cat", "not readable"),
            (&entry("§"), "picture 1"),
            (&entry("AAAA"), "picture 1"),
            (&entry(&large), "picture 1"),
            (&many, "more than 64"),
        ] {
            let error = references(value).decode().unwrap_err();
            assert!(error.contains(says) && error.contains(KEY), "{error}");
        }
        assert_eq!(References::default().decode(), Ok(ReferenceSet::default()));
    }
}

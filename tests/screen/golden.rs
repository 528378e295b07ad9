//! Compares what is drawn with the pictures that are kept.

use std::{env, fs, path::PathBuf};

use image::{
    ImageEncoder, Rgb, RgbImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use vggcam::display::Drawing;

use crate::scenes::{Scene, photograph};

/// Steps of 255 by which processors may differ in scaling the camera's picture.
const TOLERANCE: u8 = 2;

/// Draws each scene at its size and compares it with its golden picture, or writes that where `VGGCAM_GOLDEN` is `write`.
pub fn compare(scenes: impl Iterator<Item = (Scene, (u32, u32), Drawing)>) {
    let accept = env::var("VGGCAM_GOLDEN").is_ok_and(|value| value == "write");
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/screen");
    let drawn = env::temp_dir().join("vggcam-screen");
    let mut differing = Vec::new();
    for (scene, size, drawing) in scenes {
        let name = format!("{}x{}-{}.png", size.0, size.1, scene.name);
        let canvas = scene.draw(&photograph(), size, drawing);
        if accept {
            write(&golden.join(&name), &canvas);
            continue;
        }
        let problem = match image::open(golden.join(&name)) {
            Ok(kept) => difference(&scene, &canvas, &kept.into_rgb8(), drawing),
            Err(error) => Some(format!("cannot be read: {error}")),
        };
        if let Some(problem) = problem {
            write(&drawn.join(&name), &canvas);
            differing.push(format!("{name} {problem}"));
        }
    }
    assert!(
        differing.is_empty(),
        "{} pictures are not as in {}:\n  {}\nWhat is drawn now lies in {}. Look at it; `VGGCAM_GOLDEN=write cargo test --test screen` \
         accepts it.",
        differing.len(),
        golden.display(),
        differing.join("\n  "),
        drawn.display(),
    );
}

/// Says where two pictures differ: by more than [`TOLERANCE`] where the camera's picture shows, at all elsewhere.
fn difference(scene: &Scene, canvas: &RgbImage, kept: &RgbImage, drawing: Drawing) -> Option<String> {
    if canvas.dimensions() != kept.dimensions() {
        return Some(format!("is {:?} pixels large, not {:?}", canvas.dimensions(), kept.dimensions()));
    }
    // The camera's picture shows where the canvas changes with it.
    let [dark, light] = [0, 255]
        .map(|shade| scene.draw(&RgbImage::from_pixel(640, 480, Rgb([shade; 3])), canvas.dimensions(), drawing));
    let wrong = canvas.enumerate_pixels().zip(kept.pixels()).filter(|((x, y, new), old)| {
        let tolerance = if dark.get_pixel(*x, *y) == light.get_pixel(*x, *y) { 0 } else { TOLERANCE };
        new.0.iter().zip(old.0).any(|(a, b)| a.abs_diff(b) > tolerance)
    });
    let wrong: Vec<(u32, u32)> = wrong.map(|((x, y, _), _)| (x, y)).collect();
    let (x, y) = wrong.first()?;
    Some(format!("differs in {} pixels, the first at {x}, {y}", wrong.len()))
}

fn write(path: &PathBuf, canvas: &RgbImage) {
    let folder = path.parent().expect("the path has a folder");
    fs::create_dir_all(folder).expect("the folder can be made");
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::NoFilter);
    encoder
        .write_image(canvas, canvas.width(), canvas.height(), image::ExtendedColorType::Rgb8)
        .expect("pictures in memory can be written");
    fs::write(path, bytes).expect("the folder can be written");
}

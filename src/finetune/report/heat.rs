//! A heat map as a layer over its picture, and in words.

use image::{ImageBuffer, Luma, Rgba, RgbaImage, imageops};

use super::thumbnails::layer;
use crate::{finetune::gradcam::Heat, model::metadata::Fit};

/// Side of the layer, in pixels: fine enough that the browser's own scaling shows no squares.
const SIDE: u32 = 72;

/// Colours from no heat to the most, and how much each covers of 255: what the network did not look at is veiled in dark
/// blue, what it looked at is seen under a warm light. Lightness rises along the way, so that it reads without colours too.
const COLOURS: [(f32, [u8; 4]); 5] = [
    (0.0, [16, 18, 60, 148]),
    (0.25, [66, 20, 110, 144]),
    (0.5, [190, 46, 92, 132]),
    (0.75, [250, 140, 30, 116]),
    (1.0, [255, 236, 110, 96]),
];

/// A layer, and which part of the picture it covers.
#[derive(Debug)]
pub struct Layer {
    /// `data:` address.
    pub url: String,
    /// In percent of the picture's width and height.
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

/// The layer of a heat map over a picture with these proportions.
pub fn over(heat: &Heat, fit: Fit, (width, height): (u32, u32)) -> Option<Layer> {
    let url = layer(&coloured(heat)?)?;
    let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let side = width.min(height);
    let (covered_width, covered_height) = match fit {
        Fit::Squash => (100.0, 100.0),
        Fit::CentreCrop => (side / width * 100.0, side / height * 100.0),
    };
    let tenth = super::plot::tenth;
    Some(Layer {
        url,
        left: tenth((100.0 - covered_width) / 2.0),
        top: tenth((100.0 - covered_height) / 2.0),
        width: tenth(covered_width),
        height: tenth(covered_height),
    })
}

/// The heat map in colours, smoothly enlarged.
fn coloured(heat: &Heat) -> Option<RgbaImage> {
    let side = heat.side as u32;
    let map: ImageBuffer<Luma<f32>, Vec<f32>> = ImageBuffer::from_raw(side, side, heat.values.clone())?;
    let large = imageops::resize(&map, SIDE, SIDE, imageops::FilterType::CatmullRom);
    Some(RgbaImage::from_fn(SIDE, SIDE, |x, y| Rgba(colour(large.get_pixel(x, y).0[0]))))
}

/// The colour of a heat, 0 to 1.
fn colour(heat: f32) -> [u8; 4] {
    let heat = if heat.is_finite() { heat.clamp(0.0, 1.0) } else { 0.0 };
    let above = COLOURS.iter().position(|(at, _)| *at >= heat).unwrap_or(COLOURS.len() - 1).max(1);
    let ((from, low), (to, high)) = (COLOURS[above - 1], COLOURS[above]);
    let share = (heat - from) / (to - from);
    // Steps that no eye tells apart make the file smaller.
    std::array::from_fn(|i| ((f32::from(low[i]) * (1.0 - share) + f32::from(high[i]) * share) / 4.0).round() as u8)
        .map(|value: u8| value.saturating_mul(4))
}

/// Where the heat lies, for those who cannot see it: `mostly at the upper left`.
pub fn in_words(heat: &Heat) -> String {
    let (mut all, mut across, mut down) = (0.0, 0.0, 0.0);
    for (i, value) in heat.values.iter().enumerate() {
        // The warm parts alone: a faint glow all over would pull everything to the centre.
        let value = (value - 0.5).max(0.0);
        all += value;
        across += value * ((i % heat.side) as f32 + 0.5);
        down += value * ((i / heat.side) as f32 + 0.5);
    }
    if all <= 0.0 {
        return "nowhere in particular".into();
    }
    let third = |sum: f32| ((sum / all / heat.side as f32 * 3.0) as usize).min(2);
    let place = match (third(down), third(across)) {
        (1, 1) => "centre",
        (0, 1) => "top",
        (2, 1) => "bottom",
        (1, 0) => "left",
        (1, _) => "right",
        (0, 0) => "upper left",
        (0, _) => "upper right",
        (_, 0) => "lower left",
        _ => "lower right",
    };
    format!("mostly at the {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One warm place.
    fn spot(side: usize, x: usize, y: usize) -> Heat {
        let mut values = vec![0.0; side * side];
        values[y * side + x] = 1.0;
        Heat { side, values }
    }

    #[test]
    fn the_place_is_said_in_words() {
        for (x, y, words) in [(0, 0, "upper left"), (7, 7, "centre"), (13, 7, "right"), (6, 13, "bottom")] {
            assert_eq!(in_words(&spot(14, x, y)), format!("mostly at the {words}"));
        }
        assert_eq!(in_words(&Heat { side: 2, values: vec![0.0; 4] }), "nowhere in particular");
    }

    #[test]
    fn the_warmest_place_is_the_lightest() {
        let picture = coloured(&spot(14, 3, 10)).unwrap();
        let light = |pixel: &Rgba<u8>| pixel.0[..3].iter().map(|&v| u32::from(v)).sum::<u32>();
        let (x, y, _) = picture.enumerate_pixels().max_by_key(|(_, _, pixel)| light(pixel)).unwrap();
        let at = |i: u32| i * 14 / SIDE;
        assert_eq!((at(x), at(y)), (3, 10));
        let ramp: Vec<u32> = (0..=20).map(|i| light(&Rgba(colour(i as f32 / 20.0)))).collect();
        assert!(ramp.is_sorted(), "{ramp:?}");
        assert_eq!(colour(f32::NAN), colour(0.0));
    }

    #[test]
    fn a_crop_covers_the_centred_square() {
        let heat = spot(4, 1, 1);
        let place = |fit| over(&heat, fit, (400, 200)).map(|l| (l.left, l.top, l.width, l.height)).unwrap();
        assert_eq!(place(Fit::Squash), (0.0, 0.0, 100.0, 100.0));
        assert_eq!(place(Fit::CentreCrop), (25.0, 0.0, 50.0, 100.0));
        assert!(over(&heat, Fit::Squash, (1, 1)).unwrap().url.len() < 6000);
        assert!(over(&Heat { side: 3, values: vec![] }, Fit::Squash, (1, 1)).is_none());
    }
}

//! Features that describe a picture, by the int8 backbone: what its head reads, and what stands behind its last max pools.

use std::path::Path;

use image::{RgbImage, imageops};
use rayon::prelude::*;

use crate::{
    engine::features::Extractor,
    finetune::{
        cache::hash,
        features::{Backbone, picture_key},
        progress::Progress,
        store::Store,
    },
    model::quantized::QuantizedNetwork,
    vision::{decode::read_picture, fit::fit},
};

/// Max pools, from the last one back, whose features describe a picture.
const POOLS: usize = 2;
/// Part of either side that a corner takes.
const CORNER: f32 = 0.4;
/// Raised whenever corners are cut in another way.
const VERSION: &[u8] = b"vggcam corner 1";

/// The convolutions before the last max pools of a backbone, and how many values describe a picture by them.
pub fn layers(network: &QuantizedNetwork) -> (Vec<String>, usize) {
    let pooled = network.pooled_convolutions();
    let last = &pooled[pooled.len().saturating_sub(POOLS)..];
    let channels: usize = last.iter().map(|conv| conv.outputs).sum();
    (last.iter().map(|conv| conv.name.clone()).collect(), 2 * channels)
}

/// Rows of features, for each picture those of a corner of it, and how many were computed now; a picture that cannot be read
/// is left out.
pub fn corners<P: AsRef<Path> + Sync>(
    files: &[P],
    backbone: Backbone,
    store: &Store,
) -> anyhow::Result<(Vec<u32>, usize)> {
    let extractor = backbone.extractor()?;
    let progress = Progress::start("features of corners", files.len());
    let rows: Vec<Option<(u32, bool)>> = files
        .par_iter()
        .enumerate()
        .map(|(index, file)| {
            let row = corner_row(file.as_ref(), index, &extractor, backbone.input_size(), store);
            progress.one();
            row
        })
        .collect::<anyhow::Result<_>>()?;
    let computed = rows.iter().flatten().filter(|(_, computed)| *computed).count();
    Ok((rows.into_iter().flatten().map(|(row, _)| row).collect(), computed))
}

/// The row of a corner, and whether it was computed.
fn corner_row(
    file: &Path,
    index: usize,
    extractor: &Extractor,
    size: u32,
    store: &Store,
) -> anyhow::Result<Option<(u32, bool)>> {
    let Ok(picture) = picture_key(file) else { return Ok(None) };
    let key = hash([VERSION, &picture, &[(index % 4) as u8]]);
    if let Some(row) = store.find(&key)? {
        return Ok(Some((row, false)));
    }
    let Ok(picture) = read_picture(file) else { return Ok(None) };
    let features = extractor.features(&[fit(&corner(&picture, index), size, store.kind().fit)])?;
    let rows: Vec<_> = features.into_iter().map(|features| (key, features)).collect();
    Ok(store.append(&rows)?.first().map(|&row| (row, true)))
}

/// One of the four corners of a picture, another one for the next `index`.
fn corner(picture: &RgbImage, index: usize) -> RgbImage {
    let part = |side: u32| ((side as f32 * CORNER) as u32).max(1);
    let (width, height) = (part(picture.width()), part(picture.height()));
    let x = if index.is_multiple_of(2) { 0 } else { picture.width() - width };
    let y = if index % 4 < 2 { 0 } else { picture.height() - height };
    imageops::crop_imm(picture, x, y, width, height).to_image()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_corners_are_cut() {
        let picture = RgbImage::from_fn(10, 5, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let cut = |index| {
            let corner = corner(&picture, index);
            assert_eq!(corner.dimensions(), (4, 2));
            (corner.get_pixel(0, 0).0[0], corner.get_pixel(0, 0).0[1])
        };
        assert_eq!([cut(0), cut(1), cut(2), cut(3)], [(0, 0), (6, 0), (0, 3), (6, 3)]);
        assert_eq!(corner(&RgbImage::new(1, 1), 3).dimensions(), (1, 1));
    }
}

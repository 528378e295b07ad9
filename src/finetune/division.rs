//! Which pictures are held back for validation where a data set has no `valid/`.

use super::{
    cache::Hash,
    labelled::Labelled,
    looks::{Album, Look, near::Near},
    store::StoreError,
};

/// One in so many pictures is held back.
pub const ONE_IN: u64 = 5;

/// Says of every picture whether it is held back: about one in [`ONE_IN`].
///
/// The content of its file decides, so a picture stays on its side when it is renamed or when others are added. Near
/// duplicates go with the one of them whose hash is lowest, else validation would ask for what was learnt by heart. A class
/// whose pictures are all near duplicates of each other is divided one by one all the same. At least one picture of each
/// class is held back and one is not, if it has two that can be read; what cannot be read is never held back.
pub fn held_back(pictures: &[Labelled], classes: usize, album: &Album) -> Result<Vec<bool>, StoreError> {
    let looks = album.look_at(pictures)?;
    let readable: Vec<usize> = (0..pictures.len()).filter(|&i| looks[i].is_ok()).collect();
    let seen: Vec<&Look> = looks.iter().flatten().collect();
    let groups = Near::among(&seen).groups();
    let mut held_back = vec![false; pictures.len()];
    for class in 0..classes {
        let members: Vec<usize> = (0..seen.len()).filter(|&i| pictures[readable[i]].class == class).collect();
        let together = members.iter().map(|&i| falls_to_validation(&seen[groups[i]].content)).collect();
        let alone = members.iter().map(|&i| falls_to_validation(&seen[i].content)).collect();
        let chosen: Vec<bool> = [together, alone]
            .into_iter()
            .find(|chosen: &Vec<bool>| chosen.contains(&true) && chosen.contains(&false))
            .unwrap_or_else(|| {
                let lowest = members.iter().map(|&i| number(&seen[i].content)).min();
                let first = members.iter().position(|&i| Some(number(&seen[i].content)) == lowest);
                (0..members.len()).map(|place| members.len() > 1 && Some(place) == first).collect()
            });
        for (member, chosen) in members.into_iter().zip(chosen) {
            held_back[readable[member]] = chosen;
        }
    }
    Ok(held_back)
}

fn falls_to_validation(content: &Hash) -> bool {
    number(content) < u64::MAX / ONE_IN
}

/// A hash as a number that is anywhere below 2⁶⁴ equally often.
pub fn number(content: &Hash) -> u64 {
    u64::from_be_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|i| content[i]))
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, path::PathBuf};

    use image::{RgbImage, imageops};

    use super::*;
    use crate::vision::samples;

    /// Photographs of one class that have nothing in common.
    fn photographs(folder: &std::path::Path, numbers: std::ops::Range<u32>) -> Vec<Labelled> {
        let (mut made, noise) = (vec![], samples::noise(64, 900));
        for number in numbers {
            let coarse = imageops::crop_imm(&noise, 8 * (number % 8), 8 * (number / 8), 8, 8);
            let file = folder.join(format!("{number}.png"));
            imageops::resize(&coarse.to_image(), 32, 32, imageops::FilterType::CatmullRom).save(&file).unwrap();
            made.push(Labelled { file, class: 0 });
        }
        made
    }

    fn chosen(pictures: &[Labelled]) -> HashSet<PathBuf> {
        let album = Album::open(None).unwrap();
        let held_back = held_back(pictures, 1, &album).unwrap();
        pictures.iter().zip(held_back).filter(|(_, held)| *held).map(|(picture, _)| picture.file.clone()).collect()
    }

    #[test]
    fn about_one_in_five_is_held_back_and_stays_so_when_others_come() {
        let root = tempfile::tempdir().unwrap();
        let mut pictures = photographs(root.path(), 0..200);
        let first = chosen(&pictures);
        assert!((20..60).contains(&first.len()), "{}", first.len());
        pictures.extend(photographs(root.path(), 200..300));
        let second = chosen(&pictures);
        assert!(first.iter().all(|file| second.contains(file)));
        let earlier: HashSet<_> = pictures[..200].iter().map(|picture| picture.file.clone()).collect();
        assert!(second.iter().filter(|file| earlier.contains(*file)).all(|file| first.contains(file)));
    }

    #[test]
    fn near_duplicates_stay_together_and_a_name_decides_nothing() {
        let root = tempfile::tempdir().unwrap();
        let mut pictures = photographs(root.path(), 0..40);
        let alone = chosen(&pictures);
        for (index, picture) in pictures.clone().iter().enumerate() {
            let whole = image::open(&picture.file).unwrap().into_rgb8();
            for copy in 0..3 {
                let file = root.path().join(format!("{copy}-of-{index}.png"));
                imageops::resize(&whole, 40 + copy, 50, imageops::FilterType::Triangle).save(&file).unwrap();
                pictures.push(Labelled { file, class: 0 });
            }
        }
        let held = chosen(&pictures);
        for (index, picture) in pictures[..40].iter().enumerate() {
            let copies = (0..3).map(|copy| root.path().join(format!("{copy}-of-{index}.png")));
            let sides: HashSet<bool> = copies.chain([picture.file.clone()]).map(|file| held.contains(&file)).collect();
            assert_eq!(sides.len(), 1, "{index}");
        }
        for (index, picture) in pictures[..40].to_vec().iter().enumerate() {
            let file = root.path().join(format!("renamed-{}.png", 99 - index));
            fs::rename(&picture.file, &file).unwrap();
            pictures[index].file = file;
        }
        let renamed = chosen(&pictures[..40]);
        let sides = |files: &HashSet<PathBuf>, at: &dyn Fn(usize) -> PathBuf| {
            (0..40).map(|index| files.contains(&at(index))).collect::<Vec<_>>()
        };
        let before = sides(&alone, &|index| root.path().join(format!("{index}.png")));
        assert_eq!(before, sides(&renamed, &|index| root.path().join(format!("renamed-{}.png", 99 - index))));
    }

    #[test]
    fn both_sides_have_a_picture_of_every_class() {
        let root = tempfile::tempdir().unwrap();
        for count in 2..8 {
            let held = chosen(&photographs(root.path(), 0..count)).len();
            assert!((1..count as usize).contains(&held), "{held} of {count}");
        }
        // Frames of a camera that does not move.
        let still: Vec<Labelled> = (0..30)
            .map(|frame| {
                let mut picture = RgbImage::from_fn(40, 40, |x, y| image::Rgb([(x * 6) as u8, (y * 6) as u8, 90]));
                picture.put_pixel(frame, 0, image::Rgb([255; 3]));
                let file = root.path().join(format!("frame-{frame}.png"));
                picture.save(&file).unwrap();
                Labelled { file, class: 0 }
            })
            .collect();
        let held = chosen(&still).len();
        assert!((1..15).contains(&held), "{held}");
        assert!(chosen(&still[..1]).is_empty());
    }
}

//! The pictures of a data set: how large they are, and a few of each class to look at.

use std::path::{Path, PathBuf};

use image::ImageReader;
use rayon::prelude::*;
use serde::Serialize;

use crate::finetune::labelled::Labelled;

/// Most pictures whose size is looked up: enough to know the usual ones.
const MEASURED: usize = 2000;

/// Pictures to look at over all classes, most of them of one class, and the classes beyond which there are none.
const SAMPLES: usize = 48;
const SAMPLES_OF_A_CLASS: usize = 6;
const MOST_CLASSES: usize = 200;

/// One folder of a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pictures {
    /// What they are for, such as `training`.
    pub purpose: String,
    /// Files, readable or not.
    pub files: usize,
    /// Sides in pixels, of those that were looked at; `None` where none can be read.
    pub sizes: Option<Sizes>,
    /// Some pictures of each class, spread over its files.
    #[serde(skip)]
    pub samples: Vec<Vec<PathBuf>>,
}

/// Sides of pictures, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Pictures that were looked at.
    pub pictures: usize,
    pub shorter: Spread,
    pub longer: Spread,
    /// Pictures whose shorter side is below the network's input, so that they are enlarged.
    pub enlarged: usize,
}

/// Least, middle and greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub least: u32,
    pub median: u32,
    pub most: u32,
}

impl Pictures {
    /// Looks at the pictures of a folder, whose network reads `input_size` pixels a side; `samples` says whether some are
    /// kept to be shown.
    pub fn of(purpose: &str, pictures: &[Labelled], classes: usize, input_size: u32, samples: bool) -> Self {
        let of_class = (SAMPLES / classes.max(1)).clamp(1, SAMPLES_OF_A_CLASS);
        let samples = samples && classes <= MOST_CLASSES;
        let spread_over = |class| {
            let files: Vec<_> = pictures.iter().filter(|picture| picture.class == class).collect();
            evenly(&files, of_class).map(|picture| picture.file.clone()).collect()
        };
        Pictures {
            purpose: purpose.into(),
            files: pictures.len(),
            sizes: sizes(pictures, input_size),
            samples: if samples { (0..classes).map(spread_over).collect() } else { vec![] },
        }
    }
}

fn sizes(pictures: &[Labelled], input_size: u32) -> Option<Sizes> {
    let looked: Vec<_> = evenly(pictures, MEASURED).collect();
    let sides: Vec<(u32, u32)> = looked.par_iter().filter_map(|picture| dimensions(&picture.file)).collect();
    Some(Sizes {
        pictures: sides.len(),
        shorter: spread(sides.iter().map(|&(width, height)| width.min(height)).collect())?,
        longer: spread(sides.iter().map(|&(width, height)| width.max(height)).collect())?,
        enlarged: sides.iter().filter(|&&(width, height)| width.min(height) < input_size).count(),
    })
}

/// Width and height that a file's header says, whatever its name.
fn dimensions(file: &Path) -> Option<(u32, u32)> {
    ImageReader::open(file).ok()?.with_guessed_format().ok()?.into_dimensions().ok()
}

fn spread(mut numbers: Vec<u32>) -> Option<Spread> {
    numbers.sort_unstable();
    let (least, most) = (*numbers.first()?, *numbers.last()?);
    Some(Spread { least, median: numbers[numbers.len() / 2], most })
}

/// At most `count` of `all`, at equal distances.
fn evenly<T>(all: &[T], count: usize) -> impl Iterator<Item = &T> {
    let count = count.min(all.len());
    (0..count).map(move |i| &all[i * all.len() / count])
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    #[test]
    fn sides_and_samples_are_those_of_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let picture = |name: &str, width, height, class| {
            let file = folder.path().join(name);
            RgbImage::new(width, height).save(&file).unwrap();
            Labelled { file, class }
        };
        let mut pictures = vec![picture("a.png", 30, 20, 0), picture("b.png", 10, 50, 1), picture("c.jpg", 40, 40, 1)];
        std::fs::write(folder.path().join("text.jpg"), "no picture").unwrap();
        pictures.push(Labelled { file: folder.path().join("text.jpg"), class: 1 });
        let found = Pictures::of("training", &pictures, 2, 32, true);
        let sizes = found.sizes.unwrap();
        assert_eq!((found.files, sizes.pictures, sizes.enlarged), (4, 3, 2));
        assert_eq!(sizes.shorter, Spread { least: 10, median: 20, most: 40 });
        assert_eq!(sizes.longer, Spread { least: 30, median: 40, most: 50 });
        assert_eq!(found.samples.iter().map(Vec::len).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(Pictures::of("training", &pictures[3..], 2, 32, false).sizes, None);
    }

    #[test]
    fn samples_are_few_and_spread() {
        let pictures: Vec<_> = (0..1000).map(|i| Labelled { file: i.to_string().into(), class: i / 500 }).collect();
        let samples = Pictures::of("training", &pictures, 2, 32, true).samples;
        assert_eq!(samples[1].iter().map(|file| file.to_str().unwrap()).collect::<Vec<_>>()[..2], ["500", "583"]);
        assert_eq!(samples[0].len(), SAMPLES_OF_A_CLASS);
        assert!(Pictures::of("training", &pictures, 201, 32, true).samples.is_empty());
    }
}

//! What pictures look like in outline: their size, a small grey copy, and what is missing from them. Kept on disk, since
//! every picture must be decoded for it.
//!
//! | file | holds |
//! |---|---|
//! | [`thumbnail`] | the small grey copy, its hash, and how alike two of them are |
//! | `missing` | what a decoder makes up where a JPEG was cut |
//! | [`near`] | which pictures of many are near duplicates |

mod missing;
pub mod near;
pub mod thumbnail;

use std::{fs::File, io::Read, path::Path};

use image::RgbImage;
use rayon::prelude::*;

use super::{
    cache::{Hash, hash, hash_of_file},
    features::open_store,
    progress::Progress,
    store::{Store, StoreError, header::Kind, precision::Precision},
};
use crate::{
    model::metadata::Fit,
    vision::decode::{DecodeError, MAX_FILE_BYTES, decode_picture},
};
use thumbnail::{PIXELS, Thumbnail};

/// Raised whenever a picture's look would come out otherwise.
const VERSION: &[u8] = b"vggcam looks 1";
/// Values of a look in the file: width, height, missing share, thumbnail.
const VALUES: usize = 3 + PIXELS;

/// What one picture looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// SHA-256 of the file.
    pub content: Hash,
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Share of the picture, 0 to 1, that the file says nothing about.
    pub missing: f32,
    /// The picture in small.
    pub thumbnail: Thumbnail,
}

/// Looks at pictures, each content once.
pub struct Album {
    store: Store,
}

impl Album {
    /// Keeps what it saw in the folder `cache`; without one only as long as the program runs.
    pub fn open(cache: Option<&Path>) -> Result<Self, StoreError> {
        let kind = Kind::new("thumbnails", &hash([VERSION]), Fit::Squash, VALUES, Precision::F32);
        Ok(Album { store: open_store(&kind, cache, &std::env::temp_dir())? })
    }

    /// Looks at every one of `files`, in order; the inner error says why one cannot be read.
    pub fn look_at<P: AsRef<Path> + Sync>(&self, files: &[P]) -> Result<Vec<Result<Look, String>>, StoreError> {
        let progress = Progress::start("looking at pictures", files.len());
        let looks = files.par_iter().map(|file| {
            let look = self.look(file.as_ref());
            progress.one();
            look
        });
        looks.collect()
    }

    fn look(&self, file: &Path) -> Result<Result<Look, String>, StoreError> {
        let bytes = match read(file) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let content = hash_of_file(&bytes);
        if let Some(row) = self.store.find(&content)? {
            let mut values = vec![0.0; VALUES];
            self.store.read(row, &mut values)?;
            return Ok(Ok(Look::of_values(content, &values)));
        }
        let look = match decode_picture(&bytes, &file.display().to_string()) {
            Ok(picture) => Look::of_picture(content, &bytes, &picture),
            Err(error) => return Ok(Err(error.to_string())),
        };
        self.store.append(&[(content, look.values())])?;
        Ok(Ok(look))
    }
}

impl Look {
    fn of_picture(content: Hash, bytes: &[u8], picture: &RgbImage) -> Self {
        let (width, height) = picture.dimensions();
        Look { content, width, height, missing: missing::share(bytes, picture), thumbnail: Thumbnail::of(picture) }
    }

    fn of_values(content: Hash, values: &[f32]) -> Self {
        let thumbnail = Thumbnail::from_values(&values[3..]);
        Look { content, width: values[0] as u32, height: values[1] as u32, missing: values[2], thumbnail }
    }

    fn values(&self) -> Vec<f32> {
        let outline = [self.width as f32, self.height as f32, self.missing];
        outline.into_iter().chain(self.thumbnail.values()).collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = vec![];
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| DecodeError::Read { path: path.into(), source })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::samples;

    #[test]
    fn a_look_is_the_same_from_the_picture_and_from_the_cache() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.jpg");
        std::fs::write(&file, samples::jpeg(&samples::gradient(40, 30))).unwrap();
        let cache = root.path().join("cache");
        let first = Album::open(Some(&cache)).unwrap().look_at(&[&file]).unwrap();
        // Another program, as far as the cache is concerned.
        let second = Album::open(Some(&cache)).unwrap().look_at(&[&file]).unwrap();
        let look = first[0].as_ref().unwrap();
        assert_eq!((look.width, look.height, look.missing), (40, 30, 0.0));
        assert_eq!(first, second);
        assert_eq!(first, Album::open(None).unwrap().look_at(&[&file]).unwrap());
    }

    #[test]
    fn what_cannot_be_read_is_said_for_each_file() {
        let root = tempfile::tempdir().unwrap();
        let (text, none) = (root.path().join("text.jpg"), root.path().join("none.jpg"));
        std::fs::write(&text, "hello").unwrap();
        let looks = Album::open(None).unwrap().look_at(&[text, none]).unwrap();
        assert!(looks[0].as_ref().unwrap_err().contains("text.jpg is not a readable picture"));
        assert!(looks[1].as_ref().unwrap_err().contains("cannot read"));
    }
}

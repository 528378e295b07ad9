//! Which picture files a path means: the file itself, or those in a folder.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

/// Endings, in lower case, by which picture files are found in a folder.
pub const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "gif", "bmp", "webp"];

/// Why no picture files could be listed.
#[derive(Debug, thiserror::Error)]
pub enum PicturesError {
    /// The path does not exist, or may not be read.
    #[error("cannot read {path}: {source}; check the spelling and the permissions")]
    Read { path: PathBuf, source: std::io::Error },
    /// The folder holds no file with a known ending.
    #[error("no pictures in {folder}: none of its files ends in {}; subfolders are not searched", known_extensions())]
    Empty { folder: PathBuf },
}

/// Lists the picture files that `paths` mean, in the order given.
///
/// A file counts whatever its name. Of a folder, the files with a known ending count, in natural order
/// (`2.jpg` before `10.jpg`); hidden files and subfolders do not. Errs for a path that cannot be read and
/// for a folder without pictures.
pub fn list_pictures<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<PathBuf>, PicturesError> {
    let mut pictures = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let read_error = |source| PicturesError::Read { path: path.into(), source };
        if fs::metadata(path).map_err(read_error)?.is_dir() {
            let found = folder_pictures(path).map_err(read_error)?;
            if found.is_empty() {
                return Err(PicturesError::Empty { folder: path.into() });
            }
            pictures.extend(found);
        } else {
            pictures.push(path.to_path_buf());
        }
    }
    Ok(pictures)
}

/// Compares names as people sort them: runs of digits by their value, all else by character.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        let ((digits_a, after_a), (digits_b, after_b)) = (split_digits(rest_a), split_digits(rest_b));
        if !digits_a.is_empty() && !digits_b.is_empty() {
            let (value_a, value_b) = (digits_a.trim_start_matches('0'), digits_b.trim_start_matches('0'));
            // Without leading zeros the longer number is the greater; no number is too long to compare.
            let order = value_a.len().cmp(&value_b.len()).then_with(|| value_a.cmp(value_b));
            if order.is_ne() {
                return order;
            }
            (rest_a, rest_b) = (after_a, after_b);
            continue;
        }
        let (mut chars_a, mut chars_b) = (rest_a.chars(), rest_b.chars());
        match (chars_a.next(), chars_b.next()) {
            // Equal but for leading zeros: still a total order.
            (None, None) => return a.cmp(b),
            (first_a, first_b) if first_a != first_b => return first_a.cmp(&first_b),
            _ => (rest_a, rest_b) = (chars_a.as_str(), chars_b.as_str()),
        }
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn folder_pictures(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A dangling link stays in the list: whoever reads it says what is wrong with it.
        if has_picture_name(&path) && fs::metadata(&path).map_or(true, |metadata| metadata.is_file()) {
            pictures.push(path);
        }
    }
    pictures.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()).then_with(|| a.cmp(b)));
    Ok(pictures)
}

/// Whether a file counts as a picture by its name: a known ending, and not hidden.
pub fn has_picture_name(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    !hidden && extension.is_some_and(|ending| EXTENSIONS.contains(&ending.as_str()))
}

fn known_extensions() -> String {
    EXTENSIONS.map(|ending| format!(".{ending}")).join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        folder
    }

    fn names(pictures: &[PathBuf]) -> Vec<String> {
        pictures.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_folder_gives_its_pictures_in_natural_order() {
        let folder = folder_with(&["10.jpg", "2.JPG", "1.png", "notes.txt", ".hidden.jpg", "b.WebP", "a"]);
        fs::create_dir(folder.path().join("album.jpg")).unwrap();
        let pictures = list_pictures(&[folder.path()]).unwrap();
        assert_eq!(names(&pictures), ["1.png", "2.JPG", "10.jpg", "b.WebP"]);
    }

    #[test]
    fn a_file_counts_whatever_its_name() {
        let folder = folder_with(&["picture.dat", ".hidden.png"]);
        let paths = ["picture.dat", ".hidden.png"].map(|name| folder.path().join(name));
        assert_eq!(list_pictures(&paths).unwrap(), paths);
    }

    #[test]
    fn a_folder_without_pictures_says_what_is_known() {
        let folder = folder_with(&["movie.mp4"]);
        let message = list_pictures(&[folder.path()]).unwrap_err().to_string();
        assert!(message.contains(".jpeg, .png") && message.contains(&folder.path().display().to_string()), "{message}");
    }

    #[test]
    fn a_missing_path_is_named() {
        let message = list_pictures(&["no/such/folder"]).unwrap_err().to_string();
        assert!(message.starts_with("cannot read no/such/folder: "), "{message}");
    }

    #[test]
    fn numbers_count_by_their_value() {
        let sorted = ["cat.9.jpg", "cat.09.jpg", "cat.10.jpg", "cat.123456789012345678901234567890.jpg", "cat.a.jpg"];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                // Nine twice: the order between them is by character.
                let expected = if i < 2 && j < 2 { a.cmp(b) } else { i.cmp(&j) };
                assert_eq!(natural_order(a, b), expected, "{a} and {b}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_order_is_total(mut names in proptest::collection::vec("[a0-2é.]{0,6}", 3)) {
            names.sort_by(|a, b| natural_order(a, b));
            for (i, a) in names.iter().enumerate() {
                for b in &names[i..] {
                    prop_assert_ne!(natural_order(a, b), Ordering::Greater);
                    prop_assert_eq!(natural_order(a, b), natural_order(b, a).reverse());
                    prop_assert_eq!(natural_order(a, b) == Ordering::Equal, a == b);
                }
            }
        }
    }
}

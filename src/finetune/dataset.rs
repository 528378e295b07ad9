//! The folders of labelled photographs: `train/` and `valid/`, with one folder a class.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::labels::{LabelsError, distinct};
use crate::vision::pictures::{PicturesError, list_pictures, natural_order};

/// The layout that every error shows.
const LAYOUT: &str = "expected DATA/train/CLASS/*.jpg and DATA/valid/CLASS/*.jpg with two classes or more";

/// Why a folder is not a data set.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A folder of the layout is missing.
    #[error("{folder} is not there; {LAYOUT}")]
    Missing { folder: PathBuf },
    /// A folder could not be listed.
    #[error("cannot list {folder}: {source}")]
    List { folder: PathBuf, source: io::Error },
    /// Fewer than two class folders.
    #[error("{folder} has {found}; {LAYOUT}")]
    Classes { folder: PathBuf, found: String },
    /// A class folder holds no picture.
    #[error("the class folder {folder} holds no picture; add photographs or remove the folder")]
    EmptyClass { folder: PathBuf },
    /// `train/` and `valid/` name other classes.
    #[error("train/ has the classes {train} and valid/ has {valid}; give both the same folders")]
    Differ { train: String, valid: String },
    /// `--labels` does not fit.
    #[error("{labels} labels for {classes} classes ({names}); give one for each folder, in this order")]
    Labels { labels: usize, classes: usize, names: String },
    /// `--labels` names a class twice or not at all.
    #[error(transparent)]
    Names(#[from] LabelsError),
    /// A class folder could not be read.
    #[error(transparent)]
    Pictures(#[from] PicturesError),
}

/// A picture file and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The picture.
    pub file: PathBuf,
    /// Index of its class.
    pub class: usize,
}

impl AsRef<Path> for Labelled {
    fn as_ref(&self) -> &Path {
        &self.file
    }
}

/// One folder with a folder for each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Folder names, sorted.
    pub classes: Vec<String>,
    /// All pictures, class by class, in natural order.
    pub pictures: Vec<Labelled>,
}

/// Both folders of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Class names: the folders', or those that the caller gave.
    pub classes: Vec<String>,
    /// Pictures to train on.
    pub train: Vec<Labelled>,
    /// Pictures to measure with.
    pub valid: Vec<Labelled>,
}

/// Reads `data/train` and `data/valid`; `labels` renames the classes in folder order.
pub fn open(data: &Path, labels: Option<Vec<String>>) -> Result<Dataset, DatasetError> {
    if !data.is_dir() {
        return Err(DatasetError::Missing { folder: data.into() });
    }
    let train = split(&data.join("train"))?;
    let valid = split(&data.join("valid"))?;
    if train.classes != valid.classes {
        return Err(DatasetError::Differ { train: train.classes.join(", "), valid: valid.classes.join(", ") });
    }
    let classes = match labels {
        Some(labels) if labels.len() != train.classes.len() => {
            return Err(DatasetError::Labels {
                labels: labels.len(),
                classes: train.classes.len(),
                names: train.classes.join(", "),
            });
        }
        Some(labels) => distinct(&labels)?,
        None => train.classes,
    };
    Ok(Dataset { classes, train: train.pictures, valid: valid.pictures })
}

/// Reads a folder with a folder for each class.
pub fn split(folder: &Path) -> Result<Split, DatasetError> {
    if !folder.is_dir() {
        return Err(DatasetError::Missing { folder: folder.into() });
    }
    let listed = |source| DatasetError::List { folder: folder.into(), source };
    let mut classes = vec![];
    for entry in fs::read_dir(folder).map_err(listed)? {
        let entry = entry.map_err(listed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            classes.push(name);
        }
    }
    classes.sort_by(|a, b| natural_order(a, b));
    if classes.len() < 2 {
        let found = match classes.first() {
            Some(only) => format!("only one class folder ({only})"),
            None => "no class folders".into(),
        };
        return Err(DatasetError::Classes { folder: folder.into(), found });
    }
    let mut pictures = vec![];
    for (class, name) in classes.iter().enumerate() {
        let folder = folder.join(name);
        match list_pictures(&[&folder]) {
            Ok(files) if !files.is_empty() => {
                pictures.extend(files.into_iter().map(|file| Labelled { file, class }));
            }
            Ok(_) | Err(PicturesError::Empty { .. }) => return Err(DatasetError::EmptyClass { folder }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Split { classes, pictures })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the given files, all holding a few bytes.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        root
    }

    const GOOD: [&str; 5] =
        ["train/cats/2.jpg", "train/cats/10.jpg", "train/dogs/1.jpg", "valid/cats/1.jpg", "valid/dogs/1.png"];

    #[test]
    fn classes_come_sorted_and_pictures_in_natural_order() {
        let root = folder(&GOOD);
        let dataset = open(root.path(), None).unwrap();
        assert_eq!(dataset.classes, ["cats", "dogs"]);
        let names: Vec<_> =
            dataset.train.iter().map(|l| (l.file.file_name().unwrap().to_str().unwrap(), l.class)).collect();
        assert_eq!(names, [("2.jpg", 0), ("10.jpg", 0), ("1.jpg", 1)]);
        assert_eq!(dataset.valid.len(), 2);
        let renamed = open(root.path(), Some(vec!["cat".into(), "dog".into()])).unwrap();
        assert_eq!(renamed.classes, ["cat", "dog"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let says = |files: &[&str], text: &str| {
            let root = folder(files);
            let error = open(root.path(), None).unwrap_err().to_string();
            assert!(error.contains(text) && !error.contains('\n'), "{error}");
        };
        says(&GOOD[..3], "valid is not there; expected DATA/train/CLASS");
        says(&["train/cats/1.jpg", "valid/cats/1.jpg"], "only one class folder (cats)");
        says(&["train/1.jpg", "valid/1.jpg"], "no class folders");
        says(&["train/a/1.jpg", "train/b/notes.txt", "valid/a/1.jpg"], "holds no picture");
        says(&["train/a/1.jpg", "train/b/1.jpg", "valid/a/1.jpg", "valid/c/1.jpg"], "classes a, b and valid/ has a, c");
        assert!(open(Path::new("/nowhere"), None).unwrap_err().to_string().contains("/nowhere is not there"));
        let labels = open(folder(&GOOD).path(), Some(vec!["cat".into()])).unwrap_err().to_string();
        assert!(labels.contains("1 labels for 2 classes (cats, dogs)"), "{labels}");
    }
}

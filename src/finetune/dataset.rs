//! The folders of labelled photographs, one a class: in `train/` and `valid/`, in `train/` alone, or in the data set itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    division::{ONE_IN, held_back},
    labelled::Labelled,
    labels::{LabelsError, distinct},
    looks::Album,
    store::StoreError,
};
use crate::vision::pictures::{PicturesError, list_pictures, natural_order};

/// The layout that every error shows.
const LAYOUT: &str =
    "expected DATA/train/CLASS/*.jpg and DATA/valid/CLASS/*.jpg, or DATA/CLASS/*.jpg, with two classes or more";
/// A folder that is no class where classes lie in the data set itself: pictures without labels.
const UNLABELLED: &str = "test";

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
    /// A class of which nothing can be held back.
    #[error(
        "fewer than two pictures of {class} can be read, and one must be held back for validation; add photographs"
    )]
    TooFew { class: String },
    /// What pictures look like could not be kept.
    #[error(transparent)]
    Looks(#[from] StoreError),
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

/// One folder with a folder for each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Folder names, sorted.
    pub classes: Vec<String>,
    /// All pictures, class by class, in natural order.
    pub pictures: Vec<Labelled>,
}

/// The pictures of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Class names: the folders', or those that the caller gave.
    pub classes: Vec<String>,
    /// Pictures to train on.
    pub train: Vec<Labelled>,
    /// Pictures to measure with.
    pub valid: Vec<Labelled>,
    /// The folder that was divided into both, if there is no `valid/`.
    pub divided: Option<PathBuf>,
}

/// Reads `data/train` and `data/valid`. Where there is no `valid/`, some pictures of `data/train`, or of the class folders
/// in `data` itself, are held back instead ([`held_back`]). `labels` renames the classes in folder order. What pictures
/// look like is kept in the folder `cache`.
pub fn open(data: &Path, labels: Option<Vec<String>>, cache: Option<&Path>) -> Result<Dataset, DatasetError> {
    if !data.is_dir() {
        return Err(DatasetError::Missing { folder: data.into() });
    }
    let Dataset { classes, train, valid, divided } = match (undivided(data), data.join("valid")) {
        (Some(folder), _) => divide(folder, cache)?,
        (None, valid) => {
            let (train, valid) = (split(&data.join("train"))?, split(&valid)?);
            if train.classes != valid.classes {
                return Err(DatasetError::Differ { train: train.classes.join(", "), valid: valid.classes.join(", ") });
            }
            Dataset { classes: train.classes, train: train.pictures, valid: valid.pictures, divided: None }
        }
    };
    let classes = match labels {
        Some(labels) if labels.len() != classes.len() => {
            return Err(DatasetError::Labels {
                labels: labels.len(),
                classes: classes.len(),
                names: classes.join(", "),
            });
        }
        Some(labels) => distinct(&labels)?,
        None => distinct(&classes)?,
    };
    Ok(Dataset { classes, train, valid, divided })
}

/// The folder whose class folders hold both what is trained on and what is held back; `None` if there is a `valid/`.
pub fn undivided(data: &Path) -> Option<PathBuf> {
    let train = data.join("train");
    match (data.join("valid").is_dir(), train.is_dir()) {
        (true, _) => None,
        (false, true) => Some(train),
        (false, false) => Some(data.into()),
    }
}

fn divide(folder: PathBuf, cache: Option<&Path>) -> Result<Dataset, DatasetError> {
    let Split { classes, pictures } = split_undivided(&folder)?;
    let chosen = held_back(&pictures, classes.len(), &Album::open(cache)?)?;
    let (mut train, mut valid) = (vec![], vec![]);
    for (picture, chosen) in pictures.into_iter().zip(chosen) {
        if chosen { &mut valid } else { &mut train }.push(picture);
    }
    let has = |class| valid.iter().any(|picture: &Labelled| picture.class == class);
    if let Some(class) = (0..classes.len()).find(|&class| !has(class)) {
        return Err(DatasetError::TooFew { class: classes[class].clone() });
    }
    Ok(Dataset { classes, train, valid, divided: Some(folder) })
}

impl Dataset {
    /// What was done where there is no `valid/`, for the user.
    pub fn division(&self) -> Option<String> {
        let folder = self.divided.as_ref()?.display();
        let (valid, all) = (self.valid.len(), self.train.len() + self.valid.len());
        Some(format!(
            "no valid/: {valid} of the {all} pictures in {folder} are held back for validation, one in {ONE_IN} by its \
             content: the same ones each time, also when pictures are added"
        ))
    }
}

/// Reads a folder with a folder for each class.
pub fn split(folder: &Path) -> Result<Split, DatasetError> {
    classes_in(folder, None)
}

/// The same for a data set whose classes lie in `train/` or in the data set itself, where `test/` is no class.
pub fn split_undivided(folder: &Path) -> Result<Split, DatasetError> {
    classes_in(folder, Some(UNLABELLED))
}

fn classes_in(folder: &Path, besides: Option<&str>) -> Result<Split, DatasetError> {
    if !folder.is_dir() {
        return Err(DatasetError::Missing { folder: folder.into() });
    }
    let listed = |source| DatasetError::List { folder: folder.into(), source };
    let mut classes = vec![];
    for entry in fs::read_dir(folder).map_err(listed)? {
        let entry = entry.map_err(listed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') && Some(name.as_str()) != besides {
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

    fn opened(data: &Path, labels: Option<Vec<String>>) -> Result<Dataset, DatasetError> {
        open(data, labels, None)
    }

    const GOOD: [&str; 5] =
        ["train/cats/2.jpg", "train/cats/10.jpg", "train/dogs/1.jpg", "valid/cats/1.jpg", "valid/dogs/1.png"];

    #[test]
    fn classes_come_sorted_and_pictures_in_natural_order() {
        let root = folder(&GOOD);
        let dataset = opened(root.path(), None).unwrap();
        assert_eq!(dataset.classes, ["cats", "dogs"]);
        let names: Vec<_> =
            dataset.train.iter().map(|l| (l.file.file_name().unwrap().to_str().unwrap(), l.class)).collect();
        assert_eq!(names, [("2.jpg", 0), ("10.jpg", 0), ("1.jpg", 1)]);
        assert_eq!(dataset.valid.len(), 2);
        let renamed = opened(root.path(), Some(vec!["cat".into(), "dog".into()])).unwrap();
        assert_eq!(renamed.classes, ["cat", "dog"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let says = |files: &[&str], text: &str| {
            let root = folder(files);
            let error = opened(root.path(), None).unwrap_err().to_string();
            assert!(error.contains(text) && !error.contains('\n'), "{error}");
        };
        says(&GOOD[3..], "train is not there; expected DATA/train/CLASS");
        says(&GOOD[..3], "fewer than two pictures of cats can be read");
        says(&["train/cats/1.jpg", "valid/cats/1.jpg"], "only one class folder (cats)");
        says(&["train/1.jpg", "valid/1.jpg"], "no class folders");
        says(&["train/a/1.jpg", "train/b/notes.txt", "valid/a/1.jpg"], "holds no picture");
        says(&["train/a/1.jpg", "train/b/1.jpg", "valid/a/1.jpg", "valid/c/1.jpg"], "classes a, b and valid/ has a, c");
        assert!(opened(Path::new("/nowhere"), None).unwrap_err().to_string().contains("/nowhere is not there"));
        let labels = opened(folder(&GOOD).path(), Some(vec!["cat".into()])).unwrap_err().to_string();
        assert!(labels.contains("1 labels for 2 classes (cats, dogs)"), "{labels}");
    }

    #[test]
    fn without_valid_some_are_held_back_whether_or_not_there_is_a_train_folder() {
        let root = tempfile::tempdir().unwrap();
        for (class, tone) in [("cats", 40), ("dogs", 200)] {
            for (folder, number) in ["train", "flat"].into_iter().flat_map(|folder| (0..12).map(move |i| (folder, i))) {
                let path = root.path().join(folder).join(class).join(format!("{number}.png"));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                let picture = image::RgbImage::from_fn(20, 20, |x, y| {
                    image::Rgb([tone, (x * (number + 2) % 19) as u8 * 13, (y * (number + 3) % 17) as u8 * 15])
                });
                picture.save(path).unwrap();
            }
        }
        fs::create_dir_all(root.path().join("flat/test")).unwrap();
        fs::write(root.path().join("flat/test/1.png"), "x").unwrap();
        let [inner, flat] = [root.path().to_path_buf(), root.path().join("flat")].map(|d| opened(&d, None).unwrap());
        let names = |pictures: &[Labelled], folder: &str| {
            let folder = root.path().join(folder);
            let relative = |picture: &Labelled| picture.file.strip_prefix(&folder).unwrap().to_path_buf();
            pictures.iter().map(relative).collect::<Vec<_>>()
        };
        assert_eq!(flat.classes, ["cats", "dogs"]);
        assert_eq!(names(&inner.valid, "train"), names(&flat.valid, "flat"));
        assert_eq!(names(&inner.train, "train"), names(&flat.train, "flat"));
        assert_eq!(flat.train.len() + flat.valid.len(), 24);
        for class in 0..2 {
            assert!(flat.valid.iter().any(|l| l.class == class) && flat.train.iter().any(|l| l.class == class));
        }
        assert!(flat.division().unwrap().starts_with("no valid/: "));
        fs::create_dir_all(root.path().join("valid/cats")).unwrap();
        assert_eq!(undivided(root.path()), None);
    }
}

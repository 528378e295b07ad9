//! Which reference pictures a new model file carries, and the answers that belong to them.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, ensure};

use crate::{
    engine::{classifier::Classifier, open::Settings},
    model::reference::{self, MAX_PICTURES, ReferencePicture, ReferenceSet},
    vision::{decode::read_picture, fit::fit, pictures::list_pictures},
};

/// What the user wants a model file to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// So many of the pictures at hand; 0 for none.
    Count(usize),
    /// The pictures of a folder.
    Folder(PathBuf),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(count) if count > MAX_PICTURES => {
                Err(format!("at most {MAX_PICTURES} reference pictures fit into a file"))
            }
            Ok(count) => Ok(Choice::Count(count)),
            Err(_) if text.is_empty() => Err("a number or a folder belongs here".into()),
            Err(_) => Ok(Choice::Folder(text.into())),
        }
    }
}

/// Chooses pictures, from those `at_hand` evenly unless a folder is named.
pub fn choose(choice: &Choice, at_hand: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    match choice {
        Choice::Count(wanted) => {
            let count = at_hand.len().min(*wanted);
            Ok((0..count).map(|i| at_hand[i * at_hand.len() / count].clone()).collect())
        }
        Choice::Folder(folder) => {
            let pictures = list_pictures(&[folder])?;
            let count = pictures.len();
            ensure!(
                count <= MAX_PICTURES,
                "{} has {count} pictures, and at most {MAX_PICTURES} reference pictures fit into a file; take some out",
                folder.display()
            );
            Ok(pictures)
        }
    }
}

/// Adds `pictures` and the answers of the model file at `path` to that file; a picture that cannot be read is left out.
pub fn add(path: &Path, pictures: &[PathBuf]) -> anyhow::Result<()> {
    if pictures.is_empty() {
        return Ok(());
    }
    let classifier = Classifier::open(path, Settings::plain(1))?;
    let size = classifier.input_size();
    let mut references = ReferenceSet { precision: classifier.form().name().into(), pictures: vec![] };
    for file in pictures {
        let picture = match read_picture(file) {
            Ok(picture) => picture,
            Err(error) => {
                log::warn!("left out of the reference pictures: {error}");
                continue;
            }
        };
        let stored = fit(&picture, reference::stored_side(size), classifier.metadata().fit);
        let probabilities = classifier.classify(&reference::input(&stored, size))?.probabilities;
        references.pictures.push(ReferencePicture { stored, probabilities });
    }
    drop(classifier);
    reference::add(path, &references).context("cannot add the reference pictures")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_a_folder_is_meant() {
        assert_eq!("0".parse(), Ok(Choice::Count(0)));
        assert_eq!("64".parse(), Ok(Choice::Count(64)));
        assert_eq!("./8".parse(), Ok(Choice::Folder("./8".into())));
        assert!("65".parse::<Choice>().unwrap_err().contains("at most 64"));
        assert!("".parse::<Choice>().is_err());
    }

    #[test]
    fn pictures_are_taken_evenly() {
        let at_hand: Vec<PathBuf> = (0..10).map(|i| i.to_string().into()).collect();
        let chosen = |count| choose(&Choice::Count(count), &at_hand).unwrap();
        assert_eq!(chosen(4), [0, 2, 5, 7].map(|i: u8| PathBuf::from(i.to_string())));
        assert_eq!(chosen(64), at_hand);
        assert!(chosen(0).is_empty());
        assert!(choose(&Choice::Count(4), &[]).unwrap().is_empty());
    }
}

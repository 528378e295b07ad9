//! `finetune predict`: probabilities for unlabelled photographs, as a submission file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use super::{answers::answer_all, labels};
use crate::{
    engine::{classifier::Classifier, open::Settings},
    model::replace::write_atomically,
    vision::pictures::{PicturesError, list_pictures, natural_order},
};

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// Rows in the file, the heading not counted.
    pub rows: usize,
    /// Pictures that `vggcam` would show as `unknown`; they have their rows all the same.
    pub unknown: usize,
    /// Pictures that could not be read and have no row; each was named on standard error.
    pub skipped: usize,
}

/// Writes `id,label` for every picture in `folder` to `out`: the file's stem and the probability of `class`, by
/// default the model's second.
pub fn predict(model: &Path, folder: &Path, class: Option<&str>, out: &Path) -> anyhow::Result<Predicted> {
    let classifier = Classifier::open(model, Settings::plain(1))?;
    let classes = &classifier.metadata().labels;
    let known = || format!("{} knows {}", model.display(), classes.join(", "));
    let class = match class {
        Some(name) => labels::find(name, classes).with_context(|| format!("there is no class {name}: {}", known()))?,
        None if classes.len() > 1 => 1,
        None => bail!("there is no second class: {}; name one with --class", known()),
    };
    let pictures = by_id(pictures(folder)?)?;
    let files: Vec<PathBuf> = pictures.iter().map(|(_, file)| file.clone()).collect();
    let answers = answer_all("predicting", &classifier, &files)?;
    ensure!(!answers.given.is_empty(), "none of the {} pictures in {} can be read", files.len(), folder.display());
    let rows = answers.given.iter().map(|(index, answer)| (pictures[*index].0.as_str(), answer.probabilities[class]));
    write_atomically(out, &submission(rows)?)?;
    let unknown = answers.given.iter().filter(|(_, answer)| classifier.is_unknown(answer)).count();
    Ok(Predicted { rows: answers.given.len(), unknown, skipped: answers.skipped.len() })
}

/// The pictures in `folder`; if there are none, those in its only subfolder, as Keras wants a test folder laid out.
fn pictures(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let error = match list_pictures(&[folder]) {
        Err(error @ PicturesError::Empty { .. }) => error,
        other => return Ok(other?),
    };
    let inside: Vec<PathBuf> =
        fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    match inside.as_slice() {
        [only] => Ok(list_pictures(&[only])?),
        _ => Err(error.into()),
    }
}

/// Each file with its stem, in natural order of the stems, which sorts numbers by their value.
fn by_id(files: Vec<PathBuf>) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let stem = |file: &PathBuf| file.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
    let mut pictures: Vec<_> = files.into_iter().map(|file| (stem(&file), file)).collect();
    pictures.sort_by(|(a, _), (b, _)| natural_order(a, b));
    if let Some([(id, first), (_, second)]) = pictures.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        bail!("{} and {} would both have the id {id}; rename one of them", first.display(), second.display());
    }
    Ok(pictures)
}

fn submission<'a>(rows: impl Iterator<Item = (&'a str, f32)>) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record(["id", "label"])?;
    for (id, probability) in rows {
        writer.write_record([id, &probability.to_string()])?;
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> anyhow::Result<Vec<String>> {
        Ok(by_id(names.iter().map(PathBuf::from).collect())?.into_iter().map(|(id, _)| id).collect())
    }

    #[test]
    fn ids_are_sorted_as_numbers_where_they_are_numbers() {
        let sorted = ids(&["test/10.jpg", "test/9.png", "test/100.jpg", "test/b.jpg", "test/1.webp"]).unwrap();
        assert_eq!(sorted, ["1", "9", "10", "100", "b"]);
    }

    #[test]
    fn an_id_must_not_come_twice() {
        let error = ids(&["test/1.jpg", "test/2.jpg", "test/1.png"]).unwrap_err().to_string();
        assert!(error.contains("test/1.jpg and test/1.png would both have the id 1"), "{error}");
    }

    #[test]
    fn names_are_quoted_where_csv_needs_it() {
        let bytes = submission([("1", 0.25), ("a,\"b\"", 1e-7)].into_iter()).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "id,label\n1,0.25\n\"a,\"\"b\"\"\",0.0000001\n");
    }

    #[test]
    fn the_only_subfolder_is_meant_where_there_are_no_pictures() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("test_images");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("1.jpg"), "x").unwrap();
        assert_eq!(pictures(root.path()).unwrap(), [inner.join("1.jpg")]);
        fs::create_dir(root.path().join("more")).unwrap();
        assert!(pictures(root.path()).unwrap_err().to_string().contains("no pictures in"));
    }
}

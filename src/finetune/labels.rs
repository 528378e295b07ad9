//! Which label of a model a class folder means: `cats` and `Cat` both mean `cat`.

use crate::model::labels::check;

/// Why class folders and labels cannot be matched.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// A folder that means none of the labels.
    #[error(
        "the class folder {folder} is none of the model's classes: the folders are {folders}, the model knows {labels}; rename the folders"
    )]
    Unknown { folder: String, folders: String, labels: String },
    /// Two folders that mean the same label.
    #[error("the class folders {first} and {second} both mean the model's class {label}; put their pictures together")]
    Twice { first: String, second: String, label: String },
    /// A class without a name, two with the same, or one that means something else.
    #[error("the list of classes {wrong}")]
    NotDistinct { wrong: String },
}

/// Trims the names, each of which must be there once, and not mean that no class fits.
pub fn distinct(names: &[String]) -> Result<Vec<String>, LabelsError> {
    let trimmed: Vec<String> = names.iter().map(|name| name.trim().to_string()).collect();
    check(&trimmed).map_err(|wrong| LabelsError::NotDistinct { wrong })?;
    Ok(trimmed)
}

/// For each folder the index of the label it means: by name, whatever the case, singular or plural. Labels may lack a
/// folder, not the other way round.
pub fn match_folders(folders: &[String], labels: &[String]) -> Result<Vec<usize>, LabelsError> {
    let mut matched: Vec<usize> = vec![];
    for folder in folders {
        let same = |label: &&String| label.to_lowercase() == folder.to_lowercase();
        let similar = |label: &&String| singulars(label).iter().any(|name| singulars(folder).contains(name));
        let label = labels.iter().find(same).or_else(|| labels.iter().find(similar));
        let Some(index) = label.and_then(|label| labels.iter().position(|other| other == label)) else {
            return Err(LabelsError::Unknown {
                folder: folder.clone(),
                folders: folders.join(", "),
                labels: labels.join(", "),
            });
        };
        if let Some(first) = matched.iter().position(|&other| other == index) {
            return Err(LabelsError::Twice {
                first: folders[first].clone(),
                second: folder.clone(),
                label: labels[index].clone(),
            });
        }
        matched.push(index);
    }
    Ok(matched)
}

/// Index of the label called `name`, whatever the case.
pub fn find(name: &str, labels: &[String]) -> Option<usize> {
    let by = |same: &dyn Fn(&String) -> bool| labels.iter().position(same);
    by(&|label| label == name).or_else(|| by(&|label| label.to_lowercase() == name.to_lowercase()))
}

/// The name in lower case, and what it may be the plural of.
fn singulars(name: &str) -> Vec<String> {
    let name = name.trim().to_lowercase().replace(['_', '-'], " ");
    let stems = [("s", ""), ("es", ""), ("ies", "y")]
        .into_iter()
        .filter_map(|(plural, singular)| Some(format!("{}{singular}", name.strip_suffix(plural)?)))
        .filter(|stem| !stem.is_empty())
        .collect::<Vec<_>>();
    [name.clone()].into_iter().chain(stems).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn case_and_number_do_not_matter() {
        let labels = names(&["dog", "Cat", "fox", "tabby", "parking_lot"]);
        for (folder, expected) in
            [("dogs", 0), ("CATS", 1), ("cat", 1), ("foxes", 2), ("tabbies", 3), ("Parking lots", 4)]
        {
            assert_eq!(match_folders(&names(&[folder]), &labels).unwrap(), [expected], "{folder}");
        }
        assert_eq!(match_folders(&names(&["cat", "dog"]), &names(&["cats", "dogs"])).unwrap(), [0, 1]);
    }

    #[test]
    fn the_equal_name_wins_over_the_similar_one() {
        assert_eq!(match_folders(&names(&["cats", "cat"]), &names(&["cat", "cats"])).unwrap(), [1, 0]);
    }

    #[test]
    fn what_does_not_match_is_listed() {
        let error = match_folders(&names(&["cats", "owls"]), &names(&["cat", "dog"])).unwrap_err().to_string();
        assert!(
            error.contains("owls is none") && error.contains("cats, owls") && error.contains("cat, dog"),
            "{error}"
        );
        let error = match_folders(&names(&["cat", "cats"]), &names(&["cat", "dog"])).unwrap_err().to_string();
        assert!(error.contains("cat and cats both mean"), "{error}");
    }

    #[test]
    fn class_names_are_distinct() {
        assert_eq!(distinct(&names(&["cat", " dog "])).unwrap(), ["cat", "dog"]);
        for wrong in [["cat", "cat "], ["cat", ""], ["cat", "unknown"]] {
            assert!(distinct(&names(&wrong)).unwrap_err().to_string().starts_with("the list of classes has the class"));
        }
    }

    #[test]
    fn labels_are_found_by_their_exact_name_first() {
        let labels = names(&["Dog", "dog", "Cat"]);
        assert_eq!(find("dog", &labels), Some(1));
        assert_eq!(find("cat", &labels), Some(2));
        assert_eq!(find("cats", &labels), None);
    }
}

//! Names of classes.

/// What stands for a label where the confidence or the familiarity is below the model's threshold.
pub const UNKNOWN: &str = "unknown";

/// Bytes of the longest name, which is that of the longest folder.
const MAX_BYTES: usize = 255;

/// Whether names can stand for classes: each is there once, can be written in a line, and does not mean that no class fits. Errs with
/// what is wrong, in words that follow a name for the list.
pub fn check(labels: &[String]) -> Result<(), String> {
    for (index, label) in labels.iter().enumerate() {
        let wrong = |what: &str| Err(format!("has the class {label:?}, {what}"));
        if label.trim().is_empty() {
            return wrong("which is empty; give each class a name");
        }
        if label.chars().any(char::is_control) {
            return wrong("which cannot be written in a line; give the class another name");
        }
        if label.len() > MAX_BYTES {
            return wrong("whose name is too long; give the class another one");
        }
        if label == UNKNOWN {
            return wrong("which is what is said where no class fits; give the class another name");
        }
        if labels[..index].contains(label) {
            return wrong("twice; give each class a name of its own");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_a_name_of_its_own() {
        let checked = |labels: &[&str]| check(&labels.iter().map(|label| label.to_string()).collect::<Vec<_>>());
        assert_eq!(checked(&["cat", "Cat", "chien, grand", "кот", "Unknown bird"]), Ok(()));
        let long = "x".repeat(256);
        for (labels, says) in [
            (["cat", "cat"], "\"cat\", twice"),
            (["cat", " "], "is empty"),
            (["cat", "a\x1b[2Jb"], "in a line"),
            (["cat", long.as_str()], "too long"),
            (["unknown", "cat"], "no class fits"),
        ] {
            assert!(checked(&labels).unwrap_err().contains(says), "{says}");
        }
    }
}

//! Passwords, which stand in files of their own, so that settings can be shown and copied.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// A password. It is never written anywhere, not even into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The password itself, for whoever has to give or compare it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("(a password)")
    }
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the password in {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// It is empty.
    #[error("{path} holds no password: write one there, on the first line")]
    Empty { path: PathBuf },
}

/// The password on the first line of a file; `None` without a file.
pub fn password(file: Option<&Path>) -> Result<Option<Secret>, SecretError> {
    let Some(path) = file else { return Ok(None) };
    let text = fs::read_to_string(path).map_err(|source| SecretError::Read { path: path.into(), source })?;
    match text.lines().next() {
        None | Some("") => Err(SecretError::Empty { path: path.into() }),
        Some(line) => Ok(Some(Secret(line.into()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "blue whale\nnote\n").unwrap();
        let secret = password(Some(file.path())).unwrap().unwrap();
        assert_eq!(secret.reveal(), "blue whale");
        assert!(!format!("{secret:?}").contains("whale"), "it is not shown");
        assert_eq!(password(None).unwrap(), None);
        for text in ["", "\nsecond line"] {
            fs::write(file.path(), text).unwrap();
            assert!(password(Some(file.path())).unwrap_err().to_string().contains("holds no password"));
        }
        assert!(password(Some(Path::new("/nowhere"))).unwrap_err().to_string().contains("/nowhere"));
    }
}

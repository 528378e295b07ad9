//! Where a model comes from: a signature in minisign's format, by the key that the board's owner has pinned.
//!
//! What is signed is the hash of the file, as minisign does it by itself; its older signatures of whole files (`minisign -Sl`) are
//! not taken, because they can only be checked with the whole file in memory.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use minisign_verify::{Error, PublicKey, Signature, StreamVerifier};

use super::beside::beside;

/// Longest file of a key or signature; minisign's comments are shorter than that.
const MAX_TEXT_BYTES: u64 = 16 << 10;

/// Why a model's origin is not certain.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// The pinned key is none.
    #[error(
        "{wished} is no public key: {reason}; write the line of a .pub file that begins with RW, or the file's path, for \
         --key or model_key"
    )]
    Key { wished: String, reason: String },
    /// There is no signature.
    #[error(
        "{model} is not signed: there is no {signature}; sign it with `finetune sign` and the key that belongs to {key}, and \
         copy both files"
    )]
    Unsigned { model: PathBuf, signature: PathBuf, key: String },
    /// The signature cannot be read.
    #[error("cannot read the signature {path}: {reason}; sign the model again with `finetune sign`")]
    Unreadable { path: PathBuf, reason: String },
    /// The signature is another key's.
    #[error("{model} is signed with another key than {key}, which is pinned here; nothing of it was used")]
    OtherKey { model: PathBuf, key: String },
    /// The bytes are not those that were signed.
    #[error(
        "{model} is not what was signed with {key}: the file or its signature was changed since; nothing of it was used, copy \
         both again"
    )]
    Wrong { model: PathBuf, key: String },
}

/// The key that models must be signed with.
#[derive(Clone, Debug)]
pub struct Key {
    key: PublicKey,
    /// How messages call it: its line in the .pub file.
    pub line: String,
}

impl Key {
    /// The key that `wished` is, or that the file of this name holds.
    pub fn find(wished: &str) -> Result<Self, SignatureError> {
        let wished = wished.trim();
        if let Ok(key) = PublicKey::from_base64(wished) {
            return Ok(Key { key, line: wished.into() });
        }
        let failed = |reason: String| SignatureError::Key { wished: format!("{wished:?}"), reason };
        let text = read_text(Path::new(wished)).map_err(|error| failed(error.to_string()))?;
        // A comment goes before it, unless somebody has left that out.
        let mut lines = text.lines().map(str::trim);
        let line = lines.rfind(|line| !line.is_empty()).unwrap_or_default();
        let key = PublicKey::from_base64(line).map_err(|error| failed(error.to_string()))?;
        Ok(Key { key, line: line.into() })
    }
}

/// What a model's origin is checked with.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The pinned key; without one the origin is not checked.
    pub key: Option<Key>,
    /// File of the signature.
    pub signature: PathBuf,
}

impl Origin {
    /// The origin of `model`: its signature lies beside it unless `signature` says where.
    pub fn of(model: &Path, key: Option<&str>, signature: Option<&Path>) -> Result<Self, SignatureError> {
        let signature = signature.map_or_else(|| path_for(model), Path::to_path_buf);
        Ok(Origin { key: key.map(Key::find).transpose()?, signature })
    }
}

/// Where the signature of a file lies when nothing else is said.
pub fn path_for(model: &Path) -> PathBuf {
    beside(model, ".minisig")
}

/// A signature, and the key that it must be made with.
pub struct Expected<'a> {
    key: &'a Key,
    model: &'a Path,
    path: &'a Path,
    signature: Signature,
}

impl<'a> Expected<'a> {
    /// Reads the signature of `model`; `None` where no key is pinned.
    pub fn read(origin: &'a Origin, model: &'a Path) -> Result<Option<Self>, SignatureError> {
        let Some(key) = &origin.key else { return Ok(None) };
        let path = &origin.signature;
        let unreadable = |reason: String| SignatureError::Unreadable { path: path.clone(), reason };
        let text = read_text(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                SignatureError::Unsigned { model: model.into(), signature: path.clone(), key: key.line.clone() }
            }
            _ => unreadable(error.to_string()),
        })?;
        let signature = Signature::decode(&text).map_err(|error| unreadable(error.to_string()))?;
        Ok(Some(Expected { key, model, path, signature }))
    }

    /// Reads through `file`, whose bytes are checked on the way.
    pub fn check<R: Read>(&'a self, file: R) -> Result<Checked<'a, R>, SignatureError> {
        let verifier = self.key.key.verify_stream(&self.signature).map_err(|error| self.told(&error))?;
        Ok(Checked { file, verifier, expected: self })
    }

    fn told(&self, error: &Error) -> SignatureError {
        let (model, key) = (self.model.to_path_buf(), self.key.line.clone());
        match error {
            Error::UnexpectedKeyId => SignatureError::OtherKey { model, key },
            Error::UnsupportedLegacyMode => SignatureError::Unreadable {
                path: self.path.into(),
                reason: "it signs the whole file and not its hash, which was done by old versions of minisign".into(),
            },
            _ => SignatureError::Wrong { model, key },
        }
    }
}

/// A file that is being read, and checked on the way.
pub struct Checked<'a, R> {
    file: R,
    verifier: StreamVerifier<'a>,
    expected: &'a Expected<'a>,
}

impl<R: Read> Read for Checked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.verifier.update(&buffer[..count]);
        Ok(count)
    }
}

impl<R> Checked<'_, R> {
    /// Whether what was read is what was signed. Gives the comment that was signed along, on one line.
    pub fn finish(mut self) -> Result<String, SignatureError> {
        self.verifier.finalize().map_err(|error| self.expected.told(&error))?;
        let comment = self.expected.signature.trusted_comment();
        Ok(comment.split(|c: char| c.is_control()).collect::<Vec<_>>().join(", "))
    }
}

/// Reads a short text.
fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 {
        0..=MAX_TEXT_BYTES => Ok(text),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it is far too long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by minisign itself: key, and signatures of the bytes `test`.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const OTHER_KEY: &str = "RWQf6LRCGA9i5HmlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const PREHASHED: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1556193335\tfile:test\n\
        y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n";
    const LEGACY: &str = "untrusted comment: signature from minisign secret key\n\
        RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=\n\
        trusted comment: timestamp:1555779966\tfile:test\n\
        QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==\n";

    /// What comes of `bytes` with the signature `signature` under `key`.
    fn checked(bytes: &[u8], signature: &str, key: &str) -> Result<String, SignatureError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.onnx.minisig");
        std::fs::write(&path, signature).unwrap();
        let model = Path::new("m.onnx");
        let origin = Origin::of(model, Some(key), Some(&path))?;
        let expected = Expected::read(&origin, model)?.unwrap();
        let mut checked = expected.check(bytes)?;
        io::copy(&mut checked, &mut io::sink()).unwrap();
        checked.finish()
    }

    #[test]
    fn what_minisign_has_signed_is_taken_and_nothing_else() {
        assert_eq!(checked(b"test", PREHASHED, KEY).unwrap(), "timestamp:1556193335, file:test");
        assert!(matches!(checked(b"tesT", PREHASHED, KEY), Err(SignatureError::Wrong { .. })));
        assert!(matches!(checked(b"test", PREHASHED, OTHER_KEY), Err(SignatureError::OtherKey { .. })));
        let forged = PREHASHED.replace("file:test", "file:best");
        assert!(matches!(checked(b"test", &forged, KEY), Err(SignatureError::Wrong { .. })));
        for bad in [LEGACY, "", "RUQ", "a\nb\nc\nd\n", &"x".repeat(20_000), &PREHASHED[..150]] {
            assert!(matches!(checked(b"test", bad, KEY), Err(SignatureError::Unreadable { .. })), "{bad:.20}");
        }
    }

    #[test]
    fn a_key_is_a_line_or_a_file_with_that_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("owner.pub");
        let wished = path.to_str().unwrap();
        for text in [format!("untrusted comment: x\n{KEY}\n"), KEY.into()] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Key::find(wished).unwrap().line, KEY);
        }
        assert_eq!(Key::find(KEY).unwrap().line, KEY);
        for text in ["", "untrusted comment: x\n", &format!("{KEY}\nRWQ"), &"RW".repeat(10_000)] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Key::find(wished), Err(SignatureError::Key { .. })), "{text:.20}");
        }
        assert!(Key::find("/nowhere.pub").unwrap_err().to_string().contains("No such file"));
    }

    #[test]
    fn without_a_key_no_signature_is_looked_for() {
        let origin = Origin::of(Path::new("a/m.onnx"), None, None).unwrap();
        assert_eq!(origin.signature, Path::new("a/m.onnx.minisig"));
        assert!(Expected::read(&origin, Path::new("a/m.onnx")).unwrap().is_none());
    }
}

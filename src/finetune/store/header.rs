//! The first 4096 bytes of a feature file: a line that names the format, then JSON that any program can read.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use serde::{Deserialize, Serialize};

use super::{StoreError, precision::Precision, record::Layout};
use crate::{
    finetune::cache::{Hash, hash, hex},
    model::metadata::Fit,
};

/// Bytes before the first record: a page, so that records of a mapped file are aligned.
pub const HEADER: u64 = 4096;
/// The first bytes of every feature file.
const MAGIC: &[u8; 16] = b"vggcam features\n";
/// Raised whenever files of the old form can no longer be read.
pub const VERSION: u32 = 3;
/// Longest backbone name that is kept, in characters.
const LONGEST_NAME: usize = 100;

/// What the features of a file are; files whose kinds differ cannot be mixed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kind {
    /// Version of the program, for the way from a picture to its features may change with it.
    pub program: String,
    /// The backbone's name, for messages only.
    pub backbone: String,
    /// SHA-256 of the backbone's whole graph, in hexadecimal digits.
    pub backbone_sha256: String,
    /// How pictures are fitted to the backbone's input.
    pub fit: Fit,
    /// Features of a picture.
    pub features: usize,
    /// How each is stored.
    pub precision: Precision,
}

impl Kind {
    /// How the records of such a file are laid out.
    pub fn layout(&self) -> Layout {
        Layout { features: self.features, precision: self.precision }
    }

    /// What this version of the program makes with the backbone of this name and hash.
    pub fn new(backbone: &str, sha256: &Hash, fit: Fit, features: usize, precision: Precision) -> Self {
        Kind {
            program: env!("CARGO_PKG_VERSION").into(),
            backbone: backbone.chars().take(LONGEST_NAME).collect(),
            backbone_sha256: hex(sha256),
            fit,
            features,
            precision,
        }
    }

    /// A file name that no other kind has.
    pub fn file_name(&self) -> String {
        let version = VERSION.to_le_bytes();
        let precision = self.precision.to_string();
        let parts = [&version[..], self.program.as_bytes(), self.backbone_sha256.as_bytes()];
        let parts = parts.into_iter().chain([self.fit.name().as_bytes(), precision.as_bytes()]);
        format!("{}.features", hex(&hash(parts)))
    }

    /// In what two kinds differ, as "this and that" for a message.
    pub fn difference(&self, other: &Kind) -> Option<String> {
        let pairs = [
            (self.program != other.program)
                .then(|| format!("features of vggcam {} and of vggcam {}", self.program, other.program)),
            (self.backbone_sha256 != other.backbone_sha256).then(|| {
                let short = |kind: &Kind| format!("{} ({:.8}…)", kind.backbone, kind.backbone_sha256);
                format!("the backbone {} and the backbone {}", short(self), short(other))
            }),
            (self.fit != other.fit).then(|| format!("fit {} and fit {}", self.fit.name(), other.fit.name())),
            (self.precision != other.precision)
                .then(|| format!("{} features and {} features", self.precision, other.precision)),
            (self.features != other.features)
                .then(|| format!("{} features and {} features a picture", self.features, other.features)),
        ];
        pairs.into_iter().flatten().next()
    }
}

/// The JSON of a header: the kind, and what another program needs to find the records.
#[derive(Serialize, Deserialize)]
struct Described {
    version: u32,
    header_bytes: u64,
    record_bytes: usize,
    #[serde(flatten)]
    kind: Kind,
}

/// The version alone, which every header has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// The header of a file of `kind`.
pub fn bytes(kind: &Kind) -> Vec<u8> {
    let described = Described {
        version: VERSION,
        header_bytes: HEADER,
        record_bytes: kind.layout().record_bytes(),
        kind: kind.clone(),
    };
    // A struct of numbers and strings always has a JSON form.
    let json = serde_json::to_vec(&described).unwrap_or_default();
    let mut header = [&MAGIC[..], &json].concat();
    header.resize(HEADER as usize - 1, b' ');
    header.push(b'\n');
    header
}

/// Reads what kind of features a file has.
pub fn read(file: &File, path: &Path) -> Result<Kind, StoreError> {
    let mut header = vec![0; HEADER as usize];
    match file.read_exact_at(&mut header, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(StoreError::not_features(path)),
        other => other.map_err(|source| StoreError::Read { path: path.into(), source })?,
    }
    let json = header.strip_prefix(MAGIC).ok_or_else(|| StoreError::not_features(path))?;
    let damaged = || StoreError::Header { path: path.into() };
    let Versioned { version } = serde_json::from_slice(json).map_err(|_| damaged())?;
    if version != VERSION {
        return Err(StoreError::Version { path: path.into(), version });
    }
    let Described { header_bytes, record_bytes, kind, .. } = serde_json::from_slice(json).map_err(|_| damaged())?;
    // Before the size of a record is reckoned: no number in a file may overflow.
    let sound = (1..=1 << 24).contains(&kind.features)
        && header_bytes == HEADER
        && record_bytes == kind.layout().record_bytes();
    if sound { Ok(kind) } else { Err(damaged()) }
}

/// Whether a file that holds only `start` is one whose header a killed program did not finish.
pub fn is_unfinished(start: &[u8]) -> bool {
    let known = start.len().min(MAGIC.len());
    start.iter().all(|&byte| byte == 0) || start[..known] == MAGIC[..known]
}

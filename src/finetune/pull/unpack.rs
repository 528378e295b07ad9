//! The archive that a board sends.

use std::{collections::HashSet, fs, io::Read, path::Path};

use anyhow::Context;

use crate::{
    finetune::{shard::Shard, walk},
    kept::KeptName,
    model::replace::write_atomically,
};

/// Largest picture that is taken; boards keep smaller ones.
const MAX_PICTURE_BYTES: u64 = 64 << 20;

/// What an archive had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Pictures that are new.
    pub new: usize,
    /// Pictures that were there already.
    pub known: usize,
    /// The highest number of them all.
    pub highest: Option<u64>,
}

/// Puts the pictures of a tar `archive` into folders in `out` that are called after their labels. Whatever has no name of a kept
/// picture is left out, so nothing is written elsewhere.
pub fn unpack(archive: impl Read, out: &Path) -> anyhow::Result<Unpacked> {
    let mut unpacked = Unpacked { new: 0, known: 0, highest: None };
    let there = names_below(out)?;
    for entry in tar::Archive::new(archive).entries()? {
        let entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(kept) = KeptName::read(&name) else { continue };
        unpacked.highest = unpacked.highest.max(Some(kept.number));
        if there.contains(&name) {
            unpacked.known += 1;
            continue;
        }
        let (expected, mut bytes) = (entry.size(), vec![]);
        entry.take(MAX_PICTURE_BYTES).read_to_end(&mut bytes).with_context(|| format!("{name} is cut short"))?;
        anyhow::ensure!(bytes.len() as u64 == expected, "{name} has {expected} bytes, of which {} came", bytes.len());
        let folder = out.join(&kept.label);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        write_atomically(&folder.join(&name), &bytes)?;
        unpacked.new += 1;
    }
    Ok(unpacked)
}

/// Names of all pictures below a folder, in whatever folders the owner has sorted them into.
fn names_below(folder: &Path) -> anyhow::Result<HashSet<String>> {
    let name = |path: std::path::PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    walk::pictures(folder, Shard::WHOLE).map(|path| path.map(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(vec![]);
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // Unlike its own methods, this takes names that lead out of the folder.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn pictures_go_into_folders_of_their_labels_and_nothing_goes_elsewhere() {
        let out = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 5] = [
            ("./00000001-7-cat-050.jpg", b"one"),
            ("./00000002-8-unknown-099.jpg", b"two"),
            ("../../00000003-9-dog-050.jpg", b"three"),
            ("./../evil.jpg", b"four"),
            ("/etc/00000009-1-..-050.jpg", b"five"),
        ];
        let all = archive(&files);
        let first = unpack(&all[..], out.path()).unwrap();
        assert_eq!(first, Unpacked { new: 3, known: 0, highest: Some(3) });
        let read = |path: &str| fs::read(out.path().join(path)).unwrap();
        assert_eq!(read("cat/00000001-7-cat-050.jpg"), b"one");
        assert_eq!(read("dog/00000003-9-dog-050.jpg"), b"three");
        let top: Vec<_> = fs::read_dir(out.path()).unwrap().collect();
        assert_eq!(top.len(), 3);
        // One that has been sorted elsewhere does not come again.
        fs::create_dir(out.path().join("right")).unwrap();
        fs::rename(out.path().join("cat/00000001-7-cat-050.jpg"), out.path().join("right/00000001-7-cat-050.jpg"))
            .unwrap();
        assert_eq!(unpack(&all[..], out.path()).unwrap(), Unpacked { new: 0, known: 3, highest: Some(3) });
        assert!(unpack(&all[..700], tempfile::tempdir().unwrap().path()).is_err());
    }
}

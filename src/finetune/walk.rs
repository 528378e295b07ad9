//! The pictures in a folder and all folders in it, one after the other: a list would need memory for each.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use walkdir::{DirEntry, Error, WalkDir};

use super::shard::Shard;
use crate::vision::pictures::has_picture_name;

/// The pictures below `folder` in a share, by the endings of their names; hidden files and folders do not count. Their order
/// is the file system's. Links are followed.
pub fn pictures(folder: &Path, shard: Shard) -> impl Iterator<Item = anyhow::Result<PathBuf>> + Send {
    let inside = move |path: &Path| shard.has(path.strip_prefix(folder).unwrap_or(path));
    every(folder).filter(move |found| found.as_ref().map_or(true, |path| inside(path)))
}

/// How many pictures are below `folder`, and how many of them in a share. Errs if a folder cannot be listed, or if there is
/// no picture at all.
pub fn count(folder: &Path, shard: Shard) -> anyhow::Result<(usize, usize)> {
    ensure!(folder.is_dir(), "{} is not a folder; name the one that holds the photographs", folder.display());
    let (mut all, mut inside) = (0, 0);
    for path in every(folder) {
        let path = path?;
        all += 1;
        inside += usize::from(shard.has(path.strip_prefix(folder).unwrap_or(&path)));
    }
    ensure!(all > 0, "there are no pictures in {} or in the folders in it", folder.display());
    Ok((all, inside))
}

fn every(folder: &Path) -> impl Iterator<Item = anyhow::Result<PathBuf>> + Send {
    let entries = WalkDir::new(folder).follow_links(true).into_iter();
    let seen = entries.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    seen.filter_map(move |entry| match entry {
        Ok(entry) => (entry.file_type().is_file() && has_picture_name(entry.path())).then(|| Ok(entry.into_path())),
        // Whoever reads it says what is wrong with it.
        Err(error) if leads_nowhere(&error) => {
            error.path().filter(|path| has_picture_name(path)).map(|path| Ok(path.to_path_buf()))
        }
        Err(error) => {
            let path = error.path().unwrap_or(Path::new("a folder")).display().to_string();
            Some(Err(error).with_context(|| format!("cannot list {path}; check the permissions")))
        }
    })
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}

fn leads_nowhere(error: &Error) -> bool {
    error.path().is_some_and(|path| path.is_symlink() && !path.exists())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn pictures_are_found_at_any_depth_and_through_links() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for file in ["data/a/1.jpg", "data/a/b/2.png", "data/3.webp", "data/notes.txt", "data/.x/4.jpg", "data/.5.jpg"]
        {
            fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            fs::write(at(file), "x").unwrap();
        }
        fs::create_dir(at("far")).unwrap();
        fs::write(at("far/6.jpg"), "x").unwrap();
        symlink(at("far"), at("data/link")).unwrap();
        symlink(at("nowhere"), at("data/7.jpg")).unwrap();
        symlink(at("nowhere"), at("data/8.txt")).unwrap();
        let data = at("data");
        let mut found: Vec<_> = pictures(&data, Shard::WHOLE).map(|path| path.unwrap()).collect();
        found.sort();
        assert_eq!(found, ["3.webp", "7.jpg", "a/1.jpg", "a/b/2.png", "link/6.jpg"].map(|name| data.join(name)));
        assert_eq!(count(&data, Shard::WHOLE).unwrap(), (5, 5));
    }

    #[test]
    fn what_cannot_be_walked_is_said() {
        let root = tempfile::tempdir().unwrap();
        let says = |path: &Path, text: &str| {
            let message = format!("{:#}", count(path, Shard::WHOLE).unwrap_err());
            assert!(message.contains(text), "{message}");
        };
        says(root.path(), "there are no pictures in");
        says(&root.path().join("none"), "none is not a folder");
        fs::create_dir(root.path().join("a")).unwrap();
        symlink(root.path(), root.path().join("a/loop")).unwrap();
        says(root.path(), "cannot list");
    }
}

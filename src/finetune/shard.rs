//! A share of a folder's pictures, so that many machines do one each.

use std::{ffi::OsStr, fmt, os::unix::ffi::OsStrExt, path::Path, str::FromStr};

use xxhash_rust::xxh3::xxh3_64;

/// Share `number` of `count`, numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    count: u64,
}

impl Shard {
    /// The whole folder.
    pub const WHOLE: Shard = Shard { number: 1, count: 1 };

    /// Whether a picture belongs to this share; `relative` is its path below the folder. Only that path decides, so a
    /// picture stays in its share when others come or go, and is in exactly one.
    pub fn has(self, relative: &Path) -> bool {
        xxh3_64(AsRef::<OsStr>::as_ref(relative).as_bytes()) % self.count == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    /// Parses `3/16`.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers =
            text.split_once('/').and_then(|(number, count)| Some((number.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((number, count)) if (1..=count).contains(&number) => Ok(Shard { number, count }),
            _ => Err(format!("{text:?} is no share; the shares of 16 are 1/16 to 16/16")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_in_exactly_one_share_of_about_the_same_size() {
        let shards: Vec<Shard> = (1..=16).map(|number| format!("{number}/16").parse().unwrap()).collect();
        let mut sizes = [0; 16];
        for picture in 0..16_000 {
            let path = format!("train/cats/{picture}.jpg");
            let having: Vec<_> = (0..16).filter(|&shard| shards[shard].has(Path::new(&path))).collect();
            assert_eq!(having.len(), 1, "{path}");
            sizes[having[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (800..1200).contains(size)), "{sizes:?}");
        assert!(Shard::WHOLE.has(Path::new("anything")));
    }

    #[test]
    fn shares_stay_as_they_are() {
        // Shards that were begun by one version may be ended by another.
        let of = |path: &str| (1..=7).find(|number| Shard { number: *number, count: 7 }.has(Path::new(path)));
        assert_eq!(["a.jpg", "train/cats/1.jpg", "ü/ß.png"].map(of), [Some(5), Some(3), Some(1)]);
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", "3", "0/4", "5/4", "0/0", "1/", "/1", "a/b", "-1/4", "1/4/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("3/16".parse::<Shard>().unwrap().to_string(), "3/16");
    }
}

//! `finetune pull`: fetches the frames that a board was unsure about, for their owner to label and train on again.

mod unpack;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::{Context, ensure};

use super::deploy::connection::{Connection, Way};
use unpack::{Unpacked, unpack};

/// Where a board's service keeps pictures.
pub const USUAL_FOLDER: &str = "/var/lib/vggcam/kept";
/// Name of the archive, in the folder for the connection.
const ARCHIVE: &str = "kept.tar";

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// The board and how to reach it.
    pub way: Way,
    /// Folder on the board.
    pub folder: String,
    /// Folder for the pictures here, with a folder for each label in it.
    pub out: PathBuf,
    /// Whether the board's copies go once they are here.
    pub remove: bool,
}

/// What was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Pictures that are new here.
    pub new: usize,
    /// Pictures that were here already.
    pub known: usize,
}

/// Fetches; `stop` ends everything that waits. A picture that is here already, in any of the folders, is not fetched twice.
pub fn pull(options: &Options, stop: &Arc<AtomicBool>) -> anyhow::Result<Pulled> {
    let connection = Connection::open(&options.way, Arc::clone(stop))?;
    let destination = &options.way.destination;
    let packed = connection.run(include_str!("pack.sh"), &[&options.folder, connection.folder()], &mut |_| ())?;
    ensure!(packed.code == Some(0), "cannot fetch pictures from {destination}: {}", packed.complaint());
    fs::create_dir_all(&options.out).with_context(|| format!("cannot make the folder {}", options.out.display()))?;
    let beside = tempfile::tempdir_in(&options.out)
        .with_context(|| format!("cannot make a folder in {}", options.out.display()))?;
    let archive = beside.path().join(ARCHIVE);
    connection.fetch(&format!("{}/{ARCHIVE}", connection.folder()), &archive)?;
    let read = File::open(&archive).map_err(anyhow::Error::from).and_then(|file| unpack(file, &options.out));
    let Unpacked { new, known, highest } = read.with_context(|| format!("cannot unpack what {destination} sent"))?;
    if let (true, Some(highest)) = (options.remove, highest) {
        let cleared =
            connection.run(include_str!("clear.sh"), &[&options.folder, &highest.to_string()], &mut |_| ())?;
        ensure!(
            cleared.code == Some(0),
            "the pictures are in {} and stay on {destination} too: {}",
            options.out.display(),
            cleared.complaint()
        );
    }
    Ok(Pulled { new, known })
}

/// What the user reads at the end.
pub fn closing_words(pulled: &Pulled, out: &Path) -> String {
    let Pulled { new, known } = *pulled;
    let out = out.display();
    let before = if known > 0 { format!(", {known} were there already") } else { String::new() };
    match new {
        0 => format!("no new pictures{before}\n"),
        _ => format!(
            "{new} picture{} new in {out}{before}, each in a folder of what the model said\n\
             next: move the wrong ones into the right folder, those of no class into a folder of negatives, and put them into train/ \
             of your data set; then finetune train again\n",
            if new == 1 { " is" } else { "s are" }
        ),
    }
}

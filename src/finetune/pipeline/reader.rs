//! The threads that read files, and leave out the pictures whose features are known.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::mpsc,
};

use super::{Event, Item, PipelineError, Shared, lock};
use crate::{
    finetune::{cache::hash_of_file, variant::Variant},
    vision::decode::{DecodeError, MAX_FILE_BYTES},
};

/// What a file in the queue counts at least, in bytes. Its name and hash need memory too, and a thousand small files are
/// enough to wait: more of them would only take more memory in a larger folder.
const LEAST: u64 = 64 << 10;

impl<I: Iterator<Item = (usize, (PathBuf, Variant))>> Shared<'_, I> {
    /// Reads files as long as there are some, and hands on those without features.
    pub fn read_all<'q>(&'q self, queue: &mpsc::Sender<Item<'q>>) {
        while !self.stopped() {
            let Some((index, (file, variant))) = lock(&self.files).next() else { return };
            match self.read(index, file, variant) {
                Ok(Ok(item)) => {
                    // The queue outlives its readers.
                    let _ = queue.send(item);
                }
                Ok(Err(event)) => (self.event)(index, event),
                Err(error) => self.fail(error),
            }
        }
    }

    /// A file that needs computing, or what became of it.
    fn read(&self, index: usize, path: PathBuf, variant: Variant) -> Result<Result<Item<'_>, Event>, PipelineError> {
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = match opened {
            Ok(opened) => opened,
            Err(source) => return Ok(Err(unreadable(&path, source))),
        };
        // Longer ones are read just so far that decoding says they are too long.
        let most = length.min(MAX_FILE_BYTES + 1);
        let room = self.read_ahead.enter(most.max(LEAST));
        let mut bytes = Vec::with_capacity(most as usize);
        if let Err(source) = file.take(most).read_to_end(&mut bytes) {
            return Ok(Err(unreadable(&path, source)));
        }
        let key = variant.key(&hash_of_file(&bytes));
        let known = || self.pipeline.store.find(&key);
        // Looked up before it is claimed: another reader that looks it up too makes no copy of what is known.
        if let Some(row) = known()? {
            return Ok(Err(Event::Known(row)));
        }
        if !lock(&self.under_way).insert(key) {
            return Ok(Err(Event::Copy(key)));
        }
        // And once more: a worker that has stored it since gave its claim up.
        let Some(row) = known()? else {
            return Ok(Ok(Item { index, file: path, variant, key, bytes, _room: room }));
        };
        lock(&self.under_way).remove(&key);
        Ok(Err(Event::Known(row)))
    }
}

fn unreadable(path: &Path, source: io::Error) -> Event {
    Event::Unreadable(DecodeError::Read { path: path.into(), source }.to_string())
}

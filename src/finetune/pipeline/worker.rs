//! The threads that decode and compute.

use std::sync::{Mutex, mpsc};

use image::RgbImage;

use super::{Event, Gate, Item, Pipeline, PipelineError, Shared, lock, next};
use crate::{
    engine::features::Extractor,
    finetune::cache::Hash,
    vision::decode::{decode_picture, decoding_bytes},
};

/// What a worker needs; all have the same.
pub struct Worker<'a, 'q, I> {
    pub shared: &'a Shared<'a, I>,
    pub queue: &'a Mutex<mpsc::Receiver<Item<'q>>>,
    pub extractor: &'a Extractor,
    /// Pictures of a call.
    pub batch: usize,
    /// Keeps the memory for decoding below its limit.
    pub decoding: &'a Gate,
}

/// Pictures that wait for a call.
#[derive(Default)]
struct Batch {
    names: Vec<(usize, Hash)>,
    pictures: Vec<RgbImage>,
}

impl<I> Worker<'_, '_, I> {
    /// Works until no file is left, or something fails; then it only empties the queue, so that nobody waits in vain.
    pub fn work(&self, mut first: Option<Item>) {
        let mut batch = Batch::default();
        loop {
            let item = first.take().or_else(|| next(self.queue));
            let last = item.is_none();
            if let Some(item) = item.filter(|_| !self.shared.stopped()) {
                self.prepare(item, &mut batch);
            }
            let full = batch.pictures.len() >= self.batch;
            if (full || last)
                && !self.shared.stopped()
                && let Err(error) = self.compute(&mut batch)
            {
                self.shared.fail(error);
            }
            if last {
                return;
            }
        }
    }

    /// Decodes a picture and fits it to the input.
    fn prepare(&self, item: Item, batch: &mut Batch) {
        let room = self.decoding.enter(decoding_bytes(&item.bytes));
        match decode_picture(&item.bytes, &item.file.display().to_string()) {
            Ok(picture) => {
                batch.names.push((item.index, item.key));
                let Pipeline { input_size, fit, .. } = *self.shared.pipeline;
                batch.pictures.push(item.variant.fit(&picture, input_size, fit));
            }
            Err(error) => {
                lock(&self.shared.under_way).remove(&item.key);
                (self.shared.event)(item.index, Event::Unreadable(error.to_string()));
            }
        }
        drop(room);
    }

    /// Computes the features of a batch and stores them.
    fn compute(&self, batch: &mut Batch) -> Result<(), PipelineError> {
        if batch.pictures.is_empty() {
            return Ok(());
        }
        let features = self.extractor.features(&batch.pictures)?;
        batch.pictures.clear();
        let rows: Vec<_> = batch.names.iter().map(|(_, key)| *key).zip(features).collect();
        let stored = self.shared.pipeline.store.append(&rows)?;
        for ((index, key), row) in batch.names.drain(..).zip(stored) {
            lock(&self.shared.under_way).remove(&key);
            (self.shared.event)(index, Event::Stored(row));
        }
        Ok(())
    }
}

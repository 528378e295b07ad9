//! From picture files to a feature file, with every core at work and a limit to memory.
//!
//! A few threads read files ahead and leave out the pictures whose features are known. Each of the other threads takes
//! pictures from them, decodes and fits them until it has a batch, runs the network on it and appends the features to the
//! file. Nobody waits for anybody else but at the two gates that keep memory below its limit, and for files.

mod gate;
mod plan;
mod reader;
mod worker;

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use gate::{Gate, Pass};
pub use plan::Limits;
use plan::Needs;
use worker::Worker;

use super::{
    cache::Hash,
    store::{Store, StoreError},
    variant::Variant,
};
use crate::{
    engine::{error::EngineError, features::Extractor},
    model::metadata::Fit,
};

/// Threads that read files: they mostly wait, for a disk or for a file server.
const READERS: usize = 4;

/// Why the pipeline stopped.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The network cannot be run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The feature file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its features were in the file, in this row.
    Known(u32),
    /// Its features were computed and are in this row.
    Stored(u32),
    /// It has the content of another picture that is under way, with this hash.
    Copy(Hash),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// What is done with pictures, and where their features go.
pub struct Pipeline<'a> {
    /// Where features are looked up and put.
    pub store: &'a Store,
    /// Prepares the network, once the first picture without features is found.
    pub extractor: &'a (dyn Fn() -> Result<Extractor, EngineError> + Sync),
    /// Side of the network's input, in pixels.
    pub input_size: u32,
    /// How pictures are fitted to it.
    pub fit: Fit,
    /// Memory and threads.
    pub limits: Limits,
}

/// A picture file on its way to the workers.
struct Item<'a> {
    /// Its place in the list.
    index: usize,
    file: PathBuf,
    variant: Variant,
    /// Hash of this variant of the picture.
    key: Hash,
    bytes: Vec<u8>,
    /// Its room among the files read ahead.
    _room: Pass<'a>,
}

/// What all threads share.
struct Shared<'a, I> {
    pipeline: &'a Pipeline<'a>,
    files: Mutex<I>,
    read_ahead: Gate,
    /// Hashes of the pictures under way, so that none is computed twice at once.
    under_way: Mutex<HashSet<Hash>>,
    event: &'a (dyn Fn(usize, Event) + Sync),
    stop: AtomicBool,
    failure: Mutex<Option<PipelineError>>,
}

impl Pipeline<'_> {
    /// Brings the features of `files`, each in a variant of it, about `count` in all, into the store; tells what became of
    /// each by its place in the list. What is stored stays stored, also where the rest fails.
    pub fn run(
        &self,
        files: impl Iterator<Item = (PathBuf, Variant)> + Send,
        count: usize,
        event: &(dyn Fn(usize, Event) + Sync),
    ) -> Result<(), PipelineError> {
        let shared = Shared {
            pipeline: self,
            files: Mutex::new(files.enumerate()),
            read_ahead: Gate::new(self.limits.read_ahead()),
            under_way: Mutex::default(),
            event,
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
        };
        // Its length is limited by the gate that every file passes before it is read.
        let (sender, receiver) = mpsc::channel();
        let queue = Mutex::new(receiver);
        thread::scope(|scope| {
            for _ in 0..READERS {
                let (shared, sender) = (&shared, sender.clone());
                scope.spawn(move || shared.read_all(&sender));
            }
            drop(sender);
            // Nothing is prepared where everything is known.
            let Some(first) = next(&queue) else { return };
            let extractor = match (self.extractor)() {
                Ok(extractor) => extractor,
                Err(error) => {
                    shared.fail(error.into());
                    drop(first);
                    while next(&queue).is_some() {}
                    return;
                }
            };
            let plan = self.limits.plan(self.needs(&extractor), count);
            if plan.workers < self.limits.threads {
                let (workers, threads) = (plan.workers, self.limits.threads);
                log::warn!("--memory has room for {workers} of {threads} threads; give more to use all");
            }
            let worker = Worker {
                shared: &shared,
                queue: &queue,
                extractor: &extractor,
                batch: plan.batch,
                decoding: &Gate::new(plan.decoding),
            };
            thread::scope(|scope| {
                for _ in 1..plan.workers {
                    scope.spawn(|| worker.work(None));
                }
                worker.work(Some(first));
            });
        });
        let failure = lock(&shared.failure).take();
        failure.map_or(Ok(()), Err)
    }

    fn needs(&self, extractor: &Extractor) -> Needs {
        let features = self.store.kind().features as u64;
        Needs {
            call: extractor.bytes_of_a_call() as u64,
            // Its pixels, its features as computed and as written.
            picture: 3 * u64::from(self.input_size).pow(2) + 8 * features + 64,
            batch: extractor.batch(),
        }
    }
}

impl<I> Shared<'_, I> {
    fn fail(&self, error: PipelineError) {
        self.stop.store(true, Ordering::Relaxed);
        lock(&self.failure).get_or_insert(error);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The next file, or `None` once all were read.
fn next<'a>(queue: &Mutex<mpsc::Receiver<Item<'a>>>) -> Option<Item<'a>> {
    lock(queue).recv().ok()
}

/// A panic elsewhere leaves what the locks guard as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

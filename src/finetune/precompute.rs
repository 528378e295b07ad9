//! `finetune features`: the features of a folder's pictures, or of a share of them, ahead of training.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use anyhow::Context;

use super::{
    backbone,
    features::Backbone,
    pipeline::{Event, Limits, Pipeline},
    progress::Progress,
    shard::Shard,
    store::{Store, precision::Precision},
    variant::Variant,
    walk,
};
use crate::model::metadata::Fit;

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder with pictures, at any depth.
    pub data: PathBuf,
    /// Feature file.
    pub out: PathBuf,
    /// Share of the pictures.
    pub shard: Shard,
    /// Backbone file; the bundled one if `None`.
    pub backbone: Option<PathBuf>,
    /// How pictures are fitted to the input.
    pub fit: Fit,
    /// How features are stored.
    pub precision: Precision,
    /// Memory and threads.
    pub limits: Limits,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Precomputed {
    /// Pictures in the folder.
    pub all: usize,
    /// Pictures in the share.
    pub pictures: usize,
    /// Pictures whose features were computed now.
    pub computed: usize,
    /// Pictures that had features, or have the content of another one.
    pub known: usize,
    /// Pictures that could not be read; each was named on standard error.
    pub unreadable: usize,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Computes what the file does not hold yet.
pub fn precompute(options: &Options) -> anyhow::Result<Precomputed> {
    let start = Instant::now();
    let (all, pictures) = walk::count(&options.data, options.shard)?;
    let (network, name) = backbone::read(options.backbone.as_deref())?;
    let backbone = Backbone::Float(&network);
    if let Some(folder) = options.out.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let store = Store::open(&options.out, &backbone.kind(&name, options.fit, network.outputs(), options.precision))?;
    if options.shard != Shard::WHOLE {
        eprintln!("shard {}: {pictures} of {all} pictures", options.shard);
    }
    let progress = Progress::start("features", pictures);
    let [computed, known, unreadable] = [const { AtomicUsize::new(0) }; 3];
    let event = |_, event: Event| {
        let count = match event {
            Event::Stored(_) => &computed,
            Event::Known(_) | Event::Copy(_) => &known,
            Event::Unreadable(reason) => {
                progress.say(&format!("skipped: {reason}"));
                &unreadable
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        progress.one();
    };
    let pipeline = Pipeline {
        store: &store,
        extractor: &|| backbone.extractor(),
        input_size: backbone.input_size(),
        fit: options.fit,
        limits: options.limits,
    };
    // A folder that cannot be listed any more, though it could be when its pictures were counted.
    let files = walk::pictures(&options.data, options.shard).filter_map(|file| match file {
        Ok(file) => Some((file, Variant::PLAIN)),
        Err(error) => {
            progress.say(&format!("skipped: {error:#}"));
            None
        }
    });
    pipeline.run(files, pictures, &event)?;
    store.sync()?;
    if store.cut() > 0 {
        progress.say(&format!("{} pictures have features beyond float16, kept as its largest number", store.cut()));
    }
    let [computed, known, unreadable] = [computed, known, unreadable].map(AtomicUsize::into_inner);
    Ok(Precomputed { all, pictures, computed, known, unreadable, seconds: start.elapsed().as_secs_f64() })
}

/// What the user reads at the end.
pub fn closing_words(done: &Precomputed, options: &Options) -> String {
    let Precomputed { all, pictures, computed, known, unreadable, seconds } = done;
    let share =
        if options.shard == Shard::WHOLE { String::new() } else { format!(" of {all} (shard {})", options.shard) };
    let rate = *computed as f64 / seconds.max(1e-9);
    format!(
        "{}: {pictures} pictures{share}, {computed} computed, {known} known, {unreadable} unreadable; \
         {seconds:.1} s, {rate:.1} pictures/s\n",
        options.out.display()
    )
}

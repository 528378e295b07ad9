//! `vggcam bench --batch`: how many pictures a second a model's network takes, many at a time.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use image::RgbImage;
use serde::Serialize;

use super::bench::test_picture;
use crate::{
    engine::{
        classifier::{BUNDLED, BUNDLED_NAME},
        error::EngineError,
        features::Extractor,
    },
    model::{
        file::{self, Contents},
        recognise::Recognised,
    },
};

/// Figures of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Throughput {
    /// The file, or what the bundled model is called.
    pub model: String,
    /// `int8` or `f32`.
    pub precision: &'static str,
    /// Threads, each with pictures of its own.
    pub threads: usize,
    /// Pictures that each thread takes at a time.
    pub batch: usize,
    /// Pictures timed, after some that were not.
    pub pictures: usize,
    /// Pictures a second, all threads together.
    pub pictures_per_second: f64,
}

/// Lets each of so many threads take `rounds` batches of fitted pictures through the network at `path`, or the bundled one,
/// without its softmax.
pub fn throughput(path: Option<&Path>, threads: usize, batch: usize, rounds: usize) -> anyhow::Result<Throughput> {
    let file = match path {
        Some(path) => file::open(path)?,
        None => file::parse(BUNDLED, BUNDLED_NAME)?,
    };
    let (size, precision, extractor) = match file.contents {
        Contents::Network(Recognised::Float(network)) => {
            (network.input_size, "f32", Extractor::float_for(network, batch)?)
        }
        Contents::Network(Recognised::Quantized(network)) => {
            (network.input_size, "int8", Extractor::quantized(&network)?)
        }
        Contents::Foreign { reason, .. } => bail!("{} cannot take pictures in batches: {reason}", file.what),
    };
    let pictures = vec![test_picture(size as u32); batch];
    timed(&extractor, &pictures, threads, 1)?;
    let time = timed(&extractor, &pictures, threads, rounds)?;
    let count = threads * batch * rounds;
    let pictures_per_second = (count as f64 / time.as_secs_f64() * 100.0).round() / 100.0;
    Ok(Throughput { model: file.what, precision, threads, batch, pictures: count, pictures_per_second })
}

/// The time until all threads have taken the pictures through the network so many times.
fn timed(extractor: &Extractor, pictures: &[RgbImage], threads: usize, rounds: usize) -> Result<Duration, EngineError> {
    let start = Instant::now();
    thread::scope(|scope| {
        let work = || (0..rounds).try_for_each(|_| extractor.features(pictures).map(drop));
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        // A worker that panicked has said why, and the panic goes on here.
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(start.elapsed())
}

/// The figures as text for people.
pub fn table(report: &Throughput) -> String {
    let Throughput { model, precision, threads, batch, pictures, pictures_per_second } = report;
    format!(
        "model     {model}\nruns as   {precision}, {threads} × {batch} pictures at a time\n\
         rate      {pictures_per_second:.1} pictures a second, over {pictures}\n"
    )
}

//! The thread that writes kept pictures, beside the live loop: a slow or full disk delays nothing.

use std::{
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};

use super::{
    Keep,
    folder::{Folder, KeepError},
};
use crate::{
    newest::Newest,
    runtime::decide::Decision,
    vision::{decode::frame_to_rgb, frame::Frame},
};

/// Quality of the JPEG files, 1 to 100: compression must not be what the model learns.
const QUALITY: u8 = 92;
/// How long nothing is tried after a failure.
const PAUSE: Duration = Duration::from_secs(60);

/// A frame and what the model said of it.
struct Unsure {
    frame: Frame,
    label: String,
    /// 0 to 1.
    confidence: f32,
}

/// Keeps frames until it is dropped.
pub struct Keeper {
    settings: Keep,
    place: Arc<Newest<Unsure>>,
    writer: Option<JoinHandle<()>>,
    /// When the last frame was taken.
    last: Option<Instant>,
}

impl Keeper {
    /// Begins to keep what `settings` want in `folder`, which is made; errs where it cannot be used.
    pub fn start(settings: Keep, folder: &Path) -> Result<Self, KeepError> {
        let failed = |source| KeepError::Folder { folder: folder.to_path_buf(), source };
        let mut pictures = Folder::open(folder, u64::from(settings.quota_mb) * 1_000_000)?;
        let place = Arc::new(Newest::default());
        let frames = Arc::clone(&place);
        let writer = thread::Builder::new().name("keep".into()).spawn(move || write(&mut pictures, &frames));
        Ok(Keeper { settings, place, writer: Some(writer.map_err(failed)?), last: None })
    }

    /// Takes a copy of `frame` if its answer is unsure and the last one is long enough ago; never waits.
    pub fn offer(&mut self, frame: &Frame, decision: &Decision, labels: &[String]) {
        let due = |last: Instant| last.elapsed().as_secs_f64() >= self.settings.every_s;
        if !self.settings.wants(decision) || !self.last.is_none_or(due) {
            return;
        }
        self.last = Some(Instant::now());
        let label = decision.name(labels).to_owned();
        // The writer ends only when this is dropped.
        let _ = self.place.put(Unsure { frame: frame.clone(), label, confidence: decision.confidence });
    }
}

impl Drop for Keeper {
    /// Waits for the frame that is being written.
    fn drop(&mut self) {
        self.place.close();
        if let Some(writer) = self.writer.take() {
            // What it said is in the log.
            let _ = writer.join();
        }
    }
}

fn write(folder: &mut Folder, frames: &Newest<Unsure>) {
    while let Some(Unsure { frame, label, confidence }) = frames.take() {
        let jpeg = match encode(&frame) {
            Ok(jpeg) => jpeg,
            Err(reason) => {
                log::info!("an unsure frame is not kept: {reason}");
                continue;
            }
        };
        if let Err(error) = folder.keep(&jpeg, &label, confidence) {
            log::warn!("{error}; trying again in {} s", PAUSE.as_secs());
            if frames.closed_by(Instant::now() + PAUSE) {
                return;
            }
        }
    }
}

/// The frame as a JPEG file.
fn encode(frame: &Frame) -> Result<Vec<u8>, String> {
    let picture = frame_to_rgb(frame).map_err(|error| error.to_string())?;
    let (width, height) = picture.dimensions();
    let mut jpeg = vec![];
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    encoder.write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8).map_err(|error| error.to_string())?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::vision::{
        decode::read_picture,
        frame::{PixelFormat, YuvColour},
        samples,
    };

    fn unsure() -> Decision {
        Decision { label: None, confidence: 0.25, probabilities: vec![0.25], familiarity: None }
    }

    fn kept(folder: &Path) -> Vec<std::path::PathBuf> {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn a_kept_frame_is_the_cameras_and_not_every_frame_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let picture = samples::gradient(64, 48);
        let frame = Frame {
            format: PixelFormat::Rgb,
            colour: YuvColour::default(),
            width: 64,
            height: 48,
            stride: 3 * 64,
            bytes: picture.as_raw().clone(),
            captured_at: Instant::now(),
            sequence: 0,
            name: String::new(),
        };
        let settings = Keep { unsure_frames: true, every_s: 3600.0, ..Keep::default() };
        let mut keeper = Keeper::start(settings, folder.path()).unwrap();
        let sure = Decision { label: Some(0), confidence: 0.99, ..unsure() };
        keeper.offer(&frame, &sure, &["cat".into()]);
        keeper.offer(&frame, &unsure(), &["cat".into()]);
        keeper.offer(&frame, &unsure(), &["cat".into()]);
        drop(keeper);
        let files = kept(folder.path());
        assert_eq!(files.len(), 1);
        assert!(files[0].to_string_lossy().ends_with("-unknown-025.jpg"), "{files:?}");
        let read = read_picture(&files[0]).unwrap();
        let apart = read.iter().zip(picture.iter()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(read.dimensions() == (64, 48) && apart < Some(24), "{apart:?}");
    }
}

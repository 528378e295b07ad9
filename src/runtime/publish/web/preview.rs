//! The newest frame as a JPEG, encoded when somebody looks and not before.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use image::codecs::jpeg::JpegEncoder;

use crate::{
    runtime::{publish::record::Record, shot::Shot},
    vision::scaled::frame_to_rgb_at_least,
};

/// Columns and rows that a page has use for.
const SIZE: (u32, u32) = (640, 480);
/// Quality of 1 to 100 at which nobody sees the blocks.
const QUALITY: u8 = 80;
/// Shortest time from one encoding to the next, however many look.
const PAUSE: Duration = Duration::from_millis(80);

/// The last picture that somebody looked at.
#[derive(Default)]
pub struct Preview(Mutex<Option<Encoded>>);

struct Encoded {
    shot: Weak<Shot>,
    at: Instant,
    jpeg: Vec<u8>,
}

impl Preview {
    /// The newest frame, or the one before while that was encoded just now; `None` where there is none yet. A frame that is
    /// damaged is passed over.
    pub fn newest(&self, record: &Record) -> Option<Vec<u8>> {
        // Whoever comes while a picture is encoded waits for it instead of encoding it again.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shot = record.shot()?;
        let is_fresh = |last: &Encoded| last.at.elapsed() < PAUSE || last.shot.as_ptr() == Arc::as_ptr(&shot);
        if let Some(last) = last.as_ref().filter(|last| is_fresh(last)) {
            return Some(last.jpeg.clone());
        }
        match encoded(&shot) {
            Some(jpeg) => *last = Some(Encoded { shot: Arc::downgrade(&shot), at: Instant::now(), jpeg }),
            None => log::debug!("a damaged frame is not shown"),
        }
        last.as_ref().map(|last| last.jpeg.clone())
    }
}

fn encoded(shot: &Shot) -> Option<Vec<u8>> {
    let picture = frame_to_rgb_at_least(shot.frame(), SIZE).ok()?;
    let scale = (f64::from(SIZE.0) / f64::from(picture.width())).max(f64::from(SIZE.1) / f64::from(picture.height()));
    // Pictures of RGB and JPEG come whole, and photographs are large.
    let picture = if scale < 0.75 {
        let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        image::imageops::thumbnail(&picture, side(picture.width()), side(picture.height()))
    } else {
        picture
    };
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture).ok()?;
    Some(jpeg)
}

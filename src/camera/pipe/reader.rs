//! The thread that empties a program's output, and leaves the newest frame for who asks.

use std::{
    io::{ErrorKind, Read},
    os::fd::AsFd,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::split::Splitter;
use crate::newest::Newest;

/// Bytes read at once: what a pipe holds.
const CHUNK_BYTES: usize = 64 << 10;
/// How often a reader that gets nothing looks whether it is to stop.
const STOP_POLL: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// A frame as it was cut from the stream.
pub struct Cut {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When its last bytes came.
    pub at: Instant,
    /// How many frames came before it.
    pub sequence: u64,
}

/// What came out of a program.
#[derive(Default)]
pub struct Output {
    /// The newest frame; closed at the end of the stream, or by who wants no more.
    pub frames: Newest<Cut>,
    /// Bytes that came so far.
    pub bytes_came: AtomicU64,
    /// Frames that came so far.
    pub frames_came: AtomicU64,
    /// Whether every frame is waited for, so that the program is held up and none is lost.
    pub keep_all: bool,
}

impl Output {
    /// Leaves a frame, and returns the bytes of one that is not needed any more.
    fn put(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let cut = Cut { bytes, at: Instant::now(), sequence: self.frames_came.fetch_add(1, Ordering::Relaxed) };
        let unneeded = match self.keep_all {
            true => self.frames.put_after_last(cut).err(),
            false => self.frames.put(cut).unwrap_or_else(Some),
        };
        unneeded.map(|cut| cut.bytes)
    }
}

/// Reads frames until the stream ends or `stop` is set.
pub fn read_frames(mut from: impl Read + AsFd, mut splitter: Splitter, into: &Output, stop: &AtomicBool) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Some(bytes) = read_some(&mut from, &mut chunk, stop) {
        into.bytes_came.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        splitter.push(bytes, &mut |frame| into.put(frame));
    }
    into.frames.close();
}

/// Waits for bytes; `None` at the end of the stream, and once `stop` is set.
pub fn read_some<'a>(from: &mut (impl Read + AsFd), into: &'a mut [u8], stop: &AtomicBool) -> Option<&'a [u8]> {
    loop {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&STOP_POLL)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return None,
        }
        match from.read(into) {
            Ok(0) => return None,
            Ok(count) => return Some(&into[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// The moment until which a wait of `patience` lasts.
pub fn deadline(patience: Duration) -> Instant {
    let now = Instant::now();
    // Nobody waits longer than a day.
    now.checked_add(patience).unwrap_or(now + Duration::from_secs(86_400))
}

//! The thread that empties a program's output, and the place where it leaves the newest frame.

use std::{
    io::{ErrorKind, Read},
    os::fd::AsFd,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::split::Splitter;

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

/// What [`Place::take`] found.
pub enum Taken {
    /// The newest frame.
    Frame(Cut),
    /// No frame within the time allowed.
    Nothing,
    /// No frame, and none will come: the stream has ended.
    End,
}

/// Holds the newest frame.
#[derive(Default)]
pub struct Place {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether every frame is waited for, so that the program is held up and none is lost.
    keep_all: bool,
}

#[derive(Default)]
struct State {
    newest: Option<Cut>,
    came: u64,
    bytes: u64,
    unwanted: bool,
    ended: bool,
}

impl Place {
    /// An empty place; with `keep_all` a frame waits until the one before has been taken, else it takes its place.
    pub fn new(keep_all: bool) -> Self {
        Self { keep_all, ..Self::default() }
    }

    /// Waits for a frame until `deadline`.
    pub fn take(&self, deadline: Instant) -> Taken {
        let mut state = self.lock();
        loop {
            if let Some(cut) = state.newest.take() {
                self.changed.notify_all();
                return Taken::Frame(cut);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                return if state.ended { Taken::End } else { Taken::Nothing };
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Bytes and frames that came so far.
    pub fn came(&self) -> (u64, u64) {
        let state = self.lock();
        (state.bytes, state.came)
    }

    /// From now on frames are dropped as they come.
    pub fn want_no_more(&self) {
        self.lock().unwanted = true;
        self.changed.notify_all();
    }

    /// Whether the stream has ended.
    pub fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Leaves a frame, and returns the bytes of one that is not needed any more.
    fn put(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let mut state = self.lock();
        while self.keep_all && state.newest.is_some() && !state.unwanted {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.unwanted {
            return Some(bytes);
        }
        let cut = Cut { bytes, at: Instant::now(), sequence: state.came };
        state.came += 1;
        let replaced = state.newest.replace(cut);
        self.changed.notify_all();
        replaced.map(|cut| cut.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads frames until the stream ends or `stop` is set.
pub fn read_frames(mut output: impl Read + AsFd, mut splitter: Splitter, place: &Place, stop: &AtomicBool) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Some(bytes) = read_some(&mut output, &mut chunk, stop) {
        place.lock().bytes += bytes.len() as u64;
        splitter.push(bytes, &mut |frame| place.put(frame));
    }
    place.lock().ended = true;
    place.changed.notify_all();
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

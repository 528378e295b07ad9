//! Watches over the threads of a run, and ends them all when one of them has a reason to.

use std::{
    panic,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

use super::{RunError, shared::Shared};
use crate::{display::panel::DisplayError, runtime::controls::Control};

/// How often a wish to stop is looked for.
const STOP_POLL: Duration = Duration::from_millis(20);
/// How long a camera or display that hangs in its driver may delay the end.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a camera that waits for its next frame is waited for.
const CAMERA_PATIENCE: Duration = Duration::from_millis(40);

/// Starts a thread of its own, which cannot keep the program from ending, and which wakes `supervisor` at its end.
pub fn start<T: Send + 'static>(supervisor: &Thread, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let supervisor = supervisor.clone();
    thread::spawn(move || {
        let result = work();
        supervisor.unpark();
        result
    })
}

/// The camera's thread.
pub type Capturing = JoinHandle<Result<(), RunError>>;
/// A display's description and its thread.
pub type Drawing = (String, JoinHandle<Result<(), DisplayError>>);

/// What is looked at again and again while a run goes on.
pub struct Watched<'a> {
    /// Ends the run once it is set.
    pub stop: &'a AtomicBool,
    /// What somebody wants of the screen.
    pub wishes: &'a Receiver<Control>,
    /// Age from which a label is not told any more.
    pub stale_after: Duration,
}

/// Ends the run when it is dropped.
struct EndOnDrop<'a>(&'a Shared);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Waits for the inference to end, passes on every reason to end it, and then ends the rest.
/// Returns the first failure of the camera or of the last display.
pub fn supervise(
    shared: &Shared,
    capturing: Capturing,
    mut drawing: Vec<Drawing>,
    watched: &Watched,
    inference_ended: impl Fn() -> bool,
) -> Option<RunError> {
    // A panic that goes on here must not leave the inference waiting.
    let _ending = EndOnDrop(shared);
    let mut failure = None;
    let mut capturing = Some(capturing);
    while !inference_ended() {
        thread::park_timeout(STOP_POLL);
        if watched.stop.load(Ordering::SeqCst) {
            shared.abandon();
        }
        for wish in watched.wishes.try_iter() {
            match wish {
                Control::NextPage => shared.next_page(),
                Control::Freeze => shared.freeze_or_go_on(),
            }
        }
        shared.expire(watched.stale_after);
        if shared.camera_hangs() {
            shared.lose_camera("its driver does not answer");
        }
        if let Some(ended) = capturing.take_if(|thread| thread.is_finished()) {
            if let Err(error) = join(ended) {
                failure.get_or_insert(error);
                shared.abandon();
            }
            shared.frames.close();
        }
        while let Some(index) = drawing.iter().position(|(_, thread)| thread.is_finished()) {
            let (name, ended) = drawing.swap_remove(index);
            let Err(error) = join(ended) else { continue };
            if drawing.is_empty() {
                failure.get_or_insert(error.into());
                shared.abandon();
            } else {
                log::error!("{error}; going on without {name}");
            }
        }
    }
    shared.close();
    failure.or(finish(capturing, drawing))
}

/// Waits for the camera and the displays to end, but not for those that hang. Returns what failed at the end.
pub fn finish(capturing: Option<Capturing>, drawing: Vec<Drawing>) -> Option<RunError> {
    let deadline = Instant::now() + PATIENCE;
    let waiting = |finished: bool| !finished && Instant::now() < deadline;
    let displays = drawing.len();
    let mut failed = Vec::new();
    for (name, thread) in drawing {
        while waiting(thread.is_finished()) {
            thread::park_timeout(STOP_POLL);
        }
        if !thread.is_finished() {
            log::warn!("{name} does not answer, and may keep its last picture");
        } else if let Err(error) = join(thread) {
            failed.push(error);
        }
    }
    if let Some(thread) = capturing {
        // A source that waits for its next frame is not worth waiting for: the run has all that it needs.
        let grace = Instant::now() + CAMERA_PATIENCE;
        while !thread.is_finished() && Instant::now() < grace {
            thread::park_timeout(STOP_POLL);
        }
        if thread.is_finished() {
            // It was told to end, so that it failed at the same moment is of no interest.
            let _ = join(thread);
        }
    }
    let last = if failed.len() == displays { failed.pop() } else { None };
    failed.iter().for_each(|error| log::error!("{error}"));
    last.map(RunError::Display)
}

/// The result of a thread that has ended; its panic goes on here.
fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

//! Frames from a program that writes them on its standard output: cameras that only the board maker's own software can
//! read, network cameras, videos.
//!
//! ```text
//! program ──standard output──▶ reader thread ──newest frame──▶ next_frame
//!    └─────standard error────▶ listening thread ──▶ log, last lines
//! ```

pub mod error;
pub mod group;
pub mod layout;
pub mod messages;
mod reader;
pub mod rpicam;
pub mod split;

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{Camera, error::CameraError, spec::PipeRequest};
use crate::{
    newest::Taken,
    vision::{
        frame::{Frame, PixelFormat},
        jpeg::segments,
    },
};
use error::PipeError;
pub use group::end_all;
use group::{Group, in_words};
use layout::RawLayout;
use messages::{Messages, listen};
use reader::{Cut, Output, deadline, read_frames};
use split::Splitter;

/// How long a program may give no frame, where the SPEC does not say.
const USUAL_WAIT: Duration = Duration::from_secs(5);
/// How long its first frame may take, where the SPEC does not say: networks and sensors take their time to start.
const USUAL_FIRST_WAIT: Duration = Duration::from_secs(15);
/// How long a program whose output has ended may take to end itself, and to say its last words.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What a program is to be, and how to speak of it.
pub struct Program {
    /// What to start.
    pub command: Command,
    /// Its name in messages.
    pub name: String,
    /// What follows the name where the camera is described; may be empty.
    pub remark: String,
    /// Form of its frames; `None` for JPEG pictures.
    pub layout: Option<RawLayout>,
    /// How long it may give no frame; the usual where that is `None`.
    pub wait: Option<Duration>,
    /// Whether it is a recording: every frame counts, and its end is the end of the source.
    pub once: bool,
    /// What to do when it fails, by how it ended (none while it runs) and what it said.
    pub advice: fn(status: Option<i32>, said: &str) -> String,
}

/// A running program that gives frames; it is ended, with all that it started, when this is dropped.
pub struct PipeCamera {
    name: String,
    remark: String,
    layout: Option<RawLayout>,
    wait: Option<Duration>,
    once: bool,
    advice: fn(Option<i32>, &str) -> String,
    group: Group,
    output: Arc<Output>,
    messages: Arc<Messages>,
    stop: Arc<AtomicBool>,
    reading: Option<JoinHandle<()>>,
    listening: Option<JoinHandle<()>>,
}

impl PipeCamera {
    /// Starts the command of a `pipe:` SPEC in a shell.
    pub fn open(request: &PipeRequest) -> Result<Self, CameraError> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(&request.command);
        Self::start(Program {
            command,
            name: request.command.split_whitespace().next().unwrap_or_default().into(),
            remark: String::new(),
            layout: request.layout,
            wait: request.wait,
            once: request.once,
            advice: |status, _| match status {
                Some(127) => "a program of the command is not installed, or not in PATH".into(),
                _ => "try the command in a shell".into(),
            },
        })
    }

    /// Starts a program.
    pub fn start(program: Program) -> Result<Self, CameraError> {
        let Program { mut command, name, remark, layout, wait, once, advice } = program;
        let (group, stream, errors) =
            Group::start(&mut command).map_err(|source| PipeError::Start { program: name.clone(), source })?;
        let output = Arc::new(Output { keep_all: once, ..Output::default() });
        let messages = Arc::new(Messages::default());
        let stop = Arc::new(AtomicBool::new(false));
        let splitter = layout.map_or_else(Splitter::jpeg, |layout| Splitter::raw(layout.frame_bytes()));
        let reading = {
            let (output, stop) = (Arc::clone(&output), Arc::clone(&stop));
            thread::spawn(move || read_frames(stream, splitter, &output, &stop))
        };
        let listening = {
            let (name, messages, stop) = (name.clone(), Arc::clone(&messages), Arc::clone(&stop));
            thread::spawn(move || listen(errors, &name, &messages, &stop))
        };
        let (reading, listening) = (Some(reading), Some(listening));
        Ok(Self { name, remark, layout, wait, once, advice, group, output, messages, stop, reading, listening })
    }

    /// Makes a frame of what was cut from the stream; errs where the program has said that it gives another size.
    fn frame(&self, cut: Cut) -> Result<Frame, PipeError> {
        let (format, (width, height), stride, colour) = match self.layout {
            Some(layout) => (layout.format, layout.size, layout.stride, layout.colour),
            None => (PixelFormat::Mjpg, jpeg_size(&cut.bytes), 0, layout::JPEG_COLOUR),
        };
        if let (Some(RawLayout { size: asked, .. }), Some(given)) = (self.layout, self.messages.told_size())
            && asked != given
        {
            return Err(PipeError::OtherSize { program: self.name.clone(), asked, given });
        }
        let (captured_at, sequence) = (cut.at, cut.sequence);
        Ok(Frame {
            format,
            colour,
            width,
            height,
            stride,
            bytes: cut.bytes,
            captured_at,
            sequence,
            name: String::new(),
        })
    }

    /// Why the stream has ended; `None` where it is a recording that came to its end.
    fn end(&mut self) -> Option<PipeError> {
        let program = self.name.clone();
        let status = self.group.ended_within(LAST_WORDS);
        if self.once && status.is_some_and(|status| status.success()) {
            return None;
        }
        // What has been killed or has ended says no more, so this is at once.
        if status.is_some()
            && let Some(listening) = self.listening.take()
        {
            join_within(LAST_WORDS, listening);
        }
        let said = self.messages.said();
        let advice = (self.advice)(status.and_then(|status| status.code()), &said);
        Some(match status {
            Some(status) => PipeError::Ended { program, status: in_words(status), said, advice },
            None => PipeError::Closed { program, said, advice },
        })
    }

    /// Why no frame came for as long as `waited`.
    fn silence(&self, waited: Duration) -> PipeError {
        let (program, said) = (self.name.clone(), self.messages.said());
        let bytes = self.output.bytes_came.load(Ordering::Relaxed);
        if bytes > 0 && self.output.frames_came.load(Ordering::Relaxed) == 0 {
            let wanted = match self.layout {
                Some(layout) => format!("frame of {} bytes", layout.frame_bytes()),
                None => "JPEG picture".into(),
            };
            return PipeError::NoPicture { program, bytes, waited, wanted, said };
        }
        let advice = (self.advice)(None, &said);
        PipeError::Silent { program, waited, said, advice }
    }
}

impl Camera for PipeCamera {
    fn describe(&self) -> String {
        let form = match self.layout {
            Some(RawLayout { size: (width, height), format, .. }) => format!("{width}×{height} {}", format.name()),
            None => "MJPG".into(),
        };
        [&self.name, &self.remark, &form]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let first = self.output.frames_came.load(Ordering::Relaxed) == 0;
        let patience = self.wait.unwrap_or(if first { USUAL_FIRST_WAIT } else { USUAL_WAIT });
        match self.output.frames.take_until(deadline(patience)) {
            Taken::Item(cut) => Ok(Some(self.frame(cut)?)),
            Taken::Nothing => Err(self.silence(patience).into()),
            Taken::Closed => self.end().map_or(Ok(None), |error| Err(error.into())),
        }
    }

    fn every_frame_counts(&self) -> bool {
        self.once
    }

    fn patience(&self) -> Duration {
        self.wait.unwrap_or(USUAL_FIRST_WAIT)
    }
}

impl Drop for PipeCamera {
    fn drop(&mut self) {
        // The output is emptied on, for a program that cannot write cannot end in an orderly way.
        self.output.frames.close();
        let reading = self.reading.as_ref();
        self.group.stop(|| reading.is_none_or(JoinHandle::is_finished));
        self.stop.store(true, Ordering::Relaxed);
        for thread in [self.reading.take(), self.listening.take()].into_iter().flatten() {
            // They look at `stop` many times a second, and do nothing that panics.
            let _ = thread.join();
        }
    }
}

/// Waits for a thread, at most for `patience`; else it goes on by itself.
fn join_within(patience: Duration, thread: JoinHandle<()>) {
    let end = deadline(patience);
    while !thread.is_finished() && std::time::Instant::now() < end {
        thread::sleep(Duration::from_millis(2));
    }
    if thread.is_finished() {
        let _ = thread.join();
    }
}

/// Columns and rows by the frame header of a JPEG; 0 where it has none.
fn jpeg_size(jpeg: &[u8]) -> (u32, u32) {
    // SOF0 to SOF15, without the markers among them that mean something else (DHT, JPG, DAC).
    let header = segments(jpeg)
        .find(|segment| matches!(segment.marker, 0xC0..=0xCF if !matches!(segment.marker, 0xC4 | 0xC8 | 0xCC)));
    let sides = header.and_then(|segment| jpeg[segment.range].get(5..9).map(<[u8]>::to_vec));
    sides.map_or((0, 0), |side| {
        let number = |at: usize| u32::from(u16::from_be_bytes([side[at], side[at + 1]]));
        (number(2), number(0))
    })
}

#[cfg(test)]
mod tests;

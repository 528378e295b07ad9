//! What can go wrong with a program that gives frames.

use std::{io, time::Duration};

/// Why a program gave no frames, or gives no more.
#[derive(Debug, thiserror::Error)]
pub enum PipeError {
    /// None of the programs that could give frames is installed.
    #[error("{wanted} is not installed: {advice}")]
    NotInstalled { wanted: String, advice: String },
    /// The program could not be started.
    #[error("cannot start `{program}`: {source}; check that it may be run, and that the board has memory left")]
    Start { program: String, source: io::Error },
    /// The program has ended; `said` holds its last messages, after a colon.
    #[error("`{program}` ended with {status}{said}; {advice}")]
    Ended { program: String, status: String, said: String, advice: String },
    /// The program runs, but its output is closed.
    #[error("`{program}` closed its output{said}; {advice}")]
    Closed { program: String, said: String, advice: String },
    /// No frame came in time.
    #[error("`{program}` gave no frame for {} s{said}; {advice}", waited.as_secs())]
    Silent { program: String, waited: Duration, said: String, advice: String },
    /// Bytes came, but no frame was among them.
    #[error(
        "`{program}` wrote {bytes} bytes in {} s, and no whole {wanted} was among them{said}; \
         name the format that it writes, as in pipe?format=yu12&size=640x480:COMMAND",
        waited.as_secs()
    )]
    NoPicture { program: String, bytes: u64, waited: Duration, wanted: String, said: String },
    /// The program gives pictures of another size than was asked for.
    #[error("`{program}` gives {}×{} instead of {}×{}; ask for size={}x{}", given.0, given.1, asked.0, asked.1, given.0, given.1)]
    OtherSize { program: String, asked: (u32, u32), given: (u32, u32) },
}

impl PipeError {
    /// The same in a few words, for a screen.
    pub fn in_short(&self) -> &'static str {
        match self {
            Self::NotInstalled { .. } => "camera program missing",
            Self::Start { .. } => "camera program not started",
            Self::Ended { .. } | Self::Closed { .. } => "camera program ended",
            Self::Silent { .. } => "no frames",
            Self::NoPicture { .. } => "no pictures in the stream",
            Self::OtherSize { .. } => "wrong picture size",
        }
    }
}

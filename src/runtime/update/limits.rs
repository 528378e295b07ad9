//! What a process that reads a model of unknown make may take.

use std::{fs, io, time::Duration};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use crate::engine::layers::weights::available_bytes;

/// Memory that any model may take, in bytes.
const MEMORY: u64 = 1 << 30;
/// Seconds of computing that any model may take: several reference pictures on the slowest of boards.
const CPU_S: u64 = 600;
/// Files that may be open at once.
const FILES: u64 = 64;

/// How much a process may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory that it writes to, in bytes.
    pub memory_bytes: u64,
    /// Time of all its threads together, in seconds.
    pub cpu_s: u64,
}

impl Limits {
    /// For a model file of so many bytes, on this board as it is now.
    pub fn for_file(bytes: u64) -> Self {
        let memory = MEMORY.saturating_add(bytes.saturating_mul(10));
        let megabytes = bytes >> 20;
        Limits { memory_bytes: available_bytes().map_or(memory, |free| memory.min(free)), cpu_s: CPU_S + 5 * megabytes }
    }

    /// Time after which it counts as hanging.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.cpu_s.saturating_mul(2))
    }

    /// Sets them for this process, for good. It may write no files and leave no image of its memory, and ends with its parent.
    pub fn set(&self) -> io::Result<()> {
        let limit = |resource, soft: u64, hard: u64| {
            setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) }).map_err(io::Error::from)
        };
        // Not the address space, of which memory allocators reserve much more than they use.
        limit(Resource::Data, self.memory_bytes, self.memory_bytes)?;
        // The first bound ends it with a signal of its own, which tells the cause.
        limit(Resource::Cpu, self.cpu_s, self.cpu_s.saturating_add(1))?;
        limit(Resource::Fsize, 0, 0)?;
        limit(Resource::Core, 0, 0)?;
        limit(Resource::Nofile, FILES, FILES)?;
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // Where memory runs out all the same, this process goes first. Some systems do not know of that.
        let _ = fs::write("/proc/self/oom_score_adj", "1000");
        Ok(())
    }
}

//! What a board is and has, as `probe.sh` tells it, and whether that is enough for a model.

use super::{
    program::{self, Architecture, Glibc, Program},
    watch::Ended,
};

/// A board's answers; what it could not tell is `None`, and is not held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// What `uname -m` says.
    pub machine: String,
    /// Kernel and its version.
    pub system: String,
    /// Whom the commands run as.
    pub user: String,
    /// What its programs are built for; `None` if `vggcam` is not built for it.
    pub architecture: Option<Architecture>,
    /// Version of its C library; `None` also where that is another one.
    pub glibc: Option<Glibc>,
    /// Memory that programs may take, in bytes.
    pub memory: Option<u64>,
    /// Where files arrive.
    pub home: Option<Storage>,
    /// Folder of installed models.
    pub state: State,
    /// Whether `sudo` asks for no password.
    pub sudo: bool,
    /// The `vggcam` that is there.
    pub program: Option<Found>,
}

/// A file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// What the system calls it.
    pub device: String,
    /// Bytes that are free.
    pub free: u64,
}

/// The folder of installed models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its path.
    pub folder: String,
    /// Who may write there.
    pub access: Access,
    /// The file system it is on.
    pub storage: Option<Storage>,
}

/// Who may write to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The user, who may also make it if it is not there.
    Writable,
    /// Another one.
    Closed,
    /// It is not there, and the user may not make it.
    Absent,
}

/// A program on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: String,
    /// What it says when it is asked for its version, such as `vggcam 0.1.0`.
    pub version: String,
    /// Whether it can install models; old ones cannot.
    pub installs: bool,
}

impl Board {
    /// Reads the answers. The error names the one that is missing.
    pub fn parse(answers: &Ended) -> Result<Board, String> {
        let told = |key: &str| answers.value(&format!("board.{key}")).filter(|value| !value.is_empty());
        let needed = |key: &str| told(key).map(str::to_string).ok_or_else(|| format!("it did not tell its {key}"));
        let machine = needed("machine")?;
        let bits = told("bits").and_then(|bits| bits.parse().ok());
        let memory = told("memory").and_then(|line| {
            let kilobytes = line.strip_prefix("MemAvailable:")?.trim().strip_suffix("kB")?;
            kilobytes.trim().parse::<u64>().ok()?.checked_mul(1024)
        });
        Ok(Board {
            architecture: Architecture::of_board(&machine, bits),
            machine,
            system: needed("system")?,
            user: needed("user")?,
            glibc: told("glibc").and_then(|text| program::glibc(text.strip_prefix("glibc ")?)),
            memory,
            home: told("home_storage").and_then(storage),
            state: State {
                folder: needed("state")?,
                access: match needed("state_access")?.as_str() {
                    "writable" => Access::Writable,
                    "closed" => Access::Closed,
                    "absent" => Access::Absent,
                    other => return Err(format!("it calls the access to its models {other:?}")),
                },
                storage: told("state_storage").and_then(storage),
            },
            sudo: told("sudo") == Some("yes"),
            program: told("program").map(|path| Found {
                path: path.into(),
                version: told("version").unwrap_or("of no known version").into(),
                installs: told("installs") == Some("yes"),
            }),
        })
    }

    /// Whether it runs a program of vggcam at all; gives what for.
    pub fn architecture(&self) -> Result<Architecture, String> {
        self.architecture.ok_or_else(|| {
            format!(
                "the board's processor ({}) is none that vggcam is built for: 64-bit ARM, ARMv7 or x86-64",
                self.machine
            )
        })
    }

    /// Whether `program` runs there.
    pub fn takes(&self, program: &Program) -> Result<(), String> {
        let wanted = self.architecture()?;
        if program.architecture != wanted {
            return Err(format!(
                "it is a program for {}, and the board runs {wanted} programs; build it with `cross build --release \
                 --no-default-features --target {}`",
                program.architecture,
                wanted.target()
            ));
        }
        match (program.glibc, self.glibc) {
            (Some(needs), Some(has)) if needs > has => Err(format!(
                "it needs glibc {}.{}, and the board has {}.{}; build it with `cross`, or update the board's system",
                needs.0, needs.1, has.0, has.1
            )),
            _ => Ok(()),
        }
    }

    /// Whether so many bytes of memory can be had there.
    pub fn has_memory(&self, needed: u64) -> Result<(), String> {
        match self.memory {
            Some(available) if available < needed => Err(format!(
                "the model may need {} of memory, and {} are available on the board; end other programs there, or train \
                 on a narrower backbone",
                megabytes(needed),
                megabytes(available)
            )),
            _ => Ok(()),
        }
    }

    /// Whether there is room for `arriving` bytes that are copied there and `staying` bytes that are installed.
    pub fn has_room(&self, arriving: u64, staying: u64) -> Result<(), String> {
        let room = |storage: &Option<Storage>, place: &str, needed: u64| match storage {
            Some(storage) if storage.free < needed => Err(format!(
                "{} are needed {place}, and {} are free on {}; remove something there",
                megabytes(needed),
                megabytes(storage.free),
                storage.device
            )),
            _ => Ok(()),
        };
        let (home, state) = (&self.home, &self.state.storage);
        if home.is_some() && home.as_ref().map(|s| &s.device) == state.as_ref().map(|s| &s.device) {
            return room(home, "on the board", arriving + staying);
        }
        room(home, "in the user's home folder on the board", arriving)?;
        room(state, &format!("in {} on the board", self.state.folder), staying)
    }

    /// `64-bit ARM, glibc 2.36, 3412 MB of memory and 21034 MB of storage free`.
    pub fn in_words(&self) -> String {
        let architecture = self.architecture.map_or(self.machine.clone(), |architecture| architecture.to_string());
        let glibc = self.glibc.map_or(String::new(), |(major, minor)| format!(", glibc {major}.{minor}"));
        let memory = self.memory.map(|bytes| format!("{} of memory", megabytes(bytes)));
        let storage = self.home.as_ref().map(|storage| format!("{} of storage", megabytes(storage.free)));
        let free: Vec<String> = memory.into_iter().chain(storage).collect();
        let free = if free.is_empty() { String::new() } else { format!(", {} free", free.join(" and ")) };
        format!("{}, {architecture}{glibc}{free}", self.system)
    }
}

/// `137 MB`, and `2.6 MB` where a digit more tells something.
pub fn megabytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 10.0 { format!("{megabytes:.1} MB") } else { format!("{megabytes:.0} MB") }
}

/// Reads the last line of `df -Pk`: device, size, used, free, share used, where it is mounted.
fn storage(line: &str) -> Option<Storage> {
    let words: Vec<&str> = line.split_whitespace().collect();
    // Names may have spaces, so the share is looked for.
    let share = words.iter().position(|word| word.strip_suffix('%').is_some_and(|n| n.parse::<u64>().is_ok()))?;
    let free = words.get(share.checked_sub(1)?)?.parse::<u64>().ok()?;
    Some(Storage { device: words[..share.checked_sub(3)?].join(" "), free: free.checked_mul(1024)? })
}

#[cfg(test)]
mod tests;

//! What a program file was built for: read from its ELF header, and from the versions of glibc that it asks for.
//!
//! Source of the numbers: the ELF specification and `elf.h`.

use std::{fmt, fs, io, path::Path};

/// A kind of processor and the width of its programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM, version 7, with hardware floating point.
    Armv7,
    /// 64-bit x86.
    X86_64,
}

impl Architecture {
    /// What Rust and `cross` call it on Linux with glibc.
    pub fn target(self) -> &'static str {
        match self {
            Architecture::Aarch64 => "aarch64-unknown-linux-gnu",
            Architecture::Armv7 => "armv7-unknown-linux-gnueabihf",
            Architecture::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// The architecture of programs on a board whose `uname -m` says `machine` and whose C library has words of so many
    /// bits: many a 32-bit system has a 64-bit kernel. `None` for one that `vggcam` is not built for.
    pub fn of_board(machine: &str, bits: Option<u32>) -> Option<Self> {
        match (machine, bits) {
            ("aarch64" | "armv8l" | "armv7l", Some(32)) => Some(Architecture::Armv7),
            ("aarch64", _) => Some(Architecture::Aarch64),
            ("armv8l" | "armv7l", None) => Some(Architecture::Armv7),
            ("x86_64", None | Some(64)) => Some(Architecture::X86_64),
            _ => None,
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Architecture::Aarch64 => "64-bit ARM",
            Architecture::Armv7 => "32-bit ARM",
            Architecture::X86_64 => "64-bit x86",
        })
    }
}

/// Version of glibc, major and minor.
pub type Glibc = (u32, u32);

/// What a program file asks of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Processor that it runs on.
    pub architecture: Architecture,
    /// The oldest glibc that it runs with; `None` if it needs none.
    pub glibc: Option<Glibc>,
}

/// Reads what the program in `path` asks for. The error says why it is no program for a board.
pub fn read(path: &Path) -> io::Result<Result<Program, String>> {
    Ok(parse(&fs::read(path)?))
}

fn parse(bytes: &[u8]) -> Result<Program, String> {
    const CLASS_32: u8 = 1;
    const CLASS_64: u8 = 2;
    const LITTLE_ENDIAN: u8 = 1;
    const ARM: u16 = 40;
    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;
    let Some(&[0x7f, b'E', b'L', b'F', class, LITTLE_ENDIAN, ..]) = bytes.get(..20) else {
        return Err(
            "it is no Linux program; build one with `cross build`, or give the program and not its folder".into()
        );
    };
    let architecture = match (class, u16::from_le_bytes([bytes[18], bytes[19]])) {
        (CLASS_64, AARCH64) => Architecture::Aarch64,
        (CLASS_32, ARM) => Architecture::Armv7,
        (CLASS_64, X86_64) => Architecture::X86_64,
        (_, machine) => {
            return Err(format!("it is built for a processor that vggcam does not know (ELF machine {machine})"));
        }
    };
    Ok(Program { architecture, glibc: newest_glibc(bytes) })
}

/// The newest version among the names `GLIBC_2.31` of the symbols that a program needs.
fn newest_glibc(bytes: &[u8]) -> Option<Glibc> {
    const NAME: &[u8] = b"GLIBC_";
    let mut newest = None;
    let mut rest = bytes;
    while let Some(at) = rest.windows(NAME.len()).position(|window| window == NAME) {
        rest = &rest[at + NAME.len()..];
        let length = rest.iter().position(|&byte| !byte.is_ascii_digit() && byte != b'.').unwrap_or(rest.len());
        let version = std::str::from_utf8(&rest[..length.min(16)]).ok().and_then(glibc);
        newest = newest.max(version);
    }
    newest
}

/// `2.31` or `2.2.5` as numbers.
pub fn glibc(text: &str) -> Option<Glibc> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_under_test_is_for_this_machine() {
        let program = read(&std::env::current_exe().unwrap()).unwrap().unwrap();
        let machine = std::process::Command::new("uname").arg("-m").output().unwrap();
        let machine = String::from_utf8(machine.stdout).unwrap();
        assert_eq!(Architecture::of_board(machine.trim(), Some(usize::BITS)), Some(program.architecture));
        assert!(program.glibc.is_none_or(|version| version >= (2, 2)));
    }

    #[test]
    fn headers_of_boards_are_known() {
        let header = |class: u8, machine: u8| {
            let mut bytes = vec![0x7f, b'E', b'L', b'F', class, 1, 1];
            bytes.resize(18, 0);
            bytes.extend([machine, 0]);
            bytes.extend(b"..GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0GLIBC_");
            bytes
        };
        for (class, machine, architecture) in
            [(2, 183, Architecture::Aarch64), (1, 40, Architecture::Armv7), (2, 62, Architecture::X86_64)]
        {
            assert_eq!(parse(&header(class, machine)), Ok(Program { architecture, glibc: Some((2, 34)) }));
        }
        assert!(parse(&header(2, 243)).unwrap_err().contains("ELF machine 243"));
        for no_program in [&b""[..], b"#!/bin/sh\necho this is a script, and no program", b"\x7fELF"] {
            assert!(parse(no_program).unwrap_err().contains("no Linux program"));
        }
    }

    #[test]
    fn a_64_bit_kernel_may_run_32_bit_programs() {
        use Architecture::*;
        for (machine, bits, expected) in [
            ("aarch64", Some(64), Some(Aarch64)),
            ("aarch64", None, Some(Aarch64)),
            ("aarch64", Some(32), Some(Armv7)),
            ("armv7l", Some(32), Some(Armv7)),
            ("armv6l", Some(32), None),
            ("riscv64", Some(64), None),
            ("x86_64", Some(32), None),
        ] {
            assert_eq!(Architecture::of_board(machine, bits), expected, "{machine}");
        }
    }
}

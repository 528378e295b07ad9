//! What a program says on standard error: logged as it comes, and the last lines kept for when it ends.

use std::{
    collections::VecDeque,
    io::Read,
    os::fd::AsFd,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
};

use super::reader::read_some;

/// Lines that are kept.
const KEPT_LINES: usize = 8;
/// Characters that are kept of a line.
const KEPT_CHARACTERS: usize = 200;

/// The last lines that a program said.
#[derive(Default)]
pub struct Messages {
    lines: Mutex<VecDeque<String>>,
    told_size: Mutex<Option<(u32, u32)>>,
}

impl Messages {
    /// What to say of the last lines in an error: `: LINE`, or nothing. Of lines that tell of errors the first and the last
    /// are taken, since programs put the cause first or last; else the last line.
    pub fn said(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let of_errors: Vec<&String> = lines.iter().filter(|line| line.to_lowercase().contains("error")).collect();
        match (of_errors.as_slice(), lines.back()) {
            ([first, .., last], _) if first != last => format!(": {first} … {last}"),
            ([only, ..], _) => format!(": {only}"),
            ([], Some(last)) => format!(": {last}"),
            ([], None) => String::new(),
        }
    }

    /// Columns and rows of the pictures that libcamera says it makes, where it has said so.
    pub fn told_size(&self) -> Option<(u32, u32)> {
        *self.told_size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line.
    fn take(&self, program: &str, line: &[u8]) {
        let line = cleaned(&String::from_utf8_lossy(line));
        if line.is_empty() {
            return;
        }
        log::info!("{program}: {line}");
        if let Some(size) = size_told_by(&line) {
            *self.told_size.lock().unwrap_or_else(PoisonError::into_inner) = Some(size);
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// Reads lines until the program says no more or `stop` is set.
pub fn listen(mut from: impl Read + AsFd, program: &str, messages: &Messages, stop: &AtomicBool) {
    let mut chunk = [0; 4096];
    let mut line = Vec::new();
    while let Some(bytes) = read_some(&mut from, &mut chunk, stop) {
        for &byte in bytes {
            // Programs that count frames write over their line, with a carriage return alone.
            if byte == b'\n' || byte == b'\r' {
                messages.take(program, &line);
                line.clear();
            } else if line.len() < 4 * KEPT_CHARACTERS {
                line.push(byte);
            }
        }
    }
    messages.take(program, &line);
}

/// A line without colours, control characters and what is too long.
fn cleaned(line: &str) -> String {
    let mut clean = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\x1B' {
            // A sequence such as `ESC [ 1 ; 31 m` ends with a letter.
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else if !character.is_control() {
            clean.push(character);
        }
        if clean.chars().count() == KEPT_CHARACTERS {
            clean.push('…');
            break;
        }
    }
    clean.trim().to_string()
}

/// Finds the size in libcamera's `configuring streams: (0) 640x480-YUV420/sYCC (1) …`.
fn size_told_by(line: &str) -> Option<(u32, u32)> {
    let (_, streams) = line.split_once("configuring streams: (0) ")?;
    let (size, _) = streams.split_once('-')?;
    let (width, height) = size.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> String {
        let messages = Messages::default();
        lines.iter().for_each(|line| messages.take("p", line.as_bytes()));
        messages.said()
    }

    #[test]
    fn the_lines_about_errors_count() {
        assert_eq!(after(&[]), "");
        assert_eq!(after(&["hello", " "]), ": hello");
        assert_eq!(after(&["ERROR: *** no cameras available ***"]), ": ERROR: *** no cameras available ***");
        assert_eq!(
            after(&["ERROR: cause", "more", "Error: consequence", "bye"]),
            ": ERROR: cause … Error: consequence"
        );
        let many: Vec<String> = (0..100).map(|i| format!("line {i}")).collect();
        assert_eq!(after(&many.iter().map(String::as_str).collect::<Vec<_>>()), ": line 99");
    }

    #[test]
    fn lines_are_made_fit_for_an_error() {
        assert_eq!(cleaned("\x1B[1;31m ERROR\x1B[0m\tand\x07 more "), "ERRORand more");
        assert_eq!(cleaned(&"é".repeat(500)).chars().count(), KEPT_CHARACTERS + 1);
    }

    #[test]
    fn the_size_is_read_from_what_libcamera_says() {
        let line = "[0:01:02.3] [77]  INFO Camera camera.cpp:1197 configuring streams: (0) 640x480-YUV420/sYCC (1) 1536x864-BGGR";
        assert_eq!(size_told_by(line), Some((640, 480)));
        assert_eq!(size_told_by("configuring streams: (0) x-"), None);
    }
}

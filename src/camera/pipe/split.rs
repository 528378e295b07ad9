//! Cuts a stream of bytes into frames.

use std::mem;

use crate::vision::jpeg::{EOI, SOI, next_segment};

/// Longest JPEG picture, in bytes; what grows beyond it is dropped.
const MAX_JPEG_BYTES: usize = 16 << 20;

/// How a JPEG begins: its first marker, and the prefix of the next.
const JPEG_START: [u8; 3] = [0xFF, SOI, 0xFF];

/// Takes bytes as they come, and gives whole frames.
///
/// A frame goes to a sink, which may give back the bytes of a frame that nobody needs any more, to be filled again.
pub enum Splitter {
    /// Frames of a fixed number of bytes, one after the other.
    Raw(RawSplitter),
    /// JPEG pictures, with anything between them.
    Jpeg(JpegSplitter),
}

impl Splitter {
    /// Cuts every `frame_bytes` bytes.
    pub fn raw(frame_bytes: usize) -> Self {
        Self::Raw(RawSplitter { frame_bytes: frame_bytes.max(1), buffer: Vec::new() })
    }

    /// Cuts at the start and end markers of JPEG pictures.
    pub fn jpeg() -> Self {
        Self::Jpeg(JpegSplitter::default())
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(Vec<u8>) -> Option<Vec<u8>>) {
        match self {
            Self::Raw(splitter) => splitter.push(bytes, sink),
            Self::Jpeg(splitter) => splitter.push(bytes, sink),
        }
    }
}

/// Cuts frames of a fixed size.
pub struct RawSplitter {
    frame_bytes: usize,
    buffer: Vec<u8>,
}

impl RawSplitter {
    fn push(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(Vec<u8>) -> Option<Vec<u8>>) {
        while !bytes.is_empty() {
            let missing = self.frame_bytes - self.buffer.len();
            let (now, later) = bytes.split_at(missing.min(bytes.len()));
            self.buffer.reserve_exact(missing);
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == self.frame_bytes {
                let mut spare = sink(mem::take(&mut self.buffer)).unwrap_or_default();
                spare.clear();
                self.buffer = spare;
            }
        }
    }
}

/// Cuts JPEG pictures. What lies between them is skipped, and a picture that another one interrupts is dropped.
#[derive(Default)]
pub struct JpegSplitter {
    buffer: Vec<u8>,
    /// Where the picture begins in `buffer`, once its start has been found.
    start: Option<usize>,
    /// Up to where `buffer` has been looked at.
    at: usize,
    spare: Vec<u8>,
}

impl JpegSplitter {
    fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(Vec<u8>) -> Option<Vec<u8>>) {
        self.buffer.extend_from_slice(bytes);
        while let Some(end) = self.find_end() {
            let mut next = mem::take(&mut self.spare);
            next.clear();
            next.extend_from_slice(&self.buffer[end..]);
            let mut frame = mem::replace(&mut self.buffer, next);
            frame.truncate(end);
            frame.drain(..self.start.take().unwrap_or(0));
            self.at = 0;
            self.spare = sink(frame).unwrap_or_default();
        }
        self.forget();
    }

    /// Looks for the end of a picture in the bytes that were not looked at yet.
    fn find_end(&mut self) -> Option<usize> {
        loop {
            if self.start.is_none() {
                let unseen = &self.buffer[self.at..];
                let found = unseen.windows(JPEG_START.len()).position(|window| window == JPEG_START)?;
                self.start = Some(self.at + found);
                self.at += found + 2;
            }
            let segment = next_segment(&self.buffer, &mut self.at)?;
            match segment.marker {
                EOI => return Some(segment.range.end),
                // The end of the picture before was lost, if this is a start.
                SOI => (self.start, self.at) = (None, segment.range.start),
                _ => {}
            }
        }
    }

    /// Drops bytes that belong to no picture.
    fn forget(&mut self) {
        let useless = match self.start {
            Some(start) if self.buffer.len() - start <= MAX_JPEG_BYTES => start,
            _ => {
                self.start = None;
                // The last two may be the beginning of a start.
                self.at = self.buffer.len().saturating_sub(JPEG_START.len() - 1);
                self.at
            }
        };
        self.buffer.drain(..useless);
        self.at -= useless;
        self.start = self.start.map(|start| start - useless);
        self.buffer.shrink_to(MAX_JPEG_BYTES / 4);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vision::samples;

    /// The frames that come out of `stream` when it arrives in pieces of the sizes `cuts`, again and again.
    fn split(mut splitter: Splitter, stream: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
        let mut frames: Vec<Vec<u8>> = Vec::new();
        let mut rest = stream;
        for &cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(cut.min(rest.len()));
            splitter.push(now, &mut |frame| {
                frames.push(frame.clone());
                Some(frame)
            });
            rest = later;
        }
        frames
    }

    fn pictures() -> Vec<Vec<u8>> {
        let oriented = samples::jpeg_with_orientation(&samples::gradient(9, 5), 6);
        vec![samples::jpeg(&samples::noise(20, 30)), samples::jpeg(&samples::gradient(33, 17)), oriented]
    }

    proptest! {
        #[test]
        fn raw_frames_are_cut_by_their_size(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            size in 1usize..40,
            cuts in proptest::collection::vec(1usize..100, 1..9),
        ) {
            let expected: Vec<Vec<u8>> = bytes.chunks_exact(size).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(split(Splitter::raw(size), &bytes, &cuts), expected);
        }

        #[test]
        fn pictures_are_found_among_anything_else(
            // No 0xFF: whatever begins with one may be taken for a picture.
            fillings in proptest::collection::vec(proptest::collection::vec(0u8..0xFF, 0..50), 4),
            cuts in proptest::collection::vec(1usize..2000, 1..9),
        ) {
            let mut stream = fillings[0].clone();
            for (picture, filling) in pictures().iter().zip(&fillings[1..]) {
                stream.extend_from_slice(picture);
                stream.extend_from_slice(filling);
            }
            prop_assert_eq!(split(Splitter::jpeg(), &stream, &cuts), pictures());
        }

        #[test]
        fn no_bytes_make_it_panic(
            bytes in proptest::collection::vec(prop_oneof![Just(0xFFu8), Just(SOI), Just(EOI), any::<u8>()], 0..400),
            cuts in proptest::collection::vec(1usize..50, 1..9),
        ) {
            for frame in split(Splitter::jpeg(), &bytes, &cuts) {
                prop_assert!(frame.starts_with(&JPEG_START) && frame.ends_with(&[0xFF, EOI]));
            }
        }
    }

    #[test]
    fn a_picture_whose_end_is_lost_is_dropped() {
        let [first, second, third] = pictures().try_into().unwrap();
        // Cut among the entropy-coded data; a cut header takes as much of what follows as it says it is long.
        let stream = [&first[..first.len() - 2], &second, &first[..first.len() - 99], &third].concat();
        assert_eq!(split(Splitter::jpeg(), &stream, &[7]), [second, third]);
    }

    #[test]
    fn an_endless_picture_does_not_fill_the_memory() {
        let mut splitter = JpegSplitter::default();
        let mut frames = Vec::new();
        let mut push = |splitter: &mut JpegSplitter, bytes: &[u8]| {
            splitter.push(bytes, &mut |frame| {
                frames.push(frame);
                None
            });
        };
        push(&mut splitter, &JPEG_START);
        let chunk = vec![1; 1 << 20];
        for _ in 0..40 {
            push(&mut splitter, &chunk);
            assert!(splitter.buffer.len() <= MAX_JPEG_BYTES + chunk.len());
        }
        push(&mut splitter, &pictures()[0]);
        assert_eq!(frames, pictures()[..1]);
    }
}

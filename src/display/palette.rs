//! The colours of the screen.

use image::Rgb;

use super::caption::Certainty;

/// Behind the picture where it leaves room.
pub const BACKDROP: Rgb<u8> = Rgb([8, 10, 14]);
/// Behind the words.
pub const SURFACE: Rgb<u8> = Rgb([19, 23, 31]);
/// The empty part of a bar.
pub const TRACK: Rgb<u8> = Rgb([44, 51, 64]);
/// Words to be read first.
pub const TEXT: Rgb<u8> = Rgb([240, 243, 248]);
/// Words to be read when one looks for them.
pub const FAINT: Rgb<u8> = Rgb([140, 150, 167]);

/// The colour of an answer.
pub fn accent(certainty: Certainty) -> Rgb<u8> {
    match certainty {
        Certainty::Waiting => Rgb([112, 178, 255]),
        Certainty::Sure => Rgb([74, 222, 148]),
        Certainty::Uncertain => Rgb([255, 184, 76]),
        Certainty::Unknown => Rgb([160, 170, 186]),
    }
}

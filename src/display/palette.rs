//! The colours of the screen.

use image::Rgb;

use super::caption::Mark;

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

/// Behind the words that say that the picture stands still.
pub const ICE: Rgb<u8> = Rgb([176, 208, 255]);
/// The dot that says that pictures are kept.
pub const RECORDING: Rgb<u8> = Rgb([236, 58, 52]);

/// The colour of a state.
pub fn accent(mark: Mark) -> Rgb<u8> {
    match mark {
        Mark::Starting | Mark::Waiting => Rgb([122, 182, 255]),
        Mark::Sure => Rgb([74, 222, 148]),
        Mark::Uncertain => Rgb([255, 190, 84]),
        Mark::Unknown => Rgb([168, 178, 194]),
        Mark::CameraLost | Mark::ModelFailed => Rgb([255, 128, 116]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as the Web Content Accessibility Guidelines define it.
    fn luminance(colour: Rgb<u8>) -> f64 {
        let linear = colour.0.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(a: Rgb<u8>, b: Rgb<u8>) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_stands_out_as_the_guidelines_ask() {
        // Level AA asks for 4.5, and for 3 of large text and of shapes that mean something.
        for text in Mark::ALL.map(accent).into_iter().chain([TEXT, FAINT]) {
            assert!(contrast(text, SURFACE) >= 4.5, "{text:?}: {}", contrast(text, SURFACE));
            assert!(contrast(text, BACKDROP) >= 4.5, "{text:?}: {}", contrast(text, BACKDROP));
        }
        assert!(contrast(SURFACE, ICE) >= 4.5);
        assert!(Mark::ALL.into_iter().all(|mark| contrast(accent(mark), TRACK) >= 3.0));
    }
}

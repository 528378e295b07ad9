//! How strongly a cell of the confusion matrix is shaded, so that what is written in it can always be read.

use serde::Serialize;

/// Share above which a cell is dark and its text white.
const STRONG: f64 = 0.6;

/// The shade of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shade {
    /// How much of the ground the colour covers, 0 to 1.
    pub opacity: f64,
    /// Whether the text on it is white.
    pub strong: bool,
}

/// The shade for a share of a row, 0 to 1: the more, the stronger. It leaves out the middle, on which neither black nor white
/// text has the contrast that WCAG 2.2 asks for (1.4.3: 4.5 to 1).
pub fn shade(share: f64) -> Shade {
    let strong = share > STRONG;
    let opacity = if strong { 0.84 + 0.16 * (share - STRONG) / (1.0 - STRONG) } else { 0.16 + 0.6 * share };
    Shade { opacity: (opacity * 1000.0).round() / 1000.0, strong }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: &str = include_str!("../../style/page.css");

    /// The colours of a name of the style, light and dark, 0 to 1.
    fn colours(name: &str) -> [[f64; 3]; 2] {
        let found: Vec<_> = STYLE
            .match_indices(&format!("--{name}: #"))
            .map(|(at, found)| {
                let digits = &STYLE[at + found.len()..][..6];
                [0, 2, 4].map(|i| f64::from(u8::from_str_radix(&digits[i..i + 2], 16).unwrap()) / 255.0)
            })
            .collect();
        found.try_into().unwrap()
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(colour: [f64; 3]) -> f64 {
        let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_shade() {
        let [ground, ink, white] = ["raised", "ink", "on-strong"].map(colours);
        for scheme in 0..2 {
            for fill in ["right", "wrong"].map(colours) {
                for share in (0..=1000).map(|share| f64::from(share) / 1000.0) {
                    let Shade { opacity, strong } = shade(share);
                    let mixed = [0, 1, 2].map(|i| fill[scheme][i] * opacity + ground[scheme][i] * (1.0 - opacity));
                    let text = if strong { white[scheme] } else { ink[scheme] };
                    let contrast = contrast(mixed, text);
                    assert!(contrast >= 4.5, "{contrast} at {share} of scheme {scheme}");
                }
            }
        }
    }

    #[test]
    fn more_is_stronger() {
        let shades = (0..=100).map(|share| shade(f64::from(share) / 100.0).opacity);
        assert!(shades.is_sorted_by(|a, b| a < b));
        assert_eq!(shade(1.0).opacity, 1.0);
    }
}

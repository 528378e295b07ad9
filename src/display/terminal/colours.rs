//! How many colours the terminal shows, and the nearest of them.

use std::env;

use crossterm::style::Color;

/// The colours of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Any colour of 24 bits.
    True,
    /// The palette of 256 colours that xterm defines.
    Palette256,
}

impl Colours {
    /// What the environment says about the terminal; nothing where it shows plain text only.
    pub fn of_environment() -> Option<Self> {
        let variable = |name| env::var(name).unwrap_or_default();
        Self::of(&variable("TERM"), &variable("COLORTERM"))
    }

    fn of(term: &str, colorterm: &str) -> Option<Self> {
        // These understand 24 bits, and the Linux console takes the nearest that it has, but some do not say so.
        let known = ["direct", "kitty", "alacritty", "foot", "ghostty", "wezterm", "linux"];
        match colorterm {
            "truecolor" | "24bit" => Some(Self::True),
            _ if term == "dumb" => None,
            _ if known.iter().any(|name| term.contains(name)) => Some(Self::True),
            _ => Some(Self::Palette256),
        }
    }

    /// Says how many colours there are.
    pub fn describe(self) -> &'static str {
        match self {
            Self::True => "24-bit colour",
            Self::Palette256 => "256 colours",
        }
    }

    /// The colour nearest to `rgb`.
    pub fn nearest(self, rgb: [u8; 3]) -> Color {
        match self {
            Self::True => Color::Rgb { r: rgb[0], g: rgb[1], b: rgb[2] },
            Self::Palette256 => Color::AnsiValue(nearest_of_256(rgb)),
        }
    }
}

/// Levels of each colour in the palette's cube, which begins at entry 16.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn nearest_of_256(rgb: [u8; 3]) -> u8 {
    let level = |value: u8| (0..6u8).min_by_key(|&i| LEVELS[usize::from(i)].abs_diff(value)).unwrap_or(0);
    let cube = rgb.map(level);
    let in_cube = cube.map(|i| LEVELS[usize::from(i)]);

    // The greys 8, 18 … 238 begin at entry 232.
    let mean = rgb.iter().map(|&value| u32::from(value)).sum::<u32>() / 3;
    let step = ((mean.saturating_sub(3)) / 10).min(23) as u8;
    let grey = [8 + 10 * step; 3];

    if distance(grey, rgb) < distance(in_cube, rgb) { 232 + step } else { 16 + 36 * cube[0] + 6 * cube[1] + cube[2] }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn believes_the_environment() {
        assert_eq!(Colours::of("xterm-256color", "truecolor"), Some(Colours::True));
        assert_eq!(Colours::of("xterm-256color", ""), Some(Colours::Palette256));
        assert_eq!(Colours::of("xterm-kitty", ""), Some(Colours::True));
        assert_eq!(Colours::of("dumb", ""), None);
    }

    /// The palette as xterm defines it, from entry 16.
    fn palette() -> Vec<[u8; 3]> {
        let cube = (0..216usize).map(|i| [LEVELS[i / 36], LEVELS[i / 6 % 6], LEVELS[i % 6]]);
        cube.chain((0..24).map(|i| [8 + 10 * i; 3])).collect()
    }

    proptest! {
        #[test]
        fn finds_the_nearest(rgb: [u8; 3]) {
            let palette = palette();
            let chosen = palette[usize::from(nearest_of_256(rgb)) - 16];
            let least = palette.iter().map(|&entry| distance(entry, rgb)).min().expect("the palette has entries");
            prop_assert_eq!(distance(chosen, rgb), least);
        }
    }
}

use proptest::prelude::*;

use super::*;

const WHITE: Rgb<u8> = Rgb([255; 3]);

/// Rows and columns that `text` touches: left, top, right, bottom (the last two exclusive).
fn ink(style: Style, text: &str) -> Option<(u32, u32, u32, u32)> {
    let mut canvas = RgbImage::new(style.width(text) + 200, style.height() * 4 + 20);
    style.draw(&mut canvas, text, 100, style.height() as i32 * 3, WHITE);
    let lit = canvas.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 100);
    lit.fold(None, |bounds, (x, y, _)| {
        let (l, t, r, b) = bounds.unwrap_or((x, y, x + 1, y + 1));
        Some((l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)))
    })
}

#[test]
fn capitals_are_as_tall_as_promised() {
    for weight in [Weight::Regular, Weight::Bold, Weight::Pixels] {
        for capitals in [5, 8, 14, 19, 27, 42, 60, 97] {
            let style = Style::new(weight, capitals);
            let (_, top, _, bottom) = ink(style, "H").expect("H has ink");
            assert_eq!(bottom - top, style.height(), "{weight:?} {capitals}: {top}..{bottom}");
            assert_eq!(bottom, style.height() * 3, "{weight:?} {capitals} stands on its baseline");
            assert!(weight == Weight::Pixels || style.height() == capitals);
        }
    }
}

#[test]
fn letters_of_many_languages_have_ink_of_their_own() {
    for weight in [Weight::Regular, Weight::Bold, Weight::Pixels] {
        let style = Style::new(weight, 20);
        let drawn = |text: &str| {
            let mut canvas = RgbImage::new(60, 60);
            style.draw(&mut canvas, text, 10, 40, WHITE);
            canvas
        };
        let missing = drawn("\u{4e00}");
        for letter in ["ž", "Ü", "ł", "ő", "Ж", "я", "ї", "Ω", "ψ", "ế", "§", "…", "№"] {
            assert!(drawn(letter) != missing, "{weight:?} has {letter}");
            assert!(ink(style, letter).is_some(), "{weight:?} {letter}");
        }
    }
}

#[test]
fn accents_stand_above_capitals() {
    for capitals in 8..=16 {
        for weight in [Weight::Regular, Weight::Bold, Weight::Pixels] {
            let style = Style::new(weight, capitals);
            let plain = ink(style, "MULLER").expect("letters have ink");
            let accented = ink(style, "MÜLLER").expect("letters have ink");
            assert!(accented.1 < plain.1, "the dots of Ü at {weight:?} {capitals}");
        }
    }
}

#[test]
fn figures_keep_their_width() {
    let style = Style::new(Weight::Regular, 31);
    assert_eq!(style.width("11:11"), style.width("98:40"));
}

#[test]
fn pixels_are_on_or_off() {
    for (text, capitals) in [("Hippo 98%", 8), ("Žižka Ω", 11), ("dog", 40)] {
        let mut canvas = RgbImage::new(300, 60);
        Style::new(Weight::Pixels, capitals).draw(&mut canvas, text, 3, 50, WHITE);
        assert!(canvas.pixels().all(|pixel| pixel.0 == [0; 3] || pixel.0 == [255; 3]), "{text}");
        assert!(canvas.pixels().any(|pixel| pixel.0 == [255; 3]), "{text}");
    }
}

#[test]
fn shortens_with_an_ellipsis() {
    let style = Style::new(Weight::Regular, 9);
    assert_eq!(style.shorten("cat", 100), "cat");
    let short = style.shorten("hippopotamus amphibius", 60);
    assert!(short.ends_with('…') && short.starts_with("hip"), "{short}");
    assert_eq!(style.shorten("hippopotamus", 3), "");
}

#[test]
fn breaks_between_words() {
    let block = Block::fitting(Weight::Bold, (10, 40), "golden retriever", (200, 200), 2);
    assert_eq!(block.lines, ["golden", "retriever"]);
    assert!(block.style.height() > Style::fitting(Weight::Bold, 40, 1, "golden retriever", 200).height());

    let single = Block::fitting(Weight::Bold, (10, 40), "my cat", (200, 200), 2);
    assert_eq!(single.lines, ["my cat"]);

    let style = Style::new(Weight::Regular, 8);
    let block = Block::new(style, "the cable of the camera was pulled", (60, 3 * style.line()));
    assert_eq!(block.lines.len(), 3, "{:?}", block.lines);
    assert!(block.lines[2].ends_with('…'), "{:?}", block.lines);
}

#[test]
fn cuts_words_only_when_it_must() {
    let block = Block::fitting(Weight::Bold, (12, 12), "Donaudampfschifffahrt", (90, 100), 3);
    assert_eq!(block.lines.concat(), "Donaudampfschifffahrt");
    assert!(block.lines.len() >= 2);
}

proptest! {
    #[test]
    fn never_exceeds_the_width(
        text in "\\PC{0,40}", capitals in 1u32..60, width in 0u32..400, height in 0u32..200, count in 1usize..4, pixels: bool,
    ) {
        let weight = if pixels { Weight::Pixels } else { Weight::Bold };
        let style = Style::fitting(weight, capitals, 8, &text, width);
        prop_assert!(style.width(&style.shorten(&text, width)) <= width);

        let block = Block::fitting(weight, (8, capitals), &text, (width, height), count);
        prop_assert!(block.lines.len() <= count);
        prop_assert!(block.lines.iter().all(|line| block.style.width(line) <= width));
        prop_assert!(block.height() <= height.max(block.style.height()));
    }

    #[test]
    fn finds_the_largest_size(text in "[a-zA-Z ]{1,20}", width in 20u32..400) {
        let style = Style::fitting(Weight::Bold, 90, 1, &text, width);
        let larger = Style::new(Weight::Bold, style.height() + 1);
        prop_assert!(style.height() == 90 || larger.width(&text) > width);
    }

    #[test]
    fn draws_anything_anywhere(text in ".{0,20}", capitals in 0u32..80, x in -100i32..100, y in -100i32..100) {
        for weight in [Weight::Regular, Weight::Bold, Weight::Pixels] {
            Style::new(weight, capitals).draw(&mut RgbImage::new(30, 20), &text, x, y, WHITE);
        }
    }
}

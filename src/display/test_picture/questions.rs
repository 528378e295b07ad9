//! What a person is asked about the test picture, and which setting to change.

use crate::display::spec::{DisplaySpec, SpiSpec};

/// A question about the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Yes is the right answer.
    pub question: &'static str,
    /// What to do if the answer is no.
    pub remedy: String,
}

/// The questions about a display, with the options that its SPEC takes.
pub fn questions(spec: &DisplaySpec) -> Vec<Question> {
    let ask = |question, remedy: String| Question { question, remedy };
    let upright = |remedy| ask("Is the word TOP on top, the arrow above it pointing up?", remedy);
    let whole = |remedy| ask("Is there one thin line along all four edges, and nothing beyond it?", remedy);
    let colours = |remedy| ask("Is the field RED red, GREEN green, and BLUE blue?", remedy);
    let light = |remedy| ask("Is the field BLACK black, and WHITE white?", remedy);
    let even = |remedy| ask("Do the four ramps brighten evenly, without specks or gaps?", remedy);
    let round = |remedy| ask("Is the ring round?", remedy);
    match spec {
        DisplaySpec::Spi(spec) => vec![
            upright(turns(spec.rotate)),
            whole(window(spec)),
            colours(format!("red and blue are exchanged: bgr={}", opposite(spec.bgr))),
            light(format!("they are exchanged: invert={}", opposite(spec.invert))),
            even(format!(
                "specks or a torn picture: shorter wires, or hz={}; 32 steps are normal",
                (spec.hz / 2).max(1)
            )),
        ],
        DisplaySpec::Oled(spec) => {
            let (width, height) = spec.size;
            let other = if height == 64 { "size=128x32" } else { "size=128x64" };
            vec![
                upright(turns(spec.rotate)),
                whole(format!(
                    "the panel is not {width}x{height}: {other}; all is moved by two columns: it has an SH1106, which \
                     is not driven"
                )),
                light(format!("they are exchanged: invert={}", opposite(spec.invert))),
                ask("Is it bright enough?", format!("contrast=255 is brightest, contrast={} is set", spec.contrast)),
            ]
        }
        DisplaySpec::Drm(spec) => vec![
            upright(turns(spec.rotate)),
            whole("switch overscan off in the screen's own menu (“just scan”, “1:1”, “full pixel”)".into()),
            round("the screen stretches the picture: set mode= to its own resolution, or its aspect to 1:1".into()),
            colours("check the cable; adapters to VGA lose a colour where a pin is bent".into()),
            light("switch inversion off in the screen's own menu".into()),
            even("the darkest or brightest steps are one: set the screen's range to “full”".into()),
        ],
        DisplaySpec::Framebuffer { rotate, .. } => vec![
            upright(turns(*rotate)),
            whole("an HDMI screen: disable_overscan=1 in config.txt; a panel: its overlay has the wrong size".into()),
            round("the screen stretches the picture: set its own resolution in config.txt, or with fbset".into()),
            colours("its driver says the wrong order: look for a bgr parameter of its overlay".into()),
            light("its driver does not invert: look for an invert parameter of its overlay".into()),
            even("32 or 64 steps are normal on 16 bits; fbset -depth 32 may give more".into()),
        ],
        DisplaySpec::Png { .. } | DisplaySpec::Terminal | DisplaySpec::None => vec![],
    }
}

/// Which `rotate` puts the picture upright that is turned by `now` and seen lying or upside down.
fn turns(now: u16) -> String {
    let and = |more: u16| (now + more) % 360;
    format!(
        "the arrow points left: rotate={}; down: rotate={}; right: rotate={}; the letters are mirrored: no option helps",
        and(90),
        and(180),
        and(270)
    )
}

/// What shows which part of its memory a controller's panel shows.
fn window(spec: &SpiSpec) -> String {
    let ((width, height), (x, y)) = (spec.size, spec.offset);
    format!(
        "size={width}x{height} and offset={x},{y} are set; common panels: 240x320 0,0; 240x240 0,0 or 0,80; \
         240x280 0,20; 170x320 35,0; 172x320 34,0; 135x240 52,40"
    )
}

fn opposite(set: bool) -> &'static str {
    if set { "no" } else { "yes" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedies(spec: &str) -> Vec<String> {
        questions(&spec.parse().expect("it is a SPEC")).into_iter().map(|asked| asked.remedy).collect()
    }

    #[test]
    fn the_rotation_advised_puts_the_arrow_upright() {
        for kind in ["st7789:/dev/spidev0.0?dc=1", "ssd1306:/dev/i2c-1?addr=0x3c", "drm:/dev/dri/card0?mode=9x9"] {
            for now in [0, 90, 180, 270] {
                let remedy = &remedies(&format!("{kind}&rotate={now}"))[0];
                // Where the arrow of a picture points that is seen turned by so much.
                for (seen, direction) in [(90, "right: "), (180, "down: "), (270, "left: ")] {
                    let after = remedy.split_once(direction).expect("every direction has its advice").1;
                    let number = after.strip_prefix("rotate=").and_then(|text| text.split(';').next());
                    let advised: u16 = number.and_then(|text| text.parse().ok()).expect("it is a number");
                    assert_eq!((advised + 360 - now + seen) % 360, 0, "{direction} at {now}");
                    assert!(format!("{kind}&rotate={advised}").parse::<DisplaySpec>().is_ok());
                }
            }
        }
    }

    #[test]
    fn switches_are_advised_the_other_way_round() {
        let panel = remedies("ili9341:/dev/spidev0.0?dc=1&invert=yes");
        assert!(panel[2].ends_with("bgr=no") && panel[3].ends_with("invert=no"), "{panel:?}");
        let panel = remedies("st7789:/dev/spidev0.0?dc=1&invert=no");
        assert!(panel[2].ends_with("bgr=yes") && panel[3].ends_with("invert=yes"), "{panel:?}");
        assert!(remedies("ssd1306:/dev/i2c-1")[2].ends_with("invert=yes"));
    }
}

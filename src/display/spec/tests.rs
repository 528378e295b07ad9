//! SPECs that are understood, and what is said about those that are not.

use super::*;
use proptest::prelude::*;

fn refusal(spec: &str) -> String {
    spec.parse::<DisplaySpec>().expect_err("the SPEC is wrong").to_string()
}

#[test]
fn understands_each_kind() {
    let parsed = |spec: &str| spec.parse::<DisplaySpec>().expect("the SPEC is right");
    assert_eq!(parsed("terminal"), DisplaySpec::Terminal);
    assert_eq!(parsed("none"), DisplaySpec::None);
    assert_eq!(parsed("png:a?b.png"), DisplaySpec::Png { path: "a?b.png".into(), size: (640, 480) });
    assert_eq!(parsed("png:x-%d.png?size=320x240"), DisplaySpec::Png { path: "x-%d.png".into(), size: (320, 240) });
    assert_eq!(parsed("fb:/dev/fb1"), DisplaySpec::Framebuffer { path: "/dev/fb1".into(), rotate: 0 });
    let turned = DisplaySpec::Framebuffer { path: "/dev/fb0".into(), rotate: 90 };
    assert_eq!(parsed("fb:/dev/fb0?rotate=90"), turned);
}

#[test]
fn understands_the_wiring_of_a_panel() {
    let spec = "st7789:/dev/spidev0.1?dc=25&rst=gpiochip4:27&bl=PQ.05&size=240x240&offset=0,80&rotate=270&hz=8000000&invert=no";
    let expected = SpiSpec {
        controller: Controller::St7789,
        device: "/dev/spidev0.1".into(),
        dc: LineSpec::Name("GPIO25".into()),
        reset: Some(LineSpec::Offset { chip: "gpiochip4".into(), offset: 27 }),
        backlight: Some(LineSpec::Name("PQ.05".into())),
        size: (240, 240),
        offset: (0, 80),
        rotate: 270,
        hz: 8_000_000,
        invert: false,
        bgr: false,
    };
    assert_eq!(spec.parse::<DisplaySpec>().ok(), Some(DisplaySpec::Spi(expected)));
}

#[test]
fn understands_screens_and_small_panels() {
    let drm = DrmSpec { device: "/dev/dri/card0".into(), connector: None, mode: None, rotate: 0 };
    assert_eq!("drm:/dev/dri/card0".parse::<DisplaySpec>().ok(), Some(DisplaySpec::Drm(drm.clone())));
    let chosen = DrmSpec { connector: Some("DSI-1".into()), mode: Some(((800, 480), Some(60))), rotate: 180, ..drm };
    let spec = "drm:/dev/dri/card0?connector=DSI-1&mode=800x480@60&rotate=180";
    assert_eq!(spec.parse::<DisplaySpec>().ok(), Some(DisplaySpec::Drm(chosen)));

    let (device, size) = ("/dev/i2c-1".into(), (128, 64));
    let oled = OledSpec { device, address: 0x3c, size, rotate: 0, contrast: 127, invert: false };
    assert_eq!("ssd1306:/dev/i2c-1".parse::<DisplaySpec>().ok(), Some(DisplaySpec::Oled(oled.clone())));
    let chosen = OledSpec { address: 0x3d, size: (128, 32), rotate: 180, contrast: 255, invert: true, ..oled };
    let spec = "ssd1306:/dev/i2c-1?addr=0x3d&size=128x32&rotate=180&contrast=0xff&invert=yes";
    assert_eq!(spec.parse::<DisplaySpec>().ok(), Some(DisplaySpec::Oled(chosen)));
}

#[test]
fn says_what_is_wrong() {
    assert_eq!(
        refusal("ili9341:/dev/spidev0.0"),
        "\"ili9341:/dev/spidev0.0\" is not a display: dc= is missing, as in ili9341:/dev/spidev0.0?dc=GPIO25&rst=GPIO27"
    );
    for (spec, part) in [
        ("drm:", "as in drm:/dev/dri/card0"),
        ("drm:/dev/dri/card0?mode=1080p", "write it like mode=1920x1080"),
        ("drm:/dev/dri/card0?mode=1920x1080@", "mode=1920x1080@ is not understood"),
        ("ssd1306:", "as in ssd1306:/dev/i2c-1"),
        ("ssd1306:/dev/i2c-1?addr=3c", "write it like addr=0x3c"),
        ("ssd1306:/dev/i2c-1?addr=0x78", "a board marked 0x78 answers at addr=0x3c"),
        ("ssd1306:/dev/i2c-1?size=128x65", "the sizes are 128x64, 128x32, 96x16"),
        ("ssd1306:/dev/i2c-1?contrast=256", "write it like contrast=127"),
        ("sh1106:/dev/i2c-1", "not driven directly; with a kernel driver"),
        ("hdmi", "the kinds are terminal"),
        ("", "the kinds are terminal"),
        ("png:", "the path is missing"),
        ("terminal:3", "takes nothing after it"),
        ("png:a.png?size=0x5", "size=0x5 is not understood; write it like size=320x240"),
        ("png:a.png?dc=3", "no option dc"),
        ("st7789:/dev/spidev0.0?dc=GPIO25&rotate=45", "rotate=45"),
        ("st7789:/dev/spidev0.0?dc=chip:25", "dc=chip:25"),
        ("st7789:/dev/spidev0.0?dc=1&dc=2", "dc is given twice"),
        ("st7789:/dev/spidev0.0?dc=1&size=320x240", "ends at 240×320"),
    ] {
        assert!(refusal(spec).contains(part), "{}", refusal(spec));
    }
}

proptest! {
    #[test]
    fn takes_any_text(kind in "(png|fb|drm|ssd1306|st7789|ili9341|\\PC{0,6})", rest in "[a-z0-9:?&=x,/@]{0,30}") {
        let _ = format!("{kind}:{rest}").parse::<DisplaySpec>();
    }
}

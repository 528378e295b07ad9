//! What the golden pictures show.

use std::time::Duration;

use image::{Rgb, RgbImage};
use vggcam::display::{
    Drawing,
    caption::{Caption, Certainty, State},
    screen::{self, Page, View},
};

/// A caption on a page.
pub struct Scene {
    pub name: &'static str,
    pub caption: Caption,
    pub page: Page,
}

impl Scene {
    /// Draws the scene with `picture`, which does not show before the first frame.
    pub fn draw(&self, picture: &RgbImage, size: (u32, u32), drawing: Drawing) -> RgbImage {
        let picture = (self.caption.state != State::Starting).then_some(picture);
        screen::draw(&View { picture, caption: &self.caption, page: self.page }, size, drawing)
    }
}

/// A scene for each state, and one for each further page.
pub fn scenes() -> Vec<Scene> {
    let live = answer("cat", 0.97, Certainty::Sure);
    let lost = State::CameraLost {
        cause: "/dev/video0 was unplugged; plug the camera in again".into(),
        since: Duration::from_secs(12),
    };
    let failed = State::ModelFailed { cause: "the network needs more memory than the board has".into() };
    let warned = Caption {
        board: "84 °C · under-voltage · slowed down".into(),
        warning: "under-voltage · slowed down, 84 °C".into(),
        ..live.clone()
    };
    let keeping = Caption { keeping: true, ..live.clone() };
    let scene = |name, caption: &Caption, page| Scene { name, caption: caption.clone(), page };
    let picture = |name, caption: &Caption| scene(name, caption, Page::Picture);
    vec![
        picture(
            "starting",
            &Caption {
                state: State::Starting,
                note: "opening /dev/video0".into(),
                fps: None,
                latency: None,
                ..live.clone()
            },
        ),
        picture("waiting", &Caption { certainty: Certainty::Waiting, fps: None, latency: None, ..live.clone() }),
        picture("sure", &live),
        picture("uncertain", &answer("golden retriever", 0.58, Certainty::Uncertain)),
        picture("unknown", &answer("unknown", 0.41, Certainty::Unknown)),
        picture("camera-lost", &Caption { state: lost.clone(), ..live.clone() }),
        picture("model-failed", &Caption { state: failed, ..live.clone() }),
        picture("frozen", &Caption { frozen: true, ..live.clone() }),
        picture("stale", &Caption { state: State::Stale { since: Duration::from_secs(12) }, ..live.clone() }),
        picture("warning", &warned),
        picture("keeping", &keeping),
        scene("label", &live, Page::Label),
        scene("label-warning", &warned, Page::Label),
        scene("label-keeping", &keeping, Page::Label),
        scene("details", &live, Page::Details),
        scene("details-warning", &warned, Page::Details),
        scene("details-keeping", &keeping, Page::Details),
    ]
}

fn answer(label: &str, confidence: f32, certainty: Certainty) -> Caption {
    Caption {
        label: label.into(),
        confidence,
        certainty,
        fps: Some(7.5),
        latency: Some(Duration::from_millis(38)),
        model: "vgg16-slim cats-dogs".into(),
        note: "/dev/video0".into(),
        hint: "Ctrl-C ends".into(),
        skipped: Some(1204),
        dropped: Some(3),
        classes: [("cat", 0.97), ("dog", 0.02), ("hamster", 0.006), ("parrot", 0.003), ("rabbit", 0.001)]
            .into_iter()
            .enumerate()
            .map(
                |(i, (name, p))| {
                    if i == 0 { (label.into(), confidence) } else { (name.into(), p * (1.0 - confidence) / 0.03) }
                },
            )
            .collect(),
        ..Caption::default()
    }
}

/// A picture of few colours, 640×480 pixels: a cat on a hill.
pub fn photograph() -> RgbImage {
    let (fur, light, dark) = ([206, 140, 82], [244, 236, 222], [44, 40, 46]);
    // Discs, each with its centre, its half axes and its colour, the nearest last.
    let discs = [
        (520, 110, 55, 55, [246, 214, 150]),
        (150, 470, 350, 210, [104, 140, 112]),
        (480, 540, 400, 180, [70, 106, 84]),
        (320, 430, 125, 150, fur),
        (320, 470, 65, 100, light),
        (250, 130, 34, 62, fur),
        (390, 130, 34, 62, fur),
        (320, 210, 110, 95, fur),
        (320, 252, 55, 39, light),
        (272, 200, 18, 21, light),
        (368, 200, 18, 21, light),
        (274, 202, 9, 17, dark),
        (366, 202, 9, 17, dark),
        (320, 240, 13, 9, [214, 120, 116]),
        (320, 260, 2, 12, dark),
    ];
    RgbImage::from_fn(640, 480, |x, y| {
        let inside = |&&(cx, cy, w, h, _): &&(i64, i64, i64, i64, [u8; 3])| {
            let (dx, dy) = ((i64::from(x) - cx) * h, (i64::from(y) - cy) * w);
            dx * dx + dy * dy <= w * w * h * h
        };
        Rgb(discs.iter().rev().find(inside).map_or([150, 190, 214], |disc| disc.4))
    })
}

//! The screen in every state at the sizes of usual panels, compared with the pictures in `golden/screen`.
//!
//! `VGGCAM_GOLDEN=write cargo test --test screen` accepts what is drawn now; look at the pictures before committing them.

mod golden;
mod scenes;

use vggcam::display::Drawing;

use golden::compare;
use scenes::scenes;

/// Sizes of usual panels in colour, in pixels.
const COLOUR: [(u32, u32); 6] = [(240, 240), (320, 240), (240, 320), (480, 320), (800, 480), (240, 135)];
/// Sizes of usual panels whose pixels are on or off.
const ONE_BIT: [(u32, u32); 2] = [(128, 64), (128, 32)];

#[test]
fn every_state_looks_as_it_should_on_panels_in_colour() {
    compare(COLOUR.into_iter().flat_map(|size| scenes().into_iter().map(move |scene| (scene, size, Drawing::Whole))));
}

#[test]
fn every_state_looks_as_it_should_on_panels_of_one_bit() {
    compare(ONE_BIT.into_iter().flat_map(|size| scenes().into_iter().map(move |scene| (scene, size, Drawing::OneBit))));
}

#[test]
fn a_television_looks_as_it_should() {
    compare(scenes().into_iter().map(|scene| (scene, (1920, 1080), Drawing::Whole)));
}

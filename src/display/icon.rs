//! A shape for each state, so that states differ by more than their colours.

use std::{cell::RefCell, collections::HashMap, convert::Infallible, rc::Rc};

use embedded_graphics::{
    Drawable,
    draw_target::{DrawTarget, DrawTargetExt},
    geometry::{AngleUnit, Point, Size},
    pixelcolor::Gray8,
    primitives::{Arc, Circle, Primitive, PrimitiveStyle, Rectangle, StyledDrawable},
};
use image::{GrayImage, Rgb, RgbImage};

use super::{
    canvas::{self, Mask},
    caption::Mark,
};

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Icon {
    /// What a state looks like.
    Mark(Mark),
    /// A picture that stands still.
    Frozen,
    /// A camera.
    Camera,
}

/// Edges of icons are smooth, or each pixel is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edges {
    /// Pixels are covered in part.
    Smooth,
    /// Pixels are covered or not.
    Hard,
}

/// Icons are designed in a square of this many units.
const UNITS: i32 = 24;

/// The coverage of pixels, row by row, for each icon, side and kind of edges.
type Kept = HashMap<(Icon, u32, Edges), Rc<Vec<u8>>>;

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

impl Icon {
    /// Draws the icon `side` pixels wide and high, its upper left corner at `x`, `y`.
    pub fn draw(self, canvas: &mut RgbImage, (x, y): (i32, i32), side: u32, edges: Edges, colour: Rgb<u8>) {
        if side > 0 {
            canvas::stamp(canvas, (x, y), side, &self.kept(side, edges), colour);
        }
    }

    /// The coverage of each pixel, drawn once by each thread.
    fn kept(self, side: u32, edges: Edges) -> Rc<Vec<u8>> {
        KEPT.with_borrow_mut(|kept| {
            // Sides follow from the canvas, so there are few; a terminal that is resized may bring many.
            if kept.len() > 64 {
                kept.clear();
            }
            Rc::clone(kept.entry((self, side, edges)).or_insert_with(|| Rc::new(self.rasterize(side, edges))))
        })
    }

    fn rasterize(self, side: u32, edges: Edges) -> Vec<u8> {
        // Drawn larger and averaged, because the primitives know no part of a pixel.
        let times = match side {
            0..64 => 8,
            64..300 => 4,
            _ => 2,
        };
        let mut large = GrayImage::new(side * times, side * times);
        let Ok(()) = self.sketch(&mut Pen { mask: Mask(&mut large), side: (side * times) as i32 });
        let mut coverage = Vec::with_capacity((side * side) as usize);
        for y in 0..side {
            for x in 0..side {
                let points = (0..times).flat_map(|dy| (0..times).map(move |dx| (x * times + dx, y * times + dy)));
                let sum: u32 = points.map(|(x, y)| u32::from(large.get_pixel(x, y).0[0])).sum();
                let mean = (sum / (times * times)) as u8;
                coverage.push(match edges {
                    Edges::Smooth => mean,
                    Edges::Hard => {
                        if mean >= 128 {
                            255
                        } else {
                            0
                        }
                    }
                });
            }
        }
        coverage
    }

    /// Draws in units of which a side has [`UNITS`]; all figures are tenths of them.
    fn sketch(self, pen: &mut Pen) -> Result<(), Infallible> {
        match self {
            // A ring that is not closed yet.
            Self::Mark(Mark::Starting) => pen.arc((120, 120), 86, -90, 285, 32),
            Self::Mark(Mark::Waiting) => [40, 120, 200].into_iter().try_for_each(|x| pen.disc((x, 120), 30, ON)),
            // A full disc with a check mark.
            Self::Mark(Mark::Sure) => {
                pen.disc((120, 120), 112, ON)?;
                pen.stroke(&[(70, 126), (106, 162), (172, 88)], 28, OFF)
            }
            // A half full disc.
            Self::Mark(Mark::Uncertain) => {
                pen.disc((120, 120), 112, ON)?;
                pen.disc((120, 120), 84, OFF)?;
                pen.half_disc((120, 120), 86)
            }
            // A ring with a question mark.
            Self::Mark(Mark::Unknown) => {
                pen.disc((120, 120), 112, ON)?;
                pen.disc((120, 120), 90, OFF)?;
                pen.arc((120, 97), 33, 180, 225, 24)?;
                pen.stroke(&[(143, 121), (120, 142)], 23, ON)?;
                pen.disc((120, 178), 15, ON)
            }
            Self::Mark(Mark::CameraLost) => {
                Self::Camera.sketch(pen)?;
                pen.stroke(&[(44, 20), (224, 200)], 30, OFF)?;
                pen.stroke(&[(22, 34), (206, 218)], 24, ON)
            }
            Self::Mark(Mark::ModelFailed) => {
                // A triangle with rounded corners.
                pen.triangle([(120, 26), (20, 204), (220, 204)])?;
                pen.stroke(&[(120, 26), (20, 204), (220, 204), (120, 26)], 24, ON)?;
                pen.stroke(&[(120, 90), (120, 138)], 26, OFF)?;
                pen.disc((120, 180), 15, OFF)
            }
            Self::Frozen => {
                pen.block((52, 30), (52, 180), 14)?;
                pen.block((136, 30), (52, 180), 14)
            }
            Self::Camera => {
                pen.block((8, 54), (150, 132), 28)?;
                pen.triangle([(166, 120), (226, 74), (226, 166)])?;
                pen.stroke(&[(172, 120), (224, 80), (224, 160), (172, 120)], 14, ON)
            }
        }
    }
}

const ON: Gray8 = Gray8::new(255);
const OFF: Gray8 = Gray8::new(0);

/// Draws shapes given in tenths of units.
struct Pen<'a> {
    mask: Mask<'a>,
    side: i32,
}

type Spot = (i32, i32);

impl Pen<'_> {
    fn length(&self, tenths: i32) -> i32 {
        tenths * self.side / (UNITS * 10)
    }

    fn point(&self, (x, y): Spot) -> Point {
        Point::new(self.length(x), self.length(y))
    }

    fn disc(&mut self, centre: Spot, radius: i32, colour: Gray8) -> Result<(), Infallible> {
        let circle = Circle::with_center(self.point(centre), self.length(2 * radius).max(1) as u32);
        circle.draw_styled(&PrimitiveStyle::with_fill(colour), &mut self.mask)
    }

    /// The lower half of a disc.
    fn half_disc(&mut self, centre: Spot, radius: i32) -> Result<(), Infallible> {
        let middle = self.point(centre);
        let circle = Circle::with_center(middle, self.length(2 * radius).max(1) as u32);
        let lower = Rectangle::new(Point::new(0, middle.y), Size::new_equal(self.side as u32));
        circle.draw_styled(&PrimitiveStyle::with_fill(ON), &mut self.mask.clipped(&lower))
    }

    /// A part of a ring with round ends, `width` tenths wide; angles in degrees, clockwise from the right.
    fn arc(&mut self, centre: Spot, radius: i32, start: i32, sweep: i32, width: i32) -> Result<(), Infallible> {
        let shape = Arc::with_center(
            self.point(centre),
            self.length(2 * radius) as u32,
            (start as f32).deg(),
            (sweep as f32).deg(),
        );
        shape.into_styled(PrimitiveStyle::with_stroke(ON, self.length(width).max(1) as u32)).draw(&mut self.mask)?;
        for degrees in [start, start + sweep] {
            let (sin, cos) = SINES.iter().find(|(d, ..)| *d == degrees.rem_euclid(360)).map_or((0, 0), |s| (s.1, s.2));
            self.disc((centre.0 + radius * cos / 1000, centre.1 + radius * sin / 1000), width / 2, ON)?;
        }
        Ok(())
    }

    /// Lines from point to point with round joints and ends.
    fn stroke(&mut self, points: &[Spot], width: i32, colour: Gray8) -> Result<(), Infallible> {
        let half = f64::from(self.length(width).max(1)) / 2.0;
        for pair in points.windows(2) {
            let (from, to) = (self.point(pair[0]), self.point(pair[1]));
            let along = to - from;
            let length = f64::from(along.x).hypot(f64::from(along.y)).max(1.0);
            let part = |side: i32| (f64::from(side) * half / length).round() as i32;
            let across = Point::new(-part(along.y), part(along.x));
            self.polygon(&[from + across, to + across, to - across, from - across], colour)?;
        }
        points.iter().try_for_each(|&point| self.disc(point, width / 2, colour))
    }

    fn triangle(&mut self, corners: [Spot; 3]) -> Result<(), Infallible> {
        let corners = corners.map(|corner| self.point(corner));
        self.polygon(&corners, ON)
    }

    /// A convex shape between corners in pixels, row by row: the triangles and thick lines of embedded-graphics overflow
    /// at such sizes.
    fn polygon(&mut self, corners: &[Point], colour: Gray8) -> Result<(), Infallible> {
        let rows = corners.iter().map(|corner| corner.y);
        let (first, last) = (rows.clone().min().unwrap_or(0).max(0), rows.max().unwrap_or(0).min(self.side));
        for y in first..last {
            let middle = f64::from(y) + 0.5;
            let (mut left, mut right) = (f64::INFINITY, f64::NEG_INFINITY);
            for (i, from) in corners.iter().enumerate() {
                let to = corners[(i + 1) % corners.len()];
                let (top, bottom) = (f64::from(from.y.min(to.y)), f64::from(from.y.max(to.y)));
                if top <= middle && middle < bottom {
                    let share = (middle - f64::from(from.y)) / f64::from(to.y - from.y);
                    let x = f64::from(from.x) + share * f64::from(to.x - from.x);
                    (left, right) = (left.min(x), right.max(x));
                }
            }
            if left < right {
                let (left, right) = (left.round() as i32, right.round() as i32);
                self.mask
                    .fill_solid(&Rectangle::new(Point::new(left, y), Size::new((right - left) as u32, 1)), colour)?;
            }
        }
        Ok(())
    }

    fn block(&mut self, corner: Spot, (width, height): (i32, i32), radius: i32) -> Result<(), Infallible> {
        // A cross and four discs, because the rounded rectangle of this size is beyond what the primitive reckons with.
        for inset in [(radius, 0), (0, radius)] {
            let (x, y) = (corner.0 + inset.0, corner.1 + inset.1);
            let size = Size::new(self.length(width - 2 * inset.0) as u32, self.length(height - 2 * inset.1) as u32);
            Rectangle::new(self.point((x, y)), size).draw_styled(&PrimitiveStyle::with_fill(ON), &mut self.mask)?;
        }
        let ([left, right], [top, bottom]) =
            ([corner.0 + radius, corner.0 + width - radius], [corner.1 + radius, corner.1 + height - radius]);
        [(left, top), (right, top), (left, bottom), (right, bottom)]
            .into_iter()
            .try_for_each(|at| self.disc(at, radius, ON))
    }
}

/// Degrees with their sine and cosine in thousandths: the ends of arcs, exact on every machine.
const SINES: [(i32, i32, i32); 4] = [(270, -1000, 0), (195, -259, -966), (180, 0, -1000), (45, 707, 707)];

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(icon: Icon, side: u32, edges: Edges) -> RgbImage {
        let mut canvas = RgbImage::new(side + 4, side + 4);
        icon.draw(&mut canvas, (2, 2), side, edges, Rgb([255; 3]));
        canvas
    }

    #[test]
    fn every_state_has_a_shape_of_its_own() {
        let icons = Mark::ALL.map(Icon::Mark).into_iter().chain([Icon::Frozen, Icon::Camera]);
        let icons: Vec<Icon> = icons.collect();
        for side in [9, 11, 16, 40, 130] {
            for edges in [Edges::Smooth, Edges::Hard] {
                let shapes: Vec<RgbImage> = icons.iter().map(|&icon| drawn(icon, side, edges)).collect();
                for (i, first) in shapes.iter().enumerate() {
                    for (j, second) in shapes.iter().enumerate().skip(i + 1) {
                        let differing =
                            first.pixels().zip(second.pixels()).filter(|(a, b)| a.0[0].abs_diff(b.0[0]) > 127);
                        let differing = differing.count() as u32;
                        assert!(
                            differing * 20 >= side * side,
                            "{:?} and {:?} at {side}: {differing}",
                            icons[i],
                            icons[j]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn hard_edges_leave_no_grey() {
        let canvas = drawn(Icon::Mark(Mark::Unknown), 11, Edges::Hard);
        assert!(canvas.pixels().all(|pixel| pixel.0 == [0; 3] || pixel.0 == [255; 3]));
    }

    #[test]
    fn icons_stay_in_their_square() {
        for icon in Mark::ALL.map(Icon::Mark).into_iter().chain([Icon::Frozen, Icon::Camera]) {
            let canvas = drawn(icon, 20, Edges::Smooth);
            let outside = canvas.enumerate_pixels().filter(|(x, y, _)| !(2..22).contains(x) || !(2..22).contains(y));
            assert!(outside.into_iter().all(|(_, _, pixel)| pixel.0 == [0; 3]), "{icon:?}");
        }
    }

    #[test]
    fn any_side_can_be_drawn() {
        for side in (0..40).chain([63, 64, 299, 300, 400]) {
            drawn(Icon::Mark(Mark::CameraLost), side, Edges::Smooth);
        }
    }
}

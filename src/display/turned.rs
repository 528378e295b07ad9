//! A panel that hangs on its side or upside down.

use image::{RgbImage, imageops};

use super::{Drawing, Panel, caption::Caption, error::DisplayError};

/// Shows every picture turned clockwise, on a panel that cannot do so itself.
struct Turned {
    panel: Box<dyn Panel>,
    degrees: u16,
}

/// `panel` with pictures turned by `degrees`: 0, 90, 180 or 270.
pub fn turned(panel: impl Panel + 'static, degrees: u16) -> Box<dyn Panel> {
    if degrees == 0 { Box::new(panel) } else { Box::new(Turned { panel: Box::new(panel), degrees }) }
}

impl Panel for Turned {
    fn describe(&self) -> String {
        format!("{}, turned by {}°", self.panel.describe(), self.degrees)
    }

    fn size(&self) -> (u32, u32) {
        let (width, height) = self.panel.size();
        if self.degrees == 180 { (width, height) } else { (height, width) }
    }

    fn drawing(&self) -> Drawing {
        self.panel.drawing()
    }

    fn show(&mut self, canvas: &RgbImage, caption: &Caption) -> Result<(), DisplayError> {
        let turned = match self.degrees {
            90 => imageops::rotate90(canvas),
            180 => imageops::rotate180(canvas),
            _ => imageops::rotate270(canvas),
        };
        self.panel.show(&turned, caption)
    }

    fn invalidate(&mut self) {
        self.panel.invalidate();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::png::PngFiles;
    use image::Rgb;

    #[test]
    fn turns_clockwise() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("panel.png");
        // Where the upper left corner of the picture is found on a panel of 3×2.
        for (degrees, corner) in [(0, (0, 0)), (90, (2, 0)), (180, (2, 1)), (270, (0, 1))] {
            let mut panel = turned(PngFiles::new(path.clone(), (3, 2)), degrees);
            let (width, height) = panel.size();
            let mut canvas = RgbImage::new(width, height);
            canvas.put_pixel(0, 0, Rgb([255; 3]));
            panel.show(&canvas, &Caption::default()).expect("the folder can be written");
            let seen = image::open(&path).expect("it is a picture").into_rgb8();
            let lit: Vec<_> =
                seen.enumerate_pixels().filter(|(_, _, p)| p.0 != [0; 3]).map(|(x, y, _)| (x, y)).collect();
            assert_eq!((seen.dimensions(), lit), ((3, 2), vec![corner]), "{degrees}");
        }
    }
}

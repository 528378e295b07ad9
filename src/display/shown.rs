//! What a panel shows already, so that only the rows that differ need be sent.

use std::{iter, ops::Range};

use image::RgbImage;

use super::error::DisplayError;

/// The picture that a panel of a given size shows, as far as it is known.
pub struct Shown {
    size: (u32, u32),
    picture: Option<RgbImage>,
}

impl Shown {
    /// A panel of `size` (columns, rows) that may show anything.
    pub fn unknown(size: (u32, u32)) -> Self {
        Self { size, picture: None }
    }

    /// Forgets what is shown, so that everything is sent the next time.
    pub fn forget(&mut self) {
        self.picture = None;
    }

    /// Lets `send` bring those bands of rows to the panel in which `canvas` differs from what is shown; it is not
    /// called where nothing does. Where it fails, the panel may show anything afterwards. Errs on another size.
    pub fn update(
        &mut self,
        canvas: &RgbImage,
        send: impl FnOnce(&[Range<u32>]) -> Result<(), DisplayError>,
    ) -> Result<(), DisplayError> {
        if canvas.dimensions() != self.size {
            return Err(DisplayError::Size { given: canvas.dimensions(), wanted: self.size });
        }
        let bands = self.differing(canvas);
        if bands.is_empty() {
            return Ok(());
        }
        let shown = self.picture.take();
        send(&bands)?;
        self.picture = Some(match shown {
            None => canvas.clone(),
            Some(mut picture) => {
                let pixels: &mut [u8] = &mut picture;
                for band in &bands {
                    let bytes = self.bytes(band);
                    pixels[bytes.clone()].copy_from_slice(&canvas.as_raw()[bytes]);
                }
                picture
            }
        });
        Ok(())
    }

    /// The bands of rows in which `canvas` differs, from the top.
    fn differing(&self, canvas: &RgbImage) -> Vec<Range<u32>> {
        let height = self.size.1;
        let Some(picture) = &self.picture else { return iter::once(0..height).collect() };
        let mut bands: Vec<Range<u32>> = vec![];
        for row in 0..height {
            let bytes = self.bytes(&(row..row + 1));
            if picture.as_raw()[bytes.clone()] == canvas.as_raw()[bytes] {
                continue;
            }
            match bands.last_mut() {
                Some(band) if band.end == row => band.end += 1,
                _ => bands.push(row..row + 1),
            }
        }
        bands
    }

    /// Where the rows of a band lie in a picture's bytes.
    fn bytes(&self, rows: &Range<u32>) -> Range<usize> {
        let row = self.size.0 as usize * 3;
        rows.start as usize * row..rows.end as usize * row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sends_the_rows_that_differ_and_no_others(
            pictures in prop::collection::vec(prop::collection::vec(0u8..3, 9), 1..8), fails in 0usize..8,
        ) {
            let size = (2, 9);
            let mut shown = Shown::unknown(size);
            let mut panel: Option<RgbImage> = None;
            for (index, rows) in pictures.iter().enumerate() {
                let canvas = RgbImage::from_fn(2, 9, |x, y| image::Rgb([0, rows[y as usize] * (x as u8), 0]));
                let mut sent = vec![];
                let result = shown.update(&canvas, |bands| {
                    sent = bands.iter().cloned().flatten().collect();
                    if index == fails { Err(DisplayError::Size { given: size, wanted: size }) } else { Ok(()) }
                });
                let expected: Vec<u32> = match &panel {
                    None => (0..9).collect(),
                    Some(panel) => (0..9).filter(|&y| (0..2).any(|x| panel.get_pixel(x, y) != canvas.get_pixel(x, y))).collect(),
                };
                prop_assert_eq!(&sent, &expected);
                panel = if result.is_ok() { Some(canvas) } else { None };
            }
        }
    }

    #[test]
    fn refuses_a_picture_of_another_size() {
        let mut shown = Shown::unknown((4, 3));
        let error = shown.update(&RgbImage::new(3, 4), |_| panic!("nothing is sent")).expect_err("the size is wrong");
        assert_eq!(error.to_string(), "a picture of 3×4 was drawn for a display of 4×3");
        assert!(matches!(error, DisplayError::Size { .. }));
    }

    #[test]
    fn sends_everything_once_it_has_forgotten() {
        let mut shown = Shown::unknown((4, 3));
        let bands = |shown: &mut Shown| {
            let mut sent = vec![];
            shown
                .update(&RgbImage::new(4, 3), |bands| {
                    sent = bands.iter().cloned().flatten().collect::<Vec<u32>>();
                    Ok(())
                })
                .expect("nothing fails");
            sent
        };
        assert_eq!(bands(&mut shown), [0, 1, 2]);
        assert!(bands(&mut shown).is_empty());
        shown.forget();
        assert_eq!(bands(&mut shown), [0, 1, 2]);
    }
}

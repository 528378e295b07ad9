//! From a canvas to the bytes of a framebuffer.

use std::ops::Range;

use image::{Rgb, RgbImage};

/// Where one colour stands in a framebuffer's pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Bits below the field.
    pub offset: u32,
    /// Bits of the field.
    pub length: u32,
}

impl Field {
    /// `value` of 0 to 255 in the field's own range, rounded to the nearest, at the field's place.
    fn place(self, value: u8) -> u32 {
        let largest = (1u64 << self.length) - 1;
        (((u64::from(value) * largest + 127) / 255) << self.offset) as u32
    }
}

/// How pixels lie in a framebuffer's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Visible columns.
    pub width: u32,
    /// Visible rows.
    pub height: u32,
    /// Bytes from the start of the memory to the first visible pixel.
    pub start: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Bytes of a pixel: 2, 3 or 4.
    pub pixel_bytes: usize,
    /// The field of red.
    pub red: Field,
    /// The field of green.
    pub green: Field,
    /// The field of blue.
    pub blue: Field,
}

impl Geometry {
    /// Checks that pixels are of a kind that can be written, and that `memory_bytes` holds all visible ones.
    pub fn check(&self, memory_bytes: usize) -> Result<(), String> {
        if !(2..=4).contains(&self.pixel_bytes) {
            return Err(format!("it has {} bits a pixel; set it to 16, 24 or 32 with fbset", self.pixel_bytes * 8));
        }
        let bits = self.pixel_bytes as u32 * 8;
        let fits = |field: Field| (1..=8).contains(&field.length) && field.offset.saturating_add(field.length) <= bits;
        if ![self.red, self.green, self.blue].into_iter().all(fits) {
            return Err("its pixels are not made of red, green and blue; set it to 16 or 32 bits with fbset".into());
        }
        if self.width == 0 || self.height == 0 || self.stride < self.width as usize * self.pixel_bytes {
            return Err(format!("it says it shows {}×{} pixels", self.width, self.height));
        }
        let end = (self.height as usize - 1).checked_mul(self.stride);
        let end =
            end.and_then(|rows| rows.checked_add(self.start)?.checked_add(self.width as usize * self.pixel_bytes));
        match end {
            Some(end) if end <= memory_bytes => Ok(()),
            _ => Err(format!("its memory of {memory_bytes} bytes is smaller than the picture it says it shows")),
        }
    }

    /// The bytes of visible row `y`.
    pub fn row(&self, y: u32) -> Range<usize> {
        let start = self.start + y as usize * self.stride;
        start..start + self.width as usize * self.pixel_bytes
    }

    /// Writes the rows `rows` of `canvas`, which has the size of the visible part, into `memory`, which
    /// [`Geometry::check`] has found large enough. Bits of no colour are set, which is opaque where they are alpha.
    pub fn write(&self, canvas: &RgbImage, rows: Range<u32>, memory: &mut [u8]) {
        let tables =
            [self.red, self.green, self.blue].map(|field| std::array::from_fn(|value| field.place(value as u8)));
        let rest = !(tables[0][255] | tables[1][255] | tables[2][255]);
        // Pixels are put together in ordinary memory: a device's is slow to write in small pieces.
        let mut line = vec![0; self.width as usize * self.pixel_bytes];
        for (y, pixels) in rows.clone().zip(canvas.rows().skip(rows.start as usize)) {
            match self.pixel_bytes {
                2 => convert::<2>(pixels, &mut line, &tables, rest),
                3 => convert::<3>(pixels, &mut line, &tables, rest),
                _ => convert::<4>(pixels, &mut line, &tables, rest),
            }
            memory[self.row(y)].copy_from_slice(&line);
        }
    }
}

/// Puts a row together from the bits that each value of red, green and blue stands for.
fn convert<const BYTES: usize>(
    pixels: image::buffer::Pixels<Rgb<u8>>,
    line: &mut [u8],
    tables: &[[u32; 256]; 3],
    rest: u32,
) {
    for (Rgb([r, g, b]), bytes) in pixels.zip(line.chunks_exact_mut(BYTES)) {
        let pixel = tables[0][usize::from(*r)] | tables[1][usize::from(*g)] | tables[2][usize::from(*b)] | rest;
        // Fields count from the lowest bit of a pixel in the machine's order, which is little-endian here.
        bytes.copy_from_slice(&pixel.to_le_bytes()[..BYTES]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(offset: u32, length: u32) -> Field {
        Field { offset, length }
    }

    fn rgb565(width: u32, height: u32) -> Geometry {
        Geometry {
            width,
            height,
            start: 0,
            stride: width as usize * 2,
            pixel_bytes: 2,
            red: field(11, 5),
            green: field(5, 6),
            blue: field(0, 5),
        }
    }

    fn written(geometry: &Geometry, colour: [u8; 3], bytes: usize) -> Vec<u8> {
        let mut memory = vec![0; bytes];
        geometry.check(bytes).expect("the memory is large enough");
        let canvas = RgbImage::from_pixel(geometry.width, geometry.height, Rgb(colour));
        geometry.write(&canvas, 0..geometry.height, &mut memory);
        memory
    }

    #[test]
    fn writes_known_colours() {
        assert_eq!(written(&rgb565(1, 1), [255, 0, 0], 2), [0x00, 0xf8]);
        assert_eq!(written(&rgb565(1, 1), [0, 255, 0], 2), [0xe0, 0x07]);
        assert_eq!(written(&rgb565(1, 1), [255, 128, 8], 2), [0x01, 0xfc]);
        let xrgb = Geometry {
            stride: 4,
            pixel_bytes: 4,
            red: field(16, 8),
            green: field(8, 8),
            blue: field(0, 8),
            ..rgb565(1, 1)
        };
        assert_eq!(written(&xrgb, [1, 2, 3], 4), [3, 2, 1, 255]);
        let bgr24 = Geometry {
            stride: 3,
            pixel_bytes: 3,
            red: field(0, 8),
            green: field(8, 8),
            blue: field(16, 8),
            ..rgb565(1, 1)
        };
        assert_eq!(written(&bgr24, [1, 2, 3], 3), [1, 2, 3]);
    }

    #[test]
    fn leaves_what_is_not_visible_alone() {
        let geometry = Geometry { start: 7, stride: 10, ..rgb565(3, 2) };
        let memory = written(&geometry, [255; 3], 40);
        let lit: Vec<usize> = (0..40).filter(|&i| memory[i] != 0).collect();
        assert_eq!(lit, (7..13).chain(17..23).collect::<Vec<_>>());
    }

    #[test]
    fn writes_only_the_rows_asked_for() {
        let geometry = rgb565(2, 5);
        let mut memory = vec![0; 20];
        geometry.write(&RgbImage::from_pixel(2, 5, Rgb([255; 3])), 1..3, &mut memory);
        let lit: Vec<usize> = (0..20).filter(|&i| memory[i] != 0).collect();
        assert_eq!(lit, (4..12).collect::<Vec<_>>());
    }

    #[test]
    fn refuses_what_it_cannot_write() {
        assert!(rgb565(4, 4).check(31).is_err_and(|reason| reason.contains("31 bytes")));
        assert!(Geometry { pixel_bytes: 1, ..rgb565(4, 4) }.check(99).is_err_and(|reason| reason.contains("8 bits")));
        assert!(Geometry { red: field(0, 0), ..rgb565(4, 4) }.check(99).is_err());
        assert!(Geometry { red: field(12, 5), ..rgb565(4, 4) }.check(99).is_err());
        assert!(Geometry { stride: 7, ..rgb565(4, 4) }.check(99).is_err());
        assert!(Geometry { start: usize::MAX, ..rgb565(4, 4) }.check(99).is_err());
        assert!(rgb565(0, 4).check(99).is_err());
    }

    proptest! {
        #[test]
        fn rounds_each_colour_to_the_nearest(colour: [u8; 3], lengths in prop::array::uniform3(4u32..=8)) {
            let [r, g, b] = lengths;
            let geometry = Geometry {
                stride: 4, pixel_bytes: 4, red: field(g + b, r), green: field(b, g), blue: field(0, b), ..rgb565(1, 1)
            };
            let bytes = written(&geometry, colour, 4);
            let pixel = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            for (field, value) in [geometry.red, geometry.green, geometry.blue].into_iter().zip(colour) {
                let largest = 2f64.powi(field.length as i32) - 1.0;
                let stored = f64::from((pixel >> field.offset) & ((1 << field.length) - 1));
                prop_assert!((stored / largest - f64::from(value) / 255.0).abs() <= 0.5 / largest + 1e-9);
            }
        }
    }
}

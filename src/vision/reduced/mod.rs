//! JPEG frames decoded at a reduced size: no more samples of a block than the result has use for.
//!
//! All coefficients are read, since their codes have no marks to leap to, but the transform gives only the lowest
//! frequencies' samples ([`transform`]), none for blocks outside the cut, and colours are not converted here. Chroma stays as
//! coarse as it is.

mod header;
mod huffman;
mod transform;

use super::layout::{Pattern, Plane};
use super::resample::Cut;
use header::{Component, Header, header};
use huffman::{Bits, Table, unstuffed};
use transform::ZIGZAG;

/// Samples of one component.
pub struct Samples {
    bytes: Vec<u8>,
    stride: usize,
    /// Columns of the picture for each sample, and rows, as powers of two.
    pub shifts: (u32, u32),
}

impl Samples {
    /// The samples as rows; some on the right and at the bottom may be outside the picture.
    pub fn plane(&self) -> Plane<'_> {
        Plane::new(&self.bytes, self.stride, self.stride, Pattern::Single).shared(self.shifts)
    }
}

/// A JPEG of which the header was read.
pub struct Jpeg<'a> {
    header: Header<'a>,
}

impl<'a> Jpeg<'a> {
    /// Reads the header; `None` where it is damaged, or the picture is one for the general decoder.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { header: header(bytes)? })
    }

    /// Columns and rows of the whole picture.
    pub fn size(&self) -> (u32, u32) {
        self.header.size
    }

    /// Decodes what lies in `cut`, with at least as many samples as `outputs`, where the picture has them.
    ///
    /// Luma alone or luma, Cb and Cr, of the whole picture; what lies outside the cut is undefined. Errs where the data is
    /// damaged.
    pub fn decode(&self, cut: Cut, outputs: (u32, u32)) -> Result<Vec<Samples>, String> {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("bmi2") {
            // SAFETY: the processor has AVX2 and BMI2.
            return unsafe { decode_avx2(&self.header, cut, outputs) }.ok_or_else(broken);
        }
        decode_portable(&self.header, cut, outputs).ok_or_else(broken)
    }
}

fn broken() -> String {
    "its JPEG data is damaged or breaks off; check the cable and the power of the camera".into()
}

/// [`decode_portable`], compiled for AVX2 and the shifts of BMI2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2")]
fn decode_avx2(header: &Header, cut: Cut, outputs: (u32, u32)) -> Option<Vec<Samples>> {
    decode_portable(header, cut, outputs)
}

/// A component while it is decoded.
struct Decoding<'a> {
    blocks: (usize, usize),
    first: &'a Table,
    others: &'a Table,
    factors: [f32; 64],
    /// Samples of a block, across and down.
    samples: (usize, usize),
    previous: i32,
    out: Samples,
}

#[inline(always)]
fn decode_portable(header: &Header, cut: Cut, outputs: (u32, u32)) -> Option<Vec<Samples>> {
    let unit = header.unit();
    let units = |side: u32, blocks: usize| (side as usize).div_ceil(8 * blocks);
    let (across, down) = (units(header.size.0, unit.0), units(header.size.1, unit.1));
    let mut components = header.components.iter().map(|component| {
        Some(Decoding {
            blocks: component.blocks,
            first: header.first[component.tables.0].as_ref()?,
            others: header.others[component.tables.1].as_ref()?,
            factors: transform::factors(header.quantizations[component.quantization].as_ref()?),
            samples: block_samples(component, unit, cut, outputs),
            previous: 0,
            out: room(component, unit, (across, down), block_samples(component, unit, cut, outputs)),
        })
    });
    let mut components: Vec<Decoding> = components.by_ref().collect::<Option<_>>()?;
    // Units whose samples count: those in the cut, and one around it.
    let wanted = |start: u32, length: u32, blocks: usize| {
        let (first, end) = (start as usize / (8 * blocks), (start + length) as usize / (8 * blocks));
        first.saturating_sub(1)..end + 2
    };
    let columns = wanted(cut.left, cut.width, unit.0);
    let rows = wanted(cut.top, cut.height, unit.1);
    let (data, starts) = unstuffed(header.scan)?;
    let mut bits = Bits::new(&data, 0);
    let interval = if header.restart_interval > 0 { header.restart_interval } else { across * down };
    if starts.len() - 1 != (across * down).div_ceil(interval) {
        return None;
    }
    let mut coefficients = [0; 64];
    for y in 0..down {
        for x in 0..across {
            let index = y * across + x;
            if index.is_multiple_of(interval) {
                if index > 0 && bits.position() > starts[index / interval] {
                    return None;
                }
                bits = Bits::new(&data, starts[index / interval]);
                components.iter_mut().for_each(|component| component.previous = 0);
            }
            let counts = columns.contains(&x) && rows.contains(&y);
            for component in &mut components {
                for v in 0..component.blocks.1 {
                    for h in 0..component.blocks.0 {
                        let last = read_block(&mut bits, component, &mut coefficients)?;
                        if counts {
                            let place = (x * component.blocks.0 + h, y * component.blocks.1 + v);
                            transform_block(component, &coefficients, last, place);
                        }
                    }
                }
            }
        }
    }
    (bits.position() <= *starts.last()?).then(|| components.into_iter().map(|component| component.out).collect())
}

/// Reads the coefficients of a block, in rows, and says which was the last in zigzag order.
#[inline(always)]
fn read_block(shared: &mut Bits, component: &mut Decoding, coefficients: &mut [i16; 64]) -> Option<u32> {
    *coefficients = [0; 64];
    // A copy, as that can stay in registers.
    let mut bits = *shared;
    let (_, difference) = component.first.read(&mut bits)?;
    component.previous = component.previous.wrapping_add(difference);
    coefficients[0] = component.previous as i16;
    let mut at = 1;
    let mut last = 0;
    while at < 64 {
        let (run, value) = component.others.read(&mut bits)?;
        at += run;
        if at >= 64 {
            if run != huffman::END_OF_BLOCK {
                return None;
            }
            break;
        }
        coefficients[usize::from(ZIGZAG[at as usize & 63]) & 63] = value as i16;
        last = at;
        at += 1;
    }
    *shared = bits;
    Some(last)
}

#[inline(always)]
fn transform_block(component: &mut Decoding, coefficients: &[i16; 64], last: u32, (x, y): (usize, usize)) {
    let (w, h) = component.samples;
    let Samples { bytes, stride, .. } = &mut component.out;
    let out = &mut bytes[y * h * *stride + x * w..];
    macro_rules! sizes {
        ($($w:literal $h:literal),*) => {
            match (w, h) {
                $(($w, $h) => if last == 0 {
                    transform::flat::<$w, $h>(coefficients[0], &component.factors, out, *stride)
                } else {
                    transform::samples::<$w, $h>(coefficients, &component.factors, out, *stride)
                },)*
                _ => {}
            }
        };
    }
    sizes!(1 1, 1 2, 1 4, 1 8, 2 1, 2 2, 2 4, 2 8, 4 1, 4 2, 4 4, 4 8, 8 1, 8 2, 8 4, 8 8);
}

/// The fewest samples of a block, across and down, that give at least `outputs` samples of the cut.
fn block_samples(component: &Component, unit: (usize, usize), cut: Cut, outputs: (u32, u32)) -> (usize, usize) {
    let fewest = |blocks: usize, most: usize, length: u32, outputs: u32| {
        let enough = |samples: usize| length as usize * blocks * samples >= outputs as usize * 8 * most;
        [1, 2, 4].into_iter().find(|&samples| enough(samples)).unwrap_or(8)
    };
    (
        fewest(component.blocks.0, unit.0, cut.width, outputs.0),
        fewest(component.blocks.1, unit.1, cut.height, outputs.1),
    )
}

/// Room for the samples of a component, of a picture of so many units across and down.
fn room(component: &Component, unit: (usize, usize), units: (usize, usize), samples: (usize, usize)) -> Samples {
    let shift = |blocks: usize, most: usize, samples: usize| (most * 8 / (blocks * samples)).ilog2();
    let stride = units.0 * component.blocks.0 * samples.0;
    Samples {
        bytes: vec![0; stride * units.1 * component.blocks.1 * samples.1],
        stride,
        shifts: (shift(component.blocks.0, unit.0, samples.0), shift(component.blocks.1, unit.1, samples.1)),
    }
}

#[cfg(test)]
mod tests;

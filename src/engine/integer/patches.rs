//! The 3×3 patches of a map, packed as tract's integer kernels read them.
//!
//! A packed matrix is a row of panels, each holding `r` columns. Column `n` is the patch around one output pixel; its
//! `K = 9·C` rows are plane by plane, then row by row of the patch. Within a panel lie either the `r` values of row 0,
//! then those of row 1, … ([`PackedFormat`]), or, in groups of four rows, the four values of each column together
//! ([`PackedI8K4`]).

use std::sync::Arc;

use tract_onnx::{
    prelude::tract_linalg::{
        mmm::{EagerPackedInput, MMMInputFormat, PackedExoticFact},
        pack::{PackedFormat, PackedI8K4},
    },
    tract_core::{dyn_clone, internal::*},
};

/// A map with its border: int8 planes, `C×(H+2)×(W+2)`.
#[derive(Clone, Copy)]
pub struct Bordered<'a> {
    pub planes: &'a [i8],
    /// `H`.
    pub height: usize,
    /// `W`.
    pub width: usize,
}

impl Bordered<'_> {
    /// Where position `k` of the patch around the first pixel lies in `planes`.
    fn offset(&self, k: usize) -> usize {
        let (plane, dy, dx) = (k / 9, k % 9 / 3, k % 3);
        (plane * (self.height + 2) + dy) * (self.width + 2) + dx
    }
}

/// Whether [`pack`] can write `format`.
pub fn is_supported(format: &dyn MMMInputFormat) -> bool {
    format.is::<PackedFormat>() || format.is::<PackedI8K4>()
}

/// Packs the patches of the output rows from `first_row` on, `rows` of them.
pub fn pack(
    map: Bordered,
    first_row: usize,
    rows: usize,
    k: usize,
    format: &dyn MMMInputFormat,
) -> TractResult<EagerPackedInput> {
    let columns = rows * map.width;
    let r = format.r();
    let panels = columns.div_ceil(r);
    let (panel_bytes, alignment, group) = if let Some(format) = format.downcast_ref::<PackedFormat>() {
        (format.single_panel_len(k), format.alignment(), 1)
    } else if let Some(format) = format.downcast_ref::<PackedI8K4>() {
        (format.single_panel_len(k), format.alignment(), 4)
    } else {
        bail!("the kernel reads {format}, which patches cannot be packed for");
    };
    // SAFETY: every byte is written by `fill` before it is read.
    let mut blob = unsafe { Blob::new_for_size_and_align(panels * panel_bytes, alignment) };
    let packed = blob.as_bytes_mut();
    packed.fill(0);
    let offsets: Vec<usize> = (0..k).map(|k| map.offset(k)).collect();
    for y in 0..rows {
        for (x, panel, column, run) in runs(y * map.width, map.width, r) {
            let panel = &mut packed[panel * panel_bytes..][..panel_bytes];
            let pixels = &map.planes[(first_row + y) * (map.width + 2) + x..];
            for (group_of_rows, offsets) in panel.chunks_exact_mut(r * group).zip(offsets.chunks(group)) {
                let target = &mut group_of_rows[column * group..][..run * group];
                match *offsets {
                    [row] => copy(target, &pixels[row..][..run], group),
                    [a, b, c, d] => {
                        interleave(
                            target,
                            &pixels[a..][..run],
                            &pixels[b..][..run],
                            &pixels[c..][..run],
                            &pixels[d..][..run],
                        );
                    }
                    _ => {
                        for (position, &row) in offsets.iter().enumerate() {
                            copy(&mut target[position..], &pixels[row..][..run], group);
                        }
                    }
                }
            }
        }
    }
    Ok(EagerPackedInput {
        fact: PackedExoticFact { format: dyn_clone::clone_box(format), mn: columns.to_dim(), k },
        packed: Arc::new(blob),
        panel_bytes,
        mn: columns,
    })
}

/// Cuts the columns `start..start + width` where panels of `r` end: place in the row, panel, place in the panel, length.
fn runs(start: usize, width: usize, r: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    let mut x = 0;
    std::iter::from_fn(move || {
        let (panel, column) = ((start + x) / r, (start + x) % r);
        let run = (r - column).min(width - x);
        x += run;
        (run > 0).then_some((x - run, panel, column, run))
    })
}

/// Writes `values` to every `step`-th place.
fn copy(target: &mut [u8], values: &[i8], step: usize) {
    if step == 1 {
        target.iter_mut().zip(values).for_each(|(target, &value)| *target = value as u8);
    } else {
        target.iter_mut().step_by(step).zip(values).for_each(|(target, &value)| *target = value as u8);
    }
}

/// Writes the first values of all four rows, then the second ones, …
#[inline(always)]
fn interleave(target: &mut [u8], a: &[i8], b: &[i8], c: &[i8], d: &[i8]) {
    // The widths of most panels; a known length lets the compiler use vectors.
    match target.len() {
        64 => interleave_fixed::<16>(target, a, b, c, d),
        32 => interleave_fixed::<8>(target, a, b, c, d),
        _ => {
            let rows = a.iter().zip(b).zip(c.iter().zip(d));
            for (target, ((&a, &b), (&c, &d))) in target.as_chunks_mut::<4>().0.iter_mut().zip(rows) {
                *target = together(a, b, c, d);
            }
        }
    }
}

#[inline(always)]
fn interleave_fixed<const N: usize>(target: &mut [u8], a: &[i8], b: &[i8], c: &[i8], d: &[i8]) {
    let (Some(a), Some(b)) = (a.first_chunk::<N>(), b.first_chunk::<N>()) else { return };
    let (Some(c), Some(d)) = (c.first_chunk::<N>(), d.first_chunk::<N>()) else { return };
    for (i, target) in target.as_chunks_mut::<4>().0.iter_mut().enumerate().take(N) {
        *target = together(a[i], b[i], c[i], d[i]);
    }
}

#[inline(always)]
fn together(a: i8, b: i8, c: i8, d: i8) -> [u8; 4] {
    // As one word, so that vectors of words can be shifted together.
    let word = u32::from(a as u8) | u32::from(b as u8) << 8 | u32::from(c as u8) << 16 | u32::from(d as u8) << 24;
    word.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Value of row `k` of column `n`, by the definition.
    fn expected(map: Bordered, first_row: usize, k: usize, n: usize) -> i8 {
        let (plane, dy, dx) = (k / 9, k / 3 % 3, k % 3);
        let (y, x) = (first_row + n / map.width, n % map.width);
        map.planes[(plane * (map.height + 2) + y + dy) * (map.width + 2) + x + dx]
    }

    proptest! {
        #[test]
        fn every_value_is_in_its_place(
            channels in 1usize..4, height in 1usize..6, width in 1usize..36, r in 1usize..18, four in any::<bool>(),
        ) {
            let planes: Vec<i8> = (0..channels * (height + 2) * (width + 2)).map(|i| (i * 37 % 251) as i8).collect();
            let map = Bordered { planes: &planes, height, width };
            let k = channels * 9;
            let format: Box<dyn MMMInputFormat> = match four {
                true => Box::new(PackedI8K4::new(r)),
                false => Box::new(PackedFormat::new(i8::datum_type(), r, 4)),
            };
            let first_row = height / 2;
            let packed = pack(map, first_row, height - first_row, k, &*format).unwrap();
            let bytes = packed.packed.as_bytes();
            for n in 0..(height - first_row) * width {
                for row in 0..k {
                    let place = match four {
                        true => row / 4 * 4 * r + n % r * 4 + row % 4,
                        false => row * r + n % r,
                    };
                    let value = bytes[n / r * packed.panel_bytes + place] as i8;
                    prop_assert_eq!(value, expected(map, first_row, row, n), "row {} of column {}", row, n);
                }
            }
        }
    }
}

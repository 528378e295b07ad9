//! From rows of a plane to one row of sums.

/// Bytes that are summed at once.
const BLOCK: usize = 64;

/// Weighs rows of equal length and adds them up; the sums are in 256ths when the weights are.
///
/// Weights sum to 256, so the sums of bytes fit sixteen bits.
#[inline(always)]
pub fn weigh(rows: &[(&[u8], u16)], sums: &mut [f32]) {
    let length = rows.first().map_or(0, |row| row.0.len());
    if length < BLOCK {
        for (at, sum) in sums.iter_mut().take(length).enumerate() {
            let [value] = weigh_block(rows, at);
            *sum = f32::from(value);
        }
        return;
    }
    for at in (0..length).step_by(BLOCK) {
        // The last block begins earlier, where it is not a whole one.
        let at = at.min(length - BLOCK);
        let block: [u16; BLOCK] = weigh_block(rows, at);
        for (sum, value) in sums[at..at + BLOCK].iter_mut().zip(block) {
            *sum = f32::from(value);
        }
    }
}

#[inline(always)]
fn weigh_block<const N: usize>(rows: &[(&[u8], u16)], at: usize) -> [u16; N] {
    let mut sums = [0; N];
    for (row, weight) in rows {
        let Some(bytes) = row.get(at..).and_then(|rest| rest.first_chunk::<N>()) else { continue };
        for lane in 0..N {
            sums[lane] += u16::from(bytes[lane]) * weight;
        }
    }
    sums
}

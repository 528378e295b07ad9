//! How much memory a model takes, to tell before it is loaded that it does not fit. Rules of thumb, on the safe side.

/// What a program takes besides its model.
const PROGRAM: u64 = 64 << 20;

/// Bytes for a model file of so many bytes with int8 weights: they are packed layer by layer, and the packed ones are a
/// little larger.
pub fn for_integers(file_bytes: u64) -> u64 {
    PROGRAM.saturating_add(file_bytes / 2 * 3)
}

/// Bytes for one with float weights: those of convolutions are kept transformed, which makes several of one.
pub fn for_floats(file_bytes: u64) -> u64 {
    PROGRAM.saturating_add(file_bytes / 2 * 5)
}

/// Bytes while an int8 network becomes floats and these are packed.
pub fn for_integers_as_floats(file_bytes: u64) -> u64 {
    file_bytes.saturating_mul(9)
}

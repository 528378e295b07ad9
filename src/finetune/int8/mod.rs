//! The int8 form of a network: how it is worked out, how much noise it adds, and whether it still answers as the float form.
//!
//! | file | holds |
//! |---|---|
//! | [`calibration`] | the range of every layer's output, and repairs of layers that lose too much; kept on disk |
//! | [`quantize`] | weights and biases as whole numbers |
//! | `histogram` | the range with the smallest squared error |
//! | [`equalise`] | channels of one layer made alike |
//! | [`noise`] | both forms of every layer against each other |
//! | [`agreement`] | the answers of both forms against each other |

pub mod agreement;
pub mod calibration;
pub mod equalise;
mod histogram;
pub mod noise;
pub mod quantize;

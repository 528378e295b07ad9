//! The parts of a report, each with its template.

pub mod accuracy;
mod cards;
pub mod classes;
pub mod confusion;
pub mod curves;
pub mod familiarity;
pub mod looks;
pub mod making;
mod matrix;
pub mod mistakes;
pub mod next;
pub mod pictures;
pub mod quantization;
pub mod reliability;
pub mod threshold;

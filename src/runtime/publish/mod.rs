//! Ways out for results: lines on standard output, a web page, metrics, a broker, a program of the owner's.
//!
//! ```text
//! live loop ──▶ record ──▶ web, metrics    whenever somebody asks
//!     │            └─────▶ mqtt, hook      whenever something has changed
//!     └──▶ printer ──▶ lines               every result
//! ```
//!
//! What is not read in time is not told any more, and a broker or a program that hangs holds up nobody else. Only the inference waits,
//! for its standard output: a reader that is slow gets every result, and one that hangs stops them, while screens and all other ways
//! out go on and say that there is no newer answer.

pub mod hook;
pub mod http;
pub mod lines;
pub mod metrics;
pub mod mqtt;
mod network;
pub mod outlet;
pub mod printer;
pub mod record;
pub mod report;
pub mod secret;
pub mod services;
pub mod status;
pub mod web;

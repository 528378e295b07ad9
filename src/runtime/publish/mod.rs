//! Ways out for results: lines on standard output, a web page, metrics, a broker, a program of the owner's.
//!
//! ```text
//! live loop ──▶ record ──▶ web, metrics    whenever somebody asks
//!     │            └─────▶ mqtt, hook      whenever something has changed
//!     └──▶ lines                           every result
//! ```
//!
//! The live loop waits for none of them but its standard output: what is not read in time is not told any more, and a broker or a
//! program that hangs holds up nobody else.

pub mod hook;
pub mod http;
pub mod lines;
pub mod metrics;
pub mod mqtt;
mod network;
pub mod outlet;
pub mod record;
pub mod report;
pub mod secret;
pub mod services;
pub mod status;
pub mod web;

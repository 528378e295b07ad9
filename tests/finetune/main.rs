//! `finetune` from end to end, on pictures and a backbone that the tests make themselves.
#![cfg(feature = "finetune")]

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod features;
mod int8;
mod messages;
mod resuming;
mod training;
mod unknown;

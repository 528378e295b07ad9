//! `finetune deploy` and `finetune pull` over the real `ssh` and `scp` to a real `sshd` on this machine.
//!
//! `.ci/run` asks for it by name, as it needs OpenSSH's server.
#![cfg(feature = "finetune")]

mod board;
#[path = "../common/mod.rs"]
mod common;
mod interrupted;
mod pull;
mod refused;
mod taken;

//! Another model for this board, step by step; whatever is interrupted, the model in use is the old one or the new one, and whole.
//!
//! 1. [`install`] copies the file and checks the copy: its [`signature`](crate::model::signature), where a key is pinned, before
//!    anything of it is parsed.
//! 2. [`confined`] lets another process read it and answer its reference pictures ([`examine`], [`selftest`]), which may take so
//!    much memory and time ([`limits`]) and no more.
//! 3. [`installed`] switches to it from one instant to the next, and keeps the one before.
//! 4. [`trial`] lets it prove itself in the first runs, and takes it back where it does not; [`rollback`] does so by hand.

pub mod confined;
pub mod examine;
pub mod install;
pub mod installed;
pub mod limits;
pub mod rollback;
pub mod selftest;
pub mod trial;

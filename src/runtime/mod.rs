//! What `vggcam` does: the live loop, `classify`, `bench`, `doctor`.

pub mod bench;
pub mod classify;
pub mod config;

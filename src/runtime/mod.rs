//! What `vggcam` does: the live loop, `classify`, `bench`, `doctor`.

pub mod decide;
pub mod live;
pub mod newest;
pub mod publish;
pub mod rate;
pub mod signals;

//! What `vggcam` does: the live loop, `classify`, `bench`, `doctor`, `install`, `rollback`.

mod back_off;
pub mod bench;
pub mod classify;
pub mod config;
pub mod controls;
pub mod decide;
pub mod doctor;
pub mod forms;
pub mod health;
pub mod keep;
pub mod launch;
pub mod lights;
pub mod live;
pub mod publish;
pub mod rate;
pub mod service;
pub mod shot;
pub mod signals;
pub mod test_picture;
pub mod throughput;
pub mod update;

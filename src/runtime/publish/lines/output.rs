//! An output that tests look at.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

/// Keeps what is written; copies share it.
#[derive(Clone, Default)]
pub struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    /// What was written so far.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().expect("nothing panics with the lock").clone();
        String::from_utf8(bytes).expect("it is text")
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nothing panics with the lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

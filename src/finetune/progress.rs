//! How far a long step has come: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::{IsTerminal, stderr},
    sync::atomic::{AtomicUsize, Ordering},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Progress of a step over pictures, on standard error. Threads may share it.
pub struct Progress {
    what: String,
    total: usize,
    done: AtomicUsize,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts a step called `what` over `total` pictures.
    pub fn start(what: &str, total: usize) -> Self {
        let bar = (stderr().is_terminal() && total > 0).then(|| {
            let bar = ProgressBar::new(total as u64);
            let style = ProgressStyle::with_template("{msg:24} {bar:30} {pos}/{len} pictures, {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "));
            bar.set_message(what.to_string());
            bar
        });
        Progress { what: what.into(), total, done: AtomicUsize::new(0), bar }
    }

    /// Writes a line without spoiling the bar.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// One picture more is done.
    pub fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => {
                let tenth = |count: usize| count * 10 / self.total.max(1);
                if tenth(done) > tenth(done - 1) {
                    eprintln!("{}: {done} of {} pictures", self.what, self.total);
                }
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

//! Lines to an output whose reader may be slow or may hang: a thread of their own writes them.

use std::{
    collections::VecDeque,
    io::{self, Write},
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{
    lines::Format,
    report::{Change, Report},
};

/// Lines that may wait; where a reader hangs for longer, the oldest are left out.
const LINES: usize = 64;
/// How long a reader that hangs may delay the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints results and changes, in the order in which they come.
pub struct Printer {
    format: Format,
    queue: Arc<Queue>,
}

/// What waits to be written.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<String>,
    /// Whether the thread is writing a line.
    writing: bool,
    /// Whether nobody waits for the reader any more.
    abandoned: bool,
    /// Whether there will be no more lines.
    closed: bool,
    /// Whether the thread has ended, because the reader has gone or it has failed.
    ended: bool,
    /// Why it has failed; taken by the first who asks.
    failure: Option<io::Error>,
}

impl Printer {
    /// Begins to write to `out` in `format`.
    pub fn new(format: Format, out: Box<dyn Write + Send>) -> Self {
        let queue = Arc::<Queue>::default();
        let lines = Arc::clone(&queue);
        thread::spawn(move || {
            let _ending = EndOnDrop(&lines);
            lines.write_all(out);
        });
        Self { format, queue }
    }

    /// Prints one result and waits until it is written; breaks off when the reader has gone, which is no error, or when nobody waits
    /// for it any more.
    pub fn result(&self, report: &Report) -> io::Result<ControlFlow<()>> {
        self.queue.put(self.format.result(report)?);
        self.queue.settle(|state| state.abandoned)
    }

    /// Prints a change, without waiting.
    pub fn change(&self, change: &Change) -> io::Result<()> {
        if let Some(line) = self.format.change(change)? {
            self.queue.put(line);
        }
        Ok(())
    }

    /// Gives the reader some time for what waits.
    pub fn finish(&self) {
        let deadline = Instant::now() + PATIENCE;
        if let Err(error) = self.queue.settle(|_| Instant::now() >= deadline) {
            log::warn!("cannot write to standard output: {error}");
        }
    }

    /// Lets nobody wait any more for a reader that does not read.
    pub fn abandon(&self) {
        self.queue.lock().abandoned = true;
        self.queue.changed.notify_all();
    }
}

impl Drop for Printer {
    /// A thread that hangs ends with the program.
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
    }
}

/// Tells those who wait that the thread has ended, also by a panic.
struct EndOnDrop<'a>(&'a Queue);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

impl Queue {
    fn put(&self, line: String) {
        let mut state = self.lock();
        if state.lines.len() == LINES {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
        self.changed.notify_all();
    }

    /// Waits until every line is written, the thread has ended, or `enough` says so; breaks off unless all are written.
    fn settle(&self, enough: impl Fn(&State) -> bool) -> io::Result<ControlFlow<()>> {
        let mut state = self.lock();
        loop {
            if let Some(error) = state.failure.take() {
                return Err(error);
            }
            if state.lines.is_empty() && !state.writing && !state.ended {
                return Ok(ControlFlow::Continue(()));
            }
            if state.ended || enough(&state) {
                return Ok(ControlFlow::Break(()));
            }
            state = self.changed.wait_timeout(state, PATIENCE / 10).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Writes line after line until there are no more, or the reader has gone.
    fn write_all(&self, mut out: Box<dyn Write + Send>) {
        while let Some(line) = self.next() {
            let written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
            let mut state = self.lock();
            state.writing = false;
            match written {
                Ok(()) => self.changed.notify_all(),
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                Err(error) => {
                    state.failure = Some(error);
                    return;
                }
            }
        }
    }

    /// The next line to write; `None` once there will be no more.
    fn next(&self) -> Option<String> {
        let mut state = self.lock();
        while state.lines.is_empty() && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let line = state.lines.pop_front();
        state.writing = line.is_some();
        line
    }

    /// The state is whole between any two statements, so a panic elsewhere does no harm to it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::mpsc::{self, Receiver};

    use super::*;
    use crate::{
        display::caption::State as Standing,
        runtime::publish::{lines::tests::with_report, report::Origin},
    };

    /// Keeps what is written.
    #[derive(Clone, Default)]
    pub(crate) struct Output(pub Arc<Mutex<Vec<u8>>>);

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nothing panics with the lock").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Takes a line each time that the test lets it.
    pub(crate) struct Slow(pub Receiver<()>, pub Output);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // The test has gone once it has seen enough.
            let _ = self.0.recv();
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn print(printer: &Printer) -> io::Result<ControlFlow<()>> {
        with_report(Origin::File("a".into()), |report| printer.result(report))
    }

    fn lines(output: &Output) -> Vec<String> {
        let bytes = output.0.lock().expect("nothing panics with the lock").clone();
        String::from_utf8(bytes).expect("it is text").lines().map(str::to_owned).collect()
    }

    #[test]
    fn results_are_written_when_they_have_been_printed() {
        let output = Output::default();
        let printer = Printer::new(Format::Text, Box::new(output.clone()));
        for count in 1..=3 {
            assert_eq!(print(&printer).ok(), Some(ControlFlow::Continue(())));
            assert_eq!(lines(&output).len(), count);
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let gone = Printer::new(Format::Json, Box::new(Failing(io::ErrorKind::BrokenPipe)));
        assert_eq!(print(&gone).ok(), Some(ControlFlow::Break(())));
        assert_eq!(print(&gone).ok(), Some(ControlFlow::Break(())));
        let full = Printer::new(Format::Json, Box::new(Failing(io::ErrorKind::StorageFull)));
        assert!(print(&full).is_err());
    }

    #[test]
    fn changes_wait_for_nobody_and_come_in_their_order() {
        let (go_on, held) = mpsc::channel();
        let output = Output::default();
        let printer = Printer::new(Format::Json, Box::new(Slow(held, output.clone())));
        let told = |state: &Standing| printer.change(&Change { camera: "a", state }).expect("it is taken");
        for _ in 0..2 * LINES {
            told(&Standing::Live);
        }
        told(&Standing::Stale { since: Duration::ZERO });
        assert!(lines(&output).is_empty());
        drop(go_on);
        assert_eq!(print(&printer).ok(), Some(ControlFlow::Continue(())));
        let lines = lines(&output);
        assert!((LINES..=LINES + 2).contains(&lines.len()), "{}", lines.len());
        let last: Vec<bool> = lines.iter().rev().take(2).map(|line| line.contains("stale")).collect();
        assert_eq!(last, [false, true]);
    }

    #[test]
    fn nobody_waits_for_a_reader_that_hangs_once_the_run_is_to_end() {
        let (go_on, held) = mpsc::channel();
        let printer = Arc::new(Printer::new(Format::Json, Box::new(Slow(held, Output::default()))));
        let printing = {
            let printer = Arc::clone(&printer);
            thread::spawn(move || print(&printer).ok())
        };
        while !printer.queue.lock().writing {
            thread::yield_now();
        }
        printer.abandon();
        assert_eq!(printing.join().expect("no panic"), Some(ControlFlow::Break(())));
        drop(printer);
        drop(go_on);
    }
}

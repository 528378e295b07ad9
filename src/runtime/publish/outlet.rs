//! A way out that may not be there yet: its address is taken or comes with the network, its password cannot be read.

use std::{
    fmt::Display,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use super::record::Record;
use crate::runtime::back_off::doubling;

/// Time from one try to the next: the first, doubled until the last.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// What becomes of a run whose way out cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It does not begin: somebody stands beside it and mends that.
    Ends,
    /// It begins, says so, and tries again until the way out is there.
    Waits,
}

/// A way out, or a thread that tries to have it; it has ended when this is dropped.
pub enum Outlet<S> {
    /// It is there.
    Open(S),
    /// It was not there at the start.
    Awaited(Awaited),
}

impl<S> Outlet<S> {
    /// Has a way out by `start`; where that fails `what` says what is missing, in a few words, and `may_pass` whether waiting helps.
    pub fn open<E: Display>(
        what: &'static str,
        missing: Missing,
        record: &Arc<Record>,
        may_pass: impl Fn(&E) -> bool,
        start: impl Fn() -> Result<S, E> + Send + 'static,
    ) -> Result<Self, E> {
        let error = match start() {
            Ok(open) => return Ok(Outlet::Open(open)),
            Err(error) if missing == Missing::Ends || !may_pass(&error) => return Err(error),
            Err(error) => error,
        };
        log::warn!("{what}: {error}; it is tried again until it is there");
        record.notice(what);
        let (stop, stopped) = mpsc::channel();
        let record = Arc::clone(record);
        let trying = thread::spawn(move || pursue(what, &record, &start, &stopped));
        Ok(Outlet::Awaited(Awaited { stop: Some(stop), trying: Some(trying) }))
    }
}

/// A thread that tries to have a way out, and holds it then.
pub struct Awaited {
    stop: Option<mpsc::Sender<()>>,
    trying: Option<JoinHandle<()>>,
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(trying) = self.trying.take() {
            let _ = trying.join();
        }
    }
}

fn pursue<S, E>(what: &str, record: &Record, start: &dyn Fn() -> Result<S, E>, stopped: &mpsc::Receiver<()>) {
    for pause in doubling(BACK_OFF) {
        if !matches!(stopped.recv_timeout(pause), Err(mpsc::RecvTimeoutError::Timeout)) {
            return;
        }
        if let Ok(_open) = start() {
            log::warn!("it is over now: {what}");
            record.retract(what);
            // Held until nobody holds the other end any more.
            let _ = stopped.recv();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, net::TcpListener, time::Instant};

    use super::*;

    fn listen_on(taken: &TcpListener, missing: Missing, record: &Arc<Record>) -> io::Result<Outlet<TcpListener>> {
        let address = taken.local_addr().unwrap();
        let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
        Outlet::open("nobody listens", missing, record, is_taken, move || TcpListener::bind(address))
    }

    #[test]
    fn what_is_missing_ends_a_run_or_is_awaited() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let record = Arc::<Record>::default();
        let error = listen_on(&taken, Missing::Ends, &record).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let never = || Err::<(), _>("a wrong setting");
        assert!(Outlet::open("never", Missing::Waits, &record, |_| false, never).is_err(), "waiting does not help");
        let outlet = listen_on(&taken, Missing::Waits, &record).unwrap();
        assert!(matches!(outlet, Outlet::Awaited(_)));
        assert_eq!(record.facts().warnings, ["nobody listens"]);
        let address = taken.local_addr().unwrap();
        drop(taken);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !record.facts().warnings.is_empty() {
            assert!(Instant::now() < deadline, "it is not tried again");
            thread::sleep(Duration::from_millis(20));
        }
        assert!(TcpListener::bind(address).is_err(), "somebody listens there");
        drop(outlet);
        assert!(TcpListener::bind(address).is_ok(), "nobody listens any more");
    }
}

//! A small web server: one thread for each connection, one request for each connection, and limits on everything.
//!
//! Requests are read as RFC 9112 says, with `httparse`. Whoever asks slowly, at length or too often loses the connection, and
//! nobody else notices: every connection has a time by which its request must be there and one by which its answer must be taken,
//! and there is a highest number of connections for each peer and for all.

mod peers;
mod request;
mod response;

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::network;
use peers::Peers;
pub use peers::peer;
pub use request::Request;
pub use response::Response;

/// How much a server puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Connections of one peer at a time.
    pub connections_of_peer: usize,
    /// Bytes of a request.
    pub request_bytes: usize,
    /// Time for a request to come.
    pub request_time: Duration,
    /// Time for an answer to be taken.
    pub response_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 32,
            // A browser has six at a time.
            connections_of_peer: 12,
            request_bytes: 8192,
            request_time: Duration::from_secs(5),
            response_time: Duration::from_secs(15),
        }
    }
}

/// How often it is looked whether the server is to end.
const STOP_POLL: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// Pause after the system gave no connection, which it does while it is short of descriptors.
const SHORT_OF: Duration = Duration::from_millis(100);
/// Bytes of the stack of a connection, of which the system gives as many as are used.
const STACK: usize = 1 << 20;

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for {purpose}: {source}; {}", hint(source))]
pub struct ListenError {
    /// What the server is for.
    purpose: &'static str,
    /// The address.
    address: SocketAddr,
    source: io::Error,
}

/// The likely cause, and the next step.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program, or another vggcam, has this port: choose another one",
        io::ErrorKind::PermissionDenied => "ports below 1024 are for the system: choose a higher one, such as 8080",
        io::ErrorKind::AddrNotAvailable => "the board has no such address: `ip address` lists those that it has",
        _ => network::advice().unwrap_or("choose another address and port"),
    }
}

/// A server that answers until it is dropped.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers requests to `address` by `answer`, on threads of their own. `purpose` says in an error what it is for.
    pub fn start<F>(address: SocketAddr, purpose: &'static str, limits: Limits, answer: F) -> Result<Self, ListenError>
    where
        F: Fn(&Request) -> Response + Send + Sync + 'static,
    {
        let failed = |source| ListenError { purpose, address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let accepting = thread::spawn(move || accept(&listener, limits, &Arc::new(answer), &stopping));
        Ok(Self { address, stop, accepting: Some(accepting) })
    }

    /// Where it answers; the port that the system chose where none was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.accepting.take() {
            // Connections that are being answered end by themselves.
            let _ = thread.join();
        }
    }
}

fn accept<F>(listener: &TcpListener, limits: Limits, answer: &Arc<F>, stop: &AtomicBool)
where
    F: Fn(&Request) -> Response + Send + Sync + 'static,
{
    let peers = Arc::new(Peers::default());
    while !stop.load(Ordering::SeqCst) {
        let mut waiting = [PollFd::new(listener, PollFlags::IN)];
        // Waiting that a signal has broken off begins anew.
        if !matches!(poll(&mut waiting, Some(&STOP_POLL)), Ok(1..)) {
            continue;
        }
        match listener.accept() {
            Ok((stream, from)) => {
                // Whoever has too many is not answered at all, which costs nothing.
                let Some(seat) = peers.enter(from.ip(), &limits) else { continue };
                let answer = Arc::clone(answer);
                let serving = thread::Builder::new().stack_size(STACK).spawn(move || {
                    let _seat = seat;
                    serve(&stream, from, &limits, answer.as_ref());
                });
                if let Err(error) = serving {
                    log::warn!("a connection from {from} cannot be answered: {error}");
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => thread::sleep(SHORT_OF),
        }
    }
}

/// Answers the request of one connection.
fn serve(stream: &TcpStream, from: SocketAddr, limits: &Limits, answer: impl Fn(&Request) -> Response) {
    if stream.set_nonblocking(false).is_err() {
        return;
    }
    let (response, is_head) = match request::read(stream, from, limits) {
        Ok(request) => (answer(&request), request.method == "HEAD"),
        Err(Some(response)) => (response, false),
        Err(None) => return,
    };
    if response.write(stream, is_head, Instant::now() + limits.response_time).is_ok() {
        request::drain(stream);
    }
}

#[cfg(test)]
mod tests;

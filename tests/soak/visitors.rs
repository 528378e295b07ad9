//! People who look at the web page, and some who only hold the line.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What is asked for, and the status of the answer.
const PAGES: [(&str, u16); 5] =
    [("/", 200), ("/status.json", 200), ("/picture.jpg", 200), ("/metrics", 200), ("/nowhere", 404)];

/// A thread that asks until it is dropped.
pub struct Visitors {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Visitors {
    pub fn new(port: u16) -> Self {
        let (stop, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&answers));
        let thread = thread::spawn(move || {
            let mut held = vec![];
            for visit in 0.. {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                // One of ten connects and says nothing, for five visits.
                if visit % 10 == 0 {
                    held = TcpStream::connect(("127.0.0.1", port)).into_iter().collect();
                } else if visit % 10 == 5 {
                    held.clear();
                }
                let (path, wanted) = PAGES[visit % PAGES.len()];
                if get(port, path).is_some_and(|(status, _)| status == wanted) {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                thread::sleep(Duration::from_millis(200));
            }
        });
        Self { stop, answers, thread: Some(thread) }
    }

    /// How often the run answered as it should.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::SeqCst)
    }
}

impl Drop for Visitors {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Status and body of a page, if an answer comes.
pub fn get(port: u16, path: &str) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = vec![];
    stream.read_to_end(&mut answer).ok()?;
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
    Some((status, answer.split_off(head + 4)))
}

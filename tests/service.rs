//! What the program tells a service manager: a socket of the test's own stands in for systemd's.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::{fd::AsRawFd, unix::net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use assert_cmd::cargo::CommandCargoExt;

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/demo/cat-chelsea.jpg");
/// How long to wait for what must happen; only a failing test waits that long.
const LONG: Duration = Duration::from_secs(120);
/// How long nothing must come.
const SILENCE: Duration = Duration::from_secs(3);

/// A service manager with one service.
struct Manager {
    folder: tempfile::TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Manager { folder, socket }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a run on pictures that `camera` writes, in this manager's folder.
    fn start(&self, camera: &str) -> Service {
        self.start_with(camera, &[])
    }

    fn start_with(&self, camera: &str, more: &[&str]) -> Service {
        let mut command = Command::cargo_bin("vggcam").unwrap();
        command.args(["--json", "--display", "none", "--camera", camera]).args(more).current_dir(self.folder.path());
        command.env("VGGCAM_STATE", self.path("state")).env("VGGCAM_CONFIG", "/dev/null");
        // A watchdog so hasty that every step is told of.
        command.env("NOTIFY_SOCKET", self.path("notify")).env("WATCHDOG_USEC", "4");
        Service(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    /// The next message, or `None` if none comes within `wait`.
    fn message(&self, wait: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(wait)).unwrap();
        let mut bytes = [0; 256];
        let length = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8(bytes[..length].to_vec()).unwrap())
    }

    fn expect(&self, message: &str) {
        assert_eq!(self.message(LONG).as_deref(), Some(message));
    }
}

/// A running program, which ends with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // Its camera's program ends with it, when it is asked to.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        self.0.stdout.take();
        let _ = self.0.wait();
    }
}

fn give_picture(mut to: &File) {
    to.write_all(&fs::read(PICTURE).unwrap()).unwrap();
}

fn make_fifo(path: &Path) -> File {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    // Open for both, neither end waits for the other.
    File::options().read(true).write(true).open(path).unwrap()
}

#[test]
fn the_first_result_says_ready_and_each_result_feeds_the_watchdog() {
    let manager = Manager::new();
    let fifo = make_fifo(&manager.path("frames"));
    let _service = manager.start("pipe?wait=600:exec cat frames");
    assert_eq!(manager.message(SILENCE), None, "no frame, so it is not up");
    give_picture(&fifo);
    manager.expect("READY=1\nWATCHDOG=1\n");
    give_picture(&fifo);
    manager.expect("WATCHDOG=1\n");
    assert_eq!(manager.message(SILENCE), None, "nothing is classified, so nothing is told");
    give_picture(&fifo);
    manager.expect("WATCHDOG=1\n");
}

#[test]
fn a_stalled_classification_starves_the_watchdog_though_frames_come() {
    let manager = Manager::new();
    fs::copy(PICTURE, manager.path("picture.jpg")).unwrap();
    let mut service = manager.start("pipe:while cat picture.jpg; do sleep 0.02; done");
    let mut results = service.0.stdout.take().unwrap();
    // Nobody reads the results, so the thread that classifies cannot go on once the pipe is full.
    // SAFETY: the descriptor is open, and the call takes a number.
    assert!(unsafe { libc::fcntl(results.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) } >= 4096);
    manager.expect("READY=1\nWATCHDOG=1\n");
    while let Some(message) = manager.message(SILENCE) {
        assert_eq!(message, "WATCHDOG=1\n");
    }
    assert!(service.0.try_wait().unwrap().is_none(), "it still runs");
    results.read_exact(&mut [0; 4096]).unwrap();
    manager.expect("WATCHDOG=1\n");
}

#[test]
fn looking_for_a_lost_camera_feeds_the_watchdog() {
    let manager = Manager::new();
    fs::copy(PICTURE, manager.path("once.jpg")).unwrap();
    // The first start gives a picture, every later one fails.
    let mut service = manager.start("pipe:cat once.jpg && rm once.jpg");
    manager.expect("READY=1\nWATCHDOG=1\n");
    for _ in 0..3 {
        manager.expect("WATCHDOG=1\n");
    }
    let lines = BufReader::new(service.0.stdout.take().unwrap()).lines();
    let kinds = lines.take(2).map(|line| line.unwrap().contains("\"label\"")).collect::<Vec<_>>();
    // The program may have ended before its picture was classified.
    assert!(kinds[0] != kinds[1], "one result and the loss of the camera: {kinds:?}");
}

#[test]
fn a_service_whose_web_page_has_no_address_yet_classifies_and_shows_the_page_later() {
    let manager = Manager::new();
    fs::copy(PICTURE, manager.path("picture.jpg")).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let _service =
        manager.start_with("pipe:while cat picture.jpg; do sleep 0.1; done", &["--web", &address.to_string()]);
    manager.expect("READY=1\nWATCHDOG=1\n");
    drop(taken);
    let deadline = Instant::now() + LONG;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "the page is not there");
        thread::sleep(Duration::from_millis(50));
    }
}

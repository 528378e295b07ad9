//! The run that is tested, with its camera, its broker, its disk and its clock.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex, MutexGuard},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    broker::{Broker, PATIENCE, Program, until},
    common,
    holdings::Holdings,
    ledger::{Event, Ledger},
    surroundings::{Clock, Disk},
    visitors::Visitors,
};

/// Seconds from one fault of the camera to the next, besides what its recovery takes.
const FAULT_EVERY_S: f64 = 3.0;
/// Kinds of faults that the camera has.
const CAMERA_FAULTS: usize = 11;
/// How long the run is left alone before it is looked at what it holds.
const REST: Duration = Duration::from_secs(10);

pub struct Run {
    // Dropped in this order: the program before what it uses.
    program: Program,
    visitors: Option<Visitors>,
    answers: u64,
    pub broker: Broker,
    pub clock: Clock,
    pub disk: Disk,
    pub web_port: u16,
    ledger: Arc<Mutex<Ledger>>,
    reader: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
}

impl Run {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let broker = Broker::new(folder.path());
        let clock = Clock::new(path("clock"));
        let disk = Disk::mount(path("disk"));
        let web_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        common::write_tested_model(&path("small.onnx"), 1, &["ant", "bee"]);
        for seed in 0..4 {
            common::random_picture(seed, 64).save(path(&format!("{seed}.jpg"))).unwrap();
        }
        fs::write(path("next"), "0").unwrap();
        fs::write(path("password"), "blue whale\n").unwrap();
        let camera = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/soak/camera.py");
        let settings = format!(
            "model = 'small.onnx'\nthreads = 1\njson = true\ndisplay = ['png:disk/screen.png']\n\
             camera = 'pipe?wait=2:exec env -u LD_PRELOAD python3 -B {camera} . {FAULT_EVERY_S}'\n\
             [web]\nlisten = '127.0.0.1:{web_port}'\n\
             [mqtt]\nhost = '127.0.0.1'\nport = {}\nuser = 'cat'\npassword_file = 'password'\nname = 'Door'\ninterval_s = 0.2\n\
             [hook]\ncommand = ['true']\n\
             [keep]\nunsure_frames = true\nbelow = 1.0\nevery_s = 1.0\nquota_mb = 1\nfolder = 'disk/kept'\n",
            broker.port
        );
        fs::write(path("vggcam.toml"), settings).unwrap();
        let told = UnixDatagram::bind(path("faults")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vggcam"));
        command.args(["run", "--config", "vggcam.toml"]).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(path("said")).unwrap());
        // As its service has it.
        command.env("MALLOC_ARENA_MAX", "2");
        clock.give(&mut command);
        let mut program = Program(command.spawn().unwrap());

        told.set_nonblocking(true).unwrap();
        let told = Arc::new(told);
        let ledger = Arc::<Mutex<Ledger>>::default();
        let (faults, telling) = (Arc::clone(&ledger), Arc::clone(&told));
        // Ends with the test.
        thread::spawn(move || {
            loop {
                take_faults(&telling, &mut lock(&faults));
                thread::sleep(Duration::from_millis(5));
            }
        });
        let output = BufReader::new(program.0.stdout.take().unwrap());
        let lines = Arc::clone(&ledger);
        let reader = thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let mut ledger = lock(&lines);
                // A camera tells of its fault before it has it, so that the fault comes first here, too.
                take_faults(&told, &mut ledger);
                ledger.take(Event::Line(line), Instant::now());
            }
        });
        until("the first result", || lock(&ledger).newest);
        let visitors = Some(Visitors::new(web_port));
        Self { program, visitors, answers: 0, broker, clock, disk, web_port, ledger, reader: Some(reader), folder }
    }

    pub fn process(&self) -> u32 {
        self.program.0.id()
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    pub fn results(&self) -> u64 {
        self.ledger().results
    }

    /// How long ago the last result came.
    pub fn since_newest(&self) -> Duration {
        self.ledger().newest.map_or(Duration::MAX, |newest| newest.elapsed())
    }

    /// How often visitors of the web page were answered.
    pub fn answers(&self) -> u64 {
        self.answers + self.visitors.as_ref().map_or(0, Visitors::answers)
    }

    /// The end of what the run said on standard error.
    pub fn said(&self) -> String {
        let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        let lines: Vec<_> = said.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    pub fn until_every_fault_came(&self) {
        let deadline = Instant::now() + CAMERA_FAULTS as u32 * Duration::from_secs(15);
        while self.ledger().faults.len() < CAMERA_FAULTS {
            assert!(Instant::now() < deadline, "the camera has only had {:?}", self.ledger().faults.keys());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// What the run holds when its camera has no faults and nobody looks at its page: the least of ten looks, since hooks come and go;
    /// and how many programs that cameras have started and left still run.
    pub fn holdings_at_rest(&mut self) -> (Holdings, usize) {
        let calm = self.folder.path().join("calm");
        fs::write(&calm, "").unwrap();
        self.answers = self.answers();
        self.visitors = None;
        thread::sleep(REST);
        assert!(self.since_newest() < Duration::from_secs(1), "at rest, results come; {}", self.said());
        let mut least = Holdings::of(self.process());
        for _ in 0..10 {
            thread::sleep(Duration::from_millis(230));
            let now = Holdings::of(self.process());
            least.memory_kib = least.memory_kib.min(now.memory_kib);
            least.threads = least.threads.min(now.threads);
            least.descriptors = least.descriptors.min(now.descriptors);
            least.children = least.children.min(now.children);
        }
        // Before the next camera may start one.
        let listed = Command::new("pgrep").args(["-f", "^sleep 3613$"]).output().expect("procps is installed");
        let orphans = String::from_utf8(listed.stdout).unwrap().lines().count();
        self.ledger().end_cycle();
        fs::remove_file(calm).unwrap();
        self.visitors = Some(Visitors::new(self.web_port));
        (least, orphans)
    }

    /// Asks the run to end, and demands that it does so in order; gives what it has told.
    pub fn finish(mut self) -> Ledger {
        fs::write(self.folder.path().join("calm"), "").unwrap();
        until("the last fault is over", || {
            thread::sleep(Duration::from_secs(5));
            (self.since_newest() < Duration::from_secs(1)).then_some(())
        });
        self.ledger().end_cycle();
        self.visitors = None;
        let id = self.process().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.program.0.wait().unwrap();
        assert!(status.success(), "{status}; {}", self.said());
        self.reader.take().unwrap().join().unwrap();
        std::mem::take(&mut *self.ledger())
    }

    /// The number of the picture that was kept last.
    pub fn newest_kept(&self) -> Option<String> {
        let names = fs::read_dir(self.disk.path().join("kept")).ok()?.flatten().map(|entry| entry.file_name());
        names.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".jpg")).max()
    }

    /// When the screen was drawn last, by the machine's own clock.
    pub fn screen_drawn(&self) -> Option<std::time::SystemTime> {
        self.screen().metadata().ok()?.modified().ok()
    }

    fn screen(&self) -> PathBuf {
        self.disk.path().join("screen.png")
    }

    /// Waits until `found` finds something, at most two minutes; says how long it took.
    pub fn time_until<T>(&self, what: &str, mut found: impl FnMut() -> Option<T>) -> Duration {
        let start = Instant::now();
        while found().is_none() {
            assert!(start.elapsed() < 2 * PATIENCE, "not in time: {what}; {}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
        start.elapsed()
    }
}

/// Takes what the camera has told of since the last time.
fn take_faults(told: &UnixDatagram, ledger: &mut Ledger) {
    let mut name = [0; 64];
    while let Ok(length) = told.recv(&mut name) {
        let name = String::from_utf8_lossy(&name[..length]).into_owned();
        ledger.take(Event::Fault(name), Instant::now());
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap()
}

//! A real MQTT broker, and what it is asked by its own programs.
#![allow(dead_code)]

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Longest wait for anything; only a failing test waits that long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Ends a program at the end of a test, whatever its outcome.
pub struct Program(pub Child);

impl Program {
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A broker that lets in the user `cat` with a password, and remembers nothing when it ends.
pub struct Broker {
    folder: PathBuf,
    pub port: u16,
    running: Option<Program>,
}

impl Broker {
    pub fn new(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let users = folder.join("users");
        let made = Command::new("mosquitto_passwd").args(["-b", "-c"]).arg(&users).args(["cat", "blue whale"]).status();
        assert!(made.expect("mosquitto is installed").success());
        let lines = [
            format!("listener {port} 127.0.0.1"),
            "allow_anonymous false".into(),
            format!("password_file {}", users.display()),
            // Where it is started by root, it would else become a user who may not be known there.
            "user root".into(),
            "persistence false\n".into(),
        ];
        fs::write(folder.join("mosquitto.conf"), lines.join("\n")).unwrap();
        let mut broker = Self { folder: folder.into(), port, running: None };
        broker.start();
        broker
    }

    pub fn start(&mut self) {
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(self.folder.join("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(Program(command.spawn().expect("mosquitto is installed")));
        until("the broker listens", || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Takes connections and answers nobody, until it is told to go on.
    pub fn hang(&self, hangs: bool) {
        let Some(Program(child)) = &self.running else { return };
        let signal = if hangs { "-STOP" } else { "-CONT" };
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    }

    /// What a topic holds for whoever comes now; `None` where it holds nothing.
    pub fn retained(&self, topic: &str) -> Option<String> {
        let port = self.port.to_string();
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", "127.0.0.1", "-p", &port, "-u", "cat", "-P", "blue whale"]);
        command.args(["-t", topic, "-C", "1", "-W", "1", "--retained-only"]);
        let output = command.output().expect("mosquitto-clients is installed");
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Hears everything that is said on topics from now on, after what they hold.
    pub fn listen(&self, topics: &str) -> Listening {
        let heard = self.folder.join("heard");
        let mut command = Command::new("mosquitto_sub");
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-u",
            "cat",
            "-P",
            "blue whale",
            "-v",
            "-t",
            topics,
        ]);
        let program = Program(command.stdout(fs::File::create(&heard).unwrap()).spawn().unwrap());
        until("what the topics hold", || fs::metadata(&heard).ok().filter(|found| found.len() > 0));
        Listening { program, heard }
    }

    pub fn holds(&self, topic: &str, wanted: &str) {
        until(&format!("{topic} holds {wanted}"), || self.retained(topic).filter(|text| text == wanted));
    }

    /// The object that a topic holds, once it is as it is wanted.
    pub fn object(&self, topic: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(topic, || self.retained(topic).and_then(|text| serde_json::from_str(&text).ok()).filter(&wanted))
    }
}

/// A program that writes down what it hears.
pub struct Listening {
    program: Program,
    heard: PathBuf,
}

impl Listening {
    /// Topics and payloads that were heard, in their order.
    pub fn messages(&mut self) -> Vec<(String, String)> {
        self.program.kill();
        let heard = fs::read_to_string(&self.heard).unwrap();
        let messages = heard.lines().filter_map(|line| line.split_once(' '));
        messages.map(|(topic, text)| (topic.to_owned(), text.to_owned())).collect()
    }
}

/// What `found` finds, once it does.
pub fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

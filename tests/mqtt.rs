//! `vggcam run` with a real broker, which is killed and started again, and asked by its own programs.
//!
//! `.ci/run` asks for it by name, as it needs Mosquitto.
#![cfg(feature = "finetune")]

mod common;

#[path = "common/broker.rs"]
mod broker;

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use broker::{Broker, Program, until};

/// A run that sees something until the file `stop` is there. Its lines are counted, and those that tell of a lost camera.
struct Run {
    program: Program,
    lines: Arc<AtomicU64>,
    losses: Arc<AtomicU64>,
}

impl Run {
    fn start(folder: &Path, port: u16) -> Self {
        let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo/cat-chelsea.jpg");
        fs::write(folder.join("password"), "blue whale\n").unwrap();
        common::write_tested_model(&folder.join("small.onnx"), 1, &["ant", "bee"]);
        let settings = format!(
            "model = 'small.onnx'\ndisplay = ['none']\njson = true\ncamera = 'pipe?wait=2:while [ -e small.onnx ] && [ ! -e stop ]; do cat {}; sleep 0.05; done'\n\
             [mqtt]\nhost = '127.0.0.1'\nport = {port}\nuser = 'cat'\npassword_file = 'password'\nname = 'Door'\n\
             interval_s = 0.2\n",
            picture.display()
        );
        fs::write(folder.join("vggcam.toml"), settings).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vggcam"));
        command.args(["run", "--config", "vggcam.toml"]).current_dir(folder).stdout(Stdio::piped());
        let mut program = Program(command.spawn().unwrap());
        let output = BufReader::new(program.0.stdout.take().unwrap());
        let (lines, losses) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (counted, lost) = (Arc::clone(&lines), Arc::clone(&losses));
        thread::spawn(move || {
            for line in output.lines() {
                let line: Value = serde_json::from_str(&line.unwrap()).expect("each line is an object");
                lost.fetch_add((line["state"] == "camera lost").into(), Ordering::SeqCst);
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { program, lines, losses }
    }

    /// Ends it in an orderly way.
    fn end(&mut self) {
        let id = self.program.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.program.0.wait().unwrap().success());
    }

    /// Waits for more results.
    fn goes_on(&self) {
        let before = self.lines.load(Ordering::SeqCst);
        until("results go on", || (self.lines.load(Ordering::SeqCst) > before + 3).then_some(()));
    }
}

/// The topic of the board's state, which tells what all its topics begin with.
fn base(broker: &Broker) -> String {
    let label = broker.object("homeassistant/sensor/+/label/config", |_| true);
    let state = label["state_topic"].as_str().unwrap();
    let base = state.strip_suffix("/state").unwrap();
    assert!(base.starts_with("vggcam/door"), "{base}");
    base.to_owned()
}

#[test]
#[ignore = "needs Mosquitto"]
fn a_broker_knows_what_is_seen_and_home_assistant_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::new(folder.path());
    let mut run = Run::start(folder.path(), broker.port);
    let base = base(&broker);
    let state = broker.object(&format!("{base}/state"), |state| state["label"].is_string());
    assert!(state["confidence"].is_number() && state["state"] == "live", "{state}");
    broker.holds(&format!("{base}/availability"), "online");
    broker.holds(&format!("{base}/label/availability"), "online");
    let health = broker.object(&format!("{base}/health"), |health| health["camera"] == "ON");
    assert_eq!(health["model_id"].as_str().unwrap().len(), 32);

    for key in ["sensor/+/label", "sensor/+/confidence", "binary_sensor/+/camera", "sensor/+/frame_age_s"] {
        let config = broker.object(&format!("homeassistant/{key}/config"), |_| true);
        for field in ["name", "unique_id", "state_topic", "value_template"] {
            assert!(config[field].is_string(), "{field} in {config}");
        }
        assert_eq!((&config["device"]["name"], config["device"]["identifiers"].is_array()), (&"Door".into(), true));
        assert_eq!(config["availability"][0]["topic"], format!("{base}/availability"));
    }

    fs::write(folder.path().join("stop"), "").unwrap();
    broker.holds(&format!("{base}/label/availability"), "offline");
    let state = broker.object(&format!("{base}/state"), |state| state["state"] == "camera lost");
    assert!(state["label"].is_null() && state["confidence"].is_null() && state["cause"].is_string(), "{state}");
    broker.holds(&format!("{base}/availability"), "online");
    fs::remove_file(folder.path().join("stop")).unwrap();
    broker.object(&format!("{base}/state"), |state| state["label"].is_string());
    broker.holds(&format!("{base}/label/availability"), "online");

    // SIGKILL: only the broker can tell.
    run.program.kill();
    broker.holds(&format!("{base}/availability"), "offline");
}

#[test]
#[ignore = "needs Mosquitto"]
fn a_broker_may_go_away_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::new(folder.path());
    let mut run = Run::start(folder.path(), broker.port);
    let base = base(&broker);
    broker.object(&format!("{base}/state"), |state| state["label"].is_string());
    broker.kill();
    run.goes_on();
    // What changes meanwhile is told afterwards, and nothing else.
    fs::write(folder.path().join("stop"), "").unwrap();
    until("the loss is told", || (run.losses.load(Ordering::SeqCst) > 0).then_some(()));
    broker.start();
    let state = broker.object(&format!("{base}/state"), |_| true);
    assert!(state["label"].is_null() && state["state"] == "camera lost", "{state}");
    broker.holds(&format!("{base}/availability"), "online");
    broker.object("homeassistant/sensor/+/label/config", |_| true);
    fs::remove_file(folder.path().join("stop")).unwrap();
    broker.object(&format!("{base}/state"), |state| state["label"].is_string());

    // An orderly end says farewell by itself.
    run.end();
    broker.holds(&format!("{base}/availability"), "offline");
}

#[test]
#[ignore = "needs Mosquitto"]
fn a_label_of_before_never_counts_again() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::new(folder.path());
    let mut run = Run::start(folder.path(), broker.port);
    let base = base(&broker);
    broker.object(&format!("{base}/state"), |state| state["label"].is_string());
    broker.holds(&format!("{base}/label/availability"), "online");
    // As by a loss of power: the label stays with the broker.
    run.program.kill();
    broker.holds(&format!("{base}/availability"), "offline");
    let restarted = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;

    let mut listening = broker.listen(&format!("{base}/#"));
    let mut run = Run::start(folder.path(), broker.port);
    run.goes_on();
    broker.holds(&format!("{base}/availability"), "online");
    broker.holds(&format!("{base}/label/availability"), "online");
    for _ in 0..2 {
        let before = run.losses.load(Ordering::SeqCst);
        fs::write(folder.path().join("stop"), "").unwrap();
        until("the loss is told", || (run.losses.load(Ordering::SeqCst) > before).then_some(()));
        broker.holds(&format!("{base}/label/availability"), "offline");
        fs::remove_file(folder.path().join("stop")).unwrap();
        run.goes_on();
        broker.holds(&format!("{base}/label/availability"), "online");
    }
    run.end();
    broker.holds(&format!("{base}/availability"), "offline");
    let state = broker.object(&format!("{base}/state"), |state| state["state"] == "ended");
    assert!(state["label"].is_null(), "{state}");
    broker.holds(&format!("{base}/label/availability"), "offline");

    let (mut holds, mut counted) = (HashMap::new(), 0);
    for (topic, text) in listening.messages() {
        holds.insert(topic.strip_prefix(&base).unwrap().to_owned(), text);
        let online = |topic: &str| holds.get(topic).is_some_and(|text| text == "online");
        if online("/availability") && online("/label/availability") {
            let state: Value = serde_json::from_str(&holds["/state"]).unwrap();
            assert!(state["label"].is_string(), "{holds:?}");
            assert!(state["changed_at_ms"].as_u64().unwrap() >= restarted, "a label of before: {holds:?}");
            counted += 1;
        }
    }
    assert!(counted >= 3, "{counted}");
}

#[test]
#[ignore = "needs Mosquitto"]
fn a_broker_that_refuses_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::new(folder.path());
    fs::write(folder.path().join("said"), "").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vggcam"));
    let url = format!("mqtt://mouse@127.0.0.1:{}", broker.port);
    let said = fs::File::create(folder.path().join("said")).unwrap();
    command.args(["run", "--camera", "pipe:while :; do sleep 1; done", "--display", "none", "--mqtt", &url]);
    let _run = Program(command.stdout(Stdio::null()).stderr(said).spawn().unwrap());
    let said = until("it is told", || {
        Some(fs::read_to_string(folder.path().join("said")).unwrap()).filter(|said| said.contains("broker"))
    });
    assert!(said.contains("password_file") && said.contains("tried again"), "{said}");
}

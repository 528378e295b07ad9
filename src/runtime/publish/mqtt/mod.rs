//! The label and the board's health for a broker (MQTT 3.1.1), where Home Assistant finds them by itself.
//!
//! Every topic is retained and holds what is newest, so whoever subscribes late knows at once. While the broker is away only the
//! newest of each topic is kept; once it is back, all of them are sent again. The broker itself says `offline` for a board that
//! has gone without a word (last will). A label is sent before it is said to be there, and said to be gone before it goes, so that
//! an old one never counts for a moment.

mod address;
mod device;
mod discovery;
mod outbox;
mod payloads;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rumqttc::{Client, Connection, ConnectionError, Event, LastWill, MqttOptions, Packet, QoS};
use serde::{Deserialize, Serialize};

use super::{
    network,
    record::{Link, Record},
    secret::{Secret, SecretError, password},
};
use crate::runtime::back_off::doubling;
pub use address::Address;
use device::Device;
use outbox::Outbox;

/// The table `[mqtt]` of the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The broker; without one nothing is sent.
    pub host: Option<String>,
    /// Its port; 1883 where none is given.
    pub port: Option<u16>,
    /// Who sends.
    pub user: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// What the device is called; its host name where none is given.
    pub name: Option<String>,
    /// What topics begin with.
    pub prefix: String,
    /// Whether Home Assistant is told what there is.
    pub discovery: bool,
    /// What topics begin with on which Home Assistant listens for that.
    pub discovery_prefix: String,
    /// Seconds between two messages about the same label.
    pub interval_s: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            user: None,
            password_file: None,
            name: None,
            prefix: "vggcam".into(),
            discovery: true,
            discovery_prefix: "homeassistant".into(),
            interval_s: 5.0,
        }
    }
}

/// Why nothing can be sent to a broker.
#[derive(Debug, thiserror::Error)]
pub enum MqttError {
    /// A setting makes no sense.
    #[error("[mqtt] has {setting}, but {wanted} belongs there")]
    Setting { setting: String, wanted: &'static str },
    /// The password is not there.
    #[error(transparent)]
    Password(#[from] SecretError),
}

/// The port of brokers.
const PORT: u16 = 1883;
/// Time from one attempt to reach the broker to the next: the first, doubled until the last.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));
/// How long a connection lasts that was worth its while. A broker that takes the board and soon sends it away, as where another one
/// has the same name, is asked ever more rarely.
const STEADY: Duration = Duration::from_secs(30);
/// Time without a word after which the broker counts the board as gone after half as much again.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Time between two messages about the board's health, if nothing is wrong.
const HEALTH_PAUSE: Duration = Duration::from_secs(30);
/// How often it is looked whether something is to be sent.
const POLL: Duration = Duration::from_millis(200);
/// How long the farewell may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Messages on their way that the broker has not confirmed yet, and messages that wait for that.
const IN_FLIGHT: u16 = 16;
/// Bytes of a message, of which one with many labels needs most.
const MESSAGE_BYTES: usize = 256 << 10;

/// Sends until it is dropped, and says `offline` then.
pub struct Mqtt {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl From<Address> for Settings {
    fn from(Address { host, port, user }: Address) -> Self {
        Self { host: Some(host), port, user, ..Self::default() }
    }
}

/// What both threads know.
struct Shared {
    stop: AtomicBool,
    /// How often the broker was reached, and whether it is there: odd while it is.
    session: AtomicU64,
}

impl Shared {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

impl Mqtt {
    /// Begins to send what `record` knows; `None` where the settings name no broker. Whether the broker can be reached shows later.
    pub fn start(settings: &Settings, record: &Arc<Record>) -> Result<Option<Self>, MqttError> {
        let Some(host) = settings.host.clone() else { return Ok(None) };
        let wrong = |setting: String, wanted| Err(MqttError::Setting { setting, wanted });
        for (name, value) in [("prefix", &settings.prefix), ("discovery_prefix", &settings.discovery_prefix)] {
            if value.is_empty() || value.contains(['+', '#', '\0']) {
                return wrong(format!("{name} = {value:?}"), "a topic without + and #");
            }
        }
        let interval = Duration::try_from_secs_f32(settings.interval_s).ok().filter(|interval| !interval.is_zero());
        let Some(interval) = interval else {
            return wrong(format!("interval_s = {}", settings.interval_s), "a time above 0");
        };
        let password = password(settings.password_file.as_deref())?;
        if password.is_some() && settings.user.is_none() {
            return wrong("a password_file and no user".into(), "the user's name too");
        }
        let device = Device::new(settings, "/".as_ref());
        let port = settings.port.unwrap_or(PORT);
        let options = options(&host, port, settings.user.as_deref(), password.as_ref(), &device);
        let (client, connection) = Client::new(options, IN_FLIGHT.into());
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), session: AtomicU64::new(0) });
        let broker = format!("{host}:{port}");
        let connecting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || connect(connection, &broker, &shared))
        };
        let feeding = {
            let (shared, record) = (Arc::clone(&shared), Arc::clone(record));
            thread::spawn(move || feed(&client, &device, interval, &record, &shared))
        };
        Ok(Some(Self { shared, threads: vec![connecting, feeding] }))
    }
}

impl Drop for Mqtt {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let deadline = Instant::now() + PATIENCE;
        for thread in self.threads.drain(..) {
            // A broker that does not answer must not keep the program from ending.
            while !thread.is_finished() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn options(host: &str, port: u16, user: Option<&str>, password: Option<&Secret>, device: &Device) -> MqttOptions {
    let mut options = MqttOptions::new(device.id(), host, port);
    options.set_keep_alive(KEEP_ALIVE).set_inflight(IN_FLIGHT).set_max_packet_size(MESSAGE_BYTES, MESSAGE_BYTES);
    options.set_last_will(LastWill::new(device.availability(), payloads::OFFLINE, QoS::AtLeastOnce, true));
    if let Some(user) = user {
        options.set_credentials(user, password.map_or("", Secret::reveal));
    }
    options
}

/// Reaches the broker, again and again where it goes away.
fn connect(mut connection: Connection, broker: &str, shared: &Shared) {
    let mut pauses = doubling(BACK_OFF);
    let (mut told, mut since) = (false, None::<Instant>);
    for event in connection.iter() {
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                shared.session.fetch_add(1, Ordering::SeqCst);
                since = Some(Instant::now());
                if told {
                    log::warn!("the broker {broker} is back");
                }
                told = false;
            }
            Ok(_) => {}
            Err(_) if shared.stops() => return,
            Err(error) => {
                // Odd means connected.
                shared
                    .session
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| Some(n + n % 2))
                    .unwrap_or_default();
                if !told {
                    log::warn!(
                        "the broker {broker} is away: {error} ({}); it is tried again until it is back",
                        hint(&error)
                    );
                }
                told = true;
                if since.take().is_some_and(|since| since.elapsed() >= STEADY) {
                    pauses = doubling(BACK_OFF);
                }
                let until = Instant::now() + pauses.next().unwrap_or(BACK_OFF.1);
                while Instant::now() < until {
                    if shared.stops() {
                        return;
                    }
                    thread::sleep(POLL.min(until.saturating_duration_since(Instant::now())));
                }
            }
        }
    }
}

/// The likely cause, and the next step.
fn hint(error: &ConnectionError) -> &'static str {
    match error {
        ConnectionError::ConnectionRefused(_) => "do user and password_file of [mqtt] fit what the broker knows?",
        ConnectionError::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "does a broker run there, and does it listen to other computers?"
        }
        _ => network::advice().unwrap_or("is its name right, and is it in this network?"),
    }
}

/// Hands over what has changed, and says farewell at the end.
fn feed(client: &Client, device: &Device, interval: Duration, record: &Record, shared: &Shared) {
    let (mut seen, mut session) = (0, 0);
    let mut outbox = Outbox::default();
    let mut told = (None::<Instant>, None::<Instant>);
    let is_due = |at: Option<Instant>, pause: Duration| at.is_none_or(|at| at.elapsed() >= pause);
    while !shared.stops() {
        let Some(version) = record.wait(seen, Instant::now() + POLL) else { break };
        let news = version != seen;
        seen = version;
        let facts = record.facts();
        let now = shared.session.load(Ordering::SeqCst);
        let connected = now % 2 == 1;
        let fresh = connected && now != session;
        if fresh {
            // The broker may have forgotten everything, and the will may have been published.
            outbox.again();
            session = now;
        }
        let (all, there) = (news || fresh, facts.answer.is_some());
        if all {
            discovery::messages(device, &facts).into_iter().for_each(|(topic, payload)| outbox.put(topic, payload));
            if !there {
                outbox.put(device.label_availability(), payloads::OFFLINE.into());
            }
        }
        if all || is_due(told.0, interval) {
            outbox.put(device.state(), payloads::state(&facts));
            told.0 = Some(Instant::now());
        }
        if all || is_due(told.1, HEALTH_PAUSE) {
            outbox.put(device.health(), payloads::health(&facts));
            told.1 = Some(Instant::now());
        }
        if all {
            if there {
                outbox.put(device.label_availability(), payloads::ONLINE.into());
            }
            outbox.put(device.availability(), payloads::ONLINE.into());
        }
        while connected
            && let Some((topic, payload)) = outbox.first()
            && client.try_publish(topic, QoS::AtLeastOnce, true, payload).is_ok()
        {
            outbox.sent();
        }
        record.link(Link { connected, dropped: outbox.dropped() });
    }
    let farewell = [
        (device.label_availability(), payloads::OFFLINE.into()),
        (device.state(), payloads::ended()),
        (device.availability(), payloads::OFFLINE.into()),
    ];
    let mut said = farewell.into_iter().map(|(topic, text)| client.try_publish(topic, QoS::AtLeastOnce, true, text));
    // What does not fit any more is told by the last will, which a broker forgets of whoever leaves in order.
    if said.all(|said| said.is_ok()) {
        let _ = client.try_disconnect();
    }
}

//! The ways out that have threads of their own.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{
    hook::{Hook, HookError},
    http::{ListenError, Server},
    metrics,
    mqtt::{Mqtt, MqttError},
    outlet::{Missing, Outlet},
    record::Record,
    web::{self, WebError},
};
use crate::runtime::{config::Config, health};

/// Why a way out cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The web page.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The metrics.
    #[error(transparent)]
    Metrics(#[from] ListenError),
    /// The program at changes.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The broker.
    #[error(transparent)]
    Mqtt(#[from] MqttError),
}

impl ServiceError {
    /// Whether it may be over without a change of the settings: the address comes with the network, the file is given the right owner.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            ServiceError::Web(WebError::Password(_) | WebError::Listen(_))
                | ServiceError::Metrics(_)
                | ServiceError::Mqtt(MqttError::Password(_))
        )
    }
}

/// How often the board is asked how it fares.
const HEALTH_PAUSE: Duration = Duration::from_secs(5);

/// The ways out; all have ended when this is dropped.
pub struct Services {
    record: Arc<Record>,
    mqtt: Option<Outlet<Option<Mqtt>>>,
    _web: Outlet<Option<Server>>,
    _metrics: Outlet<Option<Server>>,
    _hook: Option<Hook>,
    _health: Watching,
}

impl Services {
    /// Begins to publish what `record` knows, as the settings say.
    pub fn start(config: &Config, record: &Arc<Record>, missing: Missing) -> Result<Self, ServiceError> {
        let web = {
            let (settings, record) = (config.web.clone(), Arc::clone(record));
            move || Ok(web::start(&settings, &record)?)
        };
        let metrics = {
            let (settings, record) = (config.metrics.clone(), Arc::clone(record));
            move || Ok(metrics::start(&settings, &record)?)
        };
        let mqtt = {
            let (settings, record) = (config.mqtt.clone(), Arc::clone(record));
            move || Ok(Mqtt::start(&settings, &record)?)
        };
        let may_pass = ServiceError::may_pass;
        Ok(Self {
            mqtt: Some(Outlet::open("nothing goes to the broker", missing, record, may_pass, mqtt)?),
            _web: Outlet::open("no web page", missing, record, may_pass, web)?,
            _metrics: Outlet::open("no metrics", missing, record, may_pass, metrics)?,
            _hook: Hook::start(&config.hook, record)?,
            _health: Watching::start(config.health.clone(), "/".into(), record),
            record: Arc::clone(record),
        })
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // It says farewell, which is not to be taken for a broker that goes away.
        self.mqtt = None;
        // Whoever waits for news is woken, before the fields are dropped and wait for their threads.
        self.record.close();
    }
}

/// A thread that asks the board how it fares, until this is dropped.
struct Watching {
    _stop: mpsc::Sender<()>,
}

impl Watching {
    fn start(settings: health::Settings, root: PathBuf, record: &Arc<Record>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let record = Arc::clone(record);
        // A file of a driver that hangs must not keep the program from ending, so nobody waits for this thread.
        thread::spawn(move || {
            loop {
                if let Some(warnings) = record.set_health(health::read(&root), &settings) {
                    match warnings.as_slice() {
                        [] => log::warn!("the board is well again"),
                        warnings => log::warn!("the board: {}", warnings.join(", ")),
                    }
                }
                if !matches!(stopped.recv_timeout(HEALTH_PAUSE), Err(mpsc::RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        });
        Self { _stop: stop }
    }
}

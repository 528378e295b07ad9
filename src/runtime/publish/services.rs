//! The ways out that have threads of their own.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{
    hook::{Hook, HookError},
    http::{ListenError, Server},
    metrics,
    mqtt::{Mqtt, MqttError},
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

/// How often the board is asked how it fares.
const HEALTH_PAUSE: Duration = Duration::from_secs(5);

/// The ways out; all have ended when this is dropped.
pub struct Services {
    record: Arc<Record>,
    _servers: Vec<Server>,
    _hook: Option<Hook>,
    _mqtt: Option<Mqtt>,
    _health: Watching,
}

impl Services {
    /// Begins to publish what `record` knows, as the settings say. `model` is the model's file; `None` stands for the bundled one.
    pub fn start(config: &Config, model: Option<&Path>, record: &Arc<Record>) -> Result<Self, ServiceError> {
        let servers = [web::start(&config.web, model, record)?, metrics::start(&config.metrics, record)?];
        Ok(Self {
            _servers: servers.into_iter().flatten().collect(),
            _hook: Hook::start(&config.hook, record)?,
            _mqtt: Mqtt::start(&config.mqtt, record)?,
            _health: Watching::start(config.health.clone(), "/".into(), record),
            record: Arc::clone(record),
        })
    }
}

impl Drop for Services {
    fn drop(&mut self) {
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

//! What the service manager is told, by systemd's protocol (sd_notify(3)): that a run is up, and that it goes on.
//!
//! Only work that was done counts as going on, and no timer stands in for it: a service whose classification hangs falls silent,
//! and is started again after `WatchdogSec=`. Where no service manager listens, nothing is told.

use std::{
    env,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sd_notify::NotifyState;

/// How often in its time the watchdog is fed at most: results that come faster are not told one by one.
const FEEDS: u32 = 4;

/// Whether a service manager has started this process, and listens.
pub fn is_supervised() -> bool {
    env::var_os("NOTIFY_SOCKET").is_some()
}

/// The service manager, if there is one.
pub struct Service {
    /// Silence after which it gives the run up.
    watchdog: Option<Duration>,
    /// When it was told last; `None` while the run is not up.
    told: Mutex<Option<Instant>>,
}

impl Service {
    /// The one whose address stands in the environment.
    pub fn of_environment() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled(), told: Mutex::default() }
    }

    /// Tells of a step that was done: a result, or another attempt to open a lost camera. The first one says that the run is up.
    pub fn step_done(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let news: &[NotifyState] = match (*told, self.watchdog) {
            (None, None) => &[NotifyState::Ready],
            (None, Some(_)) => &[NotifyState::Ready, NotifyState::Watchdog],
            (Some(last), Some(limit)) if last.elapsed() >= limit / FEEDS => &[NotifyState::Watchdog],
            (Some(_), _) => return,
        };
        *told = Some(Instant::now());
        if let Err(error) = sd_notify::notify(news) {
            log::warn!("cannot tell the service manager that the run goes on: {error}");
        }
    }
}

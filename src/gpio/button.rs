//! A push button on a GPIO line.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use linux_embedded_hal::gpio_cdev::LineEventHandle;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    Wiring,
    debounce::{Debounce, Press},
    error::{Doing, GpioError},
    input,
};

/// How often a thread that waits for its button looks whether it is to stop.
const STOP_POLL: Duration = Duration::from_millis(100);

/// A button that is watched by a thread of its own, until this is dropped.
pub struct Button {
    stop: Arc<AtomicBool>,
    watching: Option<JoinHandle<()>>,
}

impl Button {
    /// Takes the line and tells of every press from now on. Errs where the line cannot be taken; a line that goes away
    /// later is logged once.
    pub fn watch(wiring: &Wiring, mut on_press: impl FnMut(Press) + Send + 'static) -> Result<Self, GpioError> {
        let wiring = wiring.clone();
        let mut events = input(&wiring)?;
        let pressed = level(&events, &wiring)?;
        if pressed {
            let other = if wiring.active_low { "high" } else { "low" };
            log::warn!("{} is pressed already; if nobody holds the button, write ?active={other}", wiring.line);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let watching = {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                if let Err(error) = watch(&mut events, &wiring, pressed, &stop, &mut on_press) {
                    log::error!("{error}; its button does nothing any more");
                }
            })
        };
        Ok(Self { stop, watching: Some(watching) })
    }
}

impl Drop for Button {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(watching) = self.watching.take() {
            // A receiver of presses that panicked has said so already.
            let _ = watching.join();
        }
    }
}

fn watch(
    events: &mut LineEventHandle,
    wiring: &Wiring,
    pressed: bool,
    stop: &AtomicBool,
    on_press: &mut impl FnMut(Press),
) -> Result<(), GpioError> {
    let start = Instant::now();
    let mut debounce = Debounce::new(pressed);
    while !stop.load(Ordering::Relaxed) {
        let until_look = debounce.next_look().map(|due| due.saturating_sub(start.elapsed()));
        let patience = until_look.map_or(STOP_POLL, |time| time.min(STOP_POLL));
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) as _ };
        // An event only wakes: the level says what is so now, also where the kernel dropped events.
        if let Ok(1..) = poll(&mut [PollFd::new(&*events, PollFlags::IN)], Some(&timeout)) {
            events.get_event().map_err(|error| GpioError::of(&wiring.line, Doing::Read, &error, None))?;
        }
        if let Some(press) = debounce.look(start.elapsed(), level(events, wiring)?) {
            on_press(press);
        }
    }
    Ok(())
}

/// Whether the button is pressed.
fn level(events: &LineEventHandle, wiring: &Wiring) -> Result<bool, GpioError> {
    let value = events.get_value().map_err(|error| GpioError::of(&wiring.line, Doing::Read, &error, None))?;
    Ok(value != 0)
}

//! Taking over the terminal, and giving it back however the program ends.

use std::{
    io::{self, Write},
    panic,
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

use crossterm::{
    cursor::{Hide, Show},
    queue,
    style::{Attribute, SetAttribute, force_color_output},
    terminal::{
        DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, window_size,
    },
};

/// Columns and rows of a terminal that does not say, such as a serial line.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// The line settings to go back to, while the terminal is taken over; `None` inside where there were none.
static TAKEN: Mutex<Option<Option<libc::termios>>> = Mutex::new(None);

/// The terminal in use; it is given back when this is dropped, and before the message of a panic.
pub struct Session(());

impl Session {
    /// Switches to the alternate screen without cursor, and keeps keys from being echoed.
    pub fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                leave();
                report(info);
            }));
        });
        let mut taken = taken();
        if taken.is_some() {
            return Err(io::Error::other("it is shown there already"));
        }
        // The picture is made of colours, so a wish for plain text cannot be granted here.
        force_color_output(true);
        let mut out = io::stdout().lock();
        queue!(out, EnterAlternateScreen, Hide, DisableLineWrap)?;
        out.flush()?;
        *taken = Some(quiet_keys());
        Ok(Self(()))
    }

    /// Whether the terminal is still taken over; a panic elsewhere gives it back early.
    pub fn is_active(&self) -> bool {
        taken().is_some()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        leave();
    }
}

/// Columns and rows of the terminal, each at least 1.
pub fn size() -> (u16, u16) {
    match window_size() {
        Ok(window) if window.columns > 0 && window.rows > 0 => (window.columns, window.rows),
        _ => USUAL_SIZE,
    }
}

fn taken() -> MutexGuard<'static, Option<Option<libc::termios>>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the terminal back if it is taken over.
fn leave() {
    if let Some(settings) = taken().take() {
        let mut out = io::stdout().lock();
        // A terminal that has gone needs no cleaning.
        let _ = queue!(
            out,
            EndSynchronizedUpdate,
            SetAttribute(Attribute::Reset),
            EnableLineWrap,
            Show,
            LeaveAlternateScreen
        );
        let _ = out.flush();
        if let Some(settings) = settings {
            // SAFETY: the settings are those that the terminal had.
            unsafe { libc::tcsetattr(libc::STDOUT_FILENO, libc::TCSAFLUSH, &raw const settings) };
        }
    }
}

/// Keeps keys from being echoed and from pausing or suspending the program, which would leave the screen behind.
/// Returns the settings before, where the terminal has any.
fn quiet_keys() -> Option<libc::termios> {
    // SAFETY: all-zero bits are a valid value of this structure of numbers, which the call then fills.
    let mut settings: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is of the type that the call fills.
    if unsafe { libc::tcgetattr(libc::STDOUT_FILENO, &raw mut settings) } != 0 {
        return None;
    }
    let before = settings;
    settings.c_lflag &= !(libc::ECHO | libc::ICANON);
    settings.c_iflag &= !libc::IXON;
    settings.c_cc[libc::VSUSP] = libc::_POSIX_VDISABLE;
    // SAFETY: the settings are those that the terminal had, with some keys switched off.
    unsafe { libc::tcsetattr(libc::STDOUT_FILENO, libc::TCSANOW, &raw const settings) };
    Some(before)
}

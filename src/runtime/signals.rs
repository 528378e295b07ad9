//! Ctrl-C and the other wishes to end.

use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

/// Returns a flag that Ctrl-C, SIGTERM and SIGHUP set, so that the run ends cleanly; the second of them ends the
/// program at once. Errs where the system does not let signals be handled.
pub fn stop_on_signals() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Handlers run in this order, so the first signal finds the flag unset.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_signal_sets_the_flag() {
        let stop = stop_on_signals().expect("signals can be handled");
        assert!(!stop.load(Ordering::SeqCst));
        signal_hook::low_level::raise(SIGHUP).expect("a process may signal itself");
        assert!(stop.load(Ordering::SeqCst));
    }
}

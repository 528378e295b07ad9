//! A gate that lets in so many bytes at once.

use std::sync::{Condvar, Mutex, MutexGuard};

/// Keeps what is inside below a limit: who wants in waits until there is room.
pub struct Gate {
    limit: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bytes inside.
    inside: u64,
    /// How many have come, and how many of them have got in: in the order in which they came.
    come: u64,
    entered: u64,
}

/// Room inside, until it is dropped.
pub struct Pass<'a> {
    gate: &'a Gate,
    bytes: u64,
}

impl Gate {
    /// A gate for `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Gate { limit, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits for room. What is larger than the limit waits until it is alone, for it has to get through some time.
    pub fn enter(&self, bytes: u64) -> Pass<'_> {
        let mut state = self.state();
        let turn = state.come;
        state.come += 1;
        while state.entered != turn || (state.inside > 0 && state.inside.saturating_add(bytes) > self.limit) {
            state = self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.entered += 1;
        state.inside += bytes;
        self.changed.notify_all();
        Pass { gate: self, bytes }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The numbers are right also after a panic elsewhere: passes are given back while unwinding.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.state().inside -= self.bytes;
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn never_more_than_the_limit_is_inside_but_for_one_alone() {
        let (gate, inside) = (Gate::new(100), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (gate, inside) = (&gate, &inside);
                scope.spawn(move || {
                    for round in 0..500 {
                        let bytes = (thread * 37 + round * 11) % 130;
                        let _pass = gate.enter(bytes);
                        let sum = inside.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        assert!(sum <= 100 || sum == bytes, "{sum} bytes are inside");
                        inside.fetch_sub(bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(gate.state().inside, 0);
    }

    #[test]
    fn what_is_larger_than_the_limit_does_not_wait_for_ever() {
        let gate = Gate::new(100);
        let first = gate.enter(60);
        std::thread::scope(|scope| {
            let large = scope.spawn(|| drop(gate.enter(1000)));
            while gate.state().come < 2 {
                std::thread::yield_now();
            }
            // Small enough, but behind the large one.
            let small = scope.spawn(|| drop(gate.enter(1)));
            while gate.state().come < 3 {
                std::thread::yield_now();
            }
            assert_eq!(gate.state().entered, 1);
            drop(first);
            large.join().unwrap();
            small.join().unwrap();
        });
    }
}

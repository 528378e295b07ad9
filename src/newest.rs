//! A place for one item between two threads, where the newest wins.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Hands items from one thread to another; an item that nobody has taken is replaced by the next.
#[derive(Debug)]
pub struct Newest<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    item: Option<T>,
    closed: bool,
    replaced: u64,
}

/// What came of waiting for an item.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// The item.
    Item(T),
    /// Time has run out.
    Nothing,
    /// There will be no more.
    Closed,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { item: None, closed: false, replaced: 0 }), changed: Condvar::new() }
    }
}

impl<T> Newest<T> {
    /// Leaves `item` in place of one that nobody has taken, which is returned; never waits. Errs with `item` once it is closed.
    pub fn put(&self, item: T) -> Result<Option<T>, T> {
        let mut state = self.lock();
        if state.closed {
            return Err(item);
        }
        let replaced = state.item.replace(item);
        state.replaced += u64::from(replaced.is_some());
        self.changed.notify_all();
        Ok(replaced)
    }

    /// Waits until the item before has been taken, then leaves `item`. Errs with it once it is closed.
    pub fn put_after_last(&self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        while state.item.is_some() && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(item);
        }
        state.item = Some(item);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits for an item; `None` once it is closed and the last item has been taken.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        while state.item.is_none() && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let item = state.item.take();
        self.changed.notify_all();
        item
    }

    /// Waits for an item until `deadline`.
    pub fn take_until(&self, deadline: Instant) -> Taken<T> {
        let mut state = self.lock();
        while state.item.is_none() && !state.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Taken::Nothing;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let item = state.item.take();
        self.changed.notify_all();
        item.map_or(Taken::Closed, Taken::Item)
    }

    /// Waits for the closing until `deadline`; says whether it has come.
    pub fn closed_by(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if state.closed || left.is_zero() {
                return state.closed;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes no more items, and wakes everyone who waits; an item that is there can still be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Number of items that were replaced before anyone took them.
    pub fn replaced(&self) -> u64 {
        self.lock().replaced
    }

    /// The state is whole between any two statements, so a panic elsewhere does no harm to it.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn the_newest_item_wins() {
        let place = Newest::default();
        let replaced: Vec<_> = (1..=4).map(|item| place.put(item).unwrap()).collect();
        assert_eq!(replaced, [None, Some(1), Some(2), Some(3)]);
        assert_eq!((place.take(), place.replaced()), (Some(4), 3));
    }

    #[test]
    fn the_last_item_survives_closing() {
        let place = Newest::default();
        place.put(1).unwrap();
        place.close();
        assert_eq!((place.put(2), place.put_after_last(3)), (Err(2), Err(3)));
        assert_eq!((place.take(), place.take()), (Some(1), None));
    }

    #[test]
    fn items_arrive_in_order_and_the_last_always_arrives() {
        let place = Newest::default();
        let taken: Vec<u32> = thread::scope(|scope| {
            let consumer = scope.spawn(|| std::iter::from_fn(|| place.take()).collect());
            for item in 0..10_000 {
                place.put(item).unwrap();
            }
            place.close();
            consumer.join().expect("the consumer does not panic")
        });
        assert!(taken.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(taken.last(), Some(&9_999));
        assert_eq!(taken.len() as u64 + place.replaced(), 10_000);
    }

    #[test]
    fn nothing_is_lost_when_waiting_for_the_last() {
        let place = Newest::default();
        let taken: Vec<u32> = thread::scope(|scope| {
            let consumer = scope.spawn(|| std::iter::from_fn(|| place.take()).collect());
            for item in 0..1000 {
                place.put_after_last(item).unwrap();
            }
            place.close();
            consumer.join().expect("the consumer does not panic")
        });
        assert_eq!(taken, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn waiting_ends_with_an_item_with_time_or_with_closing() {
        let place = Newest::default();
        let soon = || Instant::now() + std::time::Duration::from_millis(20);
        assert_eq!(place.take_until(soon()), Taken::Nothing);
        place.put(1).unwrap();
        assert_eq!(place.take_until(Instant::now()), Taken::Item(1));
        assert!(!place.closed_by(soon()));
        place.put(2).unwrap();
        place.close();
        assert_eq!((place.take_until(soon()), place.take_until(soon())), (Taken::Item(2), Taken::Closed));
        assert!(place.closed_by(soon()));
    }

    #[test]
    fn closing_wakes_those_who_wait() {
        let (empty, full) = (Newest::<u8>::default(), Newest::default());
        full.put(1).unwrap();
        thread::scope(|scope| {
            let taking = scope.spawn(|| empty.take());
            let putting = scope.spawn(|| full.put_after_last(2));
            empty.close();
            full.close();
            assert_eq!(taking.join().ok(), Some(None));
            assert_eq!(putting.join().ok(), Some(Err(2)));
        });
    }
}

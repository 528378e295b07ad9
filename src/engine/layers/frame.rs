//! What a member of the team works with while pictures go through the network.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{map::Map, team::Barrier};
use crate::engine::kernels::{Arithmetic, Kernels};

/// One member's view of the pictures under way.
///
/// Members share the arena and the weights through pointers, since the tiles that they write interleave. Every step keeps two
/// rules, which its `SAFETY` comments refer to:
/// - a step reads what earlier steps wrote, and writes places that belong to the units of work it has claimed, each unit to
///   one member;
/// - offsets come from [`Layout`](super::map::Layout) and from the packed weights' layout, so they lie inside both.
pub struct Frame<'a, A: Arithmetic> {
    /// The kernels of this processor.
    pub kernels: &'static Kernels<A>,
    /// Start of the arena.
    pub arena: *mut u8,
    /// Start of the packed weights.
    pub weights: *const u8,
    /// Where this member's scratch memory starts, in bytes from the arena's start.
    pub scratch: usize,
    /// How many pictures the step works on.
    pub pictures: usize,
    /// Which one of the run the first of them is.
    pub first: usize,
    /// Which member this is, from 0.
    pub member: usize,
    /// How many there are.
    pub members: usize,
    /// Where they meet.
    pub barrier: &'a Barrier,
    /// For each step, how many inputs it read, where that depends on the picture.
    pub inputs_read: &'a [AtomicUsize],
    /// For each phase and member, how many units of the member's share are claimed.
    pub counters: &'a [AtomicUsize],
}

impl<A: Arithmetic> Frame<'_, A> {
    /// Claims some of a phase's `total` units. `None` when all are taken.
    ///
    /// Every member has a share of neighbouring units, the same one in every layer, so that it mostly reads what it wrote
    /// itself; who is done helps the others, so that all end together.
    pub fn claim(&self, phase: usize, total: usize) -> Option<Range<usize>> {
        (0..self.members).find_map(|i| self.claim_from(phase, total, (self.member + i) % self.members))
    }

    /// Claims half of what is left of a member's share, to leave the rest to helpers.
    fn claim_from(&self, phase: usize, total: usize, member: usize) -> Option<Range<usize>> {
        let share = total * member / self.members..total * (member + 1) / self.members;
        let counter = &self.counters[phase * self.members + member];
        let mut taken = counter.load(Ordering::Relaxed);
        loop {
            let left = share.len().checked_sub(taken).filter(|&left| left > 0)?;
            let some = if member == self.member { left.div_ceil(2) } else { 1 };
            match counter.compare_exchange_weak(taken, taken + some, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(share.start + taken..share.start + taken + some),
                Err(now) => taken = now,
            }
        }
    }

    /// Where `map` holds the `picture`-th that the step works on.
    pub fn place(&self, map: &Map, picture: usize) -> usize {
        if map.whole { self.first + picture } else { picture }
    }

    /// A place in the arena.
    pub fn at<T>(&self, offset: usize) -> *mut T {
        self.arena.wrapping_add(offset).cast()
    }

    /// A place in this member's scratch memory.
    pub fn own<T>(&self, offset: usize) -> *mut T {
        self.at(self.scratch + offset)
    }

    /// A place in the packed weights.
    pub fn packed<T>(&self, offset: usize) -> *const T {
        self.weights.wrapping_add(offset).cast()
    }
}

/// What a step is given by its planner.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Most pictures at once.
    pub pictures: usize,
    /// First phase, for [`Frame::claim`].
    pub phase: usize,
    /// Where the packed weights start.
    pub weights: usize,
}

/// Splits `total` into parts of at most `most`, as equal as can be: the `index`-th part's range.
pub fn part(total: usize, most: usize, index: usize) -> Range<usize> {
    let parts = total.div_ceil(most);
    total * index / parts..total * (index + 1) / parts
}

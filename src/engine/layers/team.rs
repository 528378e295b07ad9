//! A small team of threads that work on one picture together.
//!
//! Members spin while pictures flow, since waking a parked thread takes longer than a layer of a small network, and park
//! when none came for a while. Between the steps of a picture they meet at a [`Barrier`].

use std::{
    hint,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

/// How long a member spins for the next picture before it parks.
const SPIN: Duration = Duration::from_micros(500);
/// Turns at a barrier after which a member lets other threads have the core: more members than cores are running.
const PATIENCE: u32 = 20_000;

/// Where all members of a team wait for each other.
#[derive(Debug)]
pub struct Barrier {
    members: usize,
    waiting: AtomicUsize,
    generation: AtomicUsize,
}

impl Barrier {
    /// For so many members.
    pub fn new(members: usize) -> Self {
        Barrier { members, waiting: AtomicUsize::new(0), generation: AtomicUsize::new(0) }
    }

    /// Returns when all members have called it; what they wrote before is visible then.
    pub fn wait(&self) {
        if self.members == 1 {
            return;
        }
        let generation = self.generation.load(Ordering::Relaxed);
        if self.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.members {
            self.waiting.store(0, Ordering::Relaxed);
            self.generation.store(generation.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut turns = 0;
        while self.generation.load(Ordering::Acquire) == generation {
            turns += 1;
            if turns > PATIENCE {
                thread::yield_now();
            } else {
                hint::spin_loop();
            }
        }
    }
}

/// A task that every member runs, with its number.
type Task = Arc<dyn Fn(usize) + Send + Sync>;

struct Shared {
    /// Raised for every task.
    generation: AtomicUsize,
    task: Mutex<Option<Task>>,
    /// Members that have not ended the task.
    busy: AtomicUsize,
    ending: AtomicBool,
}

/// Threads that run a task together with their caller.
pub struct Team {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    wakers: Vec<Thread>,
}

impl Team {
    /// Starts `members − 1` threads; the caller of [`Team::run`] is the first member.
    pub fn new(members: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            generation: AtomicUsize::new(0),
            task: Mutex::new(None),
            busy: AtomicUsize::new(0),
            ending: AtomicBool::new(false),
        });
        let mut threads = vec![];
        for member in 1..members.max(1) {
            let shared = shared.clone();
            let name = format!("vggcam-{member}");
            threads.push(thread::Builder::new().name(name).spawn(move || serve(&shared, member))?);
        }
        let wakers = threads.iter().map(|thread| thread.thread().clone()).collect();
        Ok(Team { shared, threads, wakers })
    }

    /// Number of members, the caller included.
    pub fn members(&self) -> usize {
        self.threads.len() + 1
    }

    /// Runs `task` once for each member, and returns when all have ended. One call at a time.
    pub fn run(&self, task: &Task) {
        let shared = &self.shared;
        if !self.threads.is_empty() {
            // Nobody holds the lock over anything that panics.
            *shared.task.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(task.clone());
            shared.busy.store(self.threads.len(), Ordering::Relaxed);
            shared.generation.fetch_add(1, Ordering::Release);
            self.wakers.iter().for_each(Thread::unpark);
        }
        task(0);
        let mut turns = 0;
        while shared.busy.load(Ordering::Acquire) > 0 {
            turns += 1;
            if turns > PATIENCE {
                thread::yield_now();
            } else {
                hint::spin_loop();
            }
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.shared.generation.fetch_add(1, Ordering::Release);
        self.wakers.iter().for_each(Thread::unpark);
        for thread in self.threads.drain(..) {
            // A member that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

fn serve(shared: &Shared, member: usize) {
    let mut seen = 0;
    loop {
        let started = Instant::now();
        let mut turns = 0u32;
        loop {
            let generation = shared.generation.load(Ordering::Acquire);
            if generation != seen {
                seen = generation;
                break;
            }
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(64) && started.elapsed() > SPIN {
                thread::park();
            } else {
                hint::spin_loop();
            }
        }
        if shared.ending.load(Ordering::Relaxed) {
            return;
        }
        let task = shared.task.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        if let Some(task) = task {
            task(member);
        }
        shared.busy.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_runs_every_task_once_and_barriers_order_them() {
        for members in 1..=5 {
            let team = Team::new(members).unwrap();
            assert_eq!(team.members(), members);
            let barrier = Barrier::new(members);
            let before = AtomicUsize::new(0);
            let wrong = AtomicUsize::new(0);
            let shared = Arc::new((barrier, before, wrong));
            let task: Task = {
                let shared = shared.clone();
                Arc::new(move |_| {
                    let (barrier, before, wrong) = &*shared;
                    for round in 1..=20 {
                        before.fetch_add(1, Ordering::Relaxed);
                        barrier.wait();
                        if before.load(Ordering::Relaxed) != round * members {
                            wrong.fetch_add(1, Ordering::Relaxed);
                        }
                        barrier.wait();
                    }
                })
            };
            for _ in 0..50 {
                shared.1.store(0, Ordering::Relaxed);
                team.run(&task);
            }
            assert_eq!((shared.1.load(Ordering::Relaxed), shared.2.load(Ordering::Relaxed)), (20 * members, 0));
        }
    }

    #[test]
    fn a_parked_member_wakes_up() {
        let team = Team::new(3).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let task: Task = {
            let count = count.clone();
            Arc::new(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
            })
        };
        for _ in 0..3 {
            team.run(&task);
            thread::sleep(10 * SPIN);
        }
        assert_eq!(count.load(Ordering::Relaxed), 9);
    }
}

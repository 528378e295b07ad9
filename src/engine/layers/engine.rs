//! A network ready to run: its program, its packed weights, and what is needed for each run at a time.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use memmap2::MmapMut;

use super::{
    Numbers,
    dense::{Dense, DenseOutput},
    frame::Frame,
    map::Map,
    matrix::Matrix,
    program::{Input, Program, Step, Work},
    team::{Barrier, Team},
    weights::{Weights, prefer_large_pages},
};

/// A network ready to run. Several threads may run it at once; each run then has its own arena and team.
#[derive(Clone)]
pub struct Engine<A: Numbers> {
    network: Arc<Network<A>>,
    members: usize,
    idle: Arc<Mutex<Vec<Worker<A>>>>,
}

/// What all runs share.
struct Network<A: Numbers> {
    program: Program<A>,
    weights: Weights,
}

/// What one run at a time needs.
struct Worker<A: Numbers> {
    state: Arc<State<A>>,
    team: Team,
    task: Arc<dyn Fn(usize) + Send + Sync>,
}

struct State<A: Numbers> {
    network: Arc<Network<A>>,
    /// Maps, then each member's scratch memory.
    arena: MmapMut,
    barrier: Barrier,
    /// Pictures of this run.
    pictures: AtomicUsize,
    /// Those of all rounds.
    counters: Vec<AtomicUsize>,
    /// Nanoseconds of each step of the last run.
    times: Vec<AtomicU64>,
    /// Inputs that each step of the last picture read, where that depends on the picture.
    inputs_read: Vec<AtomicUsize>,
}

/// What one step of a run took.
#[derive(Clone, Copy, Debug)]
pub struct StepTime {
    /// From the end of the step before it.
    pub time: Duration,
    /// Inputs that were read, where that depends on the picture; else 0.
    pub inputs_read: usize,
}

/// What goes in.
#[derive(Clone, Copy, Debug)]
pub enum Pixels<'a> {
    /// uint8 RGB, rows of pixels.
    Bytes(&'a [u8]),
    /// Float planes.
    Real(&'a [f32]),
}

impl<A: Numbers> Engine<A> {
    /// Puts a program and its weights together, for `members` threads to a run.
    ///
    /// # Panics
    ///
    /// If the weights are not as long as the program says.
    pub fn new(program: Program<A>, weights: Weights, members: usize) -> Self {
        assert!(weights.bytes().len() >= program.weight_bytes);
        let network = Arc::new(Network { program, weights });
        Engine { network, members: members.max(1), idle: Arc::default() }
    }

    /// The program.
    pub fn program(&self) -> &Program<A> {
        &self.network.program
    }

    /// Bytes of memory that each run under way at once needs.
    pub fn bytes_of_a_run(&self) -> usize {
        self.network.program.arena_bytes(self.members)
    }

    /// Whether both run the same network.
    pub fn is(&self, other: &Engine<A>) -> bool {
        Arc::ptr_eq(&self.network, &other.network)
    }

    /// Runs pictures through the network, as many as its program takes at most; `output` takes for each, one after the other,
    /// as many values as the program's output has: real numbers, or the uint8 steps as floats. `times`, if given, takes the
    /// time of each step.
    ///
    /// # Panics
    ///
    /// If there are more pictures than the program takes.
    pub fn run(&self, pictures: &[Pixels], output: &mut [f32], times: Option<&mut Vec<StepTime>>) -> io::Result<()> {
        assert!(pictures.len() <= self.network.program.pictures);
        let worker = self.worker()?;
        worker.run(pictures);
        worker.state.answer(output);
        if let Some(times) = times {
            times.clear();
            let State { times: nanoseconds, inputs_read, .. } = &*worker.state;
            times.extend(nanoseconds.iter().zip(inputs_read).map(|(time, inputs)| StepTime {
                time: Duration::from_nanos(time.load(Ordering::Relaxed)),
                inputs_read: inputs.load(Ordering::Relaxed),
            }));
        }
        self.rest(worker);
        Ok(())
    }

    /// Runs one picture and gives what every step leaves behind for it, its max pool included: activations, with their padding;
    /// nothing for a layer of real numbers.
    pub fn activations(&self, pixels: Pixels) -> io::Result<Vec<Vec<A::Activation>>> {
        let worker = self.worker()?;
        worker.run(&[pixels]);
        let activations = self.network.program.steps.iter().map(|step| worker.state.left_by(&step.work)).collect();
        self.rest(worker);
        Ok(activations)
    }

    /// Runs one picture, whose values `output` takes as in [`Engine::run`], and gives what stands behind the max pools of
    /// `steps`: the mean of every channel, then the highest value of every channel, step after step, as real numbers.
    pub fn run_pooled(&self, pixels: Pixels, output: &mut [f32], steps: &[usize]) -> io::Result<Vec<f32>> {
        let worker = self.worker()?;
        worker.run(&[pixels]);
        worker.state.answer(output);
        let pooled = steps.iter().filter_map(|&step| self.network.program.steps.get(step));
        let pooled = pooled.flat_map(|step| worker.state.pooled(step)).collect();
        self.rest(worker);
        Ok(pooled)
    }

    /// One that no run uses now.
    fn worker(&self) -> io::Result<Worker<A>> {
        let idle = self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        idle.map_or_else(|| Worker::new(self.network.clone(), self.members), Ok)
    }

    fn rest(&self, worker: Worker<A>) {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(worker);
    }
}

impl<A: Numbers> Worker<A> {
    fn new(network: Arc<Network<A>>, members: usize) -> io::Result<Self> {
        let program = &network.program;
        let mut arena = MmapMut::map_anon(program.arena_bytes(members))?;
        prefer_large_pages(&arena);
        for (start, length, pattern) in &program.borders {
            let pattern = pattern.iter().cycle();
            arena[*start..start + length].iter_mut().zip(pattern).for_each(|(byte, &zero)| *byte = zero);
        }
        let state = Arc::new(State {
            barrier: Barrier::new(members),
            pictures: AtomicUsize::new(0),
            counters: (0..program.rounds() * program.phases * members).map(|_| AtomicUsize::new(0)).collect(),
            times: program.steps.iter().map(|_| AtomicU64::new(0)).collect(),
            inputs_read: program.steps.iter().map(|_| AtomicUsize::new(0)).collect(),
            arena,
            network,
        });
        let task = {
            let state = state.clone();
            Arc::new(move |member| state.work(member, members))
        };
        Ok(Worker { state, team: Team::new(members)?, task })
    }

    /// Takes pictures through all steps.
    fn run(&self, pictures: &[Pixels]) {
        let State { pictures: count, counters, times, .. } = &*self.state;
        count.store(pictures.len(), Ordering::Relaxed);
        pictures.iter().enumerate().for_each(|(picture, &pixels)| self.state.load(picture, pixels));
        counters.iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
        times.iter().for_each(|time| time.store(0, Ordering::Relaxed));
        self.team.run(&self.task);
    }
}

impl<A: Numbers> State<A> {
    fn arena(&self) -> *mut u8 {
        self.arena.as_ptr().cast_mut()
    }

    /// Writes a picture to its map.
    fn load(&self, picture: usize, pixels: Pixels) {
        match (&self.network.program.input, pixels) {
            (Input::Picture { map }, Pixels::Bytes(bytes)) => {
                let row = map.width * map.channels;
                for (y, bytes) in bytes.chunks_exact(row).enumerate().take(map.height) {
                    // SAFETY: the row lies inside the map, and nobody else uses this arena now.
                    unsafe { self.arena().add(map.at(picture, y, 0)).copy_from_nonoverlapping(bytes.as_ptr(), row) };
                }
            }
            (Input::Centred { map, mean_rgb }, Pixels::Bytes(bytes)) => {
                let row = map.width * map.channels;
                let centred = |mean| std::array::from_fn(|byte| A::activation(byte as f32 - mean));
                let colours: [[_; 256]; 3] = mean_rgb.map(centred);
                for (y, bytes) in bytes.chunks_exact(row).enumerate().take(map.height) {
                    let to = self.arena().wrapping_add(map.at(picture, y, 0)).cast::<A::Activation>();
                    for (i, &byte) in bytes.iter().enumerate() {
                        // SAFETY: the row lies inside the map, and nobody else uses this arena now.
                        unsafe { to.add(i).write(colours[i % 3][usize::from(byte)]) };
                    }
                }
            }
            (Input::Real { map, scale, zero_point }, Pixels::Real(values)) => {
                let plane = map.height * map.width;
                for (i, value) in values.iter().enumerate().take(plane * map.channels) {
                    let (channel, y, x) = (i / plane, i % plane / map.width, i % map.width);
                    let step = A::activation((value / scale).round_ties_even() + f32::from(*zero_point));
                    let to = self.arena().wrapping_add(map.at(picture, y, x)).cast::<A::Activation>();
                    // SAFETY: the pixel lies inside the map, and nobody else uses this arena now.
                    unsafe { to.add(channel).write(step) };
                }
            }
            // Callers choose by the program's input.
            (Input::Picture { .. } | Input::Centred { .. }, Pixels::Real(_))
            | (Input::Real { .. }, Pixels::Bytes(_)) => {}
        }
    }

    fn answer(&self, to: &mut [f32]) {
        let output = self.network.program.output;
        let start = self.arena().wrapping_add(output.at);
        let pictures = self.pictures.load(Ordering::Relaxed);
        for (picture, row) in to.chunks_exact_mut(output.count.max(1)).enumerate().take(pictures) {
            for (i, value) in row.iter_mut().enumerate() {
                let i = picture * output.stride + i;
                // SAFETY: the last step has written `count` values of each picture there, and nobody writes now.
                *value = unsafe {
                    match output.steps {
                        Some(_) => f32::from(start.add(i).read()),
                        None => start.cast::<f32>().add(i).read(),
                    }
                };
            }
        }
    }

    /// What a step of the last run left for its first picture.
    fn left_by(&self, work: &Work<A>) -> Vec<A::Activation> {
        let values = |at: usize, count: usize| {
            let start = self.arena().wrapping_add(at).cast::<A::Activation>();
            // SAFETY: the step has written as many there, and nobody writes now.
            unsafe { std::slice::from_raw_parts(start, count) }
        };
        let map = |map: &Map| {
            let rows = (0..map.height).map(|y| values(map.at(0, y, 0), map.width * map.channels));
            rows.collect::<Vec<_>>().concat()
        };
        match work {
            Work::Direct(direct) => map(direct.to()),
            Work::Winograd(winograd) => map(winograd.to()),
            Work::Dense(Dense { output: DenseOutput::Activations(_), to, .. })
            | Work::Matrix(Matrix { output: DenseOutput::Activations(_), to, .. }) => values(to.at, to.count).to_vec(),
            Work::Dense(_) | Work::Matrix(_) => vec![],
        }
    }

    /// Mean and highest value of every channel of what a step left behind its max pool for the first picture. Sums are in the
    /// order of the pixels, and exact where activations are whole numbers.
    fn pooled(&self, step: &Step<A>) -> Vec<f32> {
        let (Some(pooled), Some(map)) = (step.pooled, step.work.to_map()) else { return vec![] };
        let mut sums = vec![0.0f64; pooled.channels];
        let mut highest = vec![f32::NEG_INFINITY; pooled.channels];
        for y in 0..map.height {
            let row = self.arena().wrapping_add(map.at(0, y, 0)).cast::<A::Activation>();
            // SAFETY: the step has written whole rows of pixels there, and nobody writes now.
            let row = unsafe { std::slice::from_raw_parts(row, map.width * map.channels) };
            for pixel in row.chunks_exact(map.channels) {
                for ((sum, highest), &value) in sums.iter_mut().zip(&mut highest).zip(pixel) {
                    let value: f32 = value.into();
                    *sum += f64::from(value);
                    *highest = if value > *highest { value } else { *highest };
                }
            }
        }
        let count = (map.height * map.width) as f64;
        let means = sums.into_iter().map(|sum| (sum / count) as f32);
        means.chain(highest).map(|value| (value - pooled.zero) * pooled.scale).collect()
    }

    /// A member's share of a run.
    fn work(&self, member: usize, members: usize) {
        let Network { program, weights } = &*self.network;
        let pictures = self.pictures.load(Ordering::Relaxed);
        let mut start = Instant::now();
        for segment in &program.segments {
            for (round, first) in (0..pictures).step_by(segment.pictures).enumerate() {
                let frame = Frame {
                    kernels: program.kernels,
                    arena: self.arena(),
                    weights: weights.bytes().as_ptr(),
                    scratch: program.shared_bytes + member * program.scratch_bytes(members),
                    pictures: segment.pictures.min(pictures - first),
                    first,
                    member,
                    members,
                    barrier: &self.barrier,
                    inputs_read: &self.inputs_read,
                    counters: &self.counters[round * program.phases * members..],
                };
                for step in segment.steps.clone() {
                    program.steps[step].work.run(&frame);
                    self.barrier.wait();
                    if member == 0 {
                        let now = Instant::now();
                        self.times[step].fetch_add((now - start).as_nanos() as u64, Ordering::Relaxed);
                        start = now;
                    }
                }
            }
        }
    }
}

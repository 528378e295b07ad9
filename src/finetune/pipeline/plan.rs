//! How many threads may work at once, and on how much, so that their memory stays below a limit.

/// What the user allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of memory for pictures and activations under way; the network's weights come on top.
    pub memory: u64,
    /// Threads that compute.
    pub threads: usize,
}

/// What computing needs.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Bytes of a call to the network.
    pub call: u64,
    /// Bytes of a picture in a call: fitted to the input, and its features.
    pub picture: u64,
    /// Most pictures of a call.
    pub batch: usize,
}

/// How the memory is shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Threads that compute, at least one.
    pub workers: usize,
    /// Pictures that a thread collects for a call.
    pub batch: usize,
    /// Bytes for decoding pictures.
    pub decoding: u64,
}

/// Room for decoding with which a thread seldom waits for another: a photograph of 3 million pixels.
const DECODING: u64 = 36 << 20;
/// Picture files that are read ahead take no more than this: hundreds of photographs, seconds of work.
const MOST_READ_AHEAD: u64 = 64 << 20;

impl Limits {
    /// Bytes for picture files that are read ahead: at most a quarter of the memory.
    pub fn read_ahead(&self) -> u64 {
        (self.memory / 4).min(MOST_READ_AHEAD)
    }

    /// Shares out what is left beside the files read ahead: first whole calls with room for decoding, on as many threads
    /// as fit. Where not even one fits, its call gets fewer pictures.
    pub fn plan(&self, needs: Needs, pictures: usize) -> Plan {
        let memory = self.memory - self.read_ahead();
        let decoding = DECODING.min(memory / 4);
        let pictures_of = |batch: usize| needs.picture.saturating_mul(batch as u64);
        let one = needs.call.saturating_add(pictures_of(needs.batch)).saturating_add(decoding);
        let fitting = usize::try_from(memory / one.max(1)).unwrap_or(usize::MAX);
        let workers = self.threads.min(fitting).max(1);
        let room = memory.saturating_sub(decoding).saturating_sub(needs.call) / needs.picture.max(1);
        let most = if fitting > 0 { needs.batch } else { usize::try_from(room).unwrap_or(usize::MAX) };
        // A few pictures are shared among all.
        let batch = most.min(needs.batch).min(pictures.div_ceil(workers)).max(1);
        let calls = needs.call.saturating_add(pictures_of(batch)).saturating_mul(workers as u64);
        Plan { workers, batch, decoding: memory.saturating_sub(calls) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEEDS: Needs = Needs { call: 50 << 20, picture: 160 << 10, batch: 32 };

    fn plan(megabytes: u64, threads: usize, pictures: usize) -> Plan {
        Limits { memory: megabytes << 20, threads }.plan(NEEDS, pictures)
    }

    #[test]
    fn memory_limits_the_threads_and_then_the_batch() {
        let of = |plan: Plan| (plan.workers, plan.batch);
        assert_eq!(of(plan(4096, 16, 1000)), (16, 32));
        assert_eq!(of(plan(1024, 16, 1000)), (10, 32));
        assert_eq!(of(plan(80, 16, 1000)), (1, 1));
        assert_eq!(of(plan(96, 16, 1000)), (1, 25));
        assert_eq!(of(plan(0, 16, 1000)), (1, 1));
    }

    #[test]
    fn a_few_pictures_are_shared_among_all_threads() {
        assert_eq!(plan(4096, 4, 40).batch, 10);
        assert_eq!(plan(4096, 4, 3).batch, 1);
        assert_eq!(plan(4096, 4, 0).batch, 1);
    }

    proptest! {
        #[test]
        fn the_shares_stay_below_the_limit(
            memory in any::<u64>(), threads in 1usize..2000, call in any::<u64>(), picture in any::<u64>(), batch in 1usize..1000,
        ) {
            let limits = Limits { memory, threads };
            let plan = limits.plan(Needs { call, picture, batch }, usize::MAX);
            prop_assert!(plan.workers >= 1 && plan.batch >= 1 && plan.batch <= batch);
            let calls = (u128::from(call) + u128::from(picture) * plan.batch as u128) * plan.workers as u128;
            let sum = calls + u128::from(plan.decoding) + u128::from(limits.read_ahead());
            prop_assert!(sum <= u128::from(memory) || (plan.workers, plan.batch) == (1, 1));
        }
    }
}

//! Reproducible random numbers: SplitMix64 (Steele, Lea & Flood, 2014).

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream for `seed`.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The seed of the stream's rest.
    pub fn state(&self) -> u64 {
        self.0
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below 1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// A number from 0 to below `limit`; takes none from the stream where there is no choice.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit <= 1 { 0 } else { (self.next() % limit as u64) as usize }
    }

    /// Brings `items` into a random order (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = (self.next() % (last as u64 + 1)) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Random::new(9).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_are_those_of_the_definition() {
        let mut random = Random::new(1234567);
        let published =
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        assert_eq!(published.map(|_| random.next()), published);
    }

    #[test]
    fn units_fill_their_range_evenly() {
        let mut random = Random::new(9);
        let mut counts = [0; 10];
        for _ in 0..100_000 {
            // Fails for a number outside the range.
            counts[(random.unit() * 10.0) as usize] += 1;
        }
        // Five standard deviations of a fair count.
        assert!(counts.iter().all(|&count: &i32| (count - 10_000).abs() < 475), "{counts:?}");
    }
}

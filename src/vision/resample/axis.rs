//! Which samples along one axis count for each output, and how much.

/// For each output of an axis, the samples that it is made of.
#[derive(Clone, Debug)]
pub struct Axis {
    outputs: Vec<(usize, Vec<f32>)>,
}

impl Axis {
    /// Scales `length` samples from `start` on to `outputs`.
    ///
    /// The filter is a triangle whose half is as wide as the distance of two outputs, at least one sample: Pillow's
    /// `BILINEAR`. No other samples count.
    pub fn triangle(start: usize, length: usize, outputs: usize) -> Self {
        let scale = length as f64 / outputs as f64;
        let support = scale.max(1.0);
        let outputs = (0..outputs).map(|output| {
            let centre = (output as f64 + 0.5) * scale;
            let from = (centre - support + 0.5).max(0.0) as usize;
            let to = ((centre + support + 0.5) as usize).min(length);
            let weight = |sample: usize| (1.0 - ((sample as f64 + 0.5 - centre) / support).abs()).max(0.0);
            let sum: f64 = (from..to).map(weight).sum();
            (start + from, (from..to).map(|sample| (weight(sample) / sum) as f32).collect())
        });
        Self { outputs: outputs.collect() }
    }

    /// The same for an axis on which one sample stands for `1 << shift` of these.
    pub fn shared(&self, shift: u32) -> Self {
        if shift == 0 {
            return self.clone();
        }
        let outputs = self.outputs.iter().map(|(start, weights)| {
            let (first, last) = (start >> shift, (start + weights.len() - 1) >> shift);
            let mut sums = vec![0.0; last - first + 1];
            for (sample, weight) in (*start..).zip(weights) {
                sums[(sample >> shift) - first] += weight;
            }
            (first, sums)
        });
        Self { outputs: outputs.collect() }
    }

    /// First sample and weights of each output; the weights sum to 1.
    pub fn outputs(&self) -> &[(usize, Vec<f32>)] {
        &self.outputs
    }
}

/// Weights in 256ths that sum to 256: what one misses goes to the next.
pub fn in_256ths(weights: &[f32]) -> Vec<u16> {
    let (mut sum, mut given) = (0.0, 0);
    let mut parts: Vec<u16> = Vec::with_capacity(weights.len());
    for weight in weights {
        sum += weight * 256.0;
        let next = (sum.round() as u16).clamp(given, 256);
        parts.push(next - given);
        given = next;
    }
    // What the sum of floats misses.
    if let Some(last) = parts.last_mut() {
        *last += 256 - given;
    }
    parts
}

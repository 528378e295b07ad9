//! One instruction set's table of kernels.

/// Makes `KERNELS` for vectors `$lanes`, which need the target features `$features`: up to `$most` pixels or tiles, of
/// `$vectors` vectors of sums each. `$six` is what the transforms of F(6×6, 3×3) cost. `$count` lists the numbers from 1 to `$most`.
macro_rules! kernels {
    (
        $(#[$note:meta])*
        isa: $isa:expr,
        lanes: $lanes:ty,
        $(features: $features:literal,)?
        most: $most:literal [$($count:literal)*],
        vectors: $vectors:literal,
        dense_vectors: $dense:literal,
        six: $six:expr,
        blocking: $blocking:expr,
    ) => {
        use $crate::engine::{
            isa::Isa,
            kernels::{
                Blocking, DenseJob, DotJob, Float, InputTile, Kernels, OutputPixels, OutputTile, Peaks, ProductJob,
                TransformCosts, Transforms, WeightPanel,
                float::{ending::Biased, lanes::Floats, loops, transforms},
            },
        };

        $(#[$note])*
        pub static KERNELS: Kernels<Float> = Kernels {
            isa: $isa,
            panel: $vectors * <$lanes>::COUNT,
            chunk: <$lanes>::COUNT,
            pair: 1,
            tiles: $most,
            group: 1,
            pixels: $most,
            dot_offset: 0,
            dot_rate: 1.0,
            winograd: &[
                Transforms {
                    outputs: 4,
                    costs: TransformCosts { input: 400.0, output: 750.0, weights: 310.0 },
                    input: input_of_four,
                    weights: weights_of_four,
                    output: output_of_four,
                },
                Transforms {
                    outputs: 6,
                    costs: $six,
                    input: input_of_six,
                    weights: weights_of_six,
                    output: output_of_six,
                },
            ],
            blocking: $blocking,
            dot,
            product,
            direct_output,
            dense,
            peaks: Some(Peaks { dot: peak, product: peak }),
            prefetch,
        };

        $(#[target_feature(enable = $features)])?
        unsafe fn dot(job: &DotJob<Float>) {
            // SAFETY: the job's contract.
            unsafe {
                match job.pixels {
                    $($count => dot_pixels::<$count>(job),)*
                    count => debug_assert!(false, "{count} pixels"),
                }
            }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn product(job: &ProductJob<Float>) {
            // SAFETY: the job's contract.
            unsafe {
                match job.tiles {
                    $($count => product_tiles::<$count>(job),)*
                    count => debug_assert!(false, "{count} tiles"),
                }
            }
        }

        // Functions of their own: in one that holds all of them, the compiler no longer inlines what they call.
        $(#[target_feature(enable = $features)])?
        unsafe fn dot_pixels<const P: usize>(job: &DotJob<Float>) {
            // SAFETY: the job's contract.
            unsafe { loops::dot::<$lanes, P, $vectors>(job) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn product_tiles<const P: usize>(job: &ProductJob<Float>) {
            // SAFETY: the job's contract.
            unsafe { loops::product::<$lanes, P, $vectors>(job) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn input_of_four(tile: &InputTile<Float>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::four::input::<Float, $lanes>(tile) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn weights_of_four(panel: &WeightPanel<Float>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::four::weights::<Float, $lanes>(panel) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn output_of_four(tile: &OutputTile<Float>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::four::output::<Float, Biased<$lanes>>(tile) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn input_of_six(tile: &InputTile<Float>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::six::input::<Float, $lanes>(tile) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn weights_of_six(panel: &WeightPanel<Float>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::six::weights::<Float, $lanes>(panel) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn output_of_six(tile: &OutputTile<Float>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::six::output::<Float, Biased<$lanes>>(tile) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn direct_output(pixels: &OutputPixels<Float>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::direct_output::<Float, Biased<$lanes>>(pixels) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn dense(job: &DenseJob<Float>) {
            // SAFETY: the job's contract.
            unsafe { loops::dense::<$lanes, $dense>(job) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn peak(rounds: usize) -> u64 {
            // SAFETY: the processor has the features.
            unsafe { loops::peak::<$lanes>(rounds) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn prefetch(from: *const u8, bytes: usize) {
            for line in (0..bytes).step_by(64) {
                // SAFETY: a hint.
                unsafe { <$lanes>::prefetch(from.wrapping_add(line).cast()) };
            }
        }
    };
}

pub(super) use kernels;

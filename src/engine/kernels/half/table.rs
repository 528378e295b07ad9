//! One instruction set's table of kernels.

/// Makes `KERNELS` for vectors `$lanes`, which need the target features `$features`: up to `$most` pixels or tiles. `$count`
/// lists the numbers from 1 to `$most`.
macro_rules! kernels {
    (
        $(#[$note:meta])*
        isa: $isa:expr,
        lanes: $lanes:ty,
        $(features: $features:literal,)?
        most: $most:literal [$($count:literal)*],
    ) => {
        use $crate::engine::{
            isa::Isa,
            kernels::{
                Blocking, DenseJob, DotJob, Half, InputTile, Kernels, OutputPixels, OutputTile, Peaks, ProductJob,
                TransformCosts, Transforms, WeightPanel,
                float,
                half::{
                    ending::Rescaled,
                    lanes::{Halves, LANES},
                    loops, transforms,
                },
            },
        };

        type Endings = Rescaled<<$lanes as Halves>::Singles>;

        $(#[$note])*
        pub static KERNELS: Kernels<Half> = Kernels {
            isa: $isa,
            panel: loops::PANEL,
            chunk: LANES,
            pair: 1,
            tiles: $most,
            group: 1,
            pixels: $most,
            dot_offset: 0,
            dot_rate: 1.0,
            winograd: &[Transforms {
                outputs: 4,
                costs: TransformCosts { input: 300.0, output: 530.0, weights: 130.0 },
                input,
                weights,
                output,
            }],
            // Half as many bytes of inputs and weights leave room for the products of more tiles.
            blocking: Blocking { tiles: 56, ..Blocking::SMALL_CACHE },
            dot,
            product,
            direct_output,
            dense,
            peaks: Some(Peaks { dot: peak, product: peak }),
            prefetch,
        };

        $(#[target_feature(enable = $features)])?
        unsafe fn dot(job: &DotJob<Half>) {
            // SAFETY: the job's contract.
            unsafe {
                match job.pixels {
                    $($count => dot_pixels::<$count>(job),)*
                    count => debug_assert!(false, "{count} pixels"),
                }
            }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn product(job: &ProductJob<Half>) {
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
        unsafe fn dot_pixels<const P: usize>(job: &DotJob<Half>) {
            // SAFETY: the job's contract.
            unsafe { loops::dot::<$lanes, P>(job) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn product_tiles<const P: usize>(job: &ProductJob<Half>) {
            // SAFETY: the job's contract.
            unsafe { loops::product::<$lanes, P>(job) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn input(tile: &InputTile<Half>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::input::<Half, $lanes>(tile) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn weights(panel: &WeightPanel<Half>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::weights::<Half, $lanes>(panel) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn output(tile: &OutputTile<Half>) {
            // SAFETY: the caller's contract.
            unsafe { transforms::output::<Half, Endings>(tile) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn direct_output(pixels: &OutputPixels<Half>) {
            // SAFETY: the caller's contract.
            unsafe { float::transforms::direct_output::<Half, Endings>(pixels) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn dense(job: &DenseJob<Half>) {
            // SAFETY: the job's contract.
            unsafe { loops::dense::<$lanes>(job) }
        }

        $(#[target_feature(enable = $features)])?
        unsafe fn peak(rounds: usize) -> u64 {
            // SAFETY: the processor has the features.
            unsafe { float::loops::peak::<$lanes>(rounds) }
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

//! The loops in which the time goes, for each arithmetic and instruction set.
//!
//! A [`Kernels`] is a table of functions for one instruction set, and the shapes that they read: [`Kernels::of`] gives it
//! only on a processor that has the instructions. The types are those of [`Integer`]; of [`Float`], all are
//! f32; of [`Half`], all are f16 but for the products, which are f32.
//!
//! Shapes, in elements. `C` input channels, `O` outputs, `P` outputs of a panel, `G` inputs of a group, `L` lanes of a chunk:
//!
//! | data | type | order |
//! |---|---|---|
//! | a map | u8 | rows, pixels, channels |
//! | direct weights | i8 | `[O/P][3][3·C/G][P][G]`: panels, rows of the kernel, groups along a row of three pixels |
//! | Winograd weights before their transform | i8 | `[O/P][9][C/G][P][G]` |
//! | Winograd weights | i16 | `[O/P][N][C/G][P][G]`, `N` = [`Transforms::positions`] |
//! | Winograd inputs | i16 | `[N][C/L][tiles][L]` |
//! | Winograd products | i32 | `[N][tiles][P]` |
//! | dense weights | i8 | `[O/B][inputs][B]`, `B` = [`DENSE_BLOCK`] |

mod arithmetic;
pub mod float;
pub mod half;
pub mod integer;
mod jobs;

pub use arithmetic::{Arithmetic, Float, Half, Integer};
pub use jobs::{DenseJob, DotJob, InputTile, OutputPixels, OutputTile, ProductJob, WeightPanel};

use super::isa::Isa;

/// Outputs that a block of dense weights holds.
pub const DENSE_BLOCK: usize = 128;
/// Channels of every map are padded to a multiple of this.
pub const CHANNEL_STEP: usize = 16;
/// Bytes that kernels may read behind the end of a map.
pub const SLACK: usize = 64;

/// The kernels of one instruction set, and the shapes that they read.
#[derive(Clone, Debug)]
pub struct Kernels<A: Arithmetic> {
    /// Which instruction set.
    pub isa: Isa,
    /// `P` of both algorithms' weights; a multiple of [`CHANNEL_STEP`].
    pub panel: usize,
    /// `L`: channels of a chunk of Winograd inputs.
    pub chunk: usize,
    /// `G` of Winograd weights.
    pub pair: usize,
    /// Most tiles for one call of `product`.
    pub tiles: usize,
    /// `G` of direct weights.
    pub group: usize,
    /// Most pixels for one call of `dot`.
    pub pixels: usize,
    /// What `dot` subtracts from every byte before it multiplies.
    pub dot_offset: i32,
    /// Multiply-accumulates of `dot` in the time of one of `product`, to choose an algorithm by.
    pub dot_rate: f32,
    /// Winograd's algorithm, for each size of tile that there are transforms for.
    pub winograd: &'static [Transforms<A>],
    /// How layers are cut into blocks.
    pub blocking: Blocking,
    /// See [`DotJob`].
    pub dot: unsafe fn(&DotJob<A>),
    /// See [`ProductJob`].
    pub product: unsafe fn(&ProductJob<A>),
    /// See [`integer::transforms::direct_output`].
    pub direct_output: unsafe fn(&OutputPixels<A>),
    /// See [`DenseJob`].
    pub dense: unsafe fn(&DenseJob<A>),
    /// The most multiply-accumulates that `dot` and `product` could do, if there were nothing but their multiplications:
    /// each does so many rounds of them and says how many it did. `None` where nobody has written that.
    pub peaks: Option<Peaks>,
    /// Asks for some bytes that will be read soon. Only a hint: the address need not be valid.
    pub prefetch: unsafe fn(*const u8, usize),
}

/// Loops of independent multiplications on registers.
#[derive(Clone, Copy, Debug)]
pub struct Peaks {
    /// Those of [`Kernels::dot`].
    pub dot: unsafe fn(usize) -> u64,
    /// Those of [`Kernels::product`].
    pub product: unsafe fn(usize) -> u64,
}

/// The transforms of Winograd's F(n×n, 3×3) for one `n`.
#[derive(Clone, Copy, Debug)]
pub struct Transforms<A: Arithmetic> {
    /// `n`: rows and columns of a tile's outputs; even.
    pub outputs: usize,
    /// What they cost, to choose an algorithm by.
    pub costs: TransformCosts,
    /// See [`integer::transforms::input`].
    pub input: unsafe fn(&InputTile<A>),
    /// See [`integer::transforms::weights`].
    pub weights: unsafe fn(&WeightPanel<A>),
    /// See [`integer::transforms::output`].
    pub output: unsafe fn(&OutputTile<A>),
}

impl<A: Arithmetic> Transforms<A> {
    /// Rows and columns of a tile's inputs.
    pub fn inputs(&self) -> usize {
        self.outputs + 2
    }

    /// Places where a tile's transforms are multiplied.
    pub fn positions(&self) -> usize {
        self.inputs() * self.inputs()
    }
}

/// The time that Winograd's transforms take, in multiply-accumulates of [`Kernels::product`].
#[derive(Clone, Copy, Debug)]
pub struct TransformCosts {
    /// For a channel of a tile's inputs.
    pub input: f32,
    /// For an output of a tile.
    pub output: f32,
    /// For the weights between a channel and an output.
    pub weights: f32,
}

/// An arithmetic with kernels for it.
pub trait InstructionSets: Arithmetic {
    /// The kernels for an instruction set that this processor has; `None` if this program has none for it.
    fn kernels(isa: Isa) -> Option<&'static Kernels<Self>>;
}

impl<A: InstructionSets> Kernels<A> {
    /// The kernels for `isa`; `None` if this processor or this program lacks it.
    pub fn of(isa: Isa) -> Option<&'static Self> {
        isa.is_present().then(|| A::kernels(isa)).flatten()
    }

    /// The kernels that `VGGCAM_ISA` asks for, else the best of this processor. The error says what is wrong with it.
    pub fn chosen() -> Result<&'static Self, String> {
        let isa = Isa::chosen()?;
        Self::of(isa).ok_or_else(|| format!("there are no kernels for {isa} in this program"))
    }
}

/// How a convolution is cut into blocks, by the caches of the processors that a table of kernels is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocking {
    /// Bytes of a layer's transformed weights up to which each small block of tiles goes through all of them.
    pub few_weights: usize,
    /// Most bytes of transformed inputs that go through panels of outputs at once.
    pub whole_inputs: usize,
    /// Whether what one core has just written may take another long to read: then threads rather do some work twice.
    pub distant_cores: bool,
    /// Most bytes of one thread's transformed weights.
    pub own_weights: usize,
    /// Most bytes of a small block's transformed inputs.
    pub own_inputs: usize,
    /// Most tiles of a block.
    pub tiles: usize,
}

impl Blocking {
    /// For 1 MB of second-level cache for each core, and cores that may have different third-level caches.
    pub const LARGE_CACHE: Blocking = Blocking {
        few_weights: 1280 << 10,
        whole_inputs: 16 << 20,
        distant_cores: true,
        own_weights: 640 << 10,
        own_inputs: 150 << 10,
        tiles: 56,
    };
    /// For cores that share their second-level cache, 256 KB for each, and slow memory behind it.
    pub const SMALL_CACHE: Blocking = Blocking {
        few_weights: 320 << 10,
        whole_inputs: 2 << 20,
        distant_cores: false,
        own_weights: 72 << 10,
        own_inputs: 224 << 10,
        tiles: 28,
    };
}

//! The three transforms along both axes.

/// Makes `input`, `weights` and `output` for tiles of `$inputs` rows and columns that give `$outputs`, from the module's
/// `input_axis`, `weight_axis` and `output_axis`. A macro, since no iterator or closure over vectors is sure to be inlined.
macro_rules! tile_transforms {
    ($outputs:literal, $inputs:literal) => {
        use $crate::engine::kernels::{
            Arithmetic, InputTile, OutputTile, WeightPanel,
            float::{ending::Ending, lanes::Floats},
        };

        /// Transforms one tile of pixels, all its channels.
        ///
        /// # Safety
        ///
        /// - the processor has the instruction set of `F`;
        /// - as many rows and columns as a tile has inputs may be read at `tile.pixels` with its strides, each `channels` values, a multiple of `F::COUNT`;
        /// - all positions may be written at `tile.to` with its strides, each chunk `F::COUNT` values.
        #[inline(always)]
        pub unsafe fn input<A, F>(tile: &InputTile<A>)
        where
            A: Arithmetic<Activation = F::Value, Transformed = F::Value>,
            F: Floats,
        {
            // SAFETY: by the contract above; all addresses stay within it.
            unsafe {
                for chunk in 0..tile.channels / F::COUNT {
                    let pixels = tile.pixels.add(chunk * F::COUNT);
                    let to = tile.to.add(chunk * tile.chunk_stride);
                    // Rows of the half transformed tile: written a column at a time, read a row at a time.
                    let mut half = [[F::constant(0.0); $inputs]; $inputs];
                    for x in 0..$inputs {
                        let top = pixels.add(x * tile.pixel_stride);
                        let mut column = [F::constant(0.0); $inputs];
                        for y in 0..$inputs {
                            column[y] = F::load(top.add(y * tile.row_stride));
                        }
                        let column = input_axis(column);
                        for y in 0..$inputs {
                            half[y][x] = column[y];
                        }
                    }
                    for i in 0..$inputs {
                        let row = input_axis(half[i]);
                        for j in 0..$inputs {
                            row[j].store(to.add((i * $inputs + j) * tile.position_stride));
                        }
                    }
                }
            }
        }

        /// Transforms the 3×3 kernels of a run of weights, elementwise.
        ///
        /// # Safety
        ///
        /// - the processor has the instruction set of `F`;
        /// - `panel.length` is a multiple of `F::COUNT`;
        /// - as many values may be read at each of 9 planes `from_stride` apart, and written at each position, `to_stride` apart.
        #[inline(always)]
        pub unsafe fn weights<A, F>(panel: &WeightPanel<A>)
        where
            A: Arithmetic<Weight = F::Value, Transformed = F::Value>,
            F: Floats,
        {
            // SAFETY: by the contract above.
            unsafe {
                for start in (0..panel.length).step_by(F::COUNT) {
                    let mut taps = [F::constant(0.0); 9];
                    for tap in 0..9 {
                        taps[tap] = F::load(panel.from.add(tap * panel.from_stride + start));
                    }
                    let [a, b, c, d, e, f, g, h, k] = taps;
                    let columns = [weight_axis([a, d, g]), weight_axis([b, e, h]), weight_axis([c, f, k])];
                    for i in 0..$inputs {
                        let row = weight_axis([columns[0][i], columns[1][i], columns[2][i]]);
                        for j in 0..$inputs {
                            row[j].store(panel.to.add((i * $inputs + j) * panel.to_stride + start));
                        }
                    }
                }
            }
        }

        /// Transforms the summed products of one tile back to its outputs, takes the maximum of each 2×2 where `tile.pool` says
        /// so, and finishes what lies inside the map.
        ///
        /// # Safety
        ///
        /// - the processor has the instruction set of `E`;
        /// - `tile.lanes` is a multiple of `E::Sums::COUNT`, and as many sums may be read at each position, as much of
        ///   `tile.finish`, and as many values written for each output pixel inside `rows`×`columns`.
        #[inline(always)]
        pub unsafe fn output<A: Arithmetic, E: Ending<A>>(tile: &OutputTile<A>) {
            // SAFETY: by the contract above.
            unsafe {
                for lane in (0..tile.lanes).step_by(E::Sums::COUNT) {
                    let sums = tile.sums.add(lane);
                    // Rows of the half transformed tile: written a column at a time, read a row at a time.
                    let mut half = [[E::Sums::constant(0.0); $inputs]; $outputs];
                    for x in 0..$inputs {
                        let top = sums.add(x * tile.position_stride);
                        let step = $inputs * tile.position_stride;
                        let mut column = [E::Sums::constant(0.0); $inputs];
                        for y in 0..$inputs {
                            column[y] = E::Sums::load(top.add(y * step));
                        }
                        let column = output_axis(column);
                        for y in 0..$outputs {
                            half[y][x] = column[y];
                        }
                    }
                    let ending = E::new(&tile.finish, lane);
                    let to = tile.to.add(lane);
                    if tile.pool {
                        for y in 0..$outputs / 2 {
                            let (top, bottom) = (output_axis(half[2 * y]), output_axis(half[2 * y + 1]));
                            for x in 0..$outputs / 2 {
                                let left = top[2 * x].max(bottom[2 * x]);
                                let highest = left.max(top[2 * x + 1].max(bottom[2 * x + 1]));
                                if y < tile.rows && x < tile.columns {
                                    let to = to.add(y * tile.row_stride + x * tile.pixel_stride);
                                    ending.write(highest, to);
                                }
                            }
                        }
                    } else {
                        for y in 0..$outputs {
                            let row = output_axis(half[y]);
                            for x in 0..$outputs {
                                if y < tile.rows && x < tile.columns {
                                    let to = to.add(y * tile.row_stride + x * tile.pixel_stride);
                                    ending.write(row[x], to);
                                }
                            }
                        }
                    }
                }
            }
        }
    };
}

pub(in crate::engine::kernels) use tile_transforms;

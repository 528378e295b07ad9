//! Weights against their definition; the frames' tests are beside [`crate::vision::scaled`].

use image::imageops::{self, FilterType};
use proptest::prelude::*;

use super::*;
use crate::vision::frame::{Range, YuvColour};
use crate::vision::layout::Pattern;
use crate::vision::samples;

#[test]
fn an_axis_that_keeps_its_size_takes_each_sample_once() {
    for (sample, (first, weights)) in Axis::triangle(2, 5, 5).outputs().iter().enumerate() {
        let kept: Vec<usize> = (*first..).zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(at, _)| at).collect();
        assert_eq!(kept, [2 + sample]);
    }
}

#[test]
fn halving_an_axis_weighs_as_a_triangle_does() {
    let axis = Axis::triangle(0, 8, 4);
    // The distances to the centre at 3 are 1.5, 0.5, 0.5 and 1.5 of 2.
    assert_eq!(axis.outputs()[1], (1, vec![0.125, 0.375, 0.375, 0.125]));
    assert_eq!(axis.shared(1).outputs()[1], (0, vec![0.125, 0.75, 0.125]));
}

proptest! {
    #[test]
    fn weights_sum_to_one_inside_the_box(
        start in 0usize..30, length in 1usize..200, outputs in 1usize..60, shift in 0u32..4,
    ) {
        let last = (start + length - 1) >> shift;
        for (first, weights) in Axis::triangle(start, length, outputs).shared(shift).outputs() {
            prop_assert!(*first >= start >> shift && first + weights.len() <= last + 1);
            prop_assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let parts = in_256ths(weights);
            prop_assert_eq!(parts.iter().sum::<u16>(), 256);
            for (part, weight) in parts.iter().zip(weights) {
                prop_assert!((f32::from(*part) - weight * 256.0).abs() <= 1.01);
            }
        }
    }

    #[test]
    fn grey_scales_as_in_a_second_implementation(width in 1u32..150, height in 1u32..90, w in 1u32..60, h in 1u32..60) {
        let picture = image::DynamicImage::from(samples::noise(width, height)).into_luma8();
        let plane = Plane::new(picture.as_raw(), width as usize, width as usize, Pattern::Single);
        let layers = layers(&[plane], Cut { left: 0, top: 0, width, height }, (w, h));
        let convert = Converter::new(YuvColour { range: Range::Full, ..YuvColour::default() });
        let got = to_rgb(&layers, (w, h), &convert);
        let want = imageops::resize(&picture, w, h, FilterType::Triangle);
        for (got, want) in got.pixels().zip(want.pixels()) {
            prop_assert!(got.0.iter().all(|got| got.abs_diff(want.0[0]) <= 3), "{:?} is not {:?}", got, want);
        }
        prop_assert_eq!(got, to_rgb_portable(&layers, (w, h), &convert), "not the same on every processor");
    }
}

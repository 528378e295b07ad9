//! Against the general decoder, in every form of subsampling.

use proptest::prelude::*;

use super::*;
use crate::vision::decode::decode_picture;
use crate::vision::jpeg::{DHT, segments};
use crate::vision::samples;

/// The same picture of 93×70 pixels: a cup of coffee, from `models/demo`.
const PICTURES: [(&str, &[u8], [(u32, u32); 2]); 3] = [
    ("4:2:0", include_bytes!("pictures/420.jpg"), [(0, 0), (1, 1)]),
    ("4:2:2, with restart markers", include_bytes!("pictures/422-restarts.jpg"), [(0, 0), (1, 0)]),
    ("4:4:0", include_bytes!("pictures/440.jpg"), [(0, 0), (0, 1)]),
];

fn whole(size: (u32, u32)) -> Cut {
    Cut { left: 0, top: 0, width: size.0, height: size.1 }
}

/// Luma, Cb and Cr of JFIF.
fn ycbcr([r, g, b]: [u8; 3]) -> [f64; 3] {
    let (r, g, b) = (f64::from(r), f64::from(g), f64::from(b));
    let luma = 0.299 * r + 0.587 * g + 0.114 * b;
    [luma, 128.0 + (b - luma) / 1.772, 128.0 + (r - luma) / 1.402]
}

/// Mean difference of a component from that of the general decoder's picture, averaged over each sample's pixels.
fn mean_difference(component: &Samples, index: usize, picture: &image::RgbImage) -> f64 {
    let (mut sum, plane) = (0.0, component.plane());
    let (across, down) = (1 << component.shifts.0, 1 << component.shifts.1);
    // The last samples may be of pixels outside the picture too.
    let (width, height) = (picture.width() / across, picture.height() / down);
    for y in 0..height {
        for x in 0..width {
            let pixels =
                (0..across * down).map(|at| picture.get_pixel(x * across + at % across, y * down + at / across));
            let mean = pixels.map(|pixel| ycbcr(pixel.0)[index]).sum::<f64>() / f64::from(across * down);
            sum += (mean - f64::from(plane.row(y as usize)[x as usize])).abs();
        }
    }
    sum / f64::from(width * height)
}

#[test]
fn all_samples_are_those_of_the_general_decoder() {
    for (name, bytes, shifts) in PICTURES {
        let jpeg = Jpeg::open(bytes).unwrap();
        let components = jpeg.decode(whole(jpeg.size()), (93, 70)).unwrap();
        let picture = decode_picture(bytes, name).unwrap();
        assert_eq!(components.len(), 3);
        for (index, component) in components.iter().enumerate() {
            assert_eq!(component.shifts, shifts[index.min(1)], "{name}");
            let difference = mean_difference(component, index, &picture);
            // The general decoder smooths chroma, and rounds RGB.
            assert!(difference < [0.6, 1.6, 1.6][index], "{name}: component {index} differs by {difference}");
        }
    }
}

#[test]
fn fewer_samples_are_the_picture_from_afar() {
    for (name, bytes, _) in PICTURES {
        let jpeg = Jpeg::open(bytes).unwrap();
        let picture = decode_picture(bytes, name).unwrap();
        for (outputs, shift) in [((46, 35), 1), ((23, 17), 2), ((11, 8), 3)] {
            let components = jpeg.decode(whole(jpeg.size()), outputs).unwrap();
            for (index, component) in components.iter().enumerate() {
                assert_eq!(component.shifts, (shift, shift), "{name}");
                let difference = mean_difference(component, index, &picture);
                assert!(difference < 2.5, "{name} at {outputs:?}: component {index} differs by {difference}");
            }
        }
    }
}

#[test]
fn sides_are_reduced_by_themselves() {
    let jpeg = Jpeg::open(PICTURES[1].1).unwrap();
    let components = jpeg.decode(whole(jpeg.size()), (20, 60)).unwrap();
    assert_eq!(components[0].shifts, (2, 0));
    // Chroma has half the columns already.
    assert_eq!(components[1].shifts, (2, 0));
}

#[test]
fn a_cut_gives_the_same_samples_as_the_whole() {
    for (name, bytes, _) in PICTURES {
        let jpeg = Jpeg::open(bytes).unwrap();
        let all = jpeg.decode(whole(jpeg.size()), (93, 70)).unwrap();
        let cut = Cut { left: 37, top: 20, width: 21, height: 30 };
        let some = jpeg.decode(cut, (21, 30)).unwrap();
        for y in 20..50 {
            assert_eq!(all[0].plane().row(y)[37..58], some[0].plane().row(y)[37..58], "{name}");
        }
    }
}

#[test]
fn missing_tables_are_the_standard_ones() {
    // These were written with the standard tables.
    for (name, bytes, _) in PICTURES {
        let mut bare = bytes.to_vec();
        let tables: Vec<_> = segments(bytes).filter(|segment| segment.marker == DHT).collect();
        assert!(!tables.is_empty());
        tables.into_iter().rev().for_each(|segment| drop(bare.drain(segment.range)));
        let rows = |bytes: &[u8]| {
            let jpeg = Jpeg::open(bytes).unwrap();
            jpeg.decode(whole(jpeg.size()), (50, 50)).unwrap()[0].bytes.clone()
        };
        assert_eq!(rows(&bare), rows(bytes), "{name}");
    }
}

#[test]
fn what_only_the_general_decoder_reads_is_left_to_it() {
    let jpeg = samples::jpeg(&samples::gradient(20, 20));
    assert!(Jpeg::open(&jpeg).is_some());
    assert!(Jpeg::open(&samples::jpeg_with_orientation(&samples::gradient(20, 20), 3)).is_none());
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let mut progressive = jpeg.clone();
    progressive[frame + 1] = 0xC2;
    assert!(Jpeg::open(&progressive).is_none());
    let mut twelve_bits = jpeg;
    twelve_bits[frame + 4] = 12;
    assert!(Jpeg::open(&twelve_bits).is_none());
}

proptest! {
    #[test]
    fn a_lost_part_is_noticed_or_harmless(at in 0usize..3000, length in 1usize..400) {
        let bytes = PICTURES[1].1;
        let at = at % (bytes.len() - 2);
        let rest = (at + length).min(bytes.len() - 2);
        let jpeg = [&bytes[..at], &bytes[rest..]].concat();
        if let Some(jpeg) = Jpeg::open(&jpeg) {
            let _ = jpeg.decode(whole(jpeg.size()), (30, 30));
        }
    }

    #[test]
    fn every_processor_gives_the_same_samples(outputs in (1u32..100, 1u32..100), which in 0usize..3) {
        let header = header(PICTURES[which].1).unwrap();
        let cut = whole(header.size);
        let jpeg = Jpeg::open(PICTURES[which].1).unwrap();
        let portable = decode_portable(&header, cut, outputs).unwrap();
        for (one, other) in jpeg.decode(cut, outputs).unwrap().iter().zip(&portable) {
            prop_assert_eq!(&one.bytes, &other.bytes);
        }
    }
}

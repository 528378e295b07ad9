//! What stands in front of a JPEG's scan, where it is of the ordinary kind.

use image::metadata::Orientation;

use super::huffman::Table;
use crate::vision::frame::MAX_SIDE;
use crate::vision::jpeg::{DHT, SOS, segments};
use crate::vision::mjpeg::STANDARD_TABLES;

/// Start of frame: baseline, and extended with Huffman coding.
const SOF: [u8; 2] = [0xC0, 0xC1];
/// Other starts of frame.
const OTHER_SOF: [u8; 11] = [0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF];
const DQT: u8 = 0xDB;
const DRI: u8 = 0xDD;
const APP1: u8 = 0xE1;
const APP14: u8 = 0xEE;

/// Most pixels of a picture that is decoded.
const MAX_PIXELS: u64 = 64 << 20;

/// One component of the picture.
#[derive(Clone)]
pub struct Component {
    id: u8,
    /// Blocks of a unit, across and down.
    pub blocks: (usize, usize),
    /// Which quantization table.
    pub quantization: usize,
    /// Which Huffman tables, for the first coefficient of a block and for the others.
    pub tables: (usize, usize),
}

/// A baseline JPEG with all components in one scan.
pub struct Header<'a> {
    /// Columns and rows.
    pub size: (u32, u32),
    /// Luma alone, or luma, Cb and Cr.
    pub components: Vec<Component>,
    /// By their numbers, in zigzag order.
    pub quantizations: [Option<[u16; 64]>; 4],
    /// For first coefficients, by their numbers.
    pub first: [Option<Table>; 4],
    /// For the others.
    pub others: [Option<Table>; 4],
    /// Units between restart markers; 0 for none.
    pub restart_interval: usize,
    /// The coded data and what follows.
    pub scan: &'a [u8],
}

/// Reads the header; `None` where it is damaged, or the picture is of a kind that takes the general decoder: progressive,
/// of other colours than YCbCr, in several scans, or to be turned upright.
pub fn header(bytes: &[u8]) -> Option<Header<'_>> {
    let mut header = Header {
        size: (0, 0),
        components: vec![],
        quantizations: [None; 4],
        first: [const { None }; 4],
        others: [const { None }; 4],
        restart_interval: 0,
        scan: &[],
    };
    let mut tables = false;
    for segment in segments(bytes) {
        let content = bytes.get(segment.range.start + 4..segment.range.end).unwrap_or_default();
        match segment.marker {
            marker if SOF.contains(&marker) => header.read_frame(content)?,
            marker if OTHER_SOF.contains(&marker) => return None,
            DQT => header.read_quantizations(content)?,
            DHT => {
                tables = true;
                header.read_tables(content)?;
            }
            DRI => header.restart_interval = usize::from(u16::from_be_bytes(*content.first_chunk()?)),
            APP1 if content.starts_with(b"Exif\0\0") => {
                let orientation = Orientation::from_exif_chunk(&content[6..]);
                if orientation.is_some_and(|orientation| orientation != Orientation::NoTransforms) {
                    return None;
                }
            }
            // Adobe's transform: 1 is YCbCr.
            APP14 if content.starts_with(b"Adobe") && content.get(11) != Some(&1) => return None,
            SOS => {
                if !tables {
                    header.read_tables(&STANDARD_TABLES[4..])?;
                }
                header.read_scan(content)?;
                header.scan = &bytes[segment.range.end..];
                return Some(header);
            }
            _ => {}
        }
    }
    None
}

impl Header<'_> {
    /// Blocks of a unit in the component that has most of them, across and down.
    pub fn unit(&self) -> (usize, usize) {
        let most = |side: fn(&Component) -> usize| self.components.iter().map(side).max().unwrap_or(1);
        (most(|component| component.blocks.0), most(|component| component.blocks.1))
    }

    fn read_frame(&mut self, content: &[u8]) -> Option<()> {
        let (&[precision, y1, y0, x1, x0, count], rest) = content.split_first_chunk()?;
        let (width, height) = (u32::from(u16::from_be_bytes([x1, x0])), u32::from(u16::from_be_bytes([y1, y0])));
        let sides = (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height);
        let small = u64::from(width) * u64::from(height) <= MAX_PIXELS;
        if precision != 8 || !sides || !small || !self.components.is_empty() || !matches!(count, 1 | 3) {
            return None;
        }
        self.size = (width, height);
        for &[id, sampling, quantization] in rest.as_chunks().0.iter().take(count.into()) {
            // The blocks of a single component do not form units.
            let blocks = if count == 1 { (1, 1) } else { (usize::from(sampling >> 4), usize::from(sampling & 15)) };
            if !matches!(blocks, (1 | 2 | 4, 1 | 2 | 4)) || quantization > 3 {
                return None;
            }
            self.components.push(Component { id, blocks, quantization: quantization.into(), tables: (0, 0) });
        }
        let ids: Vec<u8> = self.components.iter().map(|component| component.id).collect();
        (ids.len() == usize::from(count) && ids != *b"RGB").then_some(())
    }

    fn read_quantizations(&mut self, mut content: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = content.split_first() {
            let mut table = [0; 64];
            let length = if kind >> 4 == 0 { 64 } else { 128 };
            let values = rest.get(..length)?;
            for (index, value) in table.iter_mut().enumerate() {
                *value = match length {
                    64 => u16::from(values[index]),
                    _ => u16::from_be_bytes([values[2 * index], values[2 * index + 1]]),
                };
            }
            *self.quantizations.get_mut(usize::from(kind & 15))? = Some(table);
            content = &rest[length..];
        }
        Some(())
    }

    fn read_tables(&mut self, mut content: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = content.split_first() {
            let (lengths, rest) = rest.split_first_chunk::<16>()?;
            let count = lengths.iter().map(|&length| usize::from(length)).sum();
            let place = if kind >> 4 == 0 { &mut self.first } else { &mut self.others };
            *place.get_mut(usize::from(kind & 15))? = Some(Table::new(lengths, rest.get(..count)?, kind >> 4 != 0)?);
            content = &rest[count..];
        }
        Some(())
    }

    fn read_scan(&mut self, content: &[u8]) -> Option<()> {
        let (&count, rest) = content.split_first()?;
        if usize::from(count) != self.components.len() || count == 0 {
            return None;
        }
        let (choices, rest) = rest.split_at_checked(2 * usize::from(count))?;
        for (component, &[id, tables]) in self.components.iter_mut().zip(choices.as_chunks().0) {
            component.tables = (usize::from(tables >> 4), usize::from(tables & 15));
            let present = |tables: &[Option<Table>; 4], at: usize| tables.get(at).is_some_and(Option::is_some);
            let complete = present(&self.first, component.tables.0) && present(&self.others, component.tables.1);
            if id != component.id || !complete || self.quantizations[component.quantization].is_none() {
                return None;
            }
        }
        // All coefficients, with all their bits.
        (rest == [0, 63, 0]).then_some(())
    }
}

//! A small terminal reads the escape sequences back, and must then show the picture.

use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

/// A terminal that understands what is sent, and panics at anything else.
struct Emulator {
    grid: Vec<Vec<Option<Cell>>>,
    at: (usize, usize),
    pen: Cell,
}

impl Emulator {
    fn new(columns: usize, rows: usize) -> Self {
        let pen = Cell { symbol: ' ', ink: [0; 3], paper: [0; 3], bold: false };
        Self { grid: vec![vec![None; columns]; rows], at: (9999, 9999), pen }
    }

    fn read(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).expect("it is text");
        let mut rest = text.chars();
        while let Some(symbol) = rest.next() {
            if symbol != '\x1b' {
                self.grid[self.at.1][self.at.0] = Some(Cell { symbol, ..self.pen });
                self.at.0 += 1;
                continue;
            }
            assert_eq!(rest.next(), Some('['));
            let mut arguments = String::new();
            let end = loop {
                match rest.next().expect("the sequence ends") {
                    c @ ('0'..='9' | ';' | '?') => arguments.push(c),
                    end => break end,
                }
            };
            let numbers: Vec<usize> = arguments.split(';').map(|n| n.parse().unwrap_or(0)).collect();
            match (end, numbers.as_slice()) {
                ('H', [y, x]) => self.at = (x - 1, y - 1),
                ('m', [0]) => self.pen.bold = false,
                ('m', [1]) => self.pen.bold = true,
                ('m', [22]) => self.pen.bold = false,
                ('m', [38, 2, r, g, b, 48, 2, r2, g2, b2]) => {
                    self.pen.ink = [*r as u8, *g as u8, *b as u8];
                    self.pen.paper = [*r2 as u8, *g2 as u8, *b2 as u8];
                }
                ('J', [2]) => self.grid.iter_mut().flatten().for_each(|cell| *cell = None),
                ('h' | 'l', _) if arguments == "?2026" => {}
                other => panic!("unknown sequence {other:?} {arguments}"),
            }
        }
    }

    fn shows(&self, grid: &Grid, tolerance: u8) -> bool {
        let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= tolerance);
        self.grid.iter().flatten().zip(&grid.cells).all(|(seen, cell)| {
            seen.is_some_and(|seen| {
                (seen.symbol, seen.bold) == (cell.symbol, cell.bold)
                    && near(seen.ink, cell.ink)
                    && near(seen.paper, cell.paper)
            })
        })
    }
}

fn noise(columns: u32, rows: u32, seed: u64, amplitude: u64) -> RgbImage {
    let mut state = seed | 1;
    RgbImage::from_fn(columns, rows, |_, _| {
        Rgb([(); 3].map(|()| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            100 + ((state >> 33) % amplitude) as u8
        }))
    })
}

fn caption(label: &str) -> Caption {
    Caption {
        label: label.into(),
        confidence: 0.8,
        certainty: super::super::caption::Certainty::Sure,
        ..Caption::default()
    }
}

#[test]
fn a_cell_shows_the_upper_pixel_over_the_lower() {
    let mut canvas = RgbImage::new(3, 4);
    canvas.put_pixel(1, 2, Rgb([255, 0, 0]));
    canvas.put_pixel(1, 3, Rgb([0, 255, 0]));
    let grid = compose(&canvas, &Caption::default(), 4);
    assert_eq!(grid.cells.len(), 3 * 3, "two rows of picture and one of caption");
    assert_eq!(grid.cells[4], Cell { symbol: '▀', ink: [255, 0, 0], paper: [0, 255, 0], bold: false });
}

proptest! {
    #[test]
    fn the_terminal_shows_every_grid_in_turn(seeds in prop::collection::vec((1u64..9, 1u64..120), 1..5), columns in 1u32..12) {
        let mut emulator = Emulator::new(columns as usize, 6);
        let mut shown: Option<Grid> = None;
        for (seed, amplitude) in seeds {
            let grid = compose(&noise(columns, 8, seed, amplitude), &caption(if seed % 2 == 0 { "cat" } else { "dog" }), 12);
            let mut bytes = Vec::new();
            cells::encode(shown.as_ref(), &grid, Colours::True, &mut bytes);
            emulator.read(&bytes);
            prop_assert!(emulator.shows(&grid, 3));
            let settled = shown.map_or(grid.clone(), |shown| grid.settled_on(&shown));
            prop_assert!(emulator.shows(&settled, 0));
            shown = Some(settled);
        }
    }
}

#[test]
fn only_changed_cells_are_sent() {
    let canvas = noise(40, 20, 3, 100);
    let first = compose(&canvas, &caption("cat"), 12);
    let mut all = Vec::new();
    cells::encode(None, &first, Colours::True, &mut all);

    let mut nothing = Vec::new();
    cells::encode(Some(&first), &first, Colours::True, &mut nothing);
    assert!(nothing.is_empty());

    let mut touched = canvas.clone();
    touched.put_pixel(7, 4, Rgb([255, 255, 255]));
    let mut little = Vec::new();
    cells::encode(Some(&first), &compose(&touched, &caption("cat"), 12), Colours::True, &mut little);
    let text = String::from_utf8(little).expect("it is text");
    assert_eq!(text.matches('▀').count(), 1);
    assert!(text.contains("\x1b[3;8H") && all.len() > text.len() * 50, "{text:?}");
}

#[test]
fn another_shape_is_painted_anew() {
    let small = compose(&noise(4, 4, 1, 9), &caption("cat"), 4);
    let large = compose(&noise(6, 4, 1, 9), &caption("cat"), 4);
    let mut bytes = Vec::new();
    cells::encode(Some(&small), &large, Colours::True, &mut bytes);
    let mut emulator = Emulator::new(6, 3);
    emulator.read(&bytes);
    assert!(emulator.shows(&large, 0));
}

#[test]
fn says_why_there_is_no_terminal() {
    // The test harness may run in a terminal or not; where it does not, the reason must help.
    if let Err(reason) = probe() {
        assert!(reason.contains("png:PATH"), "{reason}");
    }
}

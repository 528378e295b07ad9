//! A grid of coloured characters, and the escape sequences that turn one grid into the next.

use std::io::Write;

use crossterm::{
    cursor::MoveTo,
    queue,
    style::{Attribute, Colors, Print, ResetColor, SetAttribute, SetColors},
    terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate},
};

use super::colours::Colours;

/// Stands right of a character that is two columns wide.
pub const CONTINUATION: char = '\0';

/// Difference of a colour, of 255, that nobody sees: such cells are left as they are.
const TOLERANCE: u8 = 3;

/// One character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The character.
    pub symbol: char,
    /// Colour of the character.
    pub ink: [u8; 3],
    /// Colour behind it.
    pub paper: [u8; 3],
    /// Whether it is printed bold.
    pub bold: bool,
}

impl Cell {
    fn looks_like(&self, other: &Cell) -> bool {
        let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= TOLERANCE);
        (self.symbol, self.bold) == (other.symbol, other.bold)
            && near(self.ink, other.ink)
            && near(self.paper, other.paper)
    }
}

/// What a terminal shows, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Cells in a row.
    pub columns: u16,
    /// The cells of all rows.
    pub cells: Vec<Cell>,
}

impl Grid {
    fn same_shape(&self, other: &Grid) -> bool {
        self.columns == other.columns && self.cells.len() == other.cells.len()
    }

    /// What the terminal shows after this grid was encoded over `shown`: cells that look alike were not sent.
    pub fn settled_on(mut self, shown: &Grid) -> Self {
        if self.same_shape(shown) {
            for (cell, old) in self.cells.iter_mut().zip(&shown.cells) {
                if cell.looks_like(old) {
                    *cell = *old;
                }
            }
        }
        self
    }
}

/// Appends what turns `shown` into `wanted`; all of it where nothing or another shape is shown.
pub fn encode(shown: Option<&Grid>, wanted: &Grid, colours: Colours, out: &mut Vec<u8>) {
    let shown = shown.filter(|shown| shown.same_shape(wanted));
    let stale = |i: usize| wanted.cells.get(i).is_some_and(|cell| shown.is_none_or(|s| !s.cells[i].looks_like(cell)));
    let columns = usize::from(wanted.columns);
    let mut body = Vec::new();
    let mut pen = Pen { colours, at: None, cell: None };
    for (i, cell) in wanted.cells.iter().enumerate().filter(|(_, cell)| cell.symbol != CONTINUATION) {
        let wide = (i + 1) % columns != 0 && wanted.cells.get(i + 1).is_some_and(|next| next.symbol == CONTINUATION);
        if stale(i) || (wide && stale(i + 1)) {
            // Writing to a vector cannot fail.
            let _ = pen.put(cell, i % columns, i / columns, 1 + usize::from(wide), &mut body);
        }
    }
    if body.is_empty() {
        return;
    }
    let _ = queue!(out, BeginSynchronizedUpdate);
    if shown.is_none() {
        let _ = queue!(out, ResetColor, Clear(ClearType::All));
    }
    out.append(&mut body);
    let _ = queue!(out, SetAttribute(Attribute::Reset), EndSynchronizedUpdate);
}

/// The terminal's cursor and colours as they stand after what was written.
struct Pen {
    colours: Colours,
    at: Option<(usize, usize)>,
    cell: Option<Cell>,
}

impl Pen {
    fn put(&mut self, cell: &Cell, x: usize, y: usize, width: usize, out: &mut Vec<u8>) -> std::io::Result<()> {
        if self.at != Some((x, y)) {
            queue!(out, MoveTo(x as u16, y as u16))?;
        }
        let attribute = if cell.bold { Attribute::Bold } else { Attribute::NormalIntensity };
        if self.cell.is_none_or(|last| last.bold != cell.bold) {
            queue!(out, SetAttribute(attribute))?;
        }
        if self.cell.is_none_or(|last| (last.ink, last.paper) != (cell.ink, cell.paper)) {
            queue!(out, SetColors(Colors::new(self.colours.nearest(cell.ink), self.colours.nearest(cell.paper))))?;
        }
        queue!(out, Print(cell.symbol))?;
        (self.at, self.cell) = (Some((x + width, y)), Some(*cell));
        out.flush()
    }
}

//! The screen in a terminal: half-block characters in colour, and the caption as text.

mod caption_rows;
mod cells;
mod colours;
mod session;

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use image::RgbImage;

use super::{Drawing, Panel, caption::Caption, error::DisplayError};
use cells::{Cell, Grid};
use colours::Colours;
use session::Session;

/// How long lines that other programs wrote across the screen stay before they are painted over.
const REPAINT_AFTER: Duration = Duration::from_secs(2);

/// What the terminal on standard output offers: columns, rows, and how many colours, or why it is of no use.
pub fn probe() -> Result<((u16, u16), &'static str), String> {
    if !io::stdout().is_terminal() {
        return Err("standard output is not a terminal; run it in one, or choose png:PATH or none".into());
    }
    let colours =
        Colours::of_environment().ok_or("TERM says that it shows plain text only; choose png:PATH or none")?;
    Ok((session::size(), colours.describe()))
}

/// The terminal on standard output, left as it was found when this is dropped.
pub struct TerminalPanel {
    session: Session,
    colours: Colours,
    shown: Option<Grid>,
    painted_at: Instant,
}

impl TerminalPanel {
    /// Takes over the terminal; an error where standard output is none.
    pub fn open() -> Result<Self, DisplayError> {
        probe().map_err(|reason| DisplayError::Terminal { reason })?;
        let colours = Colours::of_environment().unwrap_or(Colours::Palette256);
        let session = Session::enter().map_err(|source| DisplayError::TerminalWrite { source })?;
        Ok(Self { session, colours, shown: None, painted_at: Instant::now() })
    }
}

impl Panel for TerminalPanel {
    fn describe(&self) -> String {
        let (columns, rows) = session::size();
        format!("terminal {columns}×{rows}, {}", self.colours.describe())
    }

    fn size(&self) -> (u32, u32) {
        let (columns, rows) = session::size();
        (columns.into(), u32::from(rows - caption_rows::count(rows)) * 2)
    }

    fn drawing(&self) -> Drawing {
        Drawing::Picture
    }

    fn show(&mut self, canvas: &RgbImage, caption: &Caption) -> Result<(), DisplayError> {
        if self.painted_at.elapsed() >= REPAINT_AFTER {
            (self.shown, self.painted_at) = (None, Instant::now());
        }
        let grid = compose(canvas, caption, session::size().1);
        let mut bytes = Vec::new();
        cells::encode(self.shown.as_ref(), &grid, self.colours, &mut bytes);
        self.shown = Some(match self.shown.take() {
            Some(shown) => grid.settled_on(&shown),
            None => grid,
        });
        if bytes.is_empty() || !self.session.is_active() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(&bytes).and_then(|()| out.flush()).map_err(|source| DisplayError::TerminalWrite { source })
    }
}

/// Two rows of pixels for each row of characters, then the caption, for a terminal of `rows` rows.
fn compose(canvas: &RgbImage, caption: &Caption, rows: u16) -> Grid {
    let columns = u16::try_from(canvas.width()).unwrap_or(u16::MAX);
    let mut cells = Vec::new();
    for y in (0..canvas.height() & !1).step_by(2) {
        for x in 0..u32::from(columns) {
            let (above, below) = (canvas.get_pixel(x, y).0, canvas.get_pixel(x, y + 1).0);
            cells.push(Cell { symbol: '▀', ink: above, paper: below, bold: false });
        }
    }
    for row in caption_rows::write(caption, columns, caption_rows::count(rows)) {
        cells.extend(row);
    }
    Grid { columns, cells }
}

#[cfg(test)]
mod tests;

//! The caption as rows of text under the picture.

use super::cells::{CONTINUATION, Cell};
use crate::display::{
    caption::{Caption, Mark, State, join},
    palette,
};

/// Rows under which a terminal gives the caption one row only.
const ROOMY_FROM: u16 = 10;

/// Rows that the caption takes of a terminal of `rows` rows.
pub fn count(rows: u16) -> u16 {
    match rows {
        0..=1 => 0,
        2..ROOMY_FROM => 1,
        _ => 2,
    }
}

/// `rows` rows of `columns` cells: the answer with its bar, then rate, model, source and hint.
pub fn write(caption: &Caption, columns: u16, rows: u16) -> Vec<Vec<Cell>> {
    let columns = usize::from(columns);
    let mut written = vec![answer(caption, columns), details(caption, columns)];
    written.truncate(rows.into());
    written
}

fn answer(caption: &Caption, columns: usize) -> Vec<Cell> {
    let accent = palette::accent(caption.mark()).0;
    let mut row = Row::new(columns);
    // While the camera is lost there is no percentage, and how long it has been so stands there.
    let percentage = caption.percentage() + &caption.since();
    let figure = if percentage.is_empty() { 0 } else { percentage.len().max(4) };
    row.text(" ", accent, false);
    let symbol = symbol(caption.mark());
    let headline =
        if symbol.is_empty() { caption.headline().into() } else { format!("{symbol} {}", caption.headline()) };
    row.text(&shorten(&headline, columns.saturating_sub(figure + 4)), accent, true);
    row.text("  ", accent, false);

    let bar = columns.saturating_sub(row.cells.len() + figure + 2);
    if let Some(share) = caption.share().filter(|_| bar >= 6) {
        // Half a character is the step, because every font has that one.
        let halves = (share.clamp(0.0, 1.0) * 2.0 * bar as f32).round() as usize;
        for i in 0..bar {
            let symbol = [' ', '▌', '█'][halves.saturating_sub(2 * i).min(2)];
            row.cells.push(Cell { symbol, ink: accent, paper: palette::TRACK.0, bold: false });
        }
    }
    row.pad_to(columns.saturating_sub(figure + 1));
    row.text(&format!("{percentage:>figure$}"), palette::TEXT.0, true);
    row.finish()
}

fn details(caption: &Caption, columns: usize) -> Vec<Cell> {
    let frozen = if caption.frozen { "frozen" } else { "" };
    // What is amiss comes first, because the end may be cut off.
    let note = if caption.state == State::Starting { "" } else { caption.note.as_str() };
    let text =
        join(&[&caption.warning, frozen, caption.explanation(), &caption.pace(), &caption.model, note, &caption.hint]);
    let ink = if caption.mark().is_fault() || caption.frozen || !caption.warning.is_empty() {
        palette::TEXT
    } else {
        palette::FAINT
    };
    let mut row = Row::new(columns);
    row.text(" ", ink.0, false);
    row.text(&shorten(&text, columns.saturating_sub(2)), ink.0, false);
    row.finish()
}

/// Tells states without colours that their headline does not tell.
fn symbol(mark: Mark) -> &'static str {
    match mark {
        Mark::Uncertain => "?",
        Mark::CameraLost | Mark::ModelFailed => "!",
        Mark::Starting | Mark::Waiting | Mark::Sure | Mark::Unknown => "",
    }
}

/// A row being written.
struct Row {
    columns: usize,
    cells: Vec<Cell>,
}

impl Row {
    fn new(columns: usize) -> Self {
        Self { columns, cells: Vec::with_capacity(columns) }
    }

    fn text(&mut self, text: &str, ink: [u8; 3], bold: bool) {
        for symbol in text.chars() {
            let cell = Cell { symbol, ink, paper: palette::SURFACE.0, bold };
            match width(symbol) {
                0 => {}
                1 => self.cells.push(cell),
                _ => self.cells.extend([cell, Cell { symbol: CONTINUATION, ..cell }]),
            }
        }
    }

    fn pad_to(&mut self, columns: usize) {
        while self.cells.len() < columns {
            self.text(" ", palette::FAINT.0, false);
        }
    }

    fn finish(mut self) -> Vec<Cell> {
        self.pad_to(self.columns);
        self.cells.truncate(self.columns);
        self.cells
    }
}

/// `text`, or its beginning with an ellipsis, in at most `columns` columns.
fn shorten(text: &str, columns: usize) -> String {
    let total: usize = text.chars().map(width).sum();
    if total <= columns {
        return text.into();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |symbol: &char| {
        let fits = width(*symbol) <= left;
        left = left.saturating_sub(width(*symbol));
        fits
    };
    let short: String = text.chars().take_while(fits).collect();
    if columns == 0 { short } else { format!("{}…", short.trim_end()) }
}

/// Columns that a character takes: none for marks and controls, which are left out, two in East Asian scripts.
fn width(symbol: char) -> usize {
    match symbol as u32 {
        _ if symbol.is_control() => 0,
        0x0300..=0x036F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF => 0,
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F => 2,
        0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::display::caption::Certainty;

    fn lines(caption: &Caption, columns: u16) -> Vec<String> {
        let rows = write(caption, columns, 2);
        rows.iter().map(|row| row.iter().map(|cell| cell.symbol).filter(|&s| s != CONTINUATION).collect()).collect()
    }

    fn caption(label: &str, confidence: f32) -> Caption {
        Caption {
            label: label.into(),
            confidence,
            certainty: Certainty::Sure,
            fps: Some(12.3),
            model: "slim".into(),
            note: "a.jpg".into(),
            ..Caption::default()
        }
    }

    #[test]
    fn a_hint_is_told_where_there_is_room() {
        let caption = Caption { hint: "Ctrl-C ends".into(), ..caption("cat", 1.0) };
        assert_eq!(lines(&caption, 40)[1], " 12 fps · slim · a.jpg · Ctrl-C ends    ");
    }

    #[test]
    fn reads_well() {
        assert_eq!(lines(&caption("cat", 0.55), 26), [" cat  ███████▌        55% ", " 12 fps · slim · a.jpg    "]);
        assert_eq!(lines(&caption("hippopotamus", 0.5), 16), [" hippopo…   50% ", " 12 fps · slim… "]);
        assert_eq!(lines(&caption("猫", 1.0), 12), [" 猫    100% ", " 12 fps ·…  "]);
    }

    #[test]
    fn tells_what_is_amiss() {
        let with = |state| Caption { state, ..caption("cat", 0.9) };
        let lost = State::CameraLost { cause: "unplugged".into(), since: Duration::from_secs(12) };
        assert_eq!(lines(&with(lost), 26), [" ! Camera lost       12 s ", " unplugged · slim · a.jpg "]);
        let failed = State::ModelFailed { cause: "no memory".into() };
        assert_eq!(lines(&with(failed), 26), [" ! Model failed           ", " no memory · slim · a.jpg "]);
        assert_eq!(lines(&with(State::Starting), 20), [" Starting…          ", " a.jpg · slim       "]);
        let frozen = Caption { frozen: true, ..caption("cat", 0.5) };
        assert!(lines(&frozen, 26)[1].starts_with(" frozen · 12 fps · slim"));
        let unsure = Caption { certainty: Certainty::Uncertain, ..caption("cat", 0.5) };
        assert!(lines(&unsure, 26)[0].starts_with(" ? cat "));
    }

    #[test]
    fn has_no_bar_while_waiting() {
        assert_eq!(lines(&Caption { fps: None, ..Caption::default() }, 14), [" Looking…     ", "              "]);
    }

    proptest! {
        #[test]
        fn fills_every_row_exactly(label in ".{0,30}", note in ".{0,30}", confidence: f32, columns in 0u16..60) {
            let caption = Caption { note, ..caption(&label, confidence) };
            for row in write(&caption, columns, 2) {
                prop_assert_eq!(row.len(), usize::from(columns));
                prop_assert!(row.iter().all(|cell| cell.symbol == CONTINUATION || !cell.symbol.is_control()));
            }
        }
    }
}

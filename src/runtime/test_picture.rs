//! `vggcam doctor --test-picture`: a picture on each display, and beside it what to look at and what to change.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use super::signals;
use crate::{
    display::{
        Panel,
        caption::Caption,
        panel::{self, DisplayError},
        spec::DisplaySpec,
        test_picture::{self, questions},
    },
    message::print,
};

/// How often the picture is sent again, so that it comes back where a wire is moved.
const EVERY: Duration = Duration::from_secs(1);
/// How often a wish to stop is looked for.
const STOP_POLL: Duration = Duration::from_millis(20);

/// Shows the picture on the displays `specs` for `seconds`, or until Ctrl-C, and prints the questions.
pub fn show(specs: &[String], seconds: Option<u64>) -> anyhow::Result<()> {
    ensure!(
        !specs.is_empty(),
        "--test-picture needs a display: add --display SPEC, such as one that `vggcam doctor` lists"
    );
    ensure!(
        specs.iter().all(|spec| spec != "terminal"),
        "the terminal shows the questions, and has no settings to test; leave --display terminal out"
    );
    let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
    let started = Instant::now();
    let mut displays = specs.iter().map(|spec| Display::open(spec)).collect::<Result<Vec<_>, _>>()?;
    for display in &mut displays {
        display.show()?;
        print(&display.sheet())?;
    }
    print(&match seconds {
        None => "Ctrl-C ends\n".into(),
        Some(seconds) => format!("for {seconds} s, or until Ctrl-C\n"),
    })?;

    let end = seconds.and_then(|seconds| started.checked_add(Duration::from_secs(seconds)));
    let mut sent = Instant::now();
    while !stop.load(Ordering::SeqCst) && end.is_none_or(|end| Instant::now() < end) {
        thread::sleep(STOP_POLL);
        if sent.elapsed() >= EVERY {
            displays.iter_mut().for_each(Display::show_again);
            sent = Instant::now();
        }
    }
    Ok(())
}

/// A display and its SPEC.
struct Display {
    text: String,
    spec: DisplaySpec,
    /// `None` while it fails.
    panel: Option<Box<dyn Panel>>,
}

impl Display {
    fn open(text: &str) -> Result<Self, DisplayError> {
        Ok(Self { text: text.into(), spec: text.parse()?, panel: Some(panel::open(text)?) })
    }

    fn show(&mut self) -> Result<(), DisplayError> {
        let Self { text, panel, .. } = self;
        let panel = match panel {
            Some(panel) => panel,
            None => panel.insert(panel::open(text)?),
        };
        panel.invalidate();
        panel.show(&test_picture::draw(panel.size(), panel.drawing()), &Caption::default())
    }

    /// Files keep what was written; a display that fails is told about once, and opened again.
    fn show_again(&mut self) {
        if matches!(self.spec, DisplaySpec::Png { .. } | DisplaySpec::None) {
            return;
        }
        let failed = self.panel.is_none();
        match self.show() {
            Ok(()) if failed => eprintln!("{} shows the picture again", self.text),
            Ok(()) => {}
            Err(error) => {
                self.panel = None;
                if !failed {
                    eprintln!("{error}; trying again");
                }
            }
        }
    }

    /// What the display is, and the questions about it.
    fn sheet(&self) -> String {
        let name = self.panel.as_ref().map_or_else(|| self.text.clone(), |panel| panel.describe());
        let mut sheet = format!("{name}\n");
        for (number, asked) in (1..).zip(questions::questions(&self.spec)) {
            sheet += &format!("  {number}. {}\n     no → {}\n", asked.question, asked.remedy);
        }
        sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_about_every_display_and_numbers_the_questions() {
        let spec = "st7789:/dev/spidev0.0?dc=GPIO25";
        let display = Display { text: spec.into(), spec: spec.parse().expect("it is a SPEC"), panel: None };
        let sheet = display.sheet();
        assert!(sheet.starts_with("st7789:/dev/spidev0.0?dc=GPIO25\n  1. Is the word TOP on top"), "{sheet}");
        assert!(sheet.contains("  3. Is the field RED red, GREEN green, and BLUE blue?\n     no → red and blue are exchanged: bgr=yes\n"), "{sheet}");
    }

    #[test]
    fn the_terminal_is_for_the_questions() {
        assert!(show(&["terminal".into()], Some(0)).is_err_and(|error| error.to_string().contains("leave --display")));
        assert!(show(&[], Some(0)).is_err_and(|error| error.to_string().contains("add --display SPEC")));
    }
}

//! Buttons on the board: what somebody wants of a run that has no keyboard.

use std::sync::mpsc::{self, Receiver};

use crate::gpio::{Press, button::Button, error::GpioError, line::ButtonSpec};

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The next page of the screen.
    NextPage,
    /// The picture held still, or going on again.
    Freeze,
}

/// The buttons of a run, watched until this is dropped.
pub struct Controls {
    /// Gives every wish in order. Without buttons it is closed from the beginning.
    pub wishes: Receiver<Control>,
    _buttons: Vec<Button>,
}

/// Which buttons there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ButtonSpecs {
    /// Short for the next page, long (0.8 seconds) to freeze.
    pub button: Option<ButtonSpec>,
    /// Freezes, however long it is pressed.
    pub freeze: Option<ButtonSpec>,
}

#[cfg(test)]
impl Controls {
    /// Wishes that a test gives.
    pub fn of(wishes: Receiver<Control>) -> Self {
        Self { wishes, _buttons: Vec::new() }
    }
}

/// Takes the lines of all buttons; errs where one cannot be taken.
pub fn open(specs: &ButtonSpecs) -> Result<Controls, GpioError> {
    let (sender, wishes) = mpsc::channel();
    let mut buttons = Vec::new();
    for (spec, meaning) in [(&specs.button, of_button as fn(Press) -> Control), (&specs.freeze, |_| Control::Freeze)] {
        let Some(ButtonSpec(wiring)) = spec else { continue };
        let sender = sender.clone();
        // When the run is over nobody listens any more, and nothing is lost.
        let tell = move |press| sender.send(meaning(press)).unwrap_or_default();
        buttons.push(Button::watch(wiring, tell)?);
    }
    Ok(Controls { wishes, _buttons: buttons })
}

/// What a press of a single button means.
fn of_button(press: Press) -> Control {
    match press {
        Press::Short => Control::NextPage,
        Press::Long => Control::Freeze,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_buttons_nothing_is_wanted() {
        let controls = open(&ButtonSpecs::default()).unwrap();
        assert_eq!(controls.wishes.recv(), Err(mpsc::RecvError));
    }

    #[test]
    fn one_button_reaches_both() {
        assert_eq!([Press::Short, Press::Long].map(of_button), [Control::NextPage, Control::Freeze]);
    }

    #[test]
    fn a_button_that_is_not_there_is_named() {
        let button = Some("gpiochip9999:3".parse().unwrap());
        let error = open(&ButtonSpecs { button, freeze: None }).err().unwrap().to_string();
        assert!(error.starts_with("GPIO line gpiochip9999:3 cannot be found"), "{error}");
    }
}

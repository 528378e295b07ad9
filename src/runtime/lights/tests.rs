//! Lights on lines that only remember their level, and fail when they are told to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use super::*;
use crate::gpio::{LineSpec, error::Doing};

#[derive(Default)]
struct Lines {
    /// What was set, in order.
    log: Vec<(String, bool)>,
    /// Those that fail.
    broken: Vec<String>,
}

#[derive(Clone, Default)]
struct Board(Arc<Mutex<Lines>>);

impl Board {
    fn fail(&self, lines: &[&str]) {
        self.0.lock().unwrap().broken = lines.iter().map(|line| line.to_string()).collect();
    }

    fn log(&self) -> Vec<(String, bool)> {
        self.0.lock().unwrap().log.clone()
    }

    /// The lines that are on.
    fn lit(&self) -> Vec<String> {
        let levels: BTreeMap<String, bool> = self.log().into_iter().collect();
        levels.into_iter().filter_map(|(line, on)| on.then_some(line)).collect()
    }
}

struct FakeLine(Board, LineSpec);

impl Switch for FakeLine {
    fn set(&mut self, on: bool) -> Result<(), GpioError> {
        let mut board = self.0.0.lock().unwrap();
        let name = self.1.to_string().replace("GPIO line ", "");
        if board.broken.contains(&name) {
            return Err(GpioError::Refused { line: self.1.clone(), doing: Doing::Set, errno: libc::EIO });
        }
        board.log.push((name, on));
        Ok(())
    }
}

fn lights(board: &Board, specs: &[&str]) -> Result<Lights, LightsError> {
    let specs: Vec<LightSpec> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
    let labels = ["cat", "dog", "a=b"].map(String::from);
    Lights::open_with(&specs, &labels, |wiring| Ok(Box::new(FakeLine(board.clone(), wiring.line.clone()))))
}

fn on(line: &str) -> (String, bool) {
    (line.into(), true)
}

fn off(line: &str) -> (String, bool) {
    (line.into(), false)
}

#[test]
fn specs() {
    let parsed = |text: &str| text.parse::<LightSpec>();
    let light = |class: &str, active_low| LightSpec {
        class: class.into(),
        wiring: Wiring { line: LineSpec::Name("GPIO17".into()), active_low },
    };
    assert_eq!(parsed("cat=GPIO17"), Ok(light("cat", false)));
    assert_eq!(parsed("cat=17?active=low"), Ok(light("cat", true)));
    assert_eq!(parsed("a=b=17?active=high"), Ok(light("a=b", false)));
    for (wrong, part) in
        [("cat", "cat=GPIO17"), ("=17", "cat=GPIO17"), ("cat=", "not a GPIO line"), ("cat=17?active=up", "active=low")]
    {
        assert!(parsed(wrong).unwrap_err().contains(part), "{wrong}");
    }
}

#[test]
fn the_light_of_the_class_is_on_and_all_others_are_off() {
    let board = Board::default();
    let mut lights = lights(&board, &["cat=1", "dog=2", "unknown=3", "a=b=1"]).unwrap();
    assert_eq!(board.log(), [off("GPIO1"), off("GPIO2"), off("GPIO3")]);
    for (class, expected) in [
        (Some("cat"), vec!["GPIO1"]),
        (Some("dog"), vec!["GPIO2"]),
        (Some("a=b"), vec!["GPIO1"]),
        (Some("unknown"), vec!["GPIO3"]),
        (None, vec![]),
        (Some("something else"), vec![]),
        (Some("dog"), vec!["GPIO2"]),
    ] {
        lights.show(class);
        assert_eq!(board.lit(), expected, "{class:?}");
    }
    drop(lights);
    assert!(board.lit().is_empty(), "off at the end");
}

#[test]
fn a_line_is_set_only_when_it_changes_and_off_comes_first() {
    let board = Board::default();
    let mut lights = lights(&board, &["cat=1", "dog=2"]).unwrap();
    for class in ["dog", "dog", "dog", "cat", "cat"] {
        lights.show(Some(class));
    }
    assert_eq!(board.log()[2..], [on("GPIO2"), off("GPIO2"), on("GPIO1")]);
}

#[test]
fn a_line_that_fails_is_tried_again_later_and_holds_nothing_up() {
    let board = Board::default();
    let mut lights = lights(&board, &["cat=1", "dog=2"]).unwrap();
    let start = Instant::now();
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    board.fail(&["GPIO1"]);
    lights.show_at(Some("cat"), start);
    assert!(board.lit().is_empty());
    board.fail(&[]);
    lights.show_at(Some("cat"), after(500));
    assert!(board.lit().is_empty(), "it is left alone for a while");
    lights.show_at(Some("dog"), after(600));
    assert_eq!(board.lit(), ["GPIO2"], "others work on");
    lights.show_at(Some("cat"), after(1100));
    assert_eq!(board.lit(), ["GPIO1"]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let board = Board::default();
    let refusal = |specs: &[&str]| lights(&board, specs).err().unwrap().to_string();
    assert_eq!(
        refusal(&["bird=1"]),
        "the model knows no class \"bird\" for a light; its classes are cat, dog, a=b, and unknown"
    );
    assert!(refusal(&["cat=1", "dog=1?active=low"]).starts_with("GPIO line GPIO1 is given with active=low and"));
    assert!(board.log().is_empty());
}

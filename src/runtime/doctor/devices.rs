//! Cameras, displays, and the lines that buttons, lights and panels are wired to.

use super::check::{Check, Status, check};
use crate::{camera::enumerate, display::list, gpio::chips};

/// Every camera, with what it gives and the name that lasts.
pub fn cameras() -> Vec<Check> {
    let found = enumerate::cameras();
    if found.is_empty() {
        let advice =
            "plug in a USB webcam; in a container, pass /dev/video0 in; without one, use --camera files:FOLDER";
        return vec![check("camera", Status::Note, "/dev/video*", "no video device").advise(advice)];
    }
    found
        .into_iter()
        .map(|camera| {
            let what = camera.device.display().to_string();
            let (decoded, others): (Vec<_>, Vec<_>) = camera.formats.iter().partition(|format| format.is_decoded());
            let mut formats: Vec<String> = decoded.iter().map(ToString::to_string).collect();
            if !others.is_empty() {
                formats.push(format!("and {} formats that are not decoded", others.len()));
            }
            let name =
                if camera.name.is_empty() { String::new() } else { format!("{} ({})", camera.name, camera.driver) };
            match camera.problem {
                None => {
                    let found = check("camera", Status::Ok, what, format!("{name}: {}", formats.join("; ")));
                    match camera.lasting_name {
                        Some(lasting) => found.advise(format!("--camera {} names it for good", lasting.display())),
                        None => found,
                    }
                }
                Some(problem) => check("camera", Status::Note, what, name).advise(problem),
            }
        })
        .collect()
}

/// Every display that could be named.
pub fn displays() -> Vec<Check> {
    list::list()
        .into_iter()
        .map(|display| match display.problem {
            None => check("display", Status::Ok, display.spec, display.description),
            Some(problem) => check("display", Status::Note, display.spec, display.description).advise(problem),
        })
        .collect()
}

/// The chips whose lines buttons, lights and panels are wired to. A computer without any needs none.
pub fn lines() -> Vec<Check> {
    let chip = |found: chips::FoundChip| {
        let what = found.device.display().to_string();
        match found.description {
            Some(description) => check("gpio", Status::Ok, what, description),
            None => check("gpio", Status::Note, what, "it cannot be opened")
                .advise("join its group with `sudo usermod -aG gpio $USER`, then log out and in again"),
        }
    };
    chips::list().into_iter().map(chip).collect()
}

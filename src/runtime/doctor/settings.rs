//! The settings as they hold for a run, and where each came from.

use super::check::{Check, Chosen, Status, check};
use crate::runtime::config::{self, Effective, Origin};

/// The file, and every setting.
pub fn in_use(effective: &Effective) -> Vec<Check> {
    let file = match &effective.file {
        Some(path) => check("settings", Status::Ok, "file", path.display().to_string()),
        None => {
            check("settings", Status::Ok, "file", format!("none; {} is read where it exists", config::DEFAULT_PATH))
        }
    };
    let setting = |setting: &config::Setting| {
        let origin = match setting.origin {
            Origin::Flag => "by flag",
            Origin::File => "by file",
            Origin::Default => "by default",
        };
        let found = check("settings", Status::Ok, &setting.name, format!("{} ({origin})", setting.in_words()));
        Check { setting: Some(Chosen { value: setting.value.clone(), origin: setting.origin }), ..found }
    };
    std::iter::once(file).chain(effective.settings.iter().map(setting)).collect()
}

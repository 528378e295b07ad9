//! The displays that this machine has, and what to do about those that cannot be used.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use super::{error, framebuffer::Framebuffer, terminal};

/// A display that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDisplay {
    /// The SPEC to ask for it with; a part in capitals is to be filled in.
    pub spec: String,
    /// What it is.
    pub description: String,
    /// What keeps it from being used and what to do about it; `None` where it can be used.
    pub problem: Option<String>,
}

/// Lists the terminal, the framebuffers and the SPI buses. Nothing is drawn on them.
pub fn list() -> Vec<FoundDisplay> {
    let mut found = vec![match terminal::probe() {
        Ok(((columns, rows), colours)) => FoundDisplay {
            spec: "terminal".into(),
            description: format!("{columns}×{rows} characters, {colours}"),
            problem: None,
        },
        Err(problem) => {
            FoundDisplay { spec: "terminal".into(), description: "no terminal".into(), problem: Some(problem) }
        }
    }];
    found.extend(devices(Path::new("/dev")));
    found
}

/// Lists the device files under `folder`.
fn devices(folder: &Path) -> Vec<FoundDisplay> {
    let mut paths: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    paths.sort();
    paths.iter().filter_map(|path| device(path)).collect()
}

fn device(path: &Path) -> Option<FoundDisplay> {
    let name = path.file_name()?.to_str()?;
    let numbered =
        |prefix| name.strip_prefix(prefix).is_some_and(|rest: &str| rest.starts_with(|c: char| c.is_ascii_digit()));
    let shown = path.display();
    if numbered("fb") {
        let (description, problem) = match Framebuffer::probe(path) {
            Ok(description) => (description, None),
            Err(error) => ("framebuffer".into(), Some(error.to_string())),
        };
        Some(FoundDisplay { spec: format!("fb:{shown}"), description, problem })
    } else if numbered("spidev") {
        let problem = OpenOptions::new().read(true).write(true).open(path).err().map(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => format!("you may not use it; {}", error::join_group("spi")),
            _ => format!("it cannot be opened: {error}"),
        });
        let description = "SPI bus, for a panel with an ST7789 or ILI9341 if one is wired to it".into();
        Some(FoundDisplay { spec: format!("st7789:{shown}?dc=GPIO"), description, problem })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_framebuffers_and_buses() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["fb0", "spidev0.1", "spidev0.0", "fbsplash", "null"] {
            fs::write(folder.path().join(name), []).expect("the folder can be written");
        }
        let found = devices(folder.path());
        let specs: Vec<String> = found.iter().map(|f| f.spec.replace(&*folder.path().to_string_lossy(), "")).collect();
        assert_eq!(specs, ["fb:/fb0", "st7789:/spidev0.0?dc=GPIO", "st7789:/spidev0.1?dc=GPIO"]);
        let problem = found[0].problem.as_deref().expect("a plain file is no framebuffer");
        assert!(problem.contains("framebuffer"), "{problem}");
        assert_eq!(found[1].problem, None);
    }

    #[test]
    fn always_tells_about_the_terminal() {
        assert_eq!(list()[0].spec, "terminal");
    }
}

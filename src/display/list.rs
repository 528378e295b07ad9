//! The displays that this machine has, and what to do about those that cannot be used.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use super::{drm, error, framebuffer::Framebuffer, oled, terminal};

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

/// Lists the terminal, framebuffers, graphics cards, and the buses that small panels are wired to. Nothing is drawn on them.
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
    found.extend(["/dev", "/dev/dri"].into_iter().flat_map(|folder| devices(Path::new(folder))));
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
    } else if numbered("i2c-") {
        Some(i2c(path, name))
    } else if numbered("card") {
        let (description, problem) = match drm::probe(path) {
            Ok(description) => (description, None),
            Err(error) => ("graphics card".into(), Some(error.to_string())),
        };
        Some(FoundDisplay { spec: format!("drm:{shown}"), description, problem })
    } else {
        None
    }
}

/// An I2C bus, and whether something answers on it where panels do.
fn i2c(path: &Path, name: &str) -> FoundDisplay {
    let adapter = fs::read_to_string(format!("/sys/class/i2c-dev/{name}/name")).unwrap_or_default();
    let bus = match adapter.trim() {
        "" => "I2C bus".to_string(),
        adapter => format!("I2C bus {adapter}"),
    };
    let spec = format!("ssd1306:{}", path.display());
    match oled::probe(path) {
        Err(error) => FoundDisplay { spec, description: bus, problem: Some(error.to_string()) },
        Ok(None) => {
            let problem = "nothing answers at 0x3c or 0x3d, where panels with an SSD1306 do";
            FoundDisplay { spec, description: bus, problem: Some(problem.into()) }
        }
        Ok(Some(address)) => FoundDisplay {
            spec: format!("{spec}?addr={address:#04x}"),
            description: format!(
                "{bus}, {address:#04x} answers: a panel with an SSD1306, if that is what is wired to it"
            ),
            problem: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_framebuffers_and_buses() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["fb0", "spidev0.1", "spidev0.0", "fbsplash", "null", "i2c-1", "card0", "i2cat"] {
            fs::write(folder.path().join(name), []).expect("the folder can be written");
        }
        let found = devices(folder.path());
        let specs: Vec<String> = found.iter().map(|f| f.spec.replace(&*folder.path().to_string_lossy(), "")).collect();
        let [card, framebuffer, i2c, spi] = ["drm:/card0", "fb:/fb0", "ssd1306:/i2c-1", "st7789:/spidev0.0?dc=GPIO"];
        assert_eq!(specs, [card, framebuffer, i2c, spi, "st7789:/spidev0.1?dc=GPIO"]);
        for (found, part) in found.iter().zip(["has no screens", "as a framebuffer does", "cannot open the display"]) {
            let problem = found.problem.as_deref().expect("a plain file is no device");
            assert!(problem.contains(part), "{problem}");
        }
        assert_eq!(found[3].problem, None);
    }

    #[test]
    fn always_tells_about_the_terminal() {
        assert_eq!(list()[0].spec, "terminal");
    }
}

//! The screen as PNG files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{ImageFormat, RgbImage};

use super::{Panel, caption::Caption, error::DisplayError};

/// Writes each picture to a file: the same one every time, or numbered ones where the path holds `%d`.
pub struct PngFiles {
    path: PathBuf,
    size: (u32, u32),
    shown: u64,
}

impl PngFiles {
    /// Writes pictures of `size` (width, height) to `path`; nothing is written yet.
    pub fn new(path: PathBuf, size: (u32, u32)) -> Self {
        Self { path, size, shown: 0 }
    }
}

impl Panel for PngFiles {
    fn describe(&self) -> String {
        format!("{} {}×{}", self.path.display(), self.size.0, self.size.1)
    }

    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn show(&mut self, canvas: &RgbImage, _caption: &Caption) -> Result<(), DisplayError> {
        let path = numbered(&self.path, self.shown);
        self.shown += 1;
        write(canvas, &path).map_err(|reason| DisplayError::Write { path, reason })
    }
}

/// `path` with `%d` in its file name replaced by `number`.
fn numbered(path: &Path, number: u64) -> PathBuf {
    match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if name.contains("%d") => path.with_file_name(name.replace("%d", &number.to_string())),
        _ => path.into(),
    }
}

/// Replaces `path` in one step, so that a reader never sees half a picture.
fn write(canvas: &RgbImage, path: &Path) -> Result<(), String> {
    let mut name = path.file_name().ok_or("it names no file")?.to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = canvas
        .save_with_format(&part, ImageFormat::Png)
        .map_err(|error| error.to_string())
        .and_then(|()| fs::rename(&part, path).map_err(|error| error.to_string()));
    if written.is_err() {
        // The picture is lost anyway; what matters is the first error.
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn picture(shade: u8) -> RgbImage {
        RgbImage::from_fn(5, 4, |x, y| Rgb([x as u8 * 40, y as u8 * 60, shade]))
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder exists");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into()).collect();
        names.sort();
        names
    }

    #[test]
    fn replaces_one_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut panel = PngFiles::new(folder.path().join("screen.png"), (5, 4));
        for shade in [3, 200] {
            panel.show(&picture(shade), &Caption::default()).expect("the folder can be written");
            let read = image::open(folder.path().join("screen.png")).expect("it is a picture").into_rgb8();
            assert_eq!(read, picture(shade));
        }
        assert_eq!(names(folder.path()), ["screen.png"]);
    }

    #[test]
    fn numbers_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut panel = PngFiles::new(folder.path().join("s-%d.png"), (5, 4));
        for shade in [3, 200] {
            panel.show(&picture(shade), &Caption::default()).expect("the folder can be written");
        }
        assert_eq!(names(folder.path()), ["s-0.png", "s-1.png"]);
    }

    #[test]
    fn names_the_file_it_cannot_write() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut panel = PngFiles::new(folder.path().join("missing/screen.png"), (5, 4));
        let error = panel.show(&picture(0), &Caption::default()).expect_err("the folder is missing").to_string();
        assert!(error.contains("missing/screen.png") && error.contains("folder exists"), "{error}");
    }
}

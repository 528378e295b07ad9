//! A screen on a graphics card, by kernel mode setting: no X server and no Wayland are needed.

mod card;
mod choice;

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ::drm::{
    Device as _,
    buffer::{Buffer, DrmFourcc},
    control::{ClipRect, Device as _, connector, crtc, dumbbuffer::DumbBuffer, framebuffer},
};
use image::RgbImage;

use super::{
    Panel,
    caption::Caption,
    error::DisplayError,
    pixels::{Field, Geometry},
    shown::Shown,
    spec::DrmSpec,
};
use card::{Card, Output};
use choice::Refused;

/// How often it is looked whether the screen is still connected.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Parts that the kernel lets be flushed at once.
const MAX_CLIPS: usize = 256;

/// Says what is connected to a card, such as `HDMI-A-1 1920×1080`, without drawing on it.
pub fn probe(path: &Path) -> Result<String, DisplayError> {
    let spec = DrmSpec { device: path.into(), connector: None, mode: None, rotate: 0 };
    let card = Card::open(path)?;
    let output = card.output(&spec, false)?;
    if card.is_taken() {
        return Err(taken(path));
    }
    Ok(output.describe())
}

/// A screen in use; what it showed before comes back when this is dropped.
pub struct Screen {
    path: PathBuf,
    card: Card,
    output: Output,
    before: Option<crtc::Info>,
    buffer: DumbBuffer,
    framebuffer: framebuffer::Handle,
    geometry: Geometry,
    shown: Shown,
    /// Whether the driver has to be told what was drawn.
    flushes: bool,
    looked: Instant,
}

impl Screen {
    /// Takes the card, and sets the mode of the screen over a black picture. Where that fails, closing the card frees
    /// whatever was made by then.
    pub fn open(spec: &DrmSpec) -> Result<Self, DisplayError> {
        let path = &spec.device;
        let card = Card::open(path)?;
        let output = card.output(spec, true)?;
        let refused =
            |what: &'static str| move |error| DisplayError::device(path, format!("its driver refused {what}: {error}"));
        let size = output.size();
        let buffer =
            card.create_dumb_buffer(size, DrmFourcc::Xrgb8888, 32).map_err(refused("memory for the picture"))?;
        let framebuffer = card.add_framebuffer(&buffer, 24, 32).map_err(refused("pixels of 32 bits"))?;
        let geometry = geometry(size, buffer.pitch());
        let before = card.get_crtc(output.crtc).ok();
        let mut screen = Self {
            path: path.clone(),
            card,
            output,
            before,
            buffer,
            framebuffer,
            geometry,
            shown: Shown::unknown(size),
            flushes: false,
            looked: Instant::now(),
        };
        screen.show(&RgbImage::new(size.0, size.1), &Caption::default())?;
        screen.take_over()?;
        screen.flushes = true;
        Ok(screen)
    }

    fn take_over(&self) -> Result<(), DisplayError> {
        let Output { crtc, connector, mode, .. } = self.output;
        self.card.set_crtc(crtc, Some(self.framebuffer), (0, 0), &[connector], Some(mode)).map_err(|error| match error
            .raw_os_error()
        {
            Some(libc::EACCES | libc::EBUSY | libc::EPERM) => taken(&self.path),
            _ => {
                let reason =
                    format!("its driver refused the mode {}: {error}; try another mode=", self.output.mode_name());
                DisplayError::device(&self.path, reason)
            }
        })
    }

    /// Errs once nothing is connected any more, so that whatever is connected next gets its own mode.
    fn look(&mut self) -> Result<(), DisplayError> {
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked = Instant::now();
        let connector =
            self.card.get_connector(self.output.connector, false).map_err(|error| lost(&self.path, &error))?;
        if connector.state() == connector::State::Disconnected {
            return Err(DisplayError::no_screen(&self.path, format!("{} was unplugged", self.output.name)));
        }
        Ok(())
    }
}

impl Panel for Screen {
    fn describe(&self) -> String {
        format!("{} {}", self.path.display(), self.output.describe())
    }

    fn size(&self) -> (u32, u32) {
        self.output.size()
    }

    fn show(&mut self, canvas: &RgbImage, _caption: &Caption) -> Result<(), DisplayError> {
        self.look()?;
        let Self { path, card, buffer, framebuffer, geometry, flushes, .. } = self;
        self.shown.update(canvas, |bands| {
            // Mapped for the moment only: a mapping borrows its buffer.
            let mut memory = card.map_dumb_buffer(buffer).map_err(|error| lost(path, &error))?;
            bands.iter().for_each(|rows| geometry.write(canvas, rows.clone(), &mut memory));
            drop(memory);
            if *flushes {
                match card.dirty_framebuffer(*framebuffer, &clips(bands, geometry.width)) {
                    Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => *flushes = false,
                    flushed => flushed.map_err(|error| lost(path, &error))?,
                }
            }
            Ok(())
        })
    }

    fn invalidate(&mut self) {
        self.shown.forget();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where this fails, the kernel brings the console back as soon as the card is closed.
        if let Some(before) = self.before.filter(|before| before.framebuffer().is_some()) {
            let (framebuffer, connectors) = (before.framebuffer(), [self.output.connector]);
            let back = self.card.set_crtc(before.handle(), framebuffer, before.position(), &connectors, before.mode());
            if let Err(error) = back {
                log::info!("{} gets its last picture back from the kernel: {error}", self.path.display());
            }
        }
        let freed = self
            .card
            .destroy_framebuffer(self.framebuffer)
            .and_then(|()| self.card.destroy_dumb_buffer(self.buffer))
            .and_then(|()| self.card.release_master_lock());
        if let Err(error) = freed {
            log::info!("{} is given back by closing it: {error}", self.path.display());
        }
    }
}

/// Pixels as [`DrmFourcc::Xrgb8888`] has them.
fn geometry((width, height): (u32, u32), pitch: u32) -> Geometry {
    let field = |offset| Field { offset, length: 8 };
    Geometry {
        width,
        height,
        start: 0,
        stride: pitch as usize,
        pixel_bytes: 4,
        red: field(16),
        green: field(8),
        blue: field(0),
    }
}

/// The parts to be flushed for bands of rows, or one around them all where the kernel takes no more.
fn clips(bands: &[Range<u32>], width: u32) -> Vec<ClipRect> {
    // The kernel's modes have sides of 16 bits.
    let clip = |rows: Range<u32>| ClipRect::new(0, rows.start as u16, width as u16, rows.end as u16);
    match bands {
        [first, .., last] if bands.len() > MAX_CLIPS => vec![clip(first.start..last.end)],
        _ => bands.iter().cloned().map(clip).collect(),
    }
}

fn taken(path: &Path) -> DisplayError {
    let reason = "another program draws on it, such as X, Wayland or a boot splash; end it \
                  (`sudo systemctl isolate multi-user.target`), or use --display terminal there";
    DisplayError::busy(path, reason)
}

fn lost(path: &Path, error: &io::Error) -> DisplayError {
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => taken(path),
        _ => DisplayError::lost(path, format!("{error}; check its cable, and see `dmesg` for what its driver says")),
    }
}

impl Refused {
    fn on(self, path: &Path) -> DisplayError {
        match self {
            Self::NoScreen(reason) => DisplayError::no_screen(path, reason),
            Self::NotThere(reason) => DisplayError::device(path, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flushes_what_was_drawn_in_as_many_parts_as_the_kernel_takes() {
        let corners = |clip: &ClipRect| (clip.x1(), clip.y1(), clip.x2(), clip.y2());
        let two: Vec<_> = clips(&[0..3, 7..8], 640).iter().map(corners).collect();
        assert_eq!(two, [(0, 0, 640, 3), (0, 7, 640, 8)]);
        let many: Vec<Range<u32>> = (0..300).map(|row| 2 * row + 4..2 * row + 5).collect();
        assert_eq!(clips(&many, 9).iter().map(corners).collect::<Vec<_>>(), [(0, 4, 9, 603)]);
    }

    #[test]
    fn says_that_a_plain_file_is_no_card() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let spec = DrmSpec { device: file.path().into(), connector: None, mode: None, rotate: 0 };
        let error = Screen::open(&spec).err().expect("it is no device").to_string();
        assert!(error.contains("has no screens"), "{error}");
    }
}

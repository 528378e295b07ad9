//! A Linux framebuffer such as `/dev/fb0`.

use std::{
    fs::{File, OpenOptions},
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use image::RgbImage;
use memmap2::{MmapMut, MmapOptions};

use super::{
    Panel,
    caption::Caption,
    error::DisplayError,
    pixels::{Field, Geometry},
    shown::Shown,
};

const FBIOGET_VSCREENINFO: u32 = 0x4600;
const FBIOGET_FSCREENINFO: u32 = 0x4602;
const KDSETMODE: u32 = 0x4B3A;
const KD_TEXT: libc::c_ulong = 0;
const KD_GRAPHICS: libc::c_ulong = 1;

/// `struct fb_bitfield` of the kernel.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct BitField {
    offset: u32,
    length: u32,
    msb_right: u32,
}

/// `struct fb_var_screeninfo` of the kernel.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct VariableInfo {
    xres: u32,
    yres: u32,
    xres_virtual: u32,
    yres_virtual: u32,
    xoffset: u32,
    yoffset: u32,
    bits_per_pixel: u32,
    grayscale: u32,
    red: BitField,
    green: BitField,
    blue: BitField,
    transp: BitField,
    // Timings, rotation and colour space, which matter to nobody here.
    rest: [u32; 20],
}

/// `struct fb_fix_screeninfo` of the kernel.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct FixedInfo {
    id: [u8; 16],
    smem_start: libc::c_ulong,
    smem_len: u32,
    kind: u32,
    type_aux: u32,
    visual: u32,
    xpanstep: u16,
    ypanstep: u16,
    ywrapstep: u16,
    line_length: u32,
    mmio_start: libc::c_ulong,
    mmio_len: u32,
    accel: u32,
    capabilities: u16,
    reserved: [u16; 2],
}

/// An open framebuffer; what it showed before comes back when it is dropped.
pub struct Framebuffer {
    path: PathBuf,
    geometry: Geometry,
    memory: MmapMut,
    shown: Shown,
    before: Vec<u8>,
    _console: Option<GraphicsConsole>,
}

impl Framebuffer {
    /// Says what the framebuffer is, without drawing on it.
    pub fn probe(path: &Path) -> Result<String, DisplayError> {
        let (_, geometry, _) = Self::look(path)?;
        Ok(describe(&geometry))
    }

    /// Opens the framebuffer, hides the console's cursor where that is allowed, and blanks the screen.
    pub fn open(path: &Path) -> Result<Self, DisplayError> {
        let (file, geometry, bytes) = Self::look(path)?;
        // SAFETY: the device's memory never shrinks, and what others write into it meanwhile are pixels like any.
        let memory = unsafe { MmapOptions::new().len(bytes).map_mut(&file) }
            .map_err(|error| DisplayError::device(path, format!("its memory cannot be mapped: {error}")))?;
        let before = memory.to_vec();
        let console = GraphicsConsole::enter();
        let size = (geometry.width, geometry.height);
        let shown = Shown::unknown(size);
        let mut framebuffer = Self { path: path.into(), geometry, memory, shown, before, _console: console };
        framebuffer.show(&RgbImage::new(size.0, size.1), &Caption::default())?;
        Ok(framebuffer)
    }

    /// Opens the device and asks for its geometry and the size of its memory.
    fn look(path: &Path) -> Result<(File, Geometry, usize), DisplayError> {
        let missing = "no screen is connected, or the kernel has no framebuffer driver for it";
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|source| DisplayError::open(path, source, "video", missing))?;
        let device = |reason| DisplayError::device(path, reason);

        let (variable, fixed) =
            query(&file).map_err(|error| device(format!("it does not answer as a framebuffer does: {error}")))?;
        let geometry = geometry(&variable, &fixed);
        geometry.check(fixed.smem_len as usize).map_err(device)?;
        Ok((file, geometry, fixed.smem_len as usize))
    }
}

impl Panel for Framebuffer {
    fn describe(&self) -> String {
        format!("{} {}", self.path.display(), describe(&self.geometry))
    }

    fn size(&self) -> (u32, u32) {
        (self.geometry.width, self.geometry.height)
    }

    fn show(&mut self, canvas: &RgbImage, _caption: &Caption) -> Result<(), DisplayError> {
        let Self { geometry, memory, .. } = self;
        self.shown.update(canvas, |bands| {
            bands.iter().for_each(|rows| geometry.write(canvas, rows.clone(), memory));
            Ok(())
        })
    }

    fn invalidate(&mut self) {
        self.shown.forget();
    }
}

impl Drop for Framebuffer {
    fn drop(&mut self) {
        for y in 0..self.geometry.height {
            let row = self.geometry.row(y);
            self.memory[row.clone()].copy_from_slice(&self.before[row]);
        }
    }
}

fn describe(geometry: &Geometry) -> String {
    format!("{}×{}, {} bits a pixel", geometry.width, geometry.height, geometry.pixel_bytes * 8)
}

fn geometry(variable: &VariableInfo, fixed: &FixedInfo) -> Geometry {
    let field = |field: BitField| Field { offset: field.offset, length: field.length };
    // Pixels of 15 bits take two bytes.
    let pixel_bytes = variable.bits_per_pixel.div_ceil(8) as usize;
    let stride = fixed.line_length as usize;
    let above = (variable.yoffset as usize).saturating_mul(stride);
    Geometry {
        width: variable.xres,
        height: variable.yres,
        start: above.saturating_add((variable.xoffset as usize).saturating_mul(pixel_bytes)),
        stride,
        pixel_bytes,
        red: field(variable.red),
        green: field(variable.green),
        blue: field(variable.blue),
    }
}

fn query(file: &File) -> io::Result<(VariableInfo, FixedInfo)> {
    let (mut variable, mut fixed) = (VariableInfo::default(), FixedInfo::default());
    // SAFETY: the file is open, and both structures are as large as the kernel's, which it fills.
    let answers = unsafe {
        [
            libc::ioctl(file.as_raw_fd(), FBIOGET_VSCREENINFO as _, &raw mut variable),
            libc::ioctl(file.as_raw_fd(), FBIOGET_FSCREENINFO as _, &raw mut fixed),
        ]
    };
    if answers.iter().any(|&answer| answer < 0) { Err(io::Error::last_os_error()) } else { Ok((variable, fixed)) }
}

/// The console in graphics mode, in which it draws no cursor; text mode comes back when this is dropped.
struct GraphicsConsole(File);

impl GraphicsConsole {
    fn enter() -> Option<Self> {
        // The one in front is root's; a service may have a console given to it, which is its controlling terminal.
        let enter = |path: &str| {
            let console = OpenOptions::new().read(true).write(true).open(path)?;
            set_mode(&console, KD_GRAPHICS).map(|()| console)
        };
        let console = enter("/dev/tty0").or_else(|_| enter("/dev/tty"));
        console.inspect_err(|error| log::info!("the console's cursor stays visible: {error}")).ok().map(Self)
    }
}

impl Drop for GraphicsConsole {
    fn drop(&mut self) {
        if let Err(error) = set_mode(&self.0, KD_TEXT) {
            log::warn!("the console stays in graphics mode ({error}); switch consoles to get the text back");
        }
    }
}

fn set_mode(console: &File, mode: libc::c_ulong) -> io::Result<()> {
    // SAFETY: the file is open, and this ioctl takes a number.
    let answer = unsafe { libc::ioctl(console.as_raw_fd(), KDSETMODE as _, mode) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_as_large_as_the_kernels() {
        assert_eq!(size_of::<VariableInfo>(), 160);
        assert_eq!(size_of::<FixedInfo>(), if cfg!(target_pointer_width = "64") { 80 } else { 68 });
    }

    #[test]
    fn finds_the_visible_part() {
        let bits = |offset, length| BitField { offset, length, msb_right: 0 };
        let variable = VariableInfo {
            xres: 640,
            yres: 480,
            xoffset: 10,
            yoffset: 480,
            bits_per_pixel: 32,
            red: bits(16, 8),
            green: bits(8, 8),
            ..VariableInfo::default()
        };
        let found = geometry(&variable, &FixedInfo { line_length: 2600, ..FixedInfo::default() });
        assert_eq!((found.width, found.height, found.pixel_bytes, found.stride), (640, 480, 4, 2600));
        assert_eq!(found.start, 480 * 2600 + 40);
        assert_eq!((found.red.offset, found.green.length), (16, 8));
    }

    #[test]
    fn says_that_a_plain_file_is_no_framebuffer() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let error = Framebuffer::open(file.path()).err().expect("it is no device").to_string();
        assert!(error.contains("does not answer as a framebuffer does"), "{error}");
    }
}

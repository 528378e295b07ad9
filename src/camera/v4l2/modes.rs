//! What a device offers, and the choice among it: plain data, so that it can be tested without a camera.

use std::fmt;
use std::ops::RangeInclusive;

use crate::camera::spec::V4l2Request;
use crate::vision::frame::PixelFormat;

/// Four characters that name a pixel format, as V4L2 has them.
pub type FourCc = [u8; 4];

/// Size that is chosen where none is asked for: enough for the network, little for the USB bus.
const USUAL_SIZE: (u32, u32) = (640, 480);

/// Shortest side that shows the network as much as it can see.
const ENOUGH_SIDE: u32 = 224;

/// Frames a second that are enough where none are asked for; more bring no better label.
const ENOUGH_FPS: f64 = 15.0;

/// Formats of bare image sensors, which show no picture without an image processor.
#[rustfmt::skip]
const SENSOR_FORMATS: [&FourCc; 29] = [
    b"BA81", b"GBRG", b"GRBG", b"RGGB", b"BG10", b"GB10", b"BA10", b"RG10", b"BG12", b"GB12", b"BA12", b"RG12",
    b"BG14", b"GB14", b"GR14", b"RG14", b"BYR2", b"GB16", b"GR16", b"RG16", b"pBAA", b"pGAA", b"pgAA", b"pRAA",
    b"pBCC", b"pGCC", b"pgCC", b"pRCC", b"Y10P",
];

/// One size of a format; a range has a step for each side.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedSize {
    /// Columns, from the fewest to the most.
    pub width: RangeInclusive<u32>,
    /// Rows, from the fewest to the most.
    pub height: RangeInclusive<u32>,
    /// Columns and rows by which sizes in the ranges differ, at least 1.
    pub step: (u32, u32),
    /// Most frames a second, where the driver says it.
    pub max_fps: Option<f64>,
}

/// One pixel format of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedFormat {
    /// Its name.
    pub fourcc: FourCc,
    /// Its sizes; empty where the driver does not list them.
    pub sizes: Vec<OfferedSize>,
}

/// The format and the size to ask the driver for.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// Name of the format.
    pub fourcc: FourCc,
    /// How its pixels are laid out.
    pub format: PixelFormat,
    /// Columns and rows.
    pub size: (u32, u32),
    /// Most frames a second, where the driver says it.
    pub max_fps: Option<f64>,
}

/// Chooses the mode that `request` asks for; `None` where the device does not offer it.
///
/// Without a wish that is the size nearest to 640×480 whose sides are not shorter than the network's; among equals one with
/// enough frames a second, and then the format that takes the least work.
pub fn choose(offered: &[OfferedFormat], request: &V4l2Request) -> Option<Mode> {
    let wanted = request.size.unwrap_or(USUAL_SIZE);
    let wanted_fps = request.fps.map_or(ENOUGH_FPS, f64::from);
    let mut best: Option<((bool, u32, u32, u8), Mode)> = None;
    for listed in offered {
        let Some(format) = format_of(listed.fourcc) else { continue };
        if request.format.is_some_and(|asked| asked != format) {
            continue;
        }
        let unlisted =
            [OfferedSize { width: wanted.0..=wanted.0, height: wanted.1..=wanted.1, step: (1, 1), max_fps: None }];
        for offer in if listed.sizes.is_empty() { &unlisted } else { listed.sizes.as_slice() } {
            let size = offer.nearest(wanted);
            let distance = size.0.abs_diff(wanted.0).saturating_add(size.1.abs_diff(wanted.1));
            if request.size.is_some() && distance > 0 {
                continue;
            }
            let missing_fps = (wanted_fps - offer.max_fps.unwrap_or(wanted_fps)).max(0.0) as u32;
            let rank = (size.0.min(size.1) < ENOUGH_SIDE, distance, missing_fps, work(format));
            if best.as_ref().is_none_or(|(best_rank, _)| rank < *best_rank) {
                best = Some((rank, Mode { fourcc: listed.fourcc, format, size, max_fps: offer.max_fps }));
            }
        }
    }
    best.map(|(_, mode)| mode)
}

/// Orders formats by the work from their bytes to the network's input; grey comes last, because it has lost the colours that
/// networks are trained on.
fn work(format: PixelFormat) -> u8 {
    match format {
        PixelFormat::Nv12 => 0,
        PixelFormat::Yu12 => 1,
        PixelFormat::Yuyv => 2,
        PixelFormat::Uyvy => 3,
        PixelFormat::Rgb => 4,
        PixelFormat::Mjpg => 5,
        PixelFormat::Grey => 6,
    }
}

/// The formats that are decoded.
pub fn usable(offered: &[OfferedFormat]) -> impl Iterator<Item = &OfferedFormat> {
    offered.iter().filter(|format| format_of(format.fourcc).is_some())
}

/// Says why no picture can be had from a device with these formats; `None` where one can.
pub fn problem(offered: &[OfferedFormat]) -> Option<String> {
    if usable(offered).next().is_some() {
        None
    } else if offered.is_empty() {
        Some("it offers no picture formats; use another /dev/video node of the same camera".into())
    } else if offered.iter().all(|format| SENSOR_FORMATS.contains(&&format.fourcc)) {
        Some(SENSOR_ADVICE.into())
    } else {
        let names: Vec<String> = offered.iter().map(|format| name(format.fourcc)).collect();
        Some(format!(
            "it offers only {}, and one of MJPG, YUYV, UYVY, NV12, YU12, RGB3 and GREY is needed; use another camera",
            names.join(", ")
        ))
    }
}

/// What to do with a camera on the board's CSI connector.
pub const SENSOR_ADVICE: &str = "it gives the raw data of an image sensor, as cameras on the CSI connector do; \
     on a Raspberry Pi use --camera rpicam, on a Jetson --camera 'pipe?format=nv12&size=640x360:gst-launch-1.0 -q nvarguscamerasrc ! …' \
     (the README has the whole line), or plug in a USB webcam";

/// The layout behind a format's name; `None` for those that are not decoded.
pub fn format_of(fourcc: FourCc) -> Option<PixelFormat> {
    match &fourcc {
        b"MJPG" | b"JPEG" => Some(PixelFormat::Mjpg),
        b"YUYV" => Some(PixelFormat::Yuyv),
        b"UYVY" => Some(PixelFormat::Uyvy),
        b"NV12" => Some(PixelFormat::Nv12),
        b"YU12" => Some(PixelFormat::Yu12),
        b"RGB3" => Some(PixelFormat::Rgb),
        b"GREY" => Some(PixelFormat::Grey),
        _ => None,
    }
}

impl OfferedFormat {
    /// Whether frames in this format can be decoded here.
    pub fn is_decoded(&self) -> bool {
        format_of(self.fourcc).is_some()
    }
}

/// A format's name as text, `?` for what cannot be printed.
pub fn name(fourcc: FourCc) -> String {
    fourcc.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '?' }).collect()
}

impl OfferedSize {
    /// The size of this offer that is nearest to `wanted`.
    pub fn nearest(&self, wanted: (u32, u32)) -> (u32, u32) {
        (nearest_in(&self.width, self.step.0, wanted.0), nearest_in(&self.height, self.step.1, wanted.1))
    }
}

fn nearest_in(range: &RangeInclusive<u32>, step: u32, wanted: u32) -> u32 {
    let (from, to, step) = (*range.start(), *range.end(), step.max(1));
    // Twisted ranges are a driver's mistake; the lower end is as good as any.
    let above = wanted.clamp(from, to.max(from)) - from;
    let below = above / step * step;
    let up = below.checked_add(step).filter(|&up| up <= to.saturating_sub(from) && up - above < above - below);
    from + up.unwrap_or(below)
}

impl fmt::Display for OfferedFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(self.fourcc))?;
        self.sizes.iter().try_for_each(|size| write!(f, " {size}"))
    }
}

impl fmt::Display for OfferedSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.width.start(), self.height.start())?;
        if self.width.start() != self.width.end() || self.height.start() != self.height.end() {
            write!(f, "–{}×{}", self.width.end(), self.height.end())?;
        }
        self.max_fps.map_or(Ok(()), |fps| write!(f, "@{fps:.0}"))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{} {}", self.size.0, self.size.1, name(self.fourcc))
    }
}

#[cfg(test)]
mod tests;

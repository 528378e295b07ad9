//! The kernel's requests for which the crate `v4l` has no wrapper that takes every answer: its own panic on names that are not
//! UTF-8, on colour spaces that they do not know, and on a device that fails while it is closed.

use std::{io, mem::MaybeUninit};

use v4l::v4l_sys::{v4l2_capability, v4l2_fmtdesc, v4l2_format, v4l2_pix_format};
use v4l::v4l2::vidioc::{_IOC_TYPE, VIDIOC_ENUM_FMT, VIDIOC_QUERYCAP, VIDIOC_S_FMT};
use v4l::{Device, buffer::Type};

use super::modes::FourCc;

/// Formats that a device may list before its list is taken for endless.
const MAX_FORMATS: u32 = 256;

/// The kernel's structures: plain numbers, for which zeros are a value.
///
/// # Safety
///
/// Implementors must be valid when all their bytes are zero.
pub(super) unsafe trait Plain: Sized {
    /// The value whose bytes are all zero.
    fn zeroed() -> Self {
        // SAFETY: the trait's contract.
        unsafe { MaybeUninit::zeroed().assume_init() }
    }
}

// SAFETY: these are numbers, arrays of numbers, and unions that begin with a number.
unsafe impl Plain for v4l2_capability {}
// SAFETY: as above.
unsafe impl Plain for v4l2_fmtdesc {}
// SAFETY: as above.
unsafe impl Plain for v4l2_format {}

/// Makes one request, whose answer the kernel writes over `argument`.
///
/// # Safety
///
/// `T` must be the structure that the kernel takes with `request`, and pointers in it must be valid for what the request does.
pub(super) unsafe fn call<T>(device: &Device, request: _IOC_TYPE, argument: &mut T) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as `device` lives, and the caller answers for the structure.
    unsafe { v4l::v4l2::ioctl(device.handle().fd(), request, std::ptr::from_mut(argument).cast()) }
}

/// What the device is (VIDIOC_QUERYCAP).
pub(super) fn capability(device: &Device) -> io::Result<v4l2_capability> {
    let mut capability = v4l2_capability::zeroed();
    // SAFETY: VIDIOC_QUERYCAP takes a v4l2_capability.
    unsafe { call(device, VIDIOC_QUERYCAP, &mut capability)? };
    Ok(capability)
}

/// The pixel formats that the device lists (VIDIOC_ENUM_FMT), as far as it answers.
pub(super) fn formats(device: &Device) -> Vec<FourCc> {
    let listed = (0..MAX_FORMATS).map_while(|index| {
        let mut format = v4l2_fmtdesc { index, type_: Type::VideoCapture as u32, ..v4l2_fmtdesc::zeroed() };
        // SAFETY: VIDIOC_ENUM_FMT takes a v4l2_fmtdesc.
        unsafe { call(device, VIDIOC_ENUM_FMT, &mut format).ok()? };
        Some(format.pixelformat.to_le_bytes())
    });
    listed.collect()
}

/// Asks for a format (VIDIOC_S_FMT) and returns what the driver made of it.
pub(super) fn set_format(device: &Device, fourcc: FourCc, size: (u32, u32)) -> io::Result<v4l2_pix_format> {
    let mut format = v4l2_format { type_: Type::VideoCapture as u32, ..v4l2_format::zeroed() };
    // SAFETY: the zeroed format's union is valid as any of its parts, and for this type of buffer `pix` is the part that counts.
    let pix = unsafe { &mut format.fmt.pix };
    (pix.width, pix.height, pix.pixelformat) = (size.0, size.1, u32::from_le_bytes(fourcc));
    // SAFETY: VIDIOC_S_FMT takes a v4l2_format.
    unsafe { call(device, VIDIOC_S_FMT, &mut format)? };
    // SAFETY: as above, after the driver's answer.
    Ok(unsafe { format.fmt.pix })
}

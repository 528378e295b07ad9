//! The driver's buffers: mapped, filled in turn, and given back whatever the device does.

use std::{
    io, ptr, slice,
    time::{Duration, Instant},
};

use v4l::v4l_sys::{
    V4L2_BUF_FLAG_ERROR, V4L2_BUF_FLAG_TIMESTAMP_MASK, V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, v4l2_buffer,
    v4l2_requestbuffers,
};
use v4l::v4l2::vidioc::{
    VIDIOC_DQBUF, VIDIOC_QBUF, VIDIOC_QUERYBUF, VIDIOC_REQBUFS, VIDIOC_STREAMOFF, VIDIOC_STREAMON,
};
use v4l::{Device, buffer::Type, memory::Memory};

use super::calls::{Plain, call};

/// Oldest time stamp that is believed; drivers that count from another clock give older ones, or such that are to come.
const OLDEST: Duration = Duration::from_secs(10);

// SAFETY: numbers, arrays of numbers, and a union that begins with a number; a null pointer is a value of the others.
unsafe impl Plain for v4l2_buffer {}
// SAFETY: numbers only.
unsafe impl Plain for v4l2_requestbuffers {}

/// A device that streams into buffers of its own.
pub(super) struct Stream {
    buffers: Vec<Mapping>,
    /// The buffer that was handed out last and is not the driver's again.
    held: Option<u32>,
    device: Device,
}

/// A buffer that the driver has filled, until the next is asked for.
pub(super) struct Filled<'a> {
    /// What the driver wrote; may be less than a frame.
    pub bytes: &'a [u8],
    /// Whether the driver says that data was lost.
    pub damaged: bool,
    /// Number of the frame.
    pub sequence: u32,
    /// When it was captured, by the driver's time stamp where it has one that can be believed.
    pub captured_at: Instant,
}

impl Stream {
    /// Gets up to `count` buffers from the device, and starts it.
    pub fn start(device: Device, count: u32) -> io::Result<Self> {
        let mut stream = Self { buffers: Vec::new(), held: None, device };
        let granted = stream.request(count)?;
        for index in 0..granted {
            let mut buffer = description(index);
            // SAFETY: VIDIOC_QUERYBUF takes a v4l2_buffer.
            unsafe { call(&stream.device, VIDIOC_QUERYBUF, &mut buffer)? };
            stream.buffers.push(Mapping::new(&stream.device, &buffer)?);
        }
        for index in 0..granted {
            stream.queue(index)?;
        }
        let mut kind = Type::VideoCapture as u32;
        // SAFETY: VIDIOC_STREAMON takes the number of a type of buffers.
        unsafe { call(&stream.device, VIDIOC_STREAMON, &mut kind)? };
        Ok(stream)
    }

    /// Waits for the next buffer, for as long as `patience`; then errs with [`io::ErrorKind::TimedOut`].
    pub fn next(&mut self, patience: Duration) -> io::Result<Filled<'_>> {
        if let Some(held) = self.held.take() {
            self.queue(held)?;
        }
        self.wait(patience)?;
        let mut buffer = description(0);
        // SAFETY: VIDIOC_DQBUF takes a v4l2_buffer.
        unsafe { call(&self.device, VIDIOC_DQBUF, &mut buffer)? };
        let mapping = self.buffers.get(buffer.index as usize);
        let mapping = mapping.ok_or_else(|| io::Error::other("the driver gave a buffer that it does not have"))?;
        self.held = Some(buffer.index);
        Ok(Filled {
            bytes: mapping.filled(buffer.bytesused as usize),
            damaged: buffer.flags & V4L2_BUF_FLAG_ERROR != 0,
            sequence: buffer.sequence,
            captured_at: captured_at(&buffer),
        })
    }

    fn request(&self, count: u32) -> io::Result<u32> {
        let mut request = v4l2_requestbuffers {
            count,
            type_: Type::VideoCapture as u32,
            memory: Memory::Mmap as u32,
            ..v4l2_requestbuffers::zeroed()
        };
        // SAFETY: VIDIOC_REQBUFS takes a v4l2_requestbuffers.
        unsafe { call(&self.device, VIDIOC_REQBUFS, &mut request)? };
        Ok(request.count)
    }

    fn queue(&self, index: u32) -> io::Result<()> {
        // SAFETY: VIDIOC_QBUF takes a v4l2_buffer; the buffer lies in the driver's memory.
        unsafe { call(&self.device, VIDIOC_QBUF, &mut description(index)) }
    }

    fn wait(&self, patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut waiting = libc::pollfd { fd: self.device.handle().fd(), events: libc::POLLIN, revents: 0 };
            let milliseconds = i32::try_from(left.as_millis()).unwrap_or(i32::MAX).max(1);
            // SAFETY: one pollfd is passed, which outlives the call.
            match unsafe { libc::poll(&raw mut waiting, 1, milliseconds) } {
                0 => return Err(io::ErrorKind::TimedOut.into()),
                // An error of the device is told by the request that follows.
                1.. => return Ok(()),
                _ => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error => return Err(error),
                },
            }
        }
    }
}

impl Drop for Stream {
    /// Stops the device and frees its buffers. A device that has gone or is out of order refuses, which changes nothing: closing
    /// it, which comes after this, frees everything.
    fn drop(&mut self) {
        let mut kind = Type::VideoCapture as u32;
        // SAFETY: VIDIOC_STREAMOFF takes the number of a type of buffers.
        if let Err(error) = unsafe { call(&self.device, VIDIOC_STREAMOFF, &mut kind) } {
            log::debug!("the camera does not stop: {error}");
        }
        self.buffers.clear();
        if let Err(error) = self.request(0) {
            log::debug!("the camera keeps its buffers until it is closed: {error}");
        }
    }
}

fn description(index: u32) -> v4l2_buffer {
    v4l2_buffer { index, type_: Type::VideoCapture as u32, memory: Memory::Mmap as u32, ..v4l2_buffer::zeroed() }
}

/// The driver's time stamp on the clock of [`Instant`], which is the kernel's monotonic one too; else now.
fn captured_at(buffer: &v4l2_buffer) -> Instant {
    let now = Instant::now();
    if buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK != V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC {
        return now;
    }
    let age = since_boot().and_then(|clock| {
        let seconds = u64::try_from(buffer.timestamp.tv_sec).ok()?;
        let micros = u64::try_from(buffer.timestamp.tv_usec).ok()?;
        clock.checked_sub(Duration::from_secs(seconds).checked_add(Duration::from_micros(micros))?)
    });
    age.filter(|&age| age <= OLDEST).and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// The kernel's monotonic clock.
fn since_boot() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec, which outlives it.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    (answer == 0).then_some(Duration::new(u64::try_from(time.tv_sec).ok()?, nanos))
}

/// One buffer of the driver in this process's memory.
struct Mapping {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: the mapping belongs to this value alone and is not bound to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(device: &Device, buffer: &v4l2_buffer) -> io::Result<Self> {
        let bytes = buffer.length as usize;
        // SAFETY: for buffers of this kind of memory the driver has set `offset`.
        let offset = unsafe { buffer.m.offset };
        let (access, fd) = (libc::PROT_READ | libc::PROT_WRITE, device.handle().fd());
        // Of 32 bits on 32-bit boards, where the kernel gives offsets as small as that.
        let offset = offset as libc::off_t;
        // SAFETY: the kernel chooses the place of a new mapping, and refuses a length or offset that the device does not have.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, access, libc::MAP_SHARED, fd, offset) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start: start.cast(), bytes })
    }

    /// The first `used` bytes, or all there are.
    fn filled(&self, used: usize) -> &[u8] {
        // SAFETY: the mapping is `bytes` long and lives as long as `self`; the driver writes to it only while it has the buffer,
        // which it does not get back while the stream lends out the slice.
        unsafe { slice::from_raw_parts(self.start, used.min(self.bytes)) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this is the whole mapping, and nobody can hold a part of it any more.
        unsafe { libc::munmap(self.start.cast(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamped(at: Duration, flags: u32) -> v4l2_buffer {
        let mut buffer = v4l2_buffer { flags, ..v4l2_buffer::zeroed() };
        buffer.timestamp.tv_sec = at.as_secs().try_into().unwrap();
        buffer.timestamp.tv_usec = at.subsec_micros().into();
        buffer
    }

    #[test]
    fn a_frame_is_as_old_as_its_time_stamp_says() {
        let now = since_boot().unwrap();
        let age_of = |stamp: Duration, flags| captured_at(&stamped(stamp, flags)).elapsed();
        let aged = age_of(now - Duration::from_millis(700), V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC);
        assert!(aged >= Duration::from_millis(700) && aged < Duration::from_secs(5), "{aged:?}");
    }

    #[test]
    fn time_stamps_of_other_clocks_are_not_believed() {
        let before = Instant::now();
        let now = since_boot().unwrap();
        for (stamp, flags) in [
            (now, 0),
            (now + Duration::from_secs(60), V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC),
            (now.saturating_sub(Duration::from_secs(60)), V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC),
        ] {
            assert!(captured_at(&stamped(stamp, flags)) >= before, "{stamp:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_camera_gives_no_stream() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let device = Device::with_path(file.path()).unwrap();
        assert_eq!(Stream::start(device, 4).err().unwrap().raw_os_error(), Some(libc::ENOTTY));
    }
}

//! The four wires of a panel, which own the memory that pixels are gathered in.

use embedded_hal::{digital::OutputPin, spi::SpiDevice};
use mipidsi::interface::{Interface, InterfaceKind, SpiError, SpiInterface};

/// Bytes sent at once; spidev takes no more in one transfer unless it was set up to.
pub const TRANSFER_BYTES: usize = 4096;

/// An SPI bus and the line that tells data from commands.
pub struct Wire<S, P> {
    bus: S,
    dc: P,
    buffer: Vec<u8>,
}

impl<S: SpiDevice, P: OutputPin> Wire<S, P> {
    /// Takes the bus and the line.
    pub fn new(bus: S, dc: P) -> Self {
        Self { bus, dc, buffer: vec![0; TRANSFER_BYTES] }
    }

    /// mipidsi's interface borrows its buffer; lent for one call, it needs none that lives for ever.
    fn lend(&mut self) -> SpiInterface<'_, &mut S, &mut P> {
        SpiInterface::new(&mut self.bus, &mut self.dc, &mut self.buffer)
    }
}

impl<S: SpiDevice, P: OutputPin> Interface for Wire<S, P> {
    type Word = u8;
    type Error = SpiError<S::Error, P::Error>;
    const KIND: InterfaceKind = InterfaceKind::Serial4Line;

    fn send_command(&mut self, command: u8, arguments: &[u8]) -> Result<(), Self::Error> {
        self.lend().send_command(command, arguments)
    }

    fn send_pixels<const N: usize>(&mut self, pixels: impl IntoIterator<Item = [u8; N]>) -> Result<(), Self::Error> {
        self.lend().send_pixels(pixels)
    }

    fn send_repeated_pixel<const N: usize>(&mut self, pixel: [u8; N], count: u32) -> Result<(), Self::Error> {
        self.lend().send_repeated_pixel(pixel, count)
    }
}

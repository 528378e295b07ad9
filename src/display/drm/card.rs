//! A graphics card, and what is connected to it.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
};

use ::drm::{
    Device, DriverCapability,
    control::{self, Device as _, Mode, ModeTypeFlags, ResourceHandles, connector, crtc},
};

use super::choice::{Offer, State, choose_connector, choose_mode};
use crate::display::{error::DisplayError, spec::DrmSpec};

/// An open card; the first program to open it is its master, and may set modes.
pub struct Card {
    path: PathBuf,
    file: File,
}

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Device for Card {}
impl control::Device for Card {}

/// The way from a card to a screen.
pub struct Output {
    /// The connector's name, such as `HDMI-A-1`.
    pub name: String,
    /// What the screen is connected to.
    pub connector: connector::Handle,
    /// What feeds it.
    pub crtc: crtc::Handle,
    /// Its resolution and timings.
    pub mode: Mode,
}

impl Output {
    /// Columns and rows.
    pub fn size(&self) -> (u32, u32) {
        let (width, height) = self.mode.size();
        (width.into(), height.into())
    }

    /// Resolution and rate as `mode=` takes them.
    pub fn mode_name(&self) -> String {
        let (width, height) = self.size();
        format!("{width}x{height}@{}", self.mode.vrefresh())
    }

    /// Connector and resolution, for people.
    pub fn describe(&self) -> String {
        let (width, height) = self.size();
        format!("{} {width}×{height}", self.name)
    }
}

impl Card {
    /// Opens the card.
    pub fn open(path: &Path) -> Result<Self, DisplayError> {
        let missing =
            "no graphics driver made it; on a Raspberry Pi, /boot/firmware/config.txt needs dtoverlay=vc4-kms-v3d";
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| DisplayError::open(path, error, "video", missing))?;
        Ok(Self { path: path.into(), file })
    }

    /// Whether another program is the card's master.
    pub fn is_taken(&self) -> bool {
        let taken = [libc::EBUSY, libc::EACCES, libc::EPERM];
        self.acquire_master_lock().is_err_and(|error| error.raw_os_error().is_some_and(|errno| taken.contains(&errno)))
    }

    /// Finds the screen that `spec` asks for; `ask` lets the driver ask every connector anew, which may take a second.
    pub fn output(&self, spec: &DrmSpec, ask: bool) -> Result<Output, DisplayError> {
        let device = |reason: String| DisplayError::device(&self.path, reason);
        let screenless =
            |error| device(format!("it has no screens ({error}); `vggcam doctor` lists the cards that have some"));
        let resources = self.resource_handles().map_err(screenless)?;
        if !self.get_driver_capability(DriverCapability::DumbBuffer).is_ok_and(|able| able == 1) {
            return Err(device("its driver has no plain memory for pictures (dumb buffers)".into()));
        }
        let connectors: Vec<connector::Info> = resources
            .connectors()
            .iter()
            .filter_map(|handle| self.get_connector(*handle, ask).ok())
            .filter(|connector| connector.interface() != connector::Interface::Writeback)
            .collect();
        let named: Vec<(String, State)> =
            connectors.iter().map(|connector| (connector.to_string(), state(connector))).collect();
        let index = choose_connector(&named, spec.connector.as_deref()).map_err(|refused| refused.on(&self.path))?;
        let (connector, name) = (&connectors[index], named[index].0.clone());

        let modes: Vec<Offer> = connector.modes().iter().map(offer).collect();
        let mode = choose_mode(&modes, spec.mode, &name).map_err(|refused| refused.on(&self.path))?;
        let crtc = self
            .crtc_for(&resources, &connectors, connector)
            .map_err(|error| device(format!("{name} cannot be asked what feeds it: {error}")))?
            .ok_or_else(|| device(format!("all that could feed {name} is taken by its other screens; unplug one")))?;
        Ok(Output { name, connector: connector.handle(), crtc, mode: connector.modes()[mode] })
    }

    /// What feeds the connector now, or could feed it and feeds no other.
    fn crtc_for(
        &self,
        resources: &ResourceHandles,
        connectors: &[connector::Info],
        wanted: &connector::Info,
    ) -> io::Result<Option<crtc::Handle>> {
        let feeding = |connector: &connector::Info| self.get_encoder(connector.current_encoder()?).ok()?.crtc();
        if let Some(crtc) = feeding(wanted) {
            return Ok(Some(crtc));
        }
        let taken: HashSet<crtc::Handle> = connectors.iter().filter_map(feeding).collect();
        for encoder in wanted.encoders() {
            let possible = resources.filter_crtcs(self.get_encoder(*encoder)?.possible_crtcs());
            if let Some(free) = possible.into_iter().find(|crtc| !taken.contains(crtc)) {
                return Ok(Some(free));
            }
        }
        Ok(None)
    }
}

fn state(connector: &connector::Info) -> State {
    match connector.state() {
        connector::State::Connected => State::Connected,
        connector::State::Disconnected => State::Empty,
        connector::State::Unknown => State::Unknown,
    }
}

fn offer(mode: &Mode) -> Offer {
    let (width, height) = mode.size();
    Offer {
        size: (width.into(), height.into()),
        hz: mode.vrefresh(),
        preferred: mode.mode_type().contains(ModeTypeFlags::PREFERRED),
    }
}

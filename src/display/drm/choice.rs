//! Which connector and which mode are meant.

/// Why a card has no screen to draw on.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing is connected.
    NoScreen(String),
    /// What was asked for is not there.
    NotThere(String),
}

/// Whether a screen is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is one.
    Connected,
    /// There is none.
    Empty,
    /// The connector cannot tell.
    Unknown,
}

/// A mode that a screen offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Columns and rows.
    pub size: (u32, u32),
    /// Pictures a second.
    pub hz: u32,
    /// Whether the screen is made for this one.
    pub preferred: bool,
}

/// The connector called `wanted`, or the first with a screen, by its index.
pub fn choose_connector(connectors: &[(String, State)], wanted: Option<&str>) -> Result<usize, Refused> {
    let all = connectors.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let Some(wanted) = wanted else {
        let connected = connectors.iter().position(|(_, state)| *state == State::Connected);
        let nothing = || match connectors {
            [] => Refused::NotThere("it has no connectors".into()),
            _ => Refused::NoScreen(format!("nothing is connected to {all}; check the cable and the screen's power")),
        };
        return connected.ok_or_else(nothing);
    };
    match connectors.iter().position(|(name, _)| name.eq_ignore_ascii_case(wanted)) {
        None => Err(Refused::NotThere(format!("there is no connector {wanted}; it has {all}"))),
        Some(index) if connectors[index].1 == State::Empty => {
            Err(Refused::NoScreen(format!("nothing is connected to {wanted}; check the cable and the screen's power")))
        }
        Some(index) => Ok(index),
    }
}

/// The mode of the size and rate wanted, or the preferred one, by its index; `name` is the connector's.
pub fn choose_mode(modes: &[Offer], wanted: Option<((u32, u32), Option<u32>)>, name: &str) -> Result<usize, Refused> {
    let Some((size, hz)) = wanted else {
        let preferred = modes.iter().position(|mode| mode.preferred);
        // Drivers put the best first.
        let first = (!modes.is_empty()).then_some(0);
        let none = || Refused::NoScreen(format!("the screen on {name} tells no mode; try another cable"));
        return preferred.or(first).ok_or_else(none);
    };
    let fits = |mode: &Offer| mode.size == size && hz.is_none_or(|hz| hz == mode.hz);
    modes.iter().position(fits).ok_or_else(|| {
        let mut offered: Vec<String> =
            modes.iter().map(|mode| format!("{}x{}@{}", mode.size.0, mode.size.1, mode.hz)).collect();
        offered.dedup();
        let (width, height) = size;
        let rate = hz.map(|hz| format!("@{hz}")).unwrap_or_default();
        Refused::NotThere(format!("{name} has no mode {width}x{height}{rate}; it has {}", offered.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connectors() -> Vec<(String, State)> {
        [("HDMI-A-1", State::Empty), ("Composite-1", State::Unknown), ("DSI-1", State::Connected)]
            .map(|(name, state)| (name.to_string(), state))
            .into()
    }

    #[test]
    fn takes_the_first_connector_with_a_screen() {
        assert_eq!(choose_connector(&connectors(), None), Ok(2));
        let nothing = choose_connector(&connectors()[..2], None);
        let Err(Refused::NoScreen(reason)) = nothing else { panic!("{nothing:?}") };
        assert!(reason.starts_with("nothing is connected to HDMI-A-1, Composite-1; check"), "{reason}");
        assert_eq!(choose_connector(&[], None), Err(Refused::NotThere("it has no connectors".into())));
    }

    #[test]
    fn takes_the_connector_that_is_named() {
        assert_eq!(choose_connector(&connectors(), Some("dsi-1")), Ok(2));
        assert_eq!(choose_connector(&connectors(), Some("Composite-1")), Ok(1));
        assert!(matches!(choose_connector(&connectors(), Some("HDMI-A-1")), Err(Refused::NoScreen(_))));
        let missing = choose_connector(&connectors(), Some("HDMI-A-2"));
        let Err(Refused::NotThere(reason)) = missing else { panic!("{missing:?}") };
        assert_eq!(reason, "there is no connector HDMI-A-2; it has HDMI-A-1, Composite-1, DSI-1");
    }

    #[test]
    fn takes_the_preferred_mode_or_the_one_asked_for() {
        let mode = |size, hz, preferred| Offer { size, hz, preferred };
        let modes = [mode((3840, 2160), 30, false), mode((1920, 1080), 60, true), mode((1920, 1080), 50, false)];
        assert_eq!(choose_mode(&modes, None, "HDMI-A-1"), Ok(1));
        assert_eq!(choose_mode(&modes[..1], None, "HDMI-A-1"), Ok(0));
        assert_eq!(choose_mode(&modes, Some(((1920, 1080), None)), "HDMI-A-1"), Ok(1));
        assert_eq!(choose_mode(&modes, Some(((1920, 1080), Some(50))), "HDMI-A-1"), Ok(2));
        let missing = choose_mode(&modes, Some(((1280, 720), Some(60))), "HDMI-A-1");
        let Err(Refused::NotThere(reason)) = missing else { panic!("{missing:?}") };
        assert_eq!(reason, "HDMI-A-1 has no mode 1280x720@60; it has 3840x2160@30, 1920x1080@60, 1920x1080@50");
        assert!(matches!(choose_mode(&[], None, "HDMI-A-1"), Err(Refused::NoScreen(_))));
    }
}

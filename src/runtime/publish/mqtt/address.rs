//! A broker on the command line: `mqtt://HOST`, `mqtt://USER@HOST:PORT`.

use std::str::FromStr;

/// Where a broker is, and who sends to it. A password has no place here, because every user of a computer sees its command lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The broker.
    pub host: String,
    /// Its port, where one is given.
    pub port: Option<u16>,
    /// Who sends, where that is given.
    pub user: Option<String>,
}

impl FromStr for Address {
    type Err = String;

    /// The error says what can be written.
    fn from_str(text: &str) -> Result<Self, String> {
        let form =
            || "a broker belongs here, such as mqtt://homeassistant.local or mqtt://user@192.168.1.5:1883".to_owned();
        if text.starts_with("mqtts://") {
            return Err("the connection is not encrypted: give a broker of your own network with mqtt://".into());
        }
        let rest = text.strip_prefix("mqtt://").unwrap_or(text).trim_end_matches('/');
        let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        if user.is_some_and(|user| user.contains(':')) {
            return Err("a password on the command line is seen by everybody: write it into a file, and name that as \
                        password_file in the table [mqtt] of the settings"
                .into());
        }
        let (host, port) = match place.rsplit_once(':') {
            // An address of IPv6 stands in brackets, and without a port its last colon is within them.
            Some((host, port)) if !place.ends_with(']') => (host, Some(port.parse().map_err(|_| form())?)),
            _ => (place, None),
        };
        let host = host.trim_matches(['[', ']']);
        if host.is_empty() || host.contains(['/', ' ']) || user.is_some_and(str::is_empty) {
            return Err(form());
        }
        Ok(Self { host: host.into(), port, user: user.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_named_in_the_usual_ways() {
        let address = |text: &str| text.parse::<Address>().map(|Address { host, port, user }| (host, port, user));
        assert_eq!(address("mqtt://ha.local"), Ok(("ha.local".into(), None, None)));
        assert_eq!(address("mqtt://cat@10.0.0.1:1884/"), Ok(("10.0.0.1".into(), Some(1884), Some("cat".into()))));
        assert_eq!(address("ha.local"), Ok(("ha.local".into(), None, None)));
        assert_eq!(address("mqtt://[fe80::1]:1883"), Ok(("fe80::1".into(), Some(1883), None)));
        assert_eq!(address("mqtt://[fe80::1]"), Ok(("fe80::1".into(), None, None)));
        for wrong in ["", "mqtt://", "mqtt://a:b", "mqtt://@a", "http://a", "mqtt://a/b"] {
            assert!(address(wrong).unwrap_err().contains("such as"), "{wrong}");
        }
        assert!(address("mqtt://cat:secret@a").unwrap_err().contains("password_file"));
        assert!(address("mqtts://a").unwrap_err().contains("not encrypted"));
    }
}

//! `USER@HOST`: where a model goes.

use std::{fmt, str::FromStr};

/// A board that `ssh` can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// User on the board; as `ssh` is configured if `None`.
    pub user: Option<String>,
    /// Name or address of the board, or a name from the configuration of `ssh`.
    pub host: String,
}

impl FromStr for Destination {
    type Err = String;

    /// Takes only letters, digits and signs that neither `ssh`, `scp` nor a shell reads as anything else.
    fn from_str(text: &str) -> Result<Self, String> {
        let (user, host) = match text.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, text),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let usable = |name: &str, signs: &str| {
            !name.is_empty() && !name.starts_with('-') && name.chars().all(|c| c.is_alphanumeric() || signs.contains(c))
        };
        if !usable(host, "._-:%") || user.is_some_and(|user| !usable(user, "._-+@\\")) {
            return Err("USER@HOST belongs here, such as pi@raspberrypi.local; the port goes into --port".into());
        }
        Ok(Destination { user: user.map(str::to_string), host: host.into() })
    }
}

impl Destination {
    /// As `ssh` takes it.
    pub fn for_ssh(&self) -> String {
        self.before(&self.host)
    }

    /// A file in the folder that `ssh` starts in, as `scp` takes it.
    pub fn for_scp(&self, path: &str) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{}:{path}", self.before(&host))
    }

    fn before(&self, host: &str) -> String {
        self.user.as_ref().map_or(host.to_string(), |user| format!("{user}@{host}"))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.for_ssh())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_hosts_and_addresses_are_read() {
        for (text, ssh, scp) in [
            ("pi@raspberrypi.local", "pi@raspberrypi.local", "pi@raspberrypi.local:a/b"),
            ("board", "board", "board:a/b"),
            ("pi@fe80::1%eth0", "pi@fe80::1%eth0", "pi@[fe80::1%eth0]:a/b"),
            ("pi@[::1]", "pi@::1", "pi@[::1]:a/b"),
            ("who@where.org@host", "who@where.org@host", "who@where.org@host:a/b"),
        ] {
            let destination: Destination = text.parse().unwrap();
            assert_eq!((destination.for_ssh().as_str(), destination.for_scp("a/b").as_str()), (ssh, scp));
        }
    }

    #[test]
    fn nothing_that_means_more_than_a_name_is_taken() {
        for text in [
            "",
            "@",
            "pi@",
            "@host",
            "-oProxyCommand=x",
            "pi@-oProxyCommand=x",
            "-l@host",
            "pi@host;reboot",
            "pi@$(id)",
            "pi@host name",
            "pi@`id`",
            "ssh://pi@host",
            "pi@host\n",
            "pi'@host",
            "pi@host/x",
        ] {
            assert!(text.parse::<Destination>().is_err(), "{text:?}");
        }
    }
}

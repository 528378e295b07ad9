//! Whether this process may use a network at all.

use std::net::{Ipv4Addr, UdpSocket};

/// The next step for a process that may use none, as the packaged service by its defaults; `None` for any other.
pub fn advice() -> Option<&'static str> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let is_denied = socket.is_err_and(|error| error.raw_os_error() == Some(libc::EAFNOSUPPORT));
    is_denied
        .then_some("the service may use no network until network.conf of /usr/share/doc/vggcam/examples is installed")
}

#[cfg(test)]
mod tests {
    #[test]
    fn who_may_use_a_network_gets_no_advice() {
        assert_eq!(super::advice(), None);
    }
}

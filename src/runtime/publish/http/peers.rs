//! Who is connected, and how often.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use super::Limits;

/// The peer behind an address: the address itself, or of IPv6 the network, of which anybody has all addresses.
pub fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

/// The connections that there are.
#[derive(Default)]
pub struct Peers(Mutex<HashMap<IpAddr, usize>>);

/// A connection; it is over once this is dropped.
pub struct Seat {
    peers: Arc<Peers>,
    peer: IpAddr,
}

impl Peers {
    /// Lets another connection in; `None` where there are enough.
    pub fn enter(self: &Arc<Self>, address: IpAddr, limits: &Limits) -> Option<Seat> {
        let peer = peer(address);
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.values().sum::<usize>() >= limits.connections {
            return None;
        }
        let own = seats.entry(peer).or_default();
        if *own >= limits.connections_of_peer {
            return None;
        }
        *own += 1;
        Some(Seat { peers: Arc::clone(self), peer })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = seats.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                seats.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_peer() {
        let peer = |text: &str| peer(text.parse().unwrap()).to_string();
        assert_eq!([peer("10.0.0.1"), peer("::ffff:10.0.0.1")], ["10.0.0.1"; 2]);
        assert_eq!([peer("2001:db8::1"), peer("2001:db8::ffff:2")], ["2001:db8::"; 2]);
        assert_eq!(peer("::1"), "::1");
    }

    #[test]
    fn seats_are_counted_and_given_back() {
        let peers = Arc::new(Peers::default());
        let limits = Limits { connections: 3, connections_of_peer: 2, ..Limits::default() };
        let enter = |address: &str| peers.enter(address.parse().unwrap(), &limits);
        let first = enter("10.0.0.1");
        let second = enter("10.0.0.1");
        assert!(first.is_some() && second.is_some() && enter("10.0.0.1").is_none());
        let third = enter("10.0.0.2");
        assert!(third.is_some() && enter("10.0.0.3").is_none());
        drop(first);
        assert!(enter("10.0.0.3").is_some());
    }
}

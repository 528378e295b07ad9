//! Who may see the page: whoever sits at the board, or knows the password (basic authentication, RFC 7617).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use subtle::ConstantTimeEq;

use crate::runtime::publish::{
    http::{Request, Response, peer},
    secret::Secret,
};

/// Wrong passwords after which a peer has to wait.
const TRIES: u32 = 5;
/// How long a wrong password counts, and a peer waits.
const WAIT: Duration = Duration::from_secs(60);
/// Peers that are remembered; they are networks already, so that nobody has many.
const PEERS: usize = 1024;

/// Decides who may see the page.
pub struct Access {
    /// `USER:PASSWORD`, where there is a password.
    credentials: Option<String>,
    /// Wrong passwords of each peer, and when the last one came.
    wrong: Mutex<HashMap<IpAddr, (u32, Instant)>>,
}

impl Access {
    /// Lets in whoever knows `password`; without one, whoever calls the board by a name of its loopback.
    pub fn new(user: &str, password: Option<&Secret>) -> Self {
        let credentials = password.map(|password| format!("{user}:{}", password.reveal()));
        Self { credentials, wrong: Mutex::default() }
    }

    /// What to answer whoever may not see the page; `None` for whoever may.
    pub fn refusal(&self, request: &Request) -> Option<Response> {
        let Some(credentials) = &self.credentials else {
            // A page on the internet can let its own name lead to this address; the browser still says that name.
            return (!request.names_loopback())
                .then(|| Response::text(421, "without a password this page is for localhost only"));
        };
        let from = peer(request.from.ip());
        if self.waits(from) {
            let wait = WAIT.as_secs().to_string();
            return Some(Response::text(429, "too many wrong passwords: wait a minute").with("Retry-After", wait));
        }
        let ask = || {
            Response::text(401, "this page needs its password")
                .with("WWW-Authenticate", "Basic realm=\"vggcam\", charset=\"UTF-8\"")
        };
        let Some(given) = request.field("authorization") else { return Some(ask()) };
        // Takes as long whichever character is the first wrong one.
        let right = decoded(given).is_some_and(|given| bool::from(given.as_slice().ct_eq(credentials.as_bytes())));
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if right {
            wrong.remove(&from);
            return None;
        }
        if wrong.len() >= PEERS {
            wrong.retain(|_, (_, at)| at.elapsed() < WAIT);
        }
        if wrong.len() < PEERS || wrong.contains_key(&from) {
            let (count, at) = wrong.entry(from).or_insert((0, Instant::now()));
            (*count, *at) = (*count + 1, Instant::now());
        }
        if wrong.get(&from).is_none_or(|&(count, _)| count == TRIES) {
            log::warn!("wrong passwords for the web page from {from}");
        }
        Some(ask())
    }

    /// Whether a peer has guessed too often. While more peers guess than are remembered, unknown ones wait too.
    fn waits(&self, from: IpAddr) -> bool {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.get(&from).is_some_and(|(_, at)| at.elapsed() >= WAIT) {
            wrong.remove(&from);
        }
        wrong.get(&from).map_or(wrong.len() >= PEERS, |&(count, _)| count >= TRIES)
    }
}

/// What stands behind `Basic`.
fn decoded(field: &str) -> Option<Vec<u8>> {
    let (scheme, given) = field.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(given.trim()).ok())?
}

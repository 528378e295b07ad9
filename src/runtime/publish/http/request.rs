//! Reading a request.

use std::{
    io::{ErrorKind, Read},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::{Limits, Response};

/// Header fields of a request, at most.
const FIELDS: usize = 64;
/// How long a peer may take to notice that its connection is over.
const FAREWELL: Duration = Duration::from_millis(500);
/// Bytes that a peer may send after its request, at most.
const LEFTOVERS: usize = 1 << 16;

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub from: SocketAddr,
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path, without what stands behind a question mark.
    pub path: String,
    /// Names of header fields, in small letters, and what they say.
    fields: Vec<(String, String)>,
}

impl Request {
    /// What a header field says; `name` is in small letters.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether the machine itself is asked for, by a name or an address of its loopback.
    pub fn names_loopback(&self) -> bool {
        let host = self.field("host").unwrap_or_default();
        if let Ok(address) = host.parse::<SocketAddr>() {
            return address.ip().is_loopback();
        }
        let name = host.split(':').next().unwrap_or_default();
        name.eq_ignore_ascii_case("localhost")
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Reads a request. Errs with what to answer where it is none that is answered, with nothing where the peer has gone.
pub fn read(mut stream: &TcpStream, from: SocketAddr, limits: &Limits) -> Result<Request, Option<Response>> {
    let deadline = Instant::now() + limits.request_time;
    let mut bytes = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Some(Response::text(408, "the request took too long")));
        }
        stream.set_read_timeout(Some(left)).map_err(|_| None)?;
        match stream.read(&mut chunk) {
            Ok(0) => return Err(None),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // The time that is left tells.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => return Err(None),
        }
        if let Some(request) = parse(&bytes, from).map_err(Some)? {
            return Ok(request);
        }
        if bytes.len() >= limits.request_bytes {
            return Err(Some(Response::text(431, "the request is too long")));
        }
    }
}

/// The request that `bytes` begin with; `None` while it is not whole, an answer where it is none that is answered.
fn parse(bytes: &[u8], from: SocketAddr) -> Result<Option<Request>, Response> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Response::text(431, "the request has too many fields")),
        Err(error) => return Err(Response::text(400, &format!("this is no request: {error}"))),
    }
    let (method, target) = (head.method.unwrap_or_default(), head.path.unwrap_or_default());
    if !matches!(method, "GET" | "HEAD") {
        return Err(Response::text(405, "only GET and HEAD are answered").with("Allow", "GET, HEAD"));
    }
    let fields = head
        .headers
        .iter()
        .map(|field| (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).trim().to_owned()));
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let request = Request { from, method: method.into(), path, fields: fields.collect() };
    let has_body = request.field("transfer-encoding").is_some()
        || request.field("content-length").is_some_and(|length| length != "0");
    if has_body {
        return Err(Response::text(413, "a request here has no body"));
    }
    Ok(Some(request))
}

/// Ends a connection so that the answer arrives: what the peer still sends is read and thrown away, for a moment.
pub fn drain(mut stream: &TcpStream) {
    let end = Instant::now() + FAREWELL;
    let mut left = LEFTOVERS;
    let mut chunk = [0; 2048];
    if stream.shutdown(Shutdown::Write).is_err() || stream.set_read_timeout(Some(FAREWELL)).is_err() {
        return;
    }
    while left > 0 && Instant::now() < end {
        match stream.read(&mut chunk) {
            Ok(count @ 1..) => left = left.saturating_sub(count),
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Result<Option<Request>, Response> {
        parse(text.as_bytes(), ([127, 0, 0, 1], 9).into())
    }

    #[test]
    fn a_request_is_taken_apart() {
        let request = parsed("GET /status.json?x=1 HTTP/1.1\r\nHost: localhost\r\nX-A:  b \r\n\r\n").unwrap().unwrap();
        assert_eq!((request.path.as_str(), request.field("x-a")), ("/status.json", Some("b")));
        assert_eq!(request.field("host"), Some("localhost"));
        assert_eq!(parsed("GET / HTTP/1.1\r\nHost").unwrap(), None);
    }

    #[test]
    fn what_is_not_answered_is_refused() {
        let status = |text: &str| parsed(text).unwrap_err().status();
        assert_eq!(status("POST / HTTP/1.1\r\n\r\n"), 405);
        assert_eq!(status("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), 413);
        assert_eq!(status("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 413);
        assert_eq!(status("\x16\x03\x01 TLS"), 400);
        let many: String = (0..100).map(|i| format!("X-{i}: y\r\n")).collect();
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{many}\r\n")), 431);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, ([127, 0, 0, 1], 9).into());
            let _ = parse(&[b"GET / HTTP/1.1\r\n", &bytes[..]].concat(), ([127, 0, 0, 1], 9).into());
        }
    }
}

//! Writing an answer.

use std::{
    borrow::Cow,
    io::{self, Write},
    net::TcpStream,
    time::Instant,
};

/// What a page may do unless it says otherwise: nothing.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    kind: &'static str,
    policy: &'static str,
    fields: Vec<(&'static str, String)>,
    body: Cow<'static, [u8]>,
}

impl Response {
    /// An answer with a body of a media type.
    pub fn new(kind: &'static str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { status: 200, kind, policy: NOTHING, fields: Vec::new(), body: body.into() }
    }

    /// A sentence under a status of HTTP.
    pub fn text(status: u16, sentence: &str) -> Self {
        let mut response = Self::new("text/plain; charset=utf-8", format!("{sentence}\n").into_bytes());
        response.status = status;
        response
    }

    /// The same with another header field.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The same for a page that may do what `policy` says (Content Security Policy, level 3).
    pub fn allowed(mut self, policy: &'static str) -> Self {
        self.policy = policy;
        self
    }

    /// Its status.
    #[cfg(test)]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Writes it, without the body where only the head was asked for. Errs where it was not taken until `deadline`.
    pub fn write(&self, stream: &TcpStream, is_head: bool, deadline: Instant) -> io::Result<()> {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\nCache-Control: no-store\r\n\
             Content-Security-Policy: {}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\n",
            self.status,
            reason(self.status),
            self.kind,
            self.body.len(),
            self.policy
        );
        for (name, value) in &self.fields {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        write_until(stream, head.as_bytes(), deadline)?;
        if is_head { Ok(()) } else { write_until(stream, &self.body, deadline) }
    }
}

fn write_until(mut stream: &TcpStream, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What RFC 9110 calls a status.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}

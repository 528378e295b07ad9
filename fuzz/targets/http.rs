//! Requests to the web page, over real connections.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Arc, OnceLock},
    time::Duration,
};

use vggcam::runtime::publish::{http::Server, record::Record, web};

/// No answer of the page is longer.
const MAX_ANSWER: usize = 256 << 10;

fn address() -> SocketAddr {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let start = || {
        let settings = web::Settings { listen: Some(([127, 0, 0, 1], 0).into()), ..web::Settings::default() };
        let server = web::start(&settings, &Arc::new(Record::default())).expect("a port is free");
        server.expect("the settings ask for it")
    };
    SERVER.get_or_init(start).address()
}

/// What somebody sends, and then no more.
pub fn run(data: &[u8]) {
    let mut stream = TcpStream::connect(address()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time above zero");
    // A server that has refused a request takes no more of it.
    let _ = stream.write_all(data);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = vec![];
    if let Err(error) = (&stream).take(MAX_ANSWER as u64 + 1).read_to_end(&mut answer) {
        assert!(error.kind() == std::io::ErrorKind::ConnectionReset, "no end: {error}");
        return;
    }
    // Nothing is answered to what is no whole request.
    if answer.is_empty() {
        return;
    }
    assert!(answer.len() <= MAX_ANSWER, "{} bytes", answer.len());
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head ends") + 4;
    let head = std::str::from_utf8(&answer[..end]).expect("a head is text");
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect("a status comes first");
    let status: u16 = status.get(..3).and_then(|code| code.parse().ok()).expect("a status is a number");
    let fields: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").expect("a field has a value")).collect();
    let field = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
    let length: usize = field("Content-Length").and_then(|length| length.parse().ok()).expect("a length is told");
    let body = answer.len() - end;
    assert!(body == length || body == 0 && data.starts_with(b"HEAD"), "{body} bytes of {length}");
    assert_eq!(field("Connection"), Some("close"));
    assert!(field("Content-Security-Policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    // A page on the internet that lets its name lead here still says its own name.
    let text = String::from_utf8_lossy(data).to_ascii_lowercase();
    assert!(status != 200 || ["localhost", "127.", "[::1]"].iter().any(|name| text.contains(name)), "{text}");
}

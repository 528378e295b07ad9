//! A server asked over real connections.

use std::{
    io::{Read, Write},
    sync::atomic::AtomicUsize,
};

use super::*;

fn limits() -> Limits {
    let (request_time, response_time) = (Duration::from_millis(300), Duration::from_millis(400));
    Limits { connections: 8, connections_of_peer: 3, request_bytes: 1024, request_time, response_time }
}

fn server(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
    Server::start(([127, 0, 0, 1], 0).into(), "a test", limits(), answer).unwrap()
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// All that the server says until it closes the connection.
fn answer_to(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(request).unwrap();
    said(stream)
}

fn said(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_request_is_answered_with_all_that_keeps_it_safe() {
    let server = server(|request| Response::new("text/plain", format!("asked for {}", request.path).into_bytes()));
    let text = answer_to(&server, b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "asked for /a");
    for field in ["HTTP/1.1 200 OK", "Content-Length: 12", "default-src 'none'", "nosniff", "no-store", "close"] {
        assert!(head.contains(field), "{field} in {head}");
    }
    let text = answer_to(&server, b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(text.contains("Content-Length: 12") && text.ends_with("\r\n\r\n"));
}

#[test]
fn long_and_slow_requests_end() {
    let server = server(|_| Response::text(200, "fine"));
    let long = [b"GET / HTTP/1.1\r\nX: ".to_vec(), vec![b'a'; 1500]].concat();
    assert!(answer_to(&server, &long).starts_with("HTTP/1.1 431 "));
    let mut slow = connect(&server);
    slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    assert!(said(slow).starts_with("HTTP/1.1 408 "));
}

#[test]
fn one_peer_does_not_take_every_connection() {
    let server = server(|_| Response::text(200, "fine"));
    let idle: Vec<_> = (0..6).map(|_| connect(&server)).collect();
    // Those beyond the third are closed without a word.
    let silent = idle.into_iter().map(said).filter(String::is_empty).count();
    assert_eq!(silent, 3);
    assert!(answer_to(&server, b"GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

#[test]
fn whoever_does_not_take_the_answer_is_left() {
    let done = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&done);
    let server = server(move |_| {
        asked.fetch_add(1, Ordering::SeqCst);
        Response::new("text/plain", vec![0; 64 << 20])
    });
    let mut lazy: Vec<_> = (0..3).map(|_| connect(&server)).collect();
    for stream in &mut lazy {
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    }
    // Once all three are given up there is room for this one, which is tried until then.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let mut next = connect(&server);
        let _ = next.write_all(b"HEAD / HTTP/1.1\r\n\r\n");
        if said(next).starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(Instant::now() < deadline, "connections are given up");
        thread::sleep(Duration::from_millis(20));
    }
    assert!(done.load(Ordering::SeqCst) >= 1);
    drop(lazy);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = server(|_| Response::text(200, "fine"));
    let again = Server::start(server.address(), "a test", limits(), |_| Response::text(200, "fine"));
    let error = again.err().unwrap().to_string();
    assert!(error.contains(&server.address().to_string()) && error.contains("choose another"), "{error}");
    let address = server.address();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn names_of_the_machine_itself_are_known() {
    let server = server(|request| Response::text(200, if request.names_loopback() { "mine" } else { "another's" }));
    let asked = |host: &str| answer_to(&server, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:8080"] {
        assert!(asked(host).contains("mine"), "{host}");
    }
    for host in ["", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1:8080", "evil:8080", "[::2]:1"] {
        assert!(asked(host).contains("another's"), "{host}");
    }
}

//! The page asked over real connections.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    runtime::{
        publish::record::tests::{begun, begun_with},
        shot::Shot,
    },
    vision::frame::{Frame, PixelFormat, YuvColour},
};

fn started(password: Option<&str>, model: Option<PathBuf>) -> (Server, Arc<Record>) {
    let record = begun_with(model);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), password.unwrap_or_default()).unwrap();
    let password_file = password.map(|_| file.path().into());
    let settings = Settings { listen: Some(([127, 0, 0, 1], 0).into()), password_file, ..Settings::default() };
    (start(&settings, &record).unwrap().unwrap(), record)
}

/// Status, head and body of what is answered.
fn ask(server: &Server, path: &str, fields: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\n{fields}\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head[9..12].parse().unwrap(), head, bytes[end + 4..].to_vec())
}

const HOST: &str = "Host: localhost\r\n";

#[test]
fn everything_on_the_page_is_there() {
    let (server, _record) = started(None, None);
    let (status, head, page) = ask(&server, "/", HOST);
    assert!(status == 200 && head.contains("script-src 'self'") && !head.contains("unsafe"));
    let page = String::from_utf8(page).unwrap();
    for path in ["/page.css", "/page.js", "/icon.svg"] {
        assert!(page.contains(&path[1..]), "{path}");
        assert_eq!(ask(&server, path, HOST).0, 200, "{path}");
    }
    let status: serde_json::Value = serde_json::from_slice(&ask(&server, "/status.json", HOST).2).unwrap();
    assert_eq!(status["state"], "live");
    assert!(String::from_utf8_lossy(&ask(&server, "/metrics", HOST).2).contains("vggcam_info"));
    assert_eq!(ask(&server, "/../etc/passwd", HOST).0, 404);
}

#[test]
fn another_name_leads_nowhere_without_a_password() {
    let (server, _record) = started(None, None);
    assert_eq!(ask(&server, "/picture.jpg", "Host: example.org\r\n").0, 421);
    assert_eq!(ask(&server, "/", "").0, 421);
}

#[test]
fn the_password_is_asked_for_and_guesses_are_few() {
    let (server, _record) = started(Some("red fox"), None);
    let with = |credentials: &str| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        ask(&server, "/", &format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(credentials))).0
    };
    let (status, head, body) = ask(&server, "/", "");
    assert!(status == 401 && head.contains("WWW-Authenticate: Basic realm=") && body.len() < 100);
    assert_eq!(with("vggcam:red fox"), 200);
    assert_eq!([with("vggcam:red"), with("vggcam:red foxy"), with("other:red fox"), with("")], [401; 4]);
    // The right one ends the count.
    assert_eq!(with("vggcam:red fox"), 200);
    assert_eq!((0..5).map(|_| with("vggcam:guess")).collect::<Vec<_>>(), [401; 5]);
    assert_eq!(with("vggcam:red fox"), 429);
    for path in ["/status.json", "/picture.jpg", "/metrics", "/report"] {
        assert_eq!(ask(&server, path, "").0, 429, "{path}");
    }
}

#[test]
fn nobody_listens_to_everybody_without_a_password() {
    let settings = Settings { listen: Some(([0, 0, 0, 0], 0).into()), ..Settings::default() };
    let error = start(&settings, &begun()).err().unwrap().to_string();
    assert!(error.contains("password_file") && error.contains("ssh -L"), "{error}");
}

#[test]
fn the_picture_is_the_newest_frame() {
    let (server, record) = started(None, None);
    assert_eq!(ask(&server, "/picture.jpg", HOST).0, 404);
    let frame = |shade: u8| Frame {
        format: PixelFormat::Rgb,
        colour: YuvColour::default(),
        width: 1600,
        height: 1200,
        stride: 4800,
        bytes: vec![shade; 4800 * 1200],
        captured_at: Instant::now(),
        sequence: shade.into(),
        name: String::new(),
    };
    for shade in [40, 200] {
        record.frame(&Arc::new(Shot::new(frame(shade), 0)));
        // The one before counts for a moment.
        std::thread::sleep(Duration::from_millis(100));
        let (status, _, jpeg) = ask(&server, "/picture.jpg", HOST);
        let picture = image::load_from_memory(&jpeg).unwrap().into_rgb8();
        assert_eq!((status, picture.dimensions()), (200, (640, 480)));
        assert!(picture.get_pixel(320, 240).0[0].abs_diff(shade) < 4);
    }
}

#[test]
fn the_report_is_shown_or_it_is_said_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    let (server, _record) = started(None, Some(model.clone()));
    let (status, _, text) = ask(&server, "/report", HOST);
    let text = String::from_utf8(text).unwrap();
    assert!(status == 404 && text.contains(&model.display().to_string()) && text.contains("deploy"), "{text}");
    fs::write(folder.path().join("report.html"), "<p>a report</p>").unwrap();
    let (status, head, text) = ask(&server, "/report", HOST);
    assert!(status == 200 && !head.contains("script-src"), "{head}");
    assert_eq!(text, b"<p>a report</p>");
    // An installed model has one of its own.
    fs::write(folder.path().join("model.onnx.report.html"), "<p>its own</p>").unwrap();
    assert_eq!(ask(&server, "/report", HOST).2, b"<p>its own</p>");
    let (server, _record) = started(None, None);
    assert!(String::from_utf8(ask(&server, "/report", HOST).2).unwrap().contains("bundled"));
}

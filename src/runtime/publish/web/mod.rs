//! A web page with the newest picture, what was seen in it, and how the board fares.

mod access;
mod preview;
mod report;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    http::{Limits, ListenError, Request, Response, Server},
    metrics,
    record::Record,
    secret::{SecretError, password},
    status::Status,
};
use access::Access;
use preview::Preview;

/// The table `[web]` of the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the page is answered; without it there is none. Other addresses than the board's own loopback need a password.
    pub listen: Option<SocketAddr>,
    /// Who may see it.
    pub user: String,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: None, user: "vggcam".into(), password_file: None }
    }
}

/// Why the page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Everybody could see what the camera sees.
    #[error(
        "the web page on {listen} would show the camera to everybody: set password_file in the table [web] of the settings, or \
         listen on 127.0.0.1 and come through `ssh -L 8080:localhost:{port} BOARD`",
        port = listen.port()
    )]
    Open { listen: SocketAddr },
    /// The password is not there.
    #[error(transparent)]
    Password(#[from] SecretError),
    /// The address cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// What the page may do: show itself, and ask the board.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Shows the page where the settings say, if they do.
pub fn start(settings: &Settings, record: &Arc<Record>) -> Result<Option<Server>, WebError> {
    let Some(listen) = settings.listen else { return Ok(None) };
    let password = password(settings.password_file.as_deref())?;
    if password.is_none() && !listen.ip().is_loopback() {
        return Err(WebError::Open { listen });
    }
    let access = Access::new(&settings.user, password.as_ref());
    let (record, preview) = (Arc::clone(record), Preview::default());
    let server = Server::start(listen, "the web page", Limits::default(), move |request| {
        access.refusal(request).unwrap_or_else(|| answer(request, &record, &preview))
    })?;
    log::info!("the web page is on http://{}", server.address());
    Ok(Some(server))
}

/// Answers somebody who may ask.
fn answer(request: &Request, record: &Record, preview: &Preview) -> Response {
    match request.path.as_str() {
        "/" => Response::new("text/html; charset=utf-8", include_bytes!("page.html").as_slice()).allowed(POLICY),
        "/page.css" => Response::new("text/css; charset=utf-8", include_bytes!("page.css").as_slice()),
        "/page.js" => Response::new("text/javascript; charset=utf-8", include_bytes!("page.js").as_slice()),
        "/icon.svg" => Response::new("image/svg+xml", include_bytes!("icon.svg").as_slice()),
        "/status.json" => match serde_json::to_vec(&Status::from(&record.facts())) {
            Ok(status) => Response::new("application/json", status),
            Err(error) => Response::text(503, &format!("the status cannot be written: {error}")),
        },
        "/picture.jpg" => match preview.newest(record) {
            Some(jpeg) => Response::new("image/jpeg", jpeg),
            None => Response::text(404, "there is no picture yet"),
        },
        "/report" => report::page(record.facts().model.file.as_deref()),
        "/metrics" => metrics::response(record),
        _ => Response::text(404, "there is nothing of this name; the page is at /"),
    }
}

#[cfg(test)]
mod tests;

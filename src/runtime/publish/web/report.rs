//! The report that training wrote beside the model.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::runtime::publish::http::Response;

/// What the report may do: show itself, which needs styles and pictures within it.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Where the report of a model is looked for.
pub fn beside(model: &Path) -> PathBuf {
    model.with_file_name("report.html")
}

/// The report, or why there is none and what to do about it. `report` is `None` for the bundled model.
pub fn page(report: Option<&Path>) -> Response {
    let Some(path) = report else {
        return Response::text(
            404,
            "The bundled model has no report. Train one of your own, and its report.html can stand beside it.",
        );
    };
    match fs::read(path) {
        Ok(page) => Response::new("text/html; charset=utf-8", page).allowed(POLICY),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Response::text(
            404,
            &format!(
                "There is no report beside the model. `finetune train` writes report.html into the folder of the model: copy it to \
                 {} on the board.",
                path.display()
            ),
        ),
        Err(error) => Response::text(404, &format!("The report {} cannot be read: {error}.", path.display())),
    }
}

//! The report that training wrote beside the model.

use std::{fs, path::Path};

use crate::{
    model::beside::{installed_report, trained_report},
    runtime::publish::http::Response,
};

/// What the report may do: show itself, which needs styles and pictures within it.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The report of a model, or why there is none and what to do about it. `model` is its file, `None` the bundled one.
pub fn page(model: Option<&Path>) -> Response {
    let Some(model) = model else {
        return Response::text(
            404,
            "The bundled model has no report. Train one of your own, and its report.html can stand beside it.",
        );
    };
    let path = [installed_report(model), trained_report(model)].into_iter().find(|path| path.exists());
    let Some(path) = path else {
        return Response::text(
            404,
            &format!(
                "There is no report beside the model {}. `finetune train` writes report.html into the folder of the model: \
                 `finetune deploy` brings both, and `vggcam install` takes both where they lie in one folder.",
                model.display()
            ),
        );
    };
    match fs::read(&path) {
        Ok(page) => Response::new("text/html; charset=utf-8", page).allowed(POLICY),
        Err(error) => Response::text(404, &format!("The report {} cannot be read: {error}.", path.display())),
    }
}

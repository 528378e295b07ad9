//! The frame of a report: title, contents, parts.

use serde::Serialize;

use super::render::{Section, render};

/// The page's style; each file has one purpose.
const STYLE: &str = concat!(
    include_str!("style/page.css"),
    include_str!("style/figures.css"),
    include_str!("style/tables.css"),
    include_str!("style/pictures.css"),
    include_str!("style/media.css"),
);

/// What stands above the parts.
pub struct Head {
    /// What kind of report it is.
    pub kind: &'static str,
    /// The model's name.
    pub name: String,
    /// What the run was, in short phrases.
    pub facts: Vec<String>,
}

/// The whole page.
pub fn page(head: Head, sections: &[Section]) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Data<'a> {
        kind: &'static str,
        name: String,
        facts: Vec<String>,
        style: &'static str,
        sections: &'a [Section],
        version: &'static str,
    }
    let Head { kind, name, facts } = head;
    let data = Data { kind, name, facts, style: STYLE, sections, version: env!("CARGO_PKG_VERSION") };
    render("page", include_str!("page.html"), data)
}

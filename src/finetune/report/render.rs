//! Templates filled with data; every text is escaped on the way.

use anyhow::Context;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

/// A part of the page, behind a heading.
#[derive(Debug, Serialize)]
pub struct Section {
    /// Address of the heading inside the page.
    pub id: &'static str,
    pub heading: &'static str,
    /// The heading in one or two words, for the list of contents.
    pub short: &'static str,
    /// HTML.
    pub body: String,
}

/// Fills a template; `name` is the template's, for errors. Errs where the data lack what it shows.
pub fn render(name: &str, template: &str, data: impl Serialize) -> anyhow::Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment
        .render_named_str(name, template, Serde(data))
        .with_context(|| format!("cannot fill the part {name} of the report"))
}

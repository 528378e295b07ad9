//! The training report.
use super::summary::Summary;
/// The report as a page.
pub fn html(summary: &Summary) -> anyhow::Result<String> {
    Ok(format!("{summary:?}"))
}

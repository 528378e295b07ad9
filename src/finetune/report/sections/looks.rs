//! Where the network looked for some of its answers.

use serde::Serialize;

use super::cards::{self, Said};
use crate::finetune::{
    findings::looks::Look,
    report::render::{Section, render},
};

/// Most wrong answers that are shown beside the right ones.
const MOST_WRONG: usize = 4;

/// Heat maps over right answers and over the surest wrong ones; `None` where there are none.
pub fn section(classes: &[String], looks: &[Look]) -> anyhow::Result<Option<Section>> {
    #[derive(Serialize)]
    struct Data {
        right: String,
        wrong: String,
    }
    let (right, wrong): (Vec<_>, Vec<_>) = looks.iter().map(said).partition(|said| said.truth == said.answer);
    if looks.is_empty() {
        return Ok(None);
    }
    let data = Data {
        right: cards::draw(classes, &right)?,
        wrong: cards::draw(classes, &wrong[..wrong.len().min(MOST_WRONG)])?,
    };
    let body = render("looks", include_str!("looks.html"), data)?;
    Ok(Some(Section { id: "looks", heading: "Where the network looked", short: "Heat maps", body }))
}

fn said(look: &Look) -> Said<'_> {
    let Look { file, truth, answer, confidence, .. } = look;
    Said { file, truth: *truth, answer: *answer, confidence: *confidence, look: Some(look) }
}

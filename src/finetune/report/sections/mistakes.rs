//! The mistakes that the model was surest of.

use serde::Serialize;

use super::cards::{self, Said};
use crate::finetune::{
    findings::{looks::Look, mistakes::Mistake},
    report::render::{Section, render},
};

/// Most mistakes that are shown as pictures.
const MOST: usize = 24;

/// The surest mistakes, of `wrong` wrong answers among `all`.
pub fn section(
    classes: &[String],
    mistakes: &[Mistake],
    looks: &[Look],
    wrong: usize,
    all: usize,
) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        cards: String,
        shown: usize,
        wrong: usize,
        all: usize,
        looks: bool,
    }
    let said: Vec<_> = mistakes.iter().take(MOST).map(|mistake| said(mistake, looks)).collect();
    let looks = said.iter().any(|said| said.look.is_some());
    let (shown, wrong) = (said.len(), wrong.max(mistakes.len()));
    let data = Data { cards: cards::draw(classes, &said)?, shown, wrong, all, looks };
    let body = render("mistakes", include_str!("mistakes.html"), data)?;
    Ok(Section { id: "mistakes", heading: "Worst mistakes", short: "Mistakes", body })
}

/// A mistake, with the look into it where there is one.
fn said<'a>(mistake: &'a Mistake, looks: &'a [Look]) -> Said<'a> {
    let Mistake { file, truth, answer, confidence } = mistake;
    let look = looks.iter().find(|look| look.file == *file && look.answer == *answer);
    Said { file, truth: *truth, answer: *answer, confidence: *confidence, look }
}

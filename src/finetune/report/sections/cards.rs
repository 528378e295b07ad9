//! Pictures with what the model said of them.

use std::{ffi::OsStr, path::Path};

use serde::Serialize;

use crate::finetune::{
    findings::looks::Look,
    report::{
        heat,
        render::render,
        text::{file_name, name, percent},
        thumbnails::{LARGE, thumbnail},
    },
};

/// One picture, what it shows and what was said.
#[derive(Debug, Serialize)]
struct Card {
    /// Address of the thumbnail; none where the file cannot be read any more.
    picture: Option<String>,
    /// Proportions of the picture, as CSS takes them.
    proportions: String,
    heat: Option<Layer>,
    looked: String,
    truth: String,
    answer: String,
    right: bool,
    confidence: String,
    file: String,
    path: String,
}

/// The heat map's layer, with its place in percent.
#[derive(Debug, Serialize)]
struct Layer {
    url: String,
    place: String,
}

/// What a card is about.
pub struct Said<'a> {
    pub file: &'a Path,
    pub truth: usize,
    pub answer: usize,
    pub confidence: f32,
    /// Where the network looked, if that is known.
    pub look: Option<&'a Look>,
}

/// Cards as HTML, one behind the other. Reads the pictures.
pub fn draw(classes: &[String], said: &[Said]) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Data {
        cards: Vec<Card>,
    }
    let cards = said.iter().map(|said| card(classes, said)).collect();
    render("cards", include_str!("cards.html"), Data { cards })
}

fn card(classes: &[String], said: &Said) -> Card {
    let Said { file, truth, answer, confidence, look } = *said;
    let picture = thumbnail(file, LARGE);
    let size = picture.as_ref().map_or((1, 1), |picture| (picture.width, picture.height));
    let layer = look.filter(|_| picture.is_some()).and_then(|look| heat::over(&look.heat, look.fit, size));
    // The folder belongs to the name where it is the class.
    let folder = file.parent().and_then(Path::file_name).map(OsStr::to_string_lossy);
    Card {
        proportions: format!("{} / {}", size.0, size.1),
        picture: picture.map(|picture| picture.url),
        heat: layer.map(|layer| Layer {
            place: format!("left:{}%;top:{}%;width:{}%;height:{}%", layer.left, layer.top, layer.width, layer.height),
            url: layer.url,
        }),
        looked: look.map_or(String::new(), |look| heat::in_words(&look.heat)),
        truth: name(classes, truth).into(),
        answer: name(classes, answer).into(),
        right: truth == answer,
        confidence: percent(confidence.into(), 1),
        file: folder.map_or(file_name(file), |folder| format!("{folder}/{}", file_name(file))),
        path: file.display().to_string(),
    }
}

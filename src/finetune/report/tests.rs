//! What must hold for every page: it is whole, safe, and has no hole where a number should be.

use std::path::PathBuf;

use image::{Rgb, RgbImage};

use super::*;
use crate::finetune::{
    calibrate::calibrate,
    summary::{Calibrations, Epoch, Outcome, Training},
};

/// A run over `classes` classes with `mistakes` wrong answers, whose pictures do not exist.
fn sample(classes: usize, epochs: usize, mistakes: usize) -> Summary {
    let right = (0..classes).flat_map(|class| std::iter::repeat_n((class, class), 20));
    let wrong = (0..mistakes).map(|i| (i % classes, (i + 1) % classes));
    let outcome = Outcome::of(classes, right.chain(wrong.clone()));
    let epoch = |epoch| Epoch { epoch, loss: 0.5, accuracy: 0.75, val_loss: 0.5, val_accuracy: 0.75 };
    Summary {
        name: "vgg16 cats-dogs".into(),
        backbone: "vgg16".into(),
        classes: (0..classes).map(|i| format!("class{i}")).collect(),
        settings: vec![("dropout".into(), "0.5".into())],
        train_images: vec![100; classes],
        valid_images: vec![20; classes],
        skipped: Vec::new(),
        epochs: (1..=epochs).map(epoch).collect(),
        best_epoch: epochs,
        float: outcome.clone(),
        int8: outcome,
        calibration: Calibrations { float: calibrate(&[], &[]), int8: calibrate(&[], &[]) },
        unknown: None,
        mistakes: wrong
            .enumerate()
            .map(|(i, (truth, answer))| Mistake {
                file: format!("gone/{i}.jpg").into(),
                truth,
                answer,
                confidence: 0.9,
            })
            .collect(),
        seconds: 61.0,
        computed: 7,
        files: vec![PathBuf::from("out dir/model.onnx"), PathBuf::from("out dir/model-f32.onnx")],
        training: Training::default(),
    }
}

/// Whether every element that is opened is closed, in the right order.
fn well_formed(html: &str) -> Result<(), String> {
    let mut open = Vec::new();
    for piece in html.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or_default();
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta", "img"].contains(&name) {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} stay open")) }
}

#[test]
fn every_kind_of_run_gives_a_whole_page() {
    for (classes, epochs, mistakes) in [(2, 10, 3), (2, 1, 0), (3, 0, 1), (50, 200, 60), (1, 1, 0)] {
        let html = html(&sample(classes, epochs, mistakes)).unwrap();
        well_formed(&html).unwrap();
        for hole in ["NaN", "inf\"", "undefined", "none\"", "{{", "{%"] {
            assert!(!html.contains(hole), "{hole} in the page of {classes} classes and {epochs} epochs");
        }
        assert_eq!(html.matches("<figure class=\"mistake\">").count(), mistakes.min(24));
        assert_eq!(html.matches("<rect class=\"ground\"").count(), 2 * classes * classes);
        assert_eq!(html.matches("<svg").count(), html.matches("role=\"img\"").count());
    }
}

#[test]
fn nothing_of_a_run_becomes_markup() {
    let evil = r#"<script>alert("x")</script>&'"#;
    let mut summary = sample(2, 2, 2);
    summary.name = evil.into();
    summary.backbone = evil.into();
    summary.classes = vec![evil.into(), "dog".into()];
    summary.settings = vec![(evil.into(), evil.into())];
    summary.skipped = vec![Skipped { file: evil.into(), reason: evil.into() }];
    summary.files = vec![evil.into()];
    summary.mistakes[0].file = evil.into();
    let html = html(&summary).unwrap();
    assert!(!html.contains("<script") && !html.contains("alert(\"x"));
    assert!(html.contains("&lt;script&gt;alert(&quot;x&quot;)"));
    well_formed(&html).unwrap();
}

#[test]
fn pictures_that_exist_are_shown_and_others_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spot.png");
    RgbImage::from_pixel(64, 48, Rgb([10, 90, 200])).save(&path).unwrap();
    let mut summary = sample(2, 2, 3);
    summary.mistakes[1].file = path;
    let html = html(&summary).unwrap();
    assert_eq!(html.matches("<img src=\"data:image/jpeg;base64,/9j/").count(), 1);
    assert_eq!(html.matches("cannot be read any more").count(), 2);
    for name in ["spot.png: a picture of class class1, taken for class0", ">0.jpg<", ">2.jpg<"] {
        assert!(html.contains(name), "{name}");
    }
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let html = html(&sample(3, 5, 30)).unwrap();
    for reference in ["http:", "https:", "<link", "<script", "url(", "@import", "src=\"/"] {
        assert!(!html.contains(reference), "{reference}");
    }
}

#[test]
fn the_headline_compares_float_with_int8() {
    let mut summary = sample(2, 2, 0);
    summary.float = Outcome { accuracy: 0.975, confusion: vec![vec![20, 0], vec![1, 19]] };
    summary.int8 = Outcome { accuracy: 0.925, confusion: vec![vec![19, 1], vec![2, 18]] };
    let page = page(&summary);
    assert_eq!((page.float.accuracy.as_str(), page.int8.accuracy.as_str()), ("97.5%", "92.5%"));
    assert_eq!((page.difference.as_str(), page.verdict.as_str()), ("−5.0", "int8 gets 2 pictures fewer right."));
    assert_eq!((page.int8.right.as_str(), page.wrong), ("37", 3));
}

#[test]
fn words_fit_the_numbers() {
    assert!(html(&sample(2, 2, 0)).unwrap().contains("No mistakes: every validation picture"));
    assert!(html(&sample(2, 2, 1)).unwrap().contains("The only wrong answer of"));
    assert!(html(&sample(2, 2, 60)).unwrap().contains("The 24 surest of 60 wrong answers"));
    let mut empty = sample(2, 2, 0);
    empty.int8 = Outcome::of(2, []);
    empty.float = empty.int8.clone();
    assert!(html(&empty).unwrap().contains("There were no validation pictures."));
}

#[test]
fn commands_name_the_model_as_a_shell_takes_it() {
    let page = page(&sample(2, 2, 0));
    assert_eq!((page.model_argument.as_str(), page.model_name.as_str()), ("'out dir/model.onnx'", "model.onnx"));
}

#[test]
fn a_long_list_of_skipped_files_is_cut() {
    let mut summary = sample(2, 2, 0);
    summary.skipped = (0..53).map(|i| Skipped { file: format!("bad{i}.jpg").into(), reason: "empty".into() }).collect();
    let html = html(&summary).unwrap();
    assert!(html.contains("bad49.jpg") && !html.contains("bad50.jpg"));
    assert!(html.contains("And 3 more") && html.contains("53 pictures could not be read"));
}

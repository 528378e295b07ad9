//! What must hold for every page: it is whole, safe, and has no hole where a number should be.

use std::path::PathBuf;

use image::{Rgb, RgbImage};

use super::*;
use crate::{
    finetune::{
        epoch::Epoch,
        findings::{
            answer::Answer, clock::StepTime, looks::Look, origin::Origin, pictures::Pictures, threshold::Curve,
        },
        gradcam::Heat,
        int8::{agreement::Quantization, calibration::LayerNoise},
        share::Share,
        summary::{Calibrations, Skipped, Training},
        temperature,
    },
    model::metadata::Fit,
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
        float: outcome.clone(),
        int8: outcome,
        calibration: Calibrations { float: temperature::fit(&[], &[]), int8: temperature::fit(&[], &[]) },
        unknown: None,
        quantization: Quantization::of(&[], &[], None, vec![]),
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
        findings: Findings::default(),
    }
}

/// The same run with all that can be found out.
fn full(classes: usize, epochs: usize, mistakes: usize) -> Summary {
    let answers = answers(classes);
    let logits: Vec<_> = answers.iter().map(|answer| vec![answer.confidence * 9.0, 1.0]).collect();
    let truths: Vec<_> = answers.iter().map(|answer| usize::from(!answer.is_right())).collect();
    let scaling = temperature::fit(&logits, &truths);
    let noise = LayerNoise { name: "conv".into(), signal_to_noise_db: 31.0, equalised: true, bias_corrected: false };
    Summary {
        calibration: Calibrations { float: scaling.clone(), int8: scaling },
        unknown: Some(Unknown::at(0.5, &[0.2, 0.6, 0.9], &[0.1, 0.7])),
        quantization: Quantization::of(&logits, &logits, Some(&truths), vec![noise]),
        findings: findings(classes),
        ..sample(classes, epochs, mistakes)
    }
}

fn answers(classes: usize) -> Vec<Answer> {
    let answer = |i: usize| Answer { truth: i % classes, answer: i * i % classes, confidence: 0.5 + i as f32 / 100.0 };
    (0..50).map(answer).collect()
}

/// All findings that there can be, about pictures that do not exist.
fn findings(classes: usize) -> Findings {
    let answers = answers(classes);
    let look = |answer: &Answer| Look {
        file: "gone/look.jpg".into(),
        truth: answer.truth,
        answer: answer.answer,
        confidence: answer.confidence,
        fit: Fit::Squash,
        heat: Heat { side: 2, values: vec![0.0, 0.25, 0.5, 1.0] },
    };
    Findings {
        threshold: Curve::of(&answers, &[0.3, 0.7], 0.6),
        pictures: vec![Pictures::of("training", &[], classes, 224, true)],
        looks: answers.iter().take(6).map(look).collect(),
        steps: vec![StepTime { step: "features".into(), seconds: 3.0 }],
        origin: Some(Origin::of_this_run(None)),
    }
}

/// The parts that a page has.
fn parts(html: &str) -> Vec<&str> {
    html.split("<h2 id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
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
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta", "link", "img", "input"].contains(&name) {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} stay open")) }
}

#[test]
fn every_kind_of_run_gives_a_whole_page() {
    for (classes, epochs, mistakes) in [(2, 10, 3), (2, 1, 0), (3, 0, 1), (50, 200, 60), (200, 5, 100), (1, 1, 0)] {
        for everything in [false, true] {
            let make = if everything { full } else { sample };
            let summary = make(classes, epochs, mistakes);
            let html = html(&summary).unwrap();
            well_formed(&html).unwrap();
            for hole in ["NaN", "inf\"", "undefined", "none\"", "{{", "{%"] {
                assert!(!html.contains(hole), "{hole} in the page of {classes} classes and {epochs} epochs");
            }
            assert!(html.matches("<figure class=\"card\">").count() >= mistakes.min(24));
            assert_eq!(
                html.matches("role=\"img\"").count() + html.matches("<svg aria-hidden").count(),
                html.matches("<svg").count()
            );
            assert_eq!(html.matches("<table").count(), html.matches("<caption>").count());
            assert!(html.len() < 900_000, "{} bytes", html.len());
        }
    }
}

#[test]
fn what_was_not_measured_is_left_out() {
    let bare = ["accuracy", "curves", "confusion", "classes", "mistakes", "pictures", "making", "next"];
    assert_eq!(parts(&html(&sample(2, 3, 1)).unwrap()), bare);
    let full = html(&full(2, 3, 1)).unwrap();
    let more = [
        "accuracy",
        "curves",
        "confusion",
        "classes",
        "confidence",
        "threshold",
        "mistakes",
        "looks",
        "pictures",
        "int8",
        "making",
        "next",
    ];
    assert_eq!(parts(&full), more);
    for part in more {
        assert!(full.contains(&format!("href=\"#{part}\"")), "{part} is not in the contents");
    }
}

#[test]
fn an_evaluation_has_a_page_too() {
    let found = Evaluation {
        images: 4,
        accuracy: 0.75,
        classes: vec!["<cat>".into(), "dog".into()],
        confusion: vec![vec![2, 1], vec![0, 1]],
        unknown: 0,
        calibration_error: 0.02,
        false_rejects: Share::new(0, 4),
        false_accepts: None,
        held_back: None,
        skipped: vec![],
    };
    let (findings, path) = (findings(2), Path::new("<m>.onnx"));
    let reliability = Reliability::of([(0.9, true), (0.8, true), (0.7, false), (1.0, true)]);
    let mut measured = Measured {
        name: "<m>",
        model: path,
        data: path,
        mistakes: &[],
        reliability: &reliability,
        unknown: None,
        findings: &findings,
        seconds: 1.0,
    };
    assert!(evaluation(&found, &measured).unwrap().contains("An answer below the threshold is shown"));
    let unknown = Unknown::at(0.5, &[0.2, 0.6, 0.9], &[0.1, 0.7]);
    measured.unknown = Some(&unknown);
    let html = evaluation(&found, &measured).unwrap();
    assert!(html.contains("not familiar enough") && !html.contains("An answer below the threshold is shown"));
    well_formed(&html).unwrap();
    assert_eq!(
        parts(&html),
        ["accuracy", "confusion", "classes", "confidence", "threshold", "mistakes", "looks", "pictures", "making"]
    );
    assert!(!html.contains("<cat>") && !html.contains("<m>") && html.contains("75.0%"));
}

#[test]
fn nothing_of_a_run_becomes_markup() {
    let evil = r#"<script>alert("x")</script>&'"#;
    let mut summary = full(2, 2, 2);
    summary.name = evil.into();
    summary.backbone = evil.into();
    summary.classes = vec![evil.into(), "dog".into()];
    summary.settings = vec![(evil.into(), evil.into())];
    summary.skipped = vec![Skipped { file: evil.into(), reason: evil.into() }];
    summary.files = vec![evil.into()];
    summary.mistakes[0].file = evil.into();
    summary.findings.looks[0].file = evil.into();
    summary.quantization.layers[0].name = evil.into();
    summary.findings.steps[0].step = evil.into();
    summary.findings.pictures[0].purpose = evil.into();
    if let Some(origin) = &mut summary.findings.origin {
        (origin.command, origin.processor) = (evil.into(), evil.into());
    }
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
    assert_eq!(html.matches("src=\"data:image/jpeg;base64,/9j/").count(), 1);
    assert_eq!(html.matches("cannot be read any more").count(), 2);
    for name in ["spot.png: a picture of class class1, taken for class0\"", ">gone&#x2f;0.jpg<", ">gone&#x2f;2.jpg<"] {
        assert!(html.contains(name), "{name}");
    }
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let html = html(&full(3, 5, 30)).unwrap();
    for reference in ["http:", "https:", "<script", "url(", "@import", "javascript:"] {
        assert!(!html.contains(reference), "{reference}");
    }
    for attribute in ["src=\"", "href=\""] {
        for address in html.split(attribute).skip(1) {
            assert!(
                address.starts_with("data:") || address.starts_with('#'),
                "{}",
                address.split('"').next().unwrap_or("")
            );
        }
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn words_fit_the_numbers() {
    assert!(html(&sample(2, 2, 0)).unwrap().contains("No mistakes: every picture"));
    assert!(html(&sample(2, 2, 1)).unwrap().contains("The only wrong answer of"));
    assert!(html(&sample(2, 2, 60)).unwrap().contains("The 24 surest of 60 wrong answers"));
    let mut empty = sample(2, 2, 0);
    empty.int8 = Outcome::of(2, []);
    empty.float = empty.int8.clone();
    assert!(html(&empty).unwrap().contains("There were no validation pictures."));
}

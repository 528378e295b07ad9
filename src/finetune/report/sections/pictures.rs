//! What the network learnt from.

use serde::Serialize;

use crate::finetune::{
    findings::pictures::{Pictures, Sizes, Spread},
    report::{
        render::{Section, render},
        text::{count, name, pictures, ratio},
        thumbnails::{SMALL, thumbnail},
    },
    summary::Skipped,
};

/// Most skipped files that are listed.
const MOST_SKIPPED: usize = 50;

/// The data set that was trained on: numbers and sizes of its pictures, some of each class, and the files that could not be
/// read.
pub fn of_training(classes: &[String], folders: &[Pictures], skipped: &[Skipped]) -> anyhow::Result<Section> {
    section(classes, folders, skipped, false)
}

/// The data set that a model was measured on, likewise.
pub fn of_evaluation(classes: &[String], folders: &[Pictures], skipped: &[Skipped]) -> anyhow::Result<Section> {
    section(classes, folders, skipped, true)
}

fn section(classes: &[String], folders: &[Pictures], skipped: &[Skipped], measured: bool) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        folders: Vec<[String; 5]>,
        samples: Vec<Samples>,
        skipped: Vec<(String, String)>,
        skipped_total: String,
        skipped_beyond: usize,
        measured: bool,
    }
    let shown = skipped.iter().take(MOST_SKIPPED);
    let data = Data {
        folders: folders.iter().map(folder).collect(),
        samples: folders.iter().flat_map(|folder| samples(classes, folder)).collect(),
        skipped: shown.map(|skipped| (skipped.file.display().to_string(), skipped.reason.clone())).collect(),
        skipped_total: pictures(skipped.len()),
        skipped_beyond: skipped.len().saturating_sub(MOST_SKIPPED),
        measured,
    };
    let body = render("pictures", include_str!("pictures.html"), data)?;
    Ok(Section {
        id: "pictures",
        heading: if measured { "What it was measured on" } else { "What it learnt from" },
        short: "Pictures",
        body,
    })
}

/// Some pictures of a class.
#[derive(Serialize)]
struct Samples {
    class: String,
    pictures: Vec<String>,
}

fn folder(folder: &Pictures) -> [String; 5] {
    let sides = |spread: Spread| match spread {
        Spread { least, most, .. } if least == most => count(least as usize),
        Spread { least, median, most } => {
            format!("{} ({} to {})", count(median as usize), count(least as usize), count(most as usize))
        }
    };
    let none = || super::super::text::NONE.to_string();
    let of = |value: fn(&Sizes) -> Spread| folder.sizes.as_ref().map_or_else(none, |sizes| sides(value(sizes)));
    [
        folder.purpose.clone(),
        count(folder.files),
        of(|sizes| sizes.shorter),
        of(|sizes| sizes.longer),
        folder.sizes.as_ref().map_or_else(none, |sizes| ratio(sizes.enlarged, sizes.pictures)),
    ]
}

fn samples(classes: &[String], folder: &Pictures) -> Vec<Samples> {
    let of_class = |(class, files): (usize, &Vec<std::path::PathBuf>)| Samples {
        class: name(classes, class).into(),
        pictures: files.iter().filter_map(|file| Some(thumbnail(file, SMALL)?.url)).collect(),
    };
    let samples = folder.samples.iter().enumerate().map(of_class);
    samples.filter(|samples| !samples.pictures.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_a_middle_and_a_range() {
        let spread = |least, median, most| Spread { least, median, most };
        let sizes = Sizes { pictures: 8, shorter: spread(100, 1200, 3000), longer: spread(400, 400, 400), enlarged: 2 };
        let pictures = Pictures { purpose: "training".into(), files: 1234, sizes: Some(sizes), samples: vec![] };
        assert_eq!(folder(&pictures), ["training", "1,234", "1,200 (100 to 3,000)", "400", "25.0%"]);
    }

    #[test]
    fn a_long_list_of_skipped_files_is_cut() {
        let skipped: Vec<_> =
            (0..53).map(|i| Skipped { file: format!("bad{i}.jpg").into(), reason: "<empty>".into() }).collect();
        let html = of_training(&[], &[], &skipped).unwrap().body;
        assert!(html.contains("bad49.jpg") && !html.contains("bad50.jpg") && !html.contains("<empty>"));
        assert!(html.contains("And 3 more") && html.contains("53 pictures could not be read"));
        assert!(of_evaluation(&[], &[], &[]).unwrap().body.contains("every picture could be read"));
    }
}

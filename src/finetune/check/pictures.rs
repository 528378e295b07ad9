//! Files of which nothing, or only a part, is of use.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{
    Side, Survey,
    finding::{Finding, Named, Severity, clause},
};
use crate::{
    finetune::{looks::near::LEAST_CONTRAST, shard::Shard, walk},
    vision::pictures::has_picture_name,
};

/// Pixels of the shorter side below which hardly anything is left to see at the network's 224.
const TINY: u32 = 48;

/// What is wrong with single files, and with files that are overlooked.
pub fn findings(survey: &Survey, data: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = unreadable_classes(survey);
    let named = |text: &dyn Fn(usize) -> Option<String>| -> Vec<Named> {
        (0..survey.pictures.len()).filter_map(|i| Some(Named::new(survey.file(i), text(i)?))).collect()
    };
    let unreadable = named(&|i| {
        let reason = survey.looks[i].as_ref().err()?;
        // The file is named already.
        Some(reason.replace(&format!("{} is not a readable picture: ", survey.file(i).display()), ""))
    });
    let cut = named(&|i| {
        let missing = survey.looks[i].as_ref().ok()?.missing;
        (missing > 0.0).then(|| format!("{:.0} % of it is missing", missing * 100.0))
    });
    let blank = named(&|i| {
        let look = survey.looks[i].as_ref().ok()?;
        (look.thumbnail.contrast() < LEAST_CONTRAST).then(String::new)
    });
    let tiny = named(&|i| {
        let look = survey.looks[i].as_ref().ok()?;
        (look.width.min(look.height) < TINY).then(|| format!("{}×{} pixels", look.width, look.height))
    });
    let mut warn = |kind, pictures: Vec<Named>, what: &str, advice: &str| {
        if !pictures.is_empty() {
            let what = clause(pictures.len(), "picture", what);
            findings.push(Finding::new(Severity::Warning, kind, what, advice).about(pictures));
        }
    };
    warn("unreadable", unreadable, "cannot be read; training skips them", "copy them again, convert or remove them");
    warn(
        "damaged",
        cut,
        "end too early: the decoder makes up what is missing",
        "copy or download them again, or remove them",
    );
    warn("blank", blank, "show one colour only", "remove them, unless an empty picture is what the class means");
    let advice =
        "replace them by larger ones: enlarged to the network's 224×224 they are blurred as no camera frame is";
    warn("tiny", tiny, &format!("are smaller than {TINY} pixels on a side"), advice);
    findings.extend(overlooked(survey, data)?);
    Ok(findings)
}

/// Classes of which no picture can be read on one side.
fn unreadable_classes(survey: &Survey) -> Vec<Finding> {
    let sides = Side::BOTH.into_iter();
    let folders = sides.flat_map(|side| (0..survey.dataset.classes.len()).map(move |class| (side, class)));
    let unreadable = folders.filter(|&(side, class)| survey.members(side, class).all(|i| survey.looks[i].is_err()));
    let finding = |(side, class)| {
        let what = format!("no picture of {} can be read", survey.folder(side, class));
        Finding::new(Severity::Error, "unreadable-class", what, "see below why, and add pictures that can be read")
    };
    unreadable.map(finding).collect()
}

/// Files beside the pictures that look as if they were meant to count.
fn overlooked(survey: &Survey, data: &Path) -> anyhow::Result<Vec<Finding>> {
    let sides = match &survey.dataset.divided {
        Some(folder) => vec![folder.clone()],
        None => vec![data.join("train"), data.join("valid")],
    };
    let (mut by_ending, mut nested, mut loose) = (BTreeMap::<String, Vec<PathBuf>>::new(), vec![], vec![]);
    for side in sides {
        loose.extend(entries(&side)?.into_iter().filter(|path| path.is_file() && has_picture_name(path)));
        for path in survey.dataset.classes.iter().flat_map(|class| entries(&side.join(class))).flatten() {
            if path.is_dir() {
                nested.extend(walk::pictures(&path, Shard::WHOLE).flatten());
            } else if !has_picture_name(&path)
                && let Some(ending) = path.extension()
            {
                by_ending.entry(ending.to_string_lossy().to_lowercase()).or_default().push(path);
            }
        }
    }
    let named = |files: Vec<PathBuf>| files.iter().map(|file| Named::new(file, "")).collect::<Vec<_>>();
    let mut findings = vec![];
    for (ending, files) in by_ending {
        let what = clause(files.len(), "file", &format!("have another ending than pictures: .{ending}"));
        let advice = "convert photographs among them to JPEG or PNG; others do no harm";
        findings.push(Finding::new(Severity::Warning, "other-files", what, advice).about(named(files)));
    }
    let mut astray = |files: Vec<PathBuf>, what: &str| {
        if !files.is_empty() {
            let what = clause(files.len(), "picture", &format!("{what}, where nothing counts"));
            let advice = "move them into the folder of their class";
            findings.push(Finding::new(Severity::Warning, "astray", what, advice).about(named(files)));
        }
    };
    nested.sort();
    astray(nested, "lie in folders inside class folders");
    astray(loose, "lie beside the class folders");
    Ok(findings)
}

/// What is in a folder, hidden things left out, sorted.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = || format!("cannot list {}", folder.display());
    let mut paths = vec![];
    for entry in fs::read_dir(folder).with_context(listed)? {
        let entry = entry.with_context(listed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

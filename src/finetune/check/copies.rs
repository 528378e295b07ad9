//! The same picture, or nearly the same, in two places.

use super::{
    Side, Survey,
    finding::{Finding, Named, Severity, clause, count},
};
use crate::finetune::looks::near::Near;

/// Share of the pictures in question from which on an accuracy is off by more than a point.
const MISLEADING: f64 = 0.01;

/// Copies across sides, across classes, and within one folder; `seen` has the pictures that `near` is about.
pub fn findings(survey: &Survey, seen: &[usize], near: &Near) -> Vec<Finding> {
    let content = |i: usize| survey.looks[i].as_ref().ok().map(|look| look.content);
    let note = |i: usize, j: usize| if content(i) == content(j) { "the same file" } else { "nearly the same" };
    // For a picture, the first copy that `fits`, equal files first.
    let copy = |place: usize, fits: &dyn Fn(usize, usize) -> bool| {
        let i = seen[place];
        let fitting = near.of(place).map(|other| seen[other]).filter(|&j| fits(i, j));
        let j = fitting.min_by_key(|&j| content(i) != content(j))?;
        Some(Named::like(survey.file(i), survey.file(j), note(i, j)))
    };
    let all = |fits: &dyn Fn(usize, usize) -> bool| -> Vec<Named> {
        (0..seen.len()).filter_map(|place| copy(place, fits)).collect()
    };
    let across_sides = all(&|i, j| survey.side(i) == Side::Valid && survey.side(j) == Side::Train);
    let across_classes = all(&|i, j| i < j && survey.class(i) != survey.class(j));
    let in_a_folder = all(&|i, j| i > j && survey.side(i) == survey.side(j) && survey.class(i) == survey.class(j));

    let valid = seen.iter().filter(|&&i| survey.side(i) == Side::Valid).count();
    let severity = |found: usize, of: usize| match found as f64 > MISLEADING * of as f64 {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let mut findings = vec![];
    if !across_sides.is_empty() {
        let (found, severity) = (across_sides.len(), severity(across_sides.len(), valid));
        let share = found as f64 / valid.max(1) as f64 * 100.0;
        let have = if found == 1 { "has" } else { "have" };
        let what = match survey.dataset.divided {
            None => format!("{} in valid/ ({share:.1} %) {have} a copy in train/", count(found, "picture")),
            Some(_) => format!("{} held back ({share:.1} %) {have} a copy to train on", count(found, "picture")),
        };
        let advice = match survey.dataset.divided {
            None => "remove one of the two: accuracy counts as known what was learnt by heart",
            Some(_) => "make a valid/ with pictures taken on another occasion: most of a class look the same",
        };
        findings.push(Finding::new(severity, "leakage", what, advice).about(across_sides));
    }
    if !across_classes.is_empty() {
        let severity = severity(across_classes.len(), seen.len());
        let what = clause(across_classes.len(), "picture", "are in the folders of two classes");
        let advice = "remove the wrong one of the two: one of them teaches or expects a wrong answer";
        findings.push(Finding::new(severity, "two-classes", what, advice).about(across_classes));
    }
    if !in_a_folder.is_empty() {
        let what = clause(in_a_folder.len(), "picture", "are in a folder twice, or nearly so");
        let advice = "keep one of each: copies add nothing new, and weigh more than the others";
        findings.push(Finding::new(Severity::Note, "twice", what, advice).about(in_a_folder));
    }
    findings
}

//! What is said about a run: its settings, its mistakes, and the closing words.

use std::path::Path;

use super::{Options, head::trial_words};
use crate::finetune::{
    int8::agreement::Cost,
    summary::{Summary, Training},
    unknown,
};

/// Settings as name and value, in the order to show them.
pub fn settings(options: &Options, training: &Training) -> Vec<(String, String)> {
    let course = &options.course;
    let chosen = |open: bool| if open { ", chosen on the validation pictures" } else { "" };
    let rate = format!("Adam, learning rate {}{}", training.learning_rate, chosen(course.learning_rate.is_none()));
    let mut pairs = vec![("Optimizer", rate)];
    pairs.extend(training.trials.iter().map(|trial| ("Tried", trial_words(trial))));
    let augment: Vec<_> = options.augment.iter().map(|augmentation| augmentation.name()).collect();
    let variants = format!("{} ({} variants of each training picture)", augment.join(", "), training.variants);
    pairs.extend([
        ("Batch", format!("{} pictures", course.batch)),
        ("Dropout", course.dropout.to_string()),
        ("Class weights", course.class_weights.to_string()),
        ("Augmentation", if augment.is_empty() { "none".into() } else { variants }),
        ("Seed", course.seed.to_string()),
        ("Fit", options.fit.name().to_string()),
        ("Unknown", unknown_setting(options)),
        ("Loss allowed to int8", format!("{} points", options.max_drop)),
    ]);
    pairs.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn unknown_setting(options: &Options) -> String {
    match (options.unknown_threshold, &options.negatives) {
        (Some(threshold), _) => format!("confidence below {threshold}"),
        (None, Some(folder)) => format!("familiarity, against {}", folder.display()),
        (None, None) => "familiarity, against corners of the training pictures".into(),
    }
}

/// Why there is no int8 model, what there is instead, and what to do.
pub fn refusal(cost: &Cost, max_drop: f64, out: &Path) -> String {
    let model = out.join("model.onnx");
    let earlier = match model.exists() {
        true => format!("; {} is that of an earlier run, left as it was", model.display()),
        false => String::new(),
    };
    format!(
        "the int8 model is not written: it loses {}, and --max-drop allows {max_drop}; {out}/model-f32.onnx and \
         {out}/report.json are new{earlier}. See the layers' noise in the report, give more photographs of every class to \
         train/, run the float model, or accept the loss with --max-drop 100, which takes seconds now",
        cost.words(),
        out = out.display(),
    )
}

/// What the user reads at the end.
pub fn closing_words(summary: &Summary, max_drop: f64, out: &Path) -> String {
    let skipped = match summary.skipped.len() {
        0 => String::new(),
        count => format!("{count} pictures could not be read and were skipped\n"),
    };
    let unsure = match summary.quantization.cost.filter(|cost| cost.is_unsure(max_drop)) {
        Some(cost) => format!("int8 loses {}: too few pictures in valid/ to tell; add some\n", cost.words()),
        None => String::new(),
    };
    let unknown = summary.unknown.as_ref().map_or(String::new(), unknown::closing_words);
    let error = &summary.calibration.int8;
    format!(
        "{skipped}validation accuracy: float {:.2} %, int8 {:.2} % (learning rate {}, {} epochs), in {:.1} s\n\
         {}{unsure}calibration error: {:.2} %, without a temperature {:.2} %\n{unknown}\
         wrote {out}/model.onnx (int8), {out}/model-f32.onnx, {out}/report.html\n\
         try it: vggcam classify --model {out}/model.onnx PHOTO, or vggcam run --model {out}/model.onnx\n",
        summary.float.accuracy * 100.0,
        summary.int8.accuracy * 100.0,
        summary.training.learning_rate,
        summary.epochs.len(),
        summary.seconds,
        summary.quantization.words(),
        error.after.expected_calibration_error * 100.0,
        error.before.expected_calibration_error * 100.0,
        out = out.display(),
    )
}

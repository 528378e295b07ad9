//! `vggcam bench --all`: every form in which a model runs here, and which one `run` takes from then on: the fastest whose
//! answers agree with those of the network on floats.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use image::RgbImage;
use serde::Serialize;

use super::{
    bench::{opened, percentile, times_ms},
    update::selftest::OTHER_NUMBERS,
};
use crate::{
    engine::{
        choice::{self, EngineChoice},
        classifier::{BUNDLED_NAME, likeliest},
        layers::weights::available_bytes,
        memory,
        open::{Opened, Settings},
    },
    model::metadata::Fit,
    vision::{
        decode::{decode_picture, read_picture},
        demo,
        fit::fit,
        pictures::list_pictures,
    },
};

/// Engines that are measured, the reference first.
const ENGINES: [EngineChoice; 3] = [EngineChoice::Float, EngineChoice::Integer, EngineChoice::Half];

/// What was found out.
#[derive(Clone, Debug, Serialize)]
pub struct Forms {
    /// The file, or what the bundled model is called.
    pub model: String,
    /// Threads that shared the work of one picture.
    pub threads: usize,
    /// Pictures whose answers were compared.
    pub pictures: usize,
    /// What ran, the reference first.
    pub forms: Vec<FormReport>,
    /// Engine of the fastest form that agrees; `None` if there is no reference to agree with.
    pub fastest: Option<String>,
    /// File that keeps it for `run`; `None` where there is none to keep it beside.
    pub kept_in: Option<PathBuf>,
}

/// One form.
#[derive(Clone, Debug, Serialize)]
pub struct FormReport {
    /// Engine, as `--engine` takes it.
    pub engine: String,
    /// Why it does not run, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Median time of a picture in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// Largest distance of a probability from the reference's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<f32>,
    /// Whether it gives the reference's answers.
    pub agrees: bool,
}

/// Measures every form of the model at `path`, or of the bundled one, over `iterations` pictures each, and compares their
/// answers on `pictures`, or on the bundled ones.
pub fn compare(
    path: Option<&Path>,
    settings: Settings,
    pictures: &[PathBuf],
    iterations: usize,
) -> anyhow::Result<Forms> {
    let pictures = read(pictures)?;
    let mut forms: Vec<FormReport> = vec![];
    let mut reference: Option<Vec<Vec<f32>>> = None;
    for engine in ENGINES {
        let enough = path.map_or(Ok(()), |path| enough_memory(path, engine));
        let form = match enough.and_then(|()| opened(path, Settings { engine, ..settings })) {
            Err(error) => FormReport {
                engine: engine.to_string(),
                refused: Some(format!("{error:#}")),
                latency_ms: None,
                difference: None,
                agrees: false,
            },
            Ok(opened) => {
                let answers = answers(&opened, &pictures)?;
                let difference = reference.as_ref().map(|reference| difference(reference, &answers));
                let agrees = reference.as_ref().map_or(engine == ENGINES[0], |reference| agree(reference, &answers));
                if engine == ENGINES[0] {
                    reference = Some(answers);
                }
                let latency_ms = Some(percentile(&times_ms(&opened, iterations)?, 50));
                FormReport { engine: engine.to_string(), refused: None, latency_ms, difference, agrees }
            }
        };
        forms.push(form);
    }
    let agreeing = forms.iter().filter(|form| form.agrees);
    let fastest = agreeing.min_by(|a, b| a.latency_ms.unwrap_or(f64::MAX).total_cmp(&b.latency_ms.unwrap_or(f64::MAX)));
    let fastest = fastest.map(|form| form.engine.clone());
    let kept_in = match (path, fastest.as_ref().and_then(|engine| engine.parse().ok())) {
        (Some(path), Some(engine)) => Some(choice::keep(path, engine)?),
        _ => None,
    };
    let model = path.map_or(BUNDLED_NAME.to_string(), |path| path.display().to_string());
    Ok(Forms { model, threads: settings.threads, pictures: pictures.len(), forms, fastest, kept_in })
}

/// Whether there is memory enough for a model in floats, which a board may not have.
fn enough_memory(path: &Path, engine: EngineChoice) -> anyhow::Result<()> {
    let needed = memory::for_integers_as_floats(std::fs::metadata(path).map_or(0, |file| file.len()));
    match available_bytes() {
        Some(available) if engine != EngineChoice::Integer && available < needed => anyhow::bail!(
            "it may need {} MB of memory while it is loaded, and {} MB are available",
            needed >> 20,
            available >> 20
        ),
        _ => Ok(()),
    }
}

/// The pictures in files and folders, or the bundled ones.
fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<RgbImage>> {
    if paths.is_empty() {
        return demo::PICTURES.iter().map(|(name, bytes)| Ok(decode_picture(bytes, name)?)).collect();
    }
    list_pictures(paths)?.iter().map(|file| Ok(read_picture(file)?)).collect()
}

fn fitted(opened: &Opened, picture: &RgbImage) -> RgbImage {
    let how = opened.metadata.as_ref().map_or(Fit::default(), |metadata| metadata.fit);
    fit(picture, opened.plan.input_size() as u32, how)
}

fn answers(opened: &Opened, pictures: &[RgbImage]) -> anyhow::Result<Vec<Vec<f32>>> {
    let answer = |picture: &RgbImage| {
        let mut outputs = opened.plan.run(&fitted(opened, picture)).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(outputs.swap_remove(0))
    };
    pictures.iter().map(answer).collect()
}

fn difference(reference: &[Vec<f32>], answers: &[Vec<f32>]) -> f32 {
    let pairs = reference.iter().flatten().zip(answers.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Whether all answers have the same likeliest class and probabilities near the reference's.
fn agree(reference: &[Vec<f32>], answers: &[Vec<f32>]) -> bool {
    let same = |(a, b): (&Vec<f32>, &Vec<f32>)| a.len() == b.len() && likeliest(a).0 == likeliest(b).0;
    reference.iter().zip(answers).all(same) && difference(reference, answers) <= OTHER_NUMBERS
}

/// What was found out as text for people.
pub fn table(found: &Forms) -> String {
    let mut text = format!("model     {}\nthreads   {}\n\n", found.model, found.threads);
    // Writing to a string does not fail.
    let _ = writeln!(text, "{:<9} {:>10} {:>14}  answers on {} pictures", "engine", "ms", "a second", found.pictures);
    for form in &found.forms {
        let _ = match (form.latency_ms, &form.refused) {
            (Some(ms), _) => {
                let answers = match (form.difference, form.agrees) {
                    (None, true) => "the reference".to_string(),
                    (None, false) => "nothing to compare with".to_string(),
                    (Some(apart), true) => format!("agree, at most {:.1} % apart", apart * 100.0),
                    (Some(apart), false) => format!("DIFFER, up to {:.1} % apart", apart * 100.0),
                };
                writeln!(text, "{:<9} {ms:>10.2} {:>14.1}  {answers}", form.engine, 1e3 / ms)
            }
            (None, reason) => writeln!(text, "{:<9} {}", form.engine, reason.as_deref().unwrap_or_default()),
        };
    }
    let _ = match (&found.fastest, &found.kept_in) {
        (Some(engine), Some(file)) => {
            writeln!(text, "\n{engine} is the fastest that agrees; vggcam takes it from now on ({})", file.display())
        }
        (Some(engine), None) => {
            writeln!(text, "\n{engine} is the fastest that agrees; ask for it with --engine {engine}")
        }
        (None, _) => writeln!(text, "\nthere is no reference to agree with; nothing changes"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_agree_by_class_and_by_distance() {
        let reference = [vec![0.7, 0.3], vec![0.4, 0.6]];
        assert!(agree(&reference, &[vec![0.65, 0.35], vec![0.45, 0.55]]));
        assert!(!agree(&reference, &[vec![0.7, 0.3], vec![0.501, 0.499]]));
        assert!(!agree(&reference, &[vec![0.55, 0.45], vec![0.4, 0.6]]));
        assert!(!agree(&reference, &[vec![1.0], vec![0.4, 0.6]]));
    }
}

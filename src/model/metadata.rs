//! What a model file says about itself, kept in ONNX `metadata_props` under `vggcam.*`.

use serde::{Deserialize, Serialize};

use super::{familiarity::Familiarity, labels::check};

/// How a picture of any size becomes the network's square input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Both sides are scaled on their own, as Keras' `target_size` does; the whole picture is seen.
    #[default]
    Squash,
    /// The largest centred square is cut out, then scaled; shapes keep their proportions.
    CentreCrop,
}

/// Figures measured on the validation folder when the model was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Number of labelled pictures.
    pub images: usize,
    /// Share of right answers of the float model, 0 to 1.
    pub accuracy_f32: f64,
    /// Share of right answers of the int8 model, 0 to 1.
    pub accuracy_int8: f64,
}

/// Everything the runtime must know besides the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// Short name shown on the screen, such as `vgg16-slim cats-dogs`.
    pub name: String,
    /// Class names in the order of the network's outputs.
    pub labels: Vec<String>,
    /// How pictures are brought to the input size.
    pub fit: Fit,
    /// Confidence, 0 to 1, below which the answer is `unknown`; 0 switches that off.
    pub unknown_threshold: f32,
    /// Name of the frozen backbone the features come from.
    pub backbone: String,
    /// Figures from the validation folder, where there was one.
    pub validation: Option<Validation>,
    /// How familiar a picture is, and below what the answer is `unknown`; `None` judges by confidence alone.
    pub familiarity: Option<Familiarity>,
}

impl Metadata {
    /// Whether an answer of this confidence and familiarity is `unknown`.
    pub fn is_unknown(&self, confidence: f32, familiarity: Option<f32>) -> bool {
        let strange = |known: &Familiarity| familiarity.is_some_and(|value| value < known.threshold);
        confidence < self.unknown_threshold || self.familiarity.as_ref().is_some_and(strange)
    }
}

/// Version of the keys below; a file with a higher one is refused.
const FORMAT_VERSION: u32 = 2;
/// Version of a file without familiarity, which earlier programs read too.
const WITHOUT_FAMILIARITY: u32 = 1;

/// The metadata as key–value pairs for a file.
pub fn to_properties(metadata: &Metadata) -> Vec<(String, String)> {
    let json = |value: serde_json::Value| value.to_string();
    let version = if metadata.familiarity.is_some() { FORMAT_VERSION } else { WITHOUT_FAMILIARITY };
    let mut properties = vec![
        ("vggcam.format_version".into(), version.to_string()),
        ("vggcam.name".into(), metadata.name.clone()),
        ("vggcam.labels".into(), json(metadata.labels.clone().into())),
        ("vggcam.fit".into(), metadata.fit.name().into()),
        ("vggcam.unknown_threshold".into(), metadata.unknown_threshold.to_string()),
        ("vggcam.backbone".into(), metadata.backbone.clone()),
    ];
    if let Some(v) = &metadata.validation {
        let value = serde_json::json!({
            "images": v.images, "accuracy_f32": v.accuracy_f32, "accuracy_int8": v.accuracy_int8,
        });
        properties.push(("vggcam.validation".into(), json(value)));
    }
    if let Some(familiarity) = &metadata.familiarity {
        // A struct of numbers and strings always has a JSON form.
        let text = serde_json::to_string(familiarity).unwrap_or_default();
        properties.push(("vggcam.familiarity".into(), text));
    }
    properties
}

/// Reads the pairs of a file; `None` if it has none of ours. The error says which value is wrong.
pub fn from_properties<'a>(
    properties: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Metadata>, String> {
    let ours: std::collections::HashMap<_, _> =
        properties.into_iter().filter_map(|(key, value)| Some((key.strip_prefix("vggcam.")?, value))).collect();
    if ours.is_empty() {
        return Ok(None);
    }
    let version = ours.get("format_version").copied().unwrap_or("1");
    if version.parse::<u32>().map_or(true, |version| version > FORMAT_VERSION) {
        return Err(format!(
            "its format version is {version:?} and this program reads up to {FORMAT_VERSION}; update vggcam"
        ));
    }
    let labels = ours.get("labels").ok_or("it carries no labels (vggcam.labels)")?;
    let labels: Vec<String> =
        serde_json::from_str(labels).map_err(|_| format!("vggcam.labels is {labels:?}, not a JSON list of names"))?;
    check(&labels).map_err(|wrong| format!("vggcam.labels {wrong}"))?;
    let fit = ours.get("fit").map_or(Ok(Fit::default()), |name| {
        Fit::from_name(name).ok_or_else(|| format!("vggcam.fit is {name:?}, neither squash nor centre-crop"))
    })?;
    let threshold = ours.get("unknown_threshold").copied().unwrap_or("0");
    let unknown_threshold = threshold
        .parse::<f32>()
        .ok()
        .filter(|t| (0.0..=1.0).contains(t))
        .ok_or_else(|| format!("vggcam.unknown_threshold is {threshold:?}, not a number from 0 to 1"))?;
    let validation = match ours.get("validation") {
        None => None,
        Some(text) => {
            Some(serde_json::from_str(text).map_err(|_| format!("vggcam.validation is not readable: {text:?}"))?)
        }
    };
    let familiarity = match ours.get("familiarity") {
        None => None,
        Some(text) => {
            let unusable = |reason: String| format!("vggcam.familiarity is not usable: {reason}");
            let found: Familiarity = serde_json::from_str(text).map_err(|error| unusable(error.to_string()))?;
            found.check().map_err(unusable)?;
            Some(found)
        }
    };
    let text = |key: &str| ours.get(key).map_or(String::new(), |value| value.to_string());
    Ok(Some(Metadata {
        name: text("name"),
        labels,
        fit,
        unknown_threshold,
        backbone: text("backbone"),
        validation,
        familiarity,
    }))
}

impl Fit {
    /// Name in model files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Fit::Squash => "squash",
            Fit::CentreCrop => "centre-crop",
        }
    }

    /// The fit called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Fit::Squash, Fit::CentreCrop].into_iter().find(|fit| fit.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Metadata {
        Metadata {
            name: "müller's \"cats\"".into(),
            labels: vec!["chat".into(), "chien, grand".into()],
            fit: Fit::CentreCrop,
            unknown_threshold: 0.625,
            backbone: "vgg16".into(),
            validation: Some(Validation { images: 800, accuracy_f32: 0.97, accuracy_int8: 0.9675 }),
            familiarity: Some(Familiarity {
                threshold: -1.5,
                layers: vec!["block1_conv2".into()],
                bias: vec![0.1, 1e-30],
                weights: vec![1.0 / 3.0, -7.25],
            }),
        }
    }

    fn read(properties: &[(String, String)]) -> Result<Option<Metadata>, String> {
        from_properties(properties.iter().map(|(k, v)| (k.as_str(), v.as_str())))
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(&to_properties(&sample())), Ok(Some(sample())));
    }

    #[test]
    fn a_file_without_familiarity_has_the_version_that_all_programs_read() {
        let version = |metadata: &Metadata| to_properties(metadata)[0].clone();
        assert_eq!(version(&sample()), ("vggcam.format_version".into(), "2".into()));
        let plain = Metadata { familiarity: None, ..sample() };
        assert_eq!(version(&plain), ("vggcam.format_version".into(), "1".into()));
        assert_eq!(read(&to_properties(&plain)), Ok(Some(plain)));
    }

    #[test]
    fn unknown_is_what_is_not_sure_or_not_familiar() {
        let unknown = |confidence, familiarity| sample().is_unknown(confidence, familiarity);
        assert_eq!([unknown(0.7, Some(0.0)), unknown(0.7, None)], [false; 2]);
        assert_eq!([unknown(0.6, Some(0.0)), unknown(0.7, Some(-1.6))], [true; 2]);
        assert!(!Metadata { familiarity: None, ..sample() }.is_unknown(0.7, Some(-1.6)));
    }

    #[test]
    fn a_foreign_file_has_none() {
        assert_eq!(read(&[("author".into(), "me".into())]), Ok(None));
    }

    #[test]
    fn wrong_values_are_named() {
        for (key, value, says) in [
            ("vggcam.labels", "cat,dog", "JSON list"),
            ("vggcam.labels", r#"["cat","unknown"]"#, "no class fits"),
            ("vggcam.fit", "stretch", "neither squash"),
            ("vggcam.unknown_threshold", "NaN", "from 0 to 1"),
            ("vggcam.format_version", "3", "update vggcam"),
            ("vggcam.familiarity", "{}", "missing field"),
            ("vggcam.familiarity", r#"{"threshold":0,"layers":["a"],"bias":[0,0],"weights":[1,2,3]}"#, "3 weights"),
        ] {
            let mut properties = to_properties(&sample());
            properties.iter_mut().find(|(k, _)| k == key).unwrap().1 = value.into();
            assert!(read(&properties).unwrap_err().contains(says), "{key}");
        }
        let without_labels: Vec<_> =
            to_properties(&sample()).into_iter().filter(|(k, _)| k != "vggcam.labels").collect();
        assert!(read(&without_labels).unwrap_err().contains("no labels"));
    }
}

//! The int8 form of the network, and what it answers to the validation pictures.

use anyhow::Context;

use super::{Run, features::Split};
use crate::{
    finetune::{
        features::{Backbone, Source, extract, open_store},
        head::softmax,
        int8::{
            calibration::{Calibration, LayerNoise, representative},
            quantize::quantize_head,
        },
        samples::Samples,
        store::precision::Precision,
        temperature::{TemperatureScaling, fold_quantized},
        unknown::{
            describe,
            gather::{self, Fitted},
        },
    },
    model::{
        network::Dense,
        quantized::{QuantizedDense, QuantizedLayer, QuantizedNetwork},
    },
};

/// Pictures whose activations set the ranges of the int8 form.
const CALIBRATION_PICTURES: usize = 128;

/// The whole network as int8.
pub struct Quantized {
    /// Backbone and head.
    pub network: QuantizedNetwork,
    /// Probabilities of each class for each validation picture, at the temperature that was found.
    pub answers: Vec<Vec<f32>>,
    /// How sure it is, and how sure it should be.
    pub calibration: TemperatureScaling,
    /// Noise of every layer of the backbone with ReLU.
    pub noise: Vec<LayerNoise>,
    /// What tells pictures of none of the classes; `None` where confidence alone does, or there is nothing to tell them by.
    pub unknown: Option<Fitted>,
    /// Pictures whose int8 features were computed now; the others were known.
    pub computed: usize,
}

/// Quantizes backbone and head with ranges from training pictures, and measures the result on `valid`.
pub fn quantize(run: &Run, head: &Dense, valid: &Split) -> anyhow::Result<Quantized> {
    let options = run.options;
    let calibration = representative(&run.dataset.train, run.classes(), CALIBRATION_PICTURES);
    let source = Source { cache: options.cache.as_deref(), fit: options.fit };
    let ranges = Calibration::of(run.backbone, &calibration, source)?;
    let feature_scale = ranges.scales.last().copied().context("the backbone has no layer with ReLU")?;
    let backbone = ranges.quantized(run.backbone);
    let head = quantize_head(head, feature_scale);

    let (layers, described) = describe::layers(&backbone);
    let frozen = Backbone::Pooled(&backbone, &layers);
    let (name, length) = (format!("{} int8", run.backbone_name), run.backbone.outputs());
    let kind = frozen.kind(&name, options.fit, length + described, Precision::F32);
    let store = open_store(&kind, options.cache.as_deref(), &options.out)?;
    let steps = extract("int8 features", &valid.files, frozen, &store, options.limits)?;
    let mut rows = Vec::with_capacity(valid.files.len());
    for (index, row) in steps.rows.iter().enumerate() {
        rows.push(row.with_context(|| steps.reason(index, valid.files[index]))?);
    }
    let mut logits = Vec::with_capacity(rows.len());
    Samples::stored(&store, rows.clone(), valid.samples.classes.clone())
        .for_each(|row, _| logits.push(logits_of(&head, feature_scale, &row[..length])))?;
    let calibration = run.calibration(&logits, &valid.samples.classes);
    let tempered =
        |logits: Vec<f32>| softmax(&logits.iter().map(|logit| logit / calibration.temperature).collect::<Vec<_>>());
    let answers = logits.into_iter().map(tempered).collect();

    let unknown = match options.unknown_threshold {
        Some(_) => None,
        None => {
            let negatives = options.negatives.as_deref();
            let sources = gather::Sources { dataset: run.dataset, valid: &rows, negatives };
            let described = gather::Described { backbone: frozen, layers: &layers, store: &store, skip: length };
            gather::fit(&sources, &described, options.accept, options.limits)?
        }
    };
    let computed = steps.computed + unknown.as_ref().map_or(0, |unknown| unknown.computed);
    let head = fold_quantized(head, calibration.temperature);
    Ok(Quantized { network: whole(backbone, head), answers, calibration, noise: ranges.layers, unknown, computed })
}

/// What the softmax takes, from uint8 features: whole numbers up to there, as the model file computes them.
fn logits_of(head: &QuantizedDense, feature_scale: f32, steps: &[f32]) -> Vec<f32> {
    let logit = |(row, output): (&[i8], usize)| {
        let products = row.iter().zip(steps).map(|(&weight, &step)| i64::from(weight) * step as i64);
        let sum = i64::from(head.bias[output]) + products.sum::<i64>();
        sum as f32 * (head.weight_scales[output] * feature_scale)
    };
    head.weights.chunks_exact(head.inputs.max(1)).zip(0..).map(logit).collect()
}

fn whole(mut backbone: QuantizedNetwork, head: QuantizedDense) -> QuantizedNetwork {
    backbone.layers.push(QuantizedLayer::Dense(head));
    backbone.softmax = true;
    backbone
}

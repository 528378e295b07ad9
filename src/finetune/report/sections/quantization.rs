//! What rounding to int8 changed.

use serde::Serialize;

use crate::finetune::{
    int8::{agreement::Quantization, calibration::LayerNoise},
    report::{
        plot::tenth,
        render::{Section, render},
        text::{count, percent, pictures, ratio},
    },
};

/// Decibels that fill the bar of a layer.
const FULL_DB: f64 = 50.0;

/// A layer's noise as a bar.
#[derive(Serialize)]
struct Row {
    layer: String,
    /// What was done about it.
    repairs: String,
    decibels: String,
    /// Percent of the whole width.
    width: f64,
}

/// How the int8 model's answers compare with the float model's, and how much noise each layer has where that was measured.
pub fn section(found: &Quantization) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        same: String,
        facts: Vec<(&'static str, String)>,
        noise: Vec<Row>,
    }
    let Quantization { images, same, mean_difference, largest_difference, ref cost, ref layers } = *found;
    let row = |layer: &LayerNoise| Row {
        layer: layer.name.clone(),
        repairs: repairs(layer),
        decibels: format!("{:.1} dB", layer.signal_to_noise_db),
        width: tenth((layer.signal_to_noise_db / FULL_DB * 100.0).clamp(0.0, 100.0)),
    };
    let right = cost
        .iter()
        .flat_map(|cost| [("Only float is right", count(cost.lost)), ("Only int8 is right", count(cost.won))]);
    let data = Data {
        same: format!("{} of {} ({})", count(same), pictures(images), ratio(same, images)),
        facts: right
            .chain([
                ("Probabilities move by", percent(mean_difference, images)),
                ("and at most by", percent(f64::from(largest_difference), images)),
            ])
            .collect(),
        noise: layers.iter().filter(|layer| layer.signal_to_noise_db.is_finite()).map(row).collect(),
    };
    let body = render("quantization", include_str!("quantization.html"), data)?;
    Ok(Section { id: "int8", heading: "What rounding to int8 changed", short: "int8", body })
}

fn repairs(layer: &LayerNoise) -> String {
    let done = [(layer.equalised, "channels made alike"), (layer.bias_corrected, "bias corrected")];
    done.iter().filter(|(done, _)| *done).map(|(_, what)| *what).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_shown_where_it_was_measured() {
        let (float, int8) = (vec![vec![0.9, 0.1]; 800], vec![vec![0.8, 0.2]; 797]);
        let int8 = [int8, vec![vec![0.3, 0.7]; 3]].concat();
        let bare = section(&Quantization::of(&float, &int8, Some(&[0; 800]), vec![])).unwrap().body;
        assert!(bare.contains("797 of 800 pictures (99.6%)") && !bare.contains("dB"), "{bare}");
        assert!(bare.contains("<dt>Only float is right</dt><dd>3</dd>") && bare.contains("<dd>60.0%</dd>"), "{bare}");
        let noise = [("conv<1>", 25.0, true), ("fc1", f64::INFINITY, false)].map(|(name, db, repaired)| LayerNoise {
            name: name.into(),
            signal_to_noise_db: db,
            equalised: repaired,
            bias_corrected: repaired,
        });
        let html = section(&Quantization::of(&float, &int8, None, noise.to_vec())).unwrap().body;
        assert!(!html.contains("Only float") && html.contains("channels made alike, bias corrected"), "{html}");
        assert!(html.contains("conv&lt;1&gt;") && html.contains("25.0 dB") && html.contains("width:50.0%"), "{html}");
        assert!(!html.contains("fc1") && !html.contains("inf"));
    }
}

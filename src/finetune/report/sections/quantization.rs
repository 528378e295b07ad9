//! What rounding to int8 changed.

use serde::Serialize;

use crate::finetune::{
    findings::{LayerNoise, agreement::Agreement},
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
    decibels: String,
    /// Percent of the whole width.
    width: f64,
}

/// How the int8 model's answers compare with the float model's, and how much noise each layer has where that was measured.
pub fn section(agreement: &Agreement, noise: &[LayerNoise]) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        same: String,
        facts: Vec<(&'static str, String)>,
        noise: Vec<Row>,
    }
    let Agreement { pictures: all, same, lost, won, mean_shift, greatest_shift } = *agreement;
    let row = |layer: &LayerNoise| Row {
        layer: layer.layer.clone(),
        decibels: format!("{:.1} dB", layer.signal_to_noise_db),
        width: tenth((layer.signal_to_noise_db / FULL_DB * 100.0).clamp(0.0, 100.0)),
    };
    let data = Data {
        same: format!("{} of {} ({})", count(same), pictures(all), ratio(same, all)),
        facts: vec![
            ("Only float is right", count(lost)),
            ("Only int8 is right", count(won)),
            ("Confidence moves by", percent(mean_shift, all)),
            ("and at most by", percent(greatest_shift, all)),
        ],
        noise: noise.iter().filter(|layer| layer.signal_to_noise_db.is_finite()).map(row).collect(),
    };
    let body = render("quantization", include_str!("quantization.html"), data)?;
    Ok(Section { id: "int8", heading: "What rounding to int8 changed", short: "int8", body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_shown_where_it_was_measured() {
        let agreement = Agreement { pictures: 800, same: 797, lost: 2, won: 1, mean_shift: 0.004, greatest_shift: 0.1 };
        let bare = section(&agreement, &[]).unwrap().body;
        assert!(bare.contains("797 of 800 pictures (99.6%)") && !bare.contains("dB"), "{bare}");
        let noise = [("conv<1>", 25.0), ("fc1", f64::INFINITY)];
        let noise = noise.map(|(layer, db)| LayerNoise { layer: layer.into(), signal_to_noise_db: db });
        let html = section(&agreement, &noise).unwrap().body;
        assert!(html.contains("conv&lt;1&gt;") && html.contains("25.0 dB") && html.contains("width:50.0%"), "{html}");
        assert!(!html.contains("fc1") && !html.contains("inf"));
    }
}

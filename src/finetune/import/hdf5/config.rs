//! What Keras writes about a model beside its weights, as JSON.

use serde_json::Value;

use super::super::preparation::Preparation;

/// What is known of a model's layers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// All layers that are no models themselves, in the model's order.
    pub layers: Vec<Layer>,
    /// Rows and columns of the picture, where they are fixed.
    pub input_size: Option<usize>,
    /// Whether planes go first in its tensors.
    pub channels_first: bool,
    /// How a `Rescaling` layer prepares the pixels.
    pub preparation: Option<Preparation>,
}

/// What is known of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub name: String,
    /// Whether the layer ends with a ReLU of its own.
    pub relu: bool,
    /// What a batch norm adds to variances.
    pub epsilon: Option<f64>,
}

impl Config {
    /// Reads it. The error says what cannot be.
    pub fn parse(text: &str) -> Result<Config, String> {
        let model: Value = serde_json::from_str(text)
            .map_err(|error| format!("its model configuration is damaged ({error}); copy or fetch it again"))?;
        let mut config = Config::default();
        config.read(&model)?;
        Ok(config)
    }

    fn read(&mut self, model: &Value) -> Result<(), String> {
        let config = &model["config"];
        // Keras 1 kept the layers of a sequence as they are, later ones under a name.
        if let Some(layers) = config.as_array().or_else(|| config["layers"].as_array()) {
            return layers.iter().try_for_each(|layer| self.read(layer));
        }
        let name = config["name"].as_str().unwrap_or_default().to_string();
        let class = model["class_name"].as_str().unwrap_or_default();
        for key in ["batch_shape", "batch_input_shape"] {
            let sizes = config[key].as_array().map(|axes| axes.iter().filter_map(Value::as_u64).collect::<Vec<_>>());
            if let (Some([a, b, c]), None) = (sizes.as_deref(), self.input_size) {
                let size = if *a == 3 && b == c { b } else { a };
                self.input_size = usize::try_from(*size).ok();
            }
        }
        let channels_first = config["data_format"] == "channels_first" || config["dim_ordering"] == "th";
        self.channels_first |= channels_first && class.contains("Conv");
        if class == "Rescaling" {
            self.preparation = Some(rescaling(config)?);
        }
        self.layers.push(Layer { name, relu: config["activation"] == "relu", epsilon: config["epsilon"].as_f64() });
        Ok(())
    }

    /// What is known of the layer called `name`, and which one it is.
    pub fn layer(&self, name: &str) -> Option<(usize, &Layer)> {
        self.layers.iter().enumerate().find(|(_, layer)| layer.name == name)
    }
}

fn rescaling(config: &Value) -> Result<Preparation, String> {
    let (scale, offset) = (config["scale"].as_f64(), config["offset"].as_f64().unwrap_or(0.0));
    let is = |value: f64, expected: f64| (value - expected).abs() < 1e-6;
    match scale {
        Some(scale) if is(scale, 1.0 / 255.0) && is(offset, 0.0) => Ok(Preparation::Unit),
        Some(scale) if is(scale, 1.0 / 127.5) && is(offset, -1.0) => Ok(Preparation::Tf),
        _ => Err(format!(
            "its Rescaling layer has the scale {} and the offset {offset}; known are 1/255 with 0, and 1/127.5 with -1",
            config["scale"]
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_models_in_models_are_found_in_order() {
        let text = r#"{"class_name": "Sequential", "config": {"layers": [
            {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, 64, 64, 3]}},
            {"class_name": "Rescaling", "config": {"name": "r", "scale": 0.00784313725490196, "offset": -1}},
            {"class_name": "Functional", "config": {"name": "vgg16", "layers": [
                {"class_name": "Conv2D", "config": {"name": "c", "activation": "relu", "data_format": "channels_last"}},
                {"class_name": "BatchNormalization", "config": {"name": "b", "epsilon": 0.002}}]}},
            {"class_name": "Dense", "config": {"name": "d", "activation": "softmax"}}]}}"#;
        let config = Config::parse(text).unwrap();
        let names: Vec<_> = config.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["in", "r", "c", "b", "d"]);
        assert_eq!((config.input_size, config.channels_first), (Some(64), false));
        assert_eq!(config.preparation, Some(Preparation::Tf));
        assert_eq!(config.layer("b").unwrap().1.epsilon, Some(0.002));
        assert!(config.layer("c").unwrap().1.relu && !config.layer("d").unwrap().1.relu);
    }

    #[test]
    fn the_form_of_keras_1_is_read() {
        let text = r#"{"class_name": "Sequential", "config": [
            {"class_name": "Convolution2D", "config": {"name": "c", "batch_input_shape": [null, 3, 224, 224], "dim_ordering": "th"}}]}"#;
        let config = Config::parse(text).unwrap();
        assert_eq!((config.input_size, config.channels_first), (Some(224), true));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert!(Config::parse("{").unwrap_err().contains("damaged"));
        let rescaling = r#"{"class_name": "Rescaling", "config": {"scale": 0.5}}"#;
        assert!(Config::parse(rescaling).unwrap_err().contains("scale 0.5"));
    }
}

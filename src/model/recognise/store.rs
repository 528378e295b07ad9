//! The constants of a recognised model, on their way out of the file's message.

use std::collections::HashMap;

use tract_onnx::pb::{ModelProto, TensorProto};

use crate::model::onnx::tensor::{self, Constant};

/// Tensors by name, each given away when its last reader has come.
pub struct Store {
    tensors: HashMap<String, TensorProto>,
    /// How often each is still to be taken.
    readers: HashMap<String, usize>,
}

impl Store {
    /// The constants of `model`, as [`Graph`](crate::model::onnx::graph::Graph) names them; `readers` says which will
    /// be taken, a name for each time. All else in the message is dropped.
    pub fn new<'n>(model: ModelProto, readers: impl Iterator<Item = &'n str>) -> Self {
        let mut counts = HashMap::new();
        for name in readers {
            *counts.entry(name.to_string()).or_insert(0) += 1;
        }
        let graph = model.graph.unwrap_or_default();
        let initializers = graph.initializer.into_iter().map(|tensor| (tensor.name.clone(), tensor));
        let nodes = graph.node.into_iter().filter(|node| node.op_type == "Constant").filter_map(|node| {
            let value = node.attribute.into_iter().find(|attribute| attribute.name == "value")?.t?;
            Some((node.output.into_iter().next()?, value))
        });
        let tensors = initializers.chain(nodes).filter(|(name, _)| counts.contains_key(name)).collect();
        Store { tensors, readers: counts }
    }

    /// The constant called `name`; in its own memory for the last reader, else copied.
    pub fn take(&mut self, name: &str) -> Result<Constant, String> {
        let missing = || format!("the weights {name:?} are gone");
        let left = self.readers.get_mut(name).ok_or_else(missing)?;
        *left = left.saturating_sub(1);
        if *left > 0 {
            tensor::read(self.tensors.get(name).ok_or_else(missing)?)
        } else {
            tensor::take(self.tensors.remove(name).ok_or_else(missing)?)
        }
    }
}

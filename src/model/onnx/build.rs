//! Building an ONNX graph node by node.

use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto,
    TypeProto, ValueInfoProto,
    attribute_proto::AttributeType,
    tensor_proto::DataType,
    tensor_shape_proto::{Dimension, dimension::Value},
    type_proto,
};

use super::{
    skeleton::Skeleton,
    tensor::{self, Constant, Elements},
};

/// Operator set the files are written for: the first with per-channel `QuantizeLinear`.
const OPSET: i64 = 13;
/// File format that goes with that operator set.
const IR_VERSION: i64 = 7;

/// A length of an input or output that stands for any number of pictures.
pub const ANY: usize = 0;

/// A graph that grows along one path; large constants stay where they are until it is written.
#[derive(Default)]
pub struct Builder<'a> {
    graph: GraphProto,
    floats: Vec<(usize, &'a [f32])>,
}

impl<'a> Builder<'a> {
    /// Starts a graph with one input of the given type and shape, of which an axis may be [`ANY`].
    pub fn new(name: &str, input: &str, data_type: DataType, shape: &[usize]) -> Self {
        let graph =
            GraphProto { name: name.into(), input: vec![value_info(input, data_type, shape)], ..Default::default() };
        Self { graph, floats: vec![] }
    }

    /// Adds a constant and gives its name back.
    pub fn constant(&mut self, name: String, shape: &[usize], elements: Elements) -> String {
        let constant = Constant { shape: shape.to_vec(), elements };
        self.graph.initializer.push(tensor::write(&name, &constant));
        name
    }

    /// Adds a float constant whose values stay where they are, and gives its name back.
    pub fn floats(&mut self, name: String, shape: &[usize], values: &'a [f32]) -> String {
        self.floats.push((self.graph.initializer.len(), values));
        self.constant(name, shape, Elements::F32(vec![]))
    }

    /// Adds a node that makes one value called `name`, and gives that name back.
    pub fn node(&mut self, op_type: &str, name: String, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        self.graph.node.push(node(op_type, name.clone(), inputs, attributes));
        name
    }

    /// Ends the graph: `value` becomes its output under the name `output`.
    pub fn finish(
        mut self,
        value: &str,
        output: &str,
        data_type: DataType,
        shape: &[usize],
        metadata: Vec<(String, String)>,
    ) -> Skeleton<'a> {
        for name in self.graph.node.iter_mut().flat_map(|node| &mut node.output) {
            if name == value {
                *name = output.into();
            }
        }
        self.graph.output.push(value_info(output, data_type, shape));
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: "vggcam".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            graph: Some(self.graph),
            metadata_props: metadata.into_iter().map(|(key, value)| StringStringEntryProto { key, value }).collect(),
            ..Default::default()
        };
        Skeleton { model, floats: self.floats }
    }
}

/// A node that makes one value, called like itself.
pub fn node(op_type: &str, name: String, inputs: &[&str], attributes: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: op_type.into(),
        input: inputs.iter().map(|&input| input.into()).collect(),
        output: vec![name.clone()],
        attribute: attributes,
        name,
        ..Default::default()
    }
}

/// An integer attribute.
pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: AttributeType::Int as i32, i: value, ..Default::default() }
}

/// A list of integers as an attribute.
pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: values.to_vec(),
        ..Default::default()
    }
}

/// What a graph says about one of its inputs or outputs.
pub fn value_info(name: &str, data_type: DataType, shape: &[usize]) -> ValueInfoProto {
    let dim = shape
        .iter()
        .map(|&length| match length {
            ANY => Value::DimParam("N".into()),
            length => Value::DimValue(length as i64),
        })
        .map(|value| Dimension { value: Some(value), ..Default::default() })
        .collect();
    let tensor = type_proto::Tensor { elem_type: data_type as i32, shape: Some(TensorShapeProto { dim }) };
    let r#type = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..Default::default() };
    ValueInfoProto { name: name.into(), r#type: Some(r#type), ..Default::default() }
}

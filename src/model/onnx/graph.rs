//! A read-only view of an ONNX graph: constants by name, consumers by value, attributes by name.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, tensor_shape_proto::dimension::Value, type_proto,
};

use super::tensor::{self, Constant, Elements};

/// A graph with its lookups.
pub struct Graph<'a> {
    proto: &'a GraphProto,
    nodes: Vec<&'a NodeProto>,
    outputs: &'a [ValueInfoProto],
    constants: HashMap<&'a str, Cow<'a, TensorProto>>,
    producers: HashMap<&'a str, &'a NodeProto>,
    consumers: HashMap<&'a str, Vec<&'a NodeProto>>,
}

/// Type and shape that a graph declares for an input or output; an axis of unknown length is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Name of the value.
    pub name: String,
    /// ONNX element type, see `TensorProto.DataType`.
    pub data_type: i32,
    /// Length of each axis.
    pub shape: Vec<Option<usize>>,
}

impl<'a> Graph<'a> {
    /// Indexes the graph of `model`; the error says what makes the graph incoherent.
    pub fn new(model: &'a ModelProto) -> Result<Self, String> {
        let proto = graph_of(model)?;
        Self::index(proto, proto.node.iter().collect(), &proto.output)
    }

    /// The same for what the first output depends on alone.
    pub fn of_first_output(model: &'a ModelProto) -> Result<Self, String> {
        let proto = graph_of(model)?;
        let mut needed: HashSet<&str> = proto.output.first().map(|output| output.name.as_str()).into_iter().collect();
        let mut nodes = vec![];
        // A node stands behind those that it reads from, so that one way back meets them all.
        for node in proto.node.iter().rev() {
            if node.output.iter().any(|output| needed.contains(output.as_str())) {
                needed.extend(node.input.iter().map(String::as_str));
                nodes.push(node);
            }
        }
        nodes.reverse();
        Self::index(proto, nodes, proto.output.get(..1).unwrap_or_default())
    }

    fn index(proto: &'a GraphProto, nodes: Vec<&'a NodeProto>, outputs: &'a [ValueInfoProto]) -> Result<Self, String> {
        let mut graph = Graph {
            proto,
            nodes,
            outputs,
            constants: proto.initializer.iter().map(|tensor| (tensor.name.as_str(), Cow::Borrowed(tensor))).collect(),
            producers: HashMap::new(),
            consumers: HashMap::new(),
        };
        for &node in &graph.nodes {
            match (node.op_type.as_str(), node.output.first(), constant_value(node)) {
                ("Constant", Some(output), Some(value)) => {
                    graph.constants.insert(output, value);
                }
                _ => {
                    for output in node.output.iter().filter(|name| !name.is_empty()) {
                        graph.producers.insert(output, node);
                    }
                    for input in node.input.iter().filter(|name| !name.is_empty()) {
                        graph.consumers.entry(input).or_default().push(node);
                    }
                }
            }
        }
        graph.check_references()?;
        Ok(graph)
    }

    fn check_references(&self) -> Result<(), String> {
        let known = |name: &str| {
            self.constants.contains_key(name)
                || self.producers.contains_key(name)
                || self.proto.input.iter().any(|input| input.name == name)
        };
        for node in &self.nodes {
            if let Some(missing) = node.input.iter().find(|name| !name.is_empty() && !known(name)) {
                return Err(format!("{} reads {missing:?}, which nothing in the graph makes", describe(node)));
            }
        }
        match self.outputs.iter().find(|output| !known(&output.name)) {
            Some(output) => Err(format!("nothing in the graph makes its output {:?}", output.name)),
            None if self.outputs.is_empty() => Err("its graph has no output".into()),
            None => Ok(()),
        }
    }

    /// The nodes that are indexed, in file order.
    pub fn nodes(&self) -> &[&'a NodeProto] {
        &self.nodes
    }

    /// The one input that is not a constant.
    pub fn input(&self) -> Result<Declared, String> {
        let mut inputs = self.proto.input.iter().filter(|input| !self.constants.contains_key(input.name.as_str()));
        match (inputs.next(), inputs.next()) {
            (Some(input), None) => declared(input),
            (None, _) => Err("its graph has no input".into()),
            (Some(a), Some(b)) => Err(format!(
                "its graph has several inputs ({:?}, {:?}, …); a picture classifier has one",
                a.name, b.name
            )),
        }
    }

    /// The first output.
    pub fn output(&self) -> Result<Declared, String> {
        declared(self.outputs.first().ok_or("its graph has no output")?)
    }

    /// Whether `name` is an output of the graph.
    pub fn is_output(&self, name: &str) -> bool {
        self.outputs.iter().any(|output| output.name == name)
    }

    /// Whether `name` is a constant.
    pub fn is_constant(&self, name: &str) -> bool {
        self.constants.contains_key(name)
    }

    /// The constant called `name`, unread.
    pub fn tensor(&self, name: &str) -> Result<&TensorProto, String> {
        let tensor =
            self.constants.get(name).ok_or_else(|| format!("{name:?} is computed, where a constant belongs"))?;
        Ok(tensor)
    }

    /// The constant called `name`.
    pub fn constant(&self, name: &str) -> Result<Constant, String> {
        tensor::read(self.tensor(name)?)
    }

    /// A float constant of `count` values; a single value stands for all of them.
    pub fn floats(&self, name: Option<&str>, count: usize) -> Result<Vec<f32>, String> {
        let name = name.ok_or("a node lacks an input")?;
        match self.constant(name)?.elements {
            Elements::F32(values) if values.len() == count => Ok(values),
            Elements::F32(values) if values.len() == 1 => Ok(vec![values[0]; count]),
            elements => Err(format!("{name:?} has {} values where {count} float values belong", elements.len())),
        }
    }

    /// The node that makes `name`.
    pub fn producer(&self, name: &str) -> Option<&'a NodeProto> {
        self.producers.get(name).copied()
    }

    /// The only node that reads `name`; `None` if `name` ends the graph.
    pub fn only_consumer(&self, name: &str) -> Result<Option<&'a NodeProto>, String> {
        match self.consumers.get(name).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([node]) => Ok(Some(node)),
            Some([a, b, ..]) => {
                Err(format!("the graph branches at {name:?}, into {} and {}", describe(a), describe(b)))
            }
        }
    }
}

fn graph_of(model: &ModelProto) -> Result<&GraphProto, String> {
    model.graph.as_ref().ok_or_else(|| "it holds no graph; the file is empty or is not ONNX".into())
}

/// Kind and name of a node, for errors, on one line whatever a damaged file calls it.
pub fn describe(node: &NodeProto) -> String {
    let kind = node.op_type.escape_debug();
    match (&node.name, node.output.first()) {
        (name, Some(output)) if name.is_empty() => format!("the {kind} node that makes {output:?}"),
        (name, _) => format!("{kind} node {name:?}"),
    }
}

/// The `index`-th input's name, if the node has it.
pub fn input(node: &NodeProto, index: usize) -> Option<&str> {
    node.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
}

/// The first output's name; a node without one makes nothing.
pub fn output(node: &NodeProto) -> Result<&str, String> {
    node.output.first().map(String::as_str).ok_or_else(|| format!("{} has no output", describe(node)))
}

/// An integer attribute, or `default`.
pub fn attribute_int(node: &NodeProto, name: &str, default: i64) -> i64 {
    node.attribute.iter().find(|a| a.name == name).map_or(default, |a| a.i)
}

/// A float attribute, or `default`.
pub fn attribute_float(node: &NodeProto, name: &str, default: f32) -> f32 {
    node.attribute.iter().find(|a| a.name == name).map_or(default, |a| a.f)
}

/// A list of integers, if the node has that attribute.
pub fn attribute_ints<'n>(node: &'n NodeProto, name: &str) -> Option<&'n [i64]> {
    node.attribute.iter().find(|a| a.name == name).map(|a| a.ints.as_slice())
}

/// A string attribute, if the node has it.
pub fn attribute_string<'n>(node: &'n NodeProto, name: &str) -> Option<&'n [u8]> {
    node.attribute.iter().find(|a| a.name == name).map(|a| a.s.as_slice())
}

/// What a `Constant` node gives: a tensor, or one of the short forms that stand for one.
fn constant_value(node: &NodeProto) -> Option<Cow<'_, TensorProto>> {
    let attribute = |name: &str| node.attribute.iter().find(|a| a.name == name);
    if let Some(value) = attribute("value") {
        return value.t.as_ref().map(Cow::Borrowed);
    }
    let (shape, elements) = if let Some(value) = attribute("value_float") {
        (vec![], Elements::F32(vec![value.f]))
    } else if let Some(value) = attribute("value_floats") {
        (vec![value.floats.len()], Elements::F32(value.floats.clone()))
    } else if let Some(value) = attribute("value_int") {
        (vec![], Elements::I64(vec![value.i]))
    } else {
        let value = attribute("value_ints")?;
        (vec![value.ints.len()], Elements::I64(value.ints.clone()))
    };
    Some(Cow::Owned(tensor::write(node.output.first()?, &Constant { shape, elements })))
}

fn declared(value: &ValueInfoProto) -> Result<Declared, String> {
    let Some(type_proto::Value::TensorType(tensor)) = value.r#type.as_ref().and_then(|t| t.value.as_ref()) else {
        return Err(format!("its graph gives {:?} no tensor type", value.name));
    };
    let shape = tensor.shape.as_ref().map_or_else(Vec::new, |shape| {
        shape
            .dim
            .iter()
            .map(|dim| match dim.value {
                Some(Value::DimValue(length)) => usize::try_from(length).ok().filter(|&length| length > 0),
                _ => None,
            })
            .collect()
    });
    Ok(Declared { name: value.name.clone(), data_type: tensor.elem_type, shape })
}

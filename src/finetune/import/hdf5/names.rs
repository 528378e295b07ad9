//! Keras 1 and 2, and the `.h5` files of whole models of any Keras: attributes `layer_names` and `weight_names`.

use hdf5_reader::group::Group as Hdf5Group;

use super::{
    super::{
        layout::Layout,
        weights::{Dense, DenseNorm, Flattening, Found, Group, Kernels, Norms, Order, Tensor},
    },
    Config, Hdf5, broken, contradiction, strings,
};

/// What Keras adds to variances where a layer does not say otherwise.
const EPSILON: f64 = 1e-3;

/// The layers' names, if the group has such a list. Keras splits long ones: `layer_names0`, `layer_names1`, …
pub fn layers(group: &Hdf5Group) -> Result<Option<Vec<String>>, String> {
    listed(group, "layer_names")
}

fn listed(group: &Hdf5Group, name: &str) -> Result<Option<Vec<String>>, String> {
    if let Some(whole) = strings(group, name)? {
        return Ok(Some(whole));
    }
    let mut all = vec![];
    while let Some(part) = strings(group, &format!("{name}{}", all.len()))? {
        all.push(part);
    }
    Ok(if all.is_empty() { None } else { Some(all.concat()) })
}

/// Finds the weights of `layers`, which stand in `group` at the path `place`, in a file called `name`.
pub fn find(
    hdf5: Hdf5,
    group: &Hdf5Group,
    place: &str,
    layers: &[String],
    name: &str,
    layout: Layout,
    config: Option<Config>,
) -> Result<Found, String> {
    let mut groups: Vec<Group> = vec![];
    for layer in layers {
        let missing = |error| format!("its list of layers names {layer:?}, but: {}", broken(error));
        let names = listed(&group.group(layer).map_err(missing)?, "weight_names")?.unwrap_or_default();
        let start = groups.len();
        for weight in names {
            let tensor = hdf5.tensor(format!("{place}/{layer}/{weight}"))?;
            add(&mut groups, start, layer, &weight, tensor);
        }
    }
    let backend = strings(group, "backend")?.map(|text| text.concat());
    let mut assumed = vec![];
    let order = order(&groups, backend.as_deref(), name, layout, config.as_ref(), &mut assumed)?;
    let theano = order.kernels == Kernels::OutputsFirst;
    let what = if config.is_some() { "a whole Keras model" } else { "weights of Keras" };
    let order_name = if theano { "Theano's" } else { "TensorFlow's" };
    let turned = if order.turned { "kernels turned by 180°" } else { "kernels as they are" };
    Ok(Found {
        what: format!("{what} with layer_names, in {order_name} order, {turned}"),
        norms: norms(config.as_ref()),
        input_size: config.as_ref().and_then(|config| config.input_size),
        preparation: config.as_ref().and_then(|config| config.preparation),
        groups,
        order,
        assumed,
        source: Box::new(hdf5),
    })
}

/// What batch norms need to know, from a model's configuration where there is one.
pub fn norms(config: Option<&Config>) -> Norms {
    let layers = config.map_or(&[][..], |config| &config.layers);
    Norms {
        epsilons: layers.iter().filter_map(|layer| Some((layer.name.clone(), layer.epsilon?))).collect(),
        relus: config.map(|_| layers.iter().filter(|layer| layer.relu).map(|layer| layer.name.clone()).collect()),
        epsilon: EPSILON,
        behind_dense: DenseNorm::AfterRelu,
    }
}

/// Adds a tensor to the layer that it belongs to: of a model in a model, the name of the weight says which.
fn add(groups: &mut Vec<Group>, start: usize, layer: &str, weight: &str, tensor: Tensor) {
    let owner = match weight.rsplit_once('/') {
        Some((path, _)) => path.rsplit('/').next().unwrap_or(path),
        None => layer,
    };
    match groups[start..].iter_mut().find(|group| group.name == owner) {
        Some(group) => group.tensors.push(tensor),
        None => groups.push(Group { name: owner.into(), tensors: vec![tensor] }),
    }
}

fn order(
    groups: &[Group],
    backend: Option<&str>,
    name: &str,
    layout: Layout,
    config: Option<&Config>,
    assumed: &mut Vec<String>,
) -> Result<Order, String> {
    let first = groups.iter().flat_map(|group| &group.tensors).find(|tensor| tensor.shape.len() == 4);
    // The rows and columns of a kernel are alike in all layers; channels are not 3 before and behind.
    let outputs_first = |tensor: &Tensor| match tensor.shape[..] {
        [3, 3, 3, _] => groups
            .iter()
            .flat_map(|group| &group.tensors)
            .any(|t| matches!(t.shape[..], [a, b, 3, 3] if (a, b) != (3, 3))),
        [_, _, 3, 3] => true,
        _ => false,
    };
    let kernels = match first {
        Some(tensor) if outputs_first(tensor) => Kernels::OutputsFirst,
        _ => Kernels::OutputsLast,
    };
    let theano = kernels == Kernels::OutputsFirst;
    let possible = match kernels {
        Kernels::OutputsFirst => [Layout::KerasTh, Layout::KerasThTfKernels],
        Kernels::OutputsLast => [Layout::KerasTf, Layout::KerasTfThKernels],
    };
    contradiction(layout, &possible)?;
    let turned = match (layout, backend) {
        (Layout::KerasTh | Layout::KerasTfThKernels, _) => true,
        (Layout::KerasTf | Layout::KerasThTfKernels, _) => false,
        (_, Some(backend)) => backend == "theano",
        // Nothing in the file says it.
        (_, None) if name.contains("th_kernels") || name.contains("tf_kernels") => {
            let turned = name.contains("th_kernels");
            if turned != theano {
                let how = if turned { "turned by 180°" } else { "not turned" };
                assumed.push(format!("kernels are {how}, as the file's name says (th_kernels or tf_kernels)"));
            }
            turned
        }
        (_, None) => {
            if theano {
                assumed.push(
                    "kernels are turned by 180°, as Theano writes them; --layout keras-th-tf-kernels if they are not"
                        .into(),
                );
            }
            theano
        }
    };
    let channels_first = theano || config.is_some_and(|config| config.channels_first);
    let flattening = if channels_first { Flattening::ChannelsFirst } else { Flattening::ChannelsLast };
    Ok(Order { kernels, turned, dense: Dense::InputsFirst, flattening })
}

//! Keras of 2015: the attribute `nb_layers`, groups `layer_N`, in them `param_0` and `param_1`; written on Theano.

use hdf5_reader::group::Group as Hdf5Group;

use super::{
    super::weights::{DenseNorm, Found, Group, Norms, Order},
    Hdf5, broken,
};

/// More layers than this has no VGG16.
const MAX_LAYERS: usize = 1000;

/// Finds the weights in a file whose root is `root`.
pub fn find(hdf5: Hdf5, root: &Hdf5Group) -> Result<Found, String> {
    let (names, _) = root.member_names().map_err(broken)?;
    let mut layers: Vec<(usize, String)> =
        names.into_iter().filter_map(|name| Some((name.strip_prefix("layer_")?.parse().ok()?, name))).collect();
    layers.sort_unstable();
    layers.truncate(MAX_LAYERS);
    let mut groups = vec![];
    for (_, name) in layers {
        let group = root.group(&name).map_err(broken)?;
        let (_, datasets) = group.member_names().map_err(broken)?;
        let mut parameters: Vec<(usize, String)> =
            datasets.into_iter().filter_map(|name| Some((name.strip_prefix("param_")?.parse().ok()?, name))).collect();
        parameters.sort_unstable();
        let tensors = parameters.into_iter().map(|(_, parameter)| hdf5.tensor(format!("/{name}/{parameter}")));
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        if !tensors.is_empty() {
            groups.push(Group { name, tensors });
        }
    }
    Ok(Found {
        what: "weights of Keras of 2015, in Theano's order".into(),
        groups,
        order: Order::THEANO,
        norms: Norms { epsilons: vec![], epsilon: 1e-6, relus: None, behind_dense: DenseNorm::AfterRelu },
        input_size: None,
        preparation: None,
        assumed: vec![],
        source: Box::new(hdf5),
    })
}

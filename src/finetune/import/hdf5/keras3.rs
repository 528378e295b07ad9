//! Keras 3: groups under `layers/`, in each layer's `vars/` the tensors `0`, `1`, …

use std::cmp::Reverse;

use hdf5_reader::group::Group as Hdf5Group;

use super::{
    super::{
        natural,
        weights::{Flattening, Found, Group, Order},
    },
    Config, Hdf5, broken,
    names::norms,
    strings,
};

/// Models in models are not nested deeper than this.
const MAX_DEPTH: usize = 16;
/// More layers than this has no VGG16.
const MAX_LAYERS: usize = 1000;

/// A layer under way: where it stands, and its tensors.
struct Layer {
    path: String,
    group: Group,
}

/// Finds the weights under the group `place`; `config` is the model's, where it stands beside the file.
pub fn find(hdf5: Hdf5, place: &str, config: Option<Config>) -> Result<Found, String> {
    let mut layers = vec![];
    let root = hdf5.file.group(place).map_err(broken)?;
    walk(&hdf5, &root, format!("/{place}"), 0, &mut layers)?;
    let mut order = Order::TENSORFLOW;
    if config.as_ref().is_some_and(|config| config.channels_first) {
        order.flattening = Flattening::ChannelsFirst;
    }
    layers.sort_by(|a, b| natural::compare(&a.path, &b.path));
    let groups = layers.into_iter().map(|layer| layer.group).collect();
    let (groups, assumed) = arranged(groups, config.as_ref())?;
    Ok(Found {
        what: if config.is_some() { "a Keras 3 model" } else { "weights of Keras 3" }.into(),
        groups,
        order,
        norms: norms(config.as_ref()),
        input_size: config.as_ref().and_then(|config| config.input_size),
        preparation: config.as_ref().and_then(|config| config.preparation),
        assumed,
        source: Box::new(hdf5),
    })
}

fn walk(hdf5: &Hdf5, group: &Hdf5Group, path: String, depth: usize, layers: &mut Vec<Layer>) -> Result<(), String> {
    if depth > MAX_DEPTH || layers.len() > MAX_LAYERS {
        return Err("it holds more layers in layers than a VGG16".into());
    }
    let (groups, datasets) = group.member_names().map_err(broken)?;
    let mut tensors: Vec<(usize, String)> =
        datasets.into_iter().filter_map(|name| Some((name.parse().ok()?, name))).collect();
    tensors.sort_unstable();
    if path.ends_with("/vars") && !tensors.is_empty() {
        let name = match strings(group, "name")? {
            Some(name) => name.concat(),
            None => path.trim_end_matches("/vars").rsplit('/').next().unwrap_or(&path).to_string(),
        };
        let tensors = tensors.into_iter().map(|(_, tensor)| hdf5.tensor(format!("{path}/{tensor}")));
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        layers.push(Layer { path: path.clone(), group: Group { name, tensors } });
    }
    for name in groups {
        walk(hdf5, &group.group(&name).map_err(broken)?, format!("{path}/{name}"), depth + 1, layers)?;
    }
    Ok(())
}

/// The layers in the network's order. A file of weights says that order only among layers of one kind.
fn arranged(mut groups: Vec<Group>, config: Option<&Config>) -> Result<(Vec<Group>, Vec<String>), String> {
    let place = |group: &Group| config.and_then(|config| config.layer(&group.name)).map(|(index, _)| index);
    if groups.iter().all(|group| place(group).is_some()) {
        groups.sort_by_key(place);
        return Ok((groups, vec![]));
    }
    let rank = |group: &Group| group.tensors.iter().map(|tensor| tensor.shape.len()).max().unwrap_or(0);
    let (norms, mut weighted): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| rank(group) < 2);
    weighted.sort_by_key(|group| Reverse(rank(group)));
    if norms.is_empty() {
        return Ok((weighted, vec![]));
    }
    let convolutions = weighted.iter().filter(|group| rank(group) == 4).count();
    let dense = weighted.len() - convolutions;
    let fits = norms.len() == convolutions || norms.len() + 1 == weighted.len() && dense > 0;
    if !fits {
        return Err(format!(
            "it holds {} batch norms for {convolutions} convolutions and {dense} dense layers, and nothing says where they \
             stand; save the whole model, as .keras",
            norms.len()
        ));
    }
    let assumed = vec![format!("the {} batch norms stand behind the first {} layers", norms.len(), norms.len())];
    let mut norms = norms.into_iter();
    Ok((weighted.into_iter().flat_map(|layer| [Some(layer), norms.next()]).flatten().collect(), assumed))
}

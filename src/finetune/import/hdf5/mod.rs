//! HDF5 files, in the layouts that Keras has written since 2015.

mod config;
mod keras2015;
mod keras3;
mod names;

pub use config::Config;

use std::ops::Range;

use hdf5_reader::{
    Attribute, Datatype, Hdf5File, OpenOptions, SliceInfo, SliceInfoElem, group::Group, storage::DynStorage,
};

use super::{
    layout::Layout,
    weights::{Found, Source, Tensor},
};

/// Most bytes that are read at once.
const MAX_READ_BYTES: usize = 1 << 30;

/// An open file.
pub struct Hdf5 {
    file: Hdf5File,
}

/// Finds the weights in a file, which messages call `name`; `config` is what stands beside it, in a `.keras` archive.
pub fn find(storage: DynStorage, name: &str, layout: Layout, config: Option<Config>) -> Result<Found, String> {
    let hdf5 = Hdf5::open(storage)?;
    let root = hdf5.file.root_group().map_err(broken)?;
    let (groups, _) = root.member_names().map_err(broken)?;
    let has = |name: &str| groups.iter().any(|group| group == name);
    if attribute(&root, "nb_layers")?.is_some() {
        return contradiction(layout, &[Layout::Keras2015]).and_then(|()| keras2015::find(hdf5, &root));
    }
    for place in ["", "model_weights"] {
        let group = match place {
            "" => Some(hdf5.file.root_group()),
            place => has(place).then(|| root.group(place)),
        };
        let Some(group) = group.transpose().map_err(broken)? else { continue };
        if let Some(layers) = names::layers(&group)? {
            let config = match strings(&root, "model_config")? {
                Some(text) => Some(Config::parse(&text.concat())?),
                None => config,
            };
            return names::find(hdf5, &group, place, &layers, name, layout, config);
        }
    }
    if let Some(place) = ["layers", "_layer_checkpoint_dependencies"].into_iter().find(|place| has(place)) {
        return contradiction(layout, &[Layout::Keras3]).and_then(|()| keras3::find(hdf5, place, config));
    }
    Err(format!(
        "it is HDF5, but Keras did not write it: it has neither layer_names nor nb_layers nor layers/, but {}; load the weights \
         in Keras and save them with save_weights('vgg16.weights.h5')",
        if groups.is_empty() { "no groups".into() } else { first_few(&groups) }
    ))
}

fn contradiction(layout: Layout, found: &[Layout]) -> Result<(), String> {
    layout.contradicts(found).map_or(Ok(()), Err)
}

fn first_few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let some = names.iter().take(SHOWN).map(|name| name.escape_debug().to_string()).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{some}, …") } else { some }
}

/// An error of the reader, for people.
fn broken(error: hdf5_reader::error::Error) -> String {
    format!("the HDF5 file is damaged or was cut short ({error}); copy or fetch it again")
}

/// The attribute called `name`, if the group has it.
fn attribute(group: &Group, name: &str) -> Result<Option<Attribute>, String> {
    Ok(group.attributes().map_err(broken)?.into_iter().find(|attribute| attribute.name == name))
}

/// The strings of an attribute, if the group has it.
fn strings(group: &Group, name: &str) -> Result<Option<Vec<String>>, String> {
    let Some(attribute) = attribute(group, name)? else { return Ok(None) };
    // An empty list has no type.
    if attribute.num_elements().map_err(broken)? == 0 {
        return Ok(Some(vec![]));
    }
    match attribute.read_strings() {
        Ok(strings) if !strings.is_empty() => Ok(Some(strings)),
        _ => attribute.read_string().map(|text| Some(vec![text])).map_err(broken),
    }
}

impl Hdf5 {
    fn open(storage: DynStorage) -> Result<Self, String> {
        let options = OpenOptions::default().with_max_read_bytes(MAX_READ_BYTES);
        let file = Hdf5File::from_storage_with_options(storage, options).map_err(broken)?;
        Ok(Hdf5 { file })
    }

    /// The tensor at a path, unread.
    fn tensor(&self, path: String) -> Result<Tensor, String> {
        let dataset = self.file.dataset(&path).map_err(broken)?;
        let shape = dataset.shape().iter().map(|&length| usize::try_from(length).map_err(|error| error.to_string()));
        let shape = shape.collect::<Result<_, _>>()?;
        Ok(Tensor { name: path, shape })
    }
}

impl Source for Hdf5 {
    fn rows(&self, tensor: &str, rows: Range<usize>) -> Result<Vec<f32>, String> {
        let dataset = self.file.dataset(tensor).map_err(broken)?;
        let whole = SliceInfoElem::Slice { start: 0, end: u64::MAX, step: 1 };
        let mut selections = vec![whole; dataset.ndim()];
        if let Some(first) = selections.first_mut() {
            *first = SliceInfoElem::Slice { start: rows.start as u64, end: rows.end as u64, step: 1 };
        }
        let slice = SliceInfo { selections };
        match dataset.dtype() {
            Datatype::FloatingPoint { size: 4, .. } => {
                Ok(dataset.read_slice::<f32>(&slice).map_err(broken)?.into_iter().collect())
            }
            Datatype::FloatingPoint { size: 8, .. } => {
                Ok(dataset.read_slice::<f64>(&slice).map_err(broken)?.into_iter().map(|value| value as f32).collect())
            }
            other => Err(format!("{tensor} holds {other:?}, where float32 belongs; save the model in float32")),
        }
    }
}

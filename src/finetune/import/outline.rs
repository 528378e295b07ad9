//! Whether a file's layers are those of VGG16, of any width: found and held against each other before anything is read.

use super::weights::{Dense as DenseOrder, Found, Group, Kernels, Order, Tensor, shown};

/// Convolutions of each block; a max pool ends it.
pub const BLOCKS: [usize; 5] = [2, 2, 3, 3, 3];
/// Dense layers are tried in every order, so there must be few.
const MAX_DENSE: usize = 5;

/// The layers with weights of a VGG16.
#[derive(Debug)]
pub struct Outline<'f> {
    /// 13 of them.
    pub convolutions: Vec<Weighted<'f>>,
    /// In order; there may be none.
    pub dense: Vec<Weighted<'f>>,
}

/// A convolution or dense layer.
#[derive(Clone, Copy, Debug)]
pub struct Weighted<'f> {
    /// Its place in VGG16, such as `block3_conv1`, and how the file calls it.
    pub group: &'f Group,
    pub kernel: &'f Tensor,
    pub bias: Option<&'f Tensor>,
    pub inputs: usize,
    pub outputs: usize,
    /// The batch norm behind it.
    pub norm: Option<&'f Group>,
}

/// What a group of tensors is.
enum Kind {
    Convolution([usize; 2]),
    Dense,
    Norm,
}

impl Outline<'_> {
    /// Channels of the last planes.
    pub fn channels(&self) -> usize {
        self.convolutions.last().map_or(0, |last| last.outputs)
    }
}

/// The name of the `index`-th convolution.
pub fn convolution_name(index: usize) -> String {
    let mut place = index;
    for (block, count) in BLOCKS.into_iter().enumerate() {
        if place < count {
            return format!("block{}_conv{}", block + 1, place + 1);
        }
        place -= count;
    }
    format!("conv{}", index + 1)
}

/// A layer as errors call it.
pub fn called(name: &str, group: &Group) -> String {
    if group.name == name { format!("layer {name}") } else { format!("layer {name} ({:?} in the file)", group.name) }
}

/// Finds the layers. The error names the first one that does not belong into a VGG16, and says what belongs there.
pub fn outline(found: &Found) -> Result<Outline<'_>, String> {
    let mut layers: Vec<(Kind, Weighted)> = vec![];
    let mut norms = 0;
    let mut misplaced = None;
    for group in &found.groups {
        let (kind, layer) = classified(group, found.order)?;
        if let Kind::Norm = kind {
            norms += 1;
            match layers.last_mut() {
                Some((_, last)) if last.norm.is_none() && last.outputs == layer.outputs => last.norm = Some(group),
                last => misplaced = misplaced.or_else(|| Some(misplaced_norm(group, last.map(|(_, last)| &*last)))),
            }
        } else {
            layers.push((kind, layer));
        }
    }
    let is_convolution = |kind: &Kind| matches!(kind, Kind::Convolution([3, 3]));
    let count = layers.iter().filter(|(kind, _)| is_convolution(kind)).count();
    let expected: usize = BLOCKS.iter().sum();
    if count != expected {
        return Err(no_vgg16(&layers, count, norms));
    }
    if let Some(misplaced) = misplaced {
        return Err(misplaced);
    }
    let (mut convolutions, mut dense) = (vec![], vec![]);
    for (kind, layer) in layers {
        match kind {
            Kind::Convolution([3, 3]) => convolutions.push(layer),
            // timm keeps dense layers as convolutions over all that is left of the picture.
            Kind::Convolution([rows, columns]) if found.order == Order::TORCH && convolutions.len() == expected => {
                dense.push(Weighted { inputs: layer.inputs * rows * columns, ..layer });
            }
            Kind::Convolution(_) => {
                let name = convolution_name(convolutions.len());
                return Err(unexpected(&name, &layer, "kernels of 3×3"));
            }
            _ => dense.push(layer),
        }
    }
    let channels = chained(&convolutions, found.order)?;
    let dense = ordered(dense, channels)?;
    Ok(Outline { convolutions, dense })
}

fn classified(group: &Group, order: Order) -> Result<(Kind, Weighted<'_>), String> {
    let shapes: Vec<&[usize]> = group.tensors.iter().map(|tensor| &tensor.shape[..]).collect();
    let layer = |inputs: usize, outputs: usize| {
        // Every arm below has a tensor.
        Weighted { group, kernel: &group.tensors[0], bias: group.tensors.get(1), inputs, outputs, norm: None }
    };
    let (kind, layer) = match (&shapes[..], order.kernels, order.dense) {
        (&[&[outputs, inputs, rows, columns], ..], Kernels::OutputsFirst, _)
        | (&[&[rows, columns, inputs, outputs], ..], Kernels::OutputsLast, _) => {
            (Kind::Convolution([rows, columns]), layer(inputs, outputs))
        }
        (&[&[outputs, inputs], ..], _, DenseOrder::OutputsFirst)
        | (&[&[inputs, outputs], ..], _, DenseOrder::InputsFirst) => (Kind::Dense, layer(inputs, outputs)),
        (&[&[a], &[b], &[c], &[d]], ..) if [b, c, d] == [a; 3] => (Kind::Norm, layer(a, a)),
        _ => {
            let shapes = shapes.iter().map(|shape| shown(shape)).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "layer {:?} holds tensors of {shapes}: neither kernels with a bias nor a batch norm of four vectors",
                group.name
            ));
        }
    };
    if let Kind::Norm = kind {
        return Ok((kind, layer));
    }
    if shapes.len() > 2 || shapes.get(1).is_some_and(|&bias| bias != [layer.outputs]) {
        let rest = shapes[1..].iter().map(|shape| shown(shape)).collect::<Vec<_>>().join(", ");
        return Err(format!(
            "layer {:?}: beside weights of {} for {} outputs a bias of {} values belongs, and {rest} is there",
            group.name,
            shown(shapes[0]),
            layer.outputs,
            layer.outputs
        ));
    }
    if layer.inputs == 0 || layer.outputs == 0 {
        return Err(format!("layer {:?} has empty weights, {}", group.name, shown(shapes[0])));
    }
    Ok((kind, layer))
}

fn misplaced_norm(group: &Group, before: Option<&Weighted>) -> String {
    let values = group.tensors.first().map_or(0, |tensor| tensor.shape.iter().product());
    match before {
        Some(before) => format!(
            "batch norm {:?} is for {values} values and follows layer {:?}, which has {} outputs",
            group.name, before.group.name, before.outputs
        ),
        None => format!("batch norm {:?} stands before the first convolution", group.name),
    }
}

fn no_vgg16(layers: &[(Kind, Weighted)], count: usize, norms: usize) -> String {
    let all = layers.iter().filter(|(kind, _)| matches!(kind, Kind::Convolution(_))).count();
    let dense = layers.len() - all;
    let first = layers.first().map_or(String::new(), |(_, first)| {
        format!(", beginning with {:?} of {}", first.group.name, shown(&first.kernel.shape))
    });
    let known = match count {
        _ if all != count => "",
        8 => "; those of VGG11",
        10 => "; those of VGG13",
        16 => "; those of VGG19",
        _ => "",
    };
    format!(
        "it holds no VGG16: {count} convolutions of 3×3 where VGG16 has 13, {} others, {dense} dense layers, {norms} batch \
         norms{first}{known}; give weights of VGG16, of any width",
        all - count
    )
}

/// That `layer` is not what belongs into this place.
fn unexpected(name: &str, layer: &Weighted, expected: &str) -> String {
    format!("{}: expected {expected}, found {}", called(name, layer.group), shown(&layer.kernel.shape))
}

/// Holds the convolutions' channels against each other; gives the last ones.
fn chained(convolutions: &[Weighted], order: Order) -> Result<usize, String> {
    let mut channels = 3;
    for (index, layer) in convolutions.iter().enumerate() {
        if layer.inputs != channels {
            let expected = match order.kernels {
                Kernels::OutputsFirst => format!("kernels of {}×{channels}×3×3", layer.outputs),
                Kernels::OutputsLast => format!("kernels of 3×3×{channels}×{}", layer.outputs),
            };
            return Err(unexpected(&convolution_name(index), layer, &expected));
        }
        channels = layer.outputs;
    }
    Ok(channels)
}

/// The dense layers in the order in which each reads the one before it; names need not say it.
fn ordered(dense: Vec<Weighted<'_>>, channels: usize) -> Result<Vec<Weighted<'_>>, String> {
    if dense.len() > MAX_DENSE {
        return Err(format!("it holds {} dense layers; VGG16 has 3", dense.len()));
    }
    let mut chain = vec![];
    if extend(&mut chain, &dense, channels) {
        return Ok(chain.into_iter().map(|index| dense[index]).collect());
    }
    // None fits, so the first that does not is named in the file's order.
    let mut before: Option<usize> = None;
    for (index, layer) in dense.iter().enumerate() {
        let fits = before.map_or(reads_planes(layer, channels), |values| layer.inputs == values);
        if !fits {
            let expected = match before {
                None => format!("weights for {channels} channels × 7 × 7 = {} inputs", channels * 49),
                Some(values) => format!("weights for the {values} outputs of the layer before"),
            };
            return Err(unexpected(&format!("fc{}", index + 1), layer, &expected));
        }
        before = Some(layer.outputs);
    }
    Err("its dense layers do not read each other".into())
}

/// Puts the layers that are not yet in the chain behind it, if they go there in some order.
fn extend(chain: &mut Vec<usize>, dense: &[Weighted], channels: usize) -> bool {
    if chain.len() == dense.len() {
        return true;
    }
    for index in 0..dense.len() {
        let fits = match chain.last() {
            None => reads_planes(&dense[index], channels),
            Some(&last) => dense[index].inputs == dense[last].outputs,
        };
        if fits && !chain.contains(&index) {
            chain.push(index);
            if extend(chain, dense, channels) {
                return true;
            }
            chain.pop();
        }
    }
    false
}

fn reads_planes(layer: &Weighted, channels: usize) -> bool {
    channels > 0 && layer.inputs.is_multiple_of(channels) && side(layer.inputs / channels).is_some()
}

/// The side of a square of so many pixels.
pub fn side(pixels: usize) -> Option<usize> {
    let side = pixels.isqrt();
    (side > 0 && side * side == pixels).then_some(side)
}

//! Which pictures of many are near duplicates: the same photograph resized, compressed again, brighter or mirrored, or the
//! next frame of one camera.
//!
//! Two pictures whose difference hashes share one of their eight bytes are compared by their thumbnails; hashes that differ
//! in at most seven bits always share one. So each picture is compared with few others, however many there are.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Look, thumbnail::Thumbnail};

/// Most bits in which the hashes of near duplicates differ.
const MOST_BITS: u32 = 10;
/// Least correlation of the thumbnails of near duplicates.
const LEAST_CORRELATION: f32 = 0.98;
/// Least contrast with which a thumbnail says anything.
pub const LEAST_CONTRAST: f32 = 2.0;
/// Near duplicates that are taken from one list: more of a picture's are of no use to anybody.
const ENOUGH: usize = 16;

/// Near duplicates among some pictures.
pub struct Near {
    /// For each picture its near duplicates, some if there are many, by ascending content hash.
    neighbours: Vec<Vec<u32>>,
    /// Places of the pictures by ascending content hash, and the other way round.
    rank: Vec<u32>,
}

impl Near {
    /// Compares all `looks`. Those of the same content are near duplicates too.
    pub fn among(looks: &[&Look]) -> Self {
        let mut order: Vec<u32> = (0..looks.len() as u32).collect();
        order.sort_by_key(|&i| (looks[i as usize].content, i));
        let mut rank = vec![0; looks.len()];
        (0..).zip(&order).for_each(|(place, &i)| rank[i as usize] = place);
        let hashes: Vec<u64> = looks.iter().map(|look| look.thumbnail.hash()).collect();
        let says_something: Vec<bool> =
            looks.par_iter().map(|look| look.thumbnail.contrast() >= LEAST_CONTRAST).collect();
        // Lists are in the order of content, so that the first ones found are those that come first in it.
        let mut lists: HashMap<(usize, u8), Vec<u32>> = HashMap::new();
        for &i in order.iter().filter(|&&i| says_something[i as usize]) {
            for (band, byte) in hashes[i as usize].to_le_bytes().into_iter().enumerate() {
                lists.entry((band, byte)).or_default().push(i);
            }
        }
        let found = |i: usize| {
            let look = looks[i];
            let mut near = same_content(looks, &order, rank[i] as usize);
            if says_something[i] {
                let mirrored = look.thumbnail.mirrored();
                for (thumbnail, hash) in [(&look.thumbnail, hashes[i]), (&mirrored, mirrored.hash())] {
                    for (band, byte) in hash.to_le_bytes().into_iter().enumerate() {
                        let list = lists.get(&(band, byte)).map_or(&[][..], Vec::as_slice);
                        let alike = list.iter().copied().filter(|&j| {
                            j as usize != i
                                && (hashes[j as usize] ^ hash).count_ones() <= MOST_BITS
                                && are_alike(thumbnail, looks[j as usize])
                        });
                        near.extend(alike.take(ENOUGH));
                    }
                }
            }
            near.sort_by_key(|&j| rank[j as usize]);
            near.dedup();
            near
        };
        let neighbours = (0..looks.len()).into_par_iter().map(found).collect();
        Near { neighbours, rank }
    }

    /// Near duplicates of a picture, some if there are many.
    pub fn of(&self, picture: usize) -> impl Iterator<Item = usize> + '_ {
        self.neighbours[picture].iter().map(|&other| other as usize)
    }

    /// For each picture the one that stands for its group: near duplicates, and the near duplicates of those, have the same.
    /// It is the one whose content hash is lowest, so a picture that is added changes at most the groups that it belongs to.
    pub fn groups(&self) -> Vec<usize> {
        let mut leader: Vec<usize> = (0..self.neighbours.len()).collect();
        for picture in 0..leader.len() {
            for other in self.of(picture) {
                let (a, b) = (root(&mut leader, picture), root(&mut leader, other));
                let (first, second) = if self.rank[a] <= self.rank[b] { (a, b) } else { (b, a) };
                leader[second] = first;
            }
        }
        (0..leader.len()).map(|picture| root(&mut leader, picture)).collect()
    }
}

fn are_alike(thumbnail: &Thumbnail, other: &Look) -> bool {
    thumbnail.correlation(&other.thumbnail) >= LEAST_CORRELATION
}

/// Up to [`ENOUGH`] other pictures on each side of `place` that have the content of the one there.
fn same_content(looks: &[&Look], order: &[u32], place: usize) -> Vec<u32> {
    let content = &looks[order[place] as usize].content;
    let same = |&&i: &&u32| looks[i as usize].content == *content;
    let before = order[..place].iter().rev().take_while(same).take(ENOUGH);
    before.chain(order[place + 1..].iter().take_while(same).take(ENOUGH)).copied().collect()
}

/// Follows leaders to the last one, and shortens the way for the next time.
fn root(leader: &mut [usize], mut picture: usize) -> usize {
    while leader[picture] != picture {
        leader[picture] = leader[leader[picture]];
        picture = leader[picture];
    }
    picture
}

#[cfg(test)]
mod tests {
    use image::{RgbImage, imageops};

    use super::*;
    use crate::{finetune::cache::hash_of_file, vision::samples};

    /// A picture of a few large smooth shapes, another one for each seed.
    fn photograph(seed: u32) -> RgbImage {
        let coarse = samples::noise(7 + seed % 5, 6 + seed % 3);
        imageops::resize(&coarse, 90, 80, imageops::FilterType::CatmullRom)
    }

    fn look(picture: &RgbImage) -> Look {
        Look::of_picture(hash_of_file(picture.as_raw()), &[], picture)
    }

    fn compressed(picture: &RgbImage) -> RgbImage {
        image::load_from_memory(&samples::jpeg(picture)).unwrap().into_rgb8()
    }

    #[test]
    fn what_was_made_of_one_photograph_is_found_and_others_are_not() {
        let one = photograph(3);
        let brighter = imageops::brighten(&imageops::contrast(&one, -30.0), 10);
        let made = [
            one.clone(),
            imageops::resize(&one, 200, 30, imageops::FilterType::Lanczos3),
            compressed(&imageops::thumbnail(&one, 48, 40)),
            imageops::flip_horizontal(&one),
            brighter,
        ];
        let others = [0, 1, 2, 4].map(photograph);
        let looks: Vec<Look> = made.iter().chain(&others).map(look).collect();
        let near = Near::among(&looks.iter().collect::<Vec<_>>());
        for i in 0..made.len() {
            let mut found: Vec<usize> = near.of(i).collect();
            found.sort();
            assert_eq!(found, (0..made.len()).filter(|&j| j != i).collect::<Vec<_>>(), "{i}");
        }
        for i in made.len()..looks.len() {
            assert_eq!(near.of(i).count(), 0, "{i}");
        }
        let groups = near.groups();
        assert!(groups[..made.len()].iter().all(|&leader| leader == groups[0]), "{groups:?}");
        let lowest = (0..made.len()).min_by_key(|&i| looks[i].content).unwrap();
        assert_eq!(groups[0], lowest);
        assert_eq!(groups[5..], [5, 6, 7, 8]);
    }

    #[test]
    fn pictures_of_one_colour_are_near_only_to_copies_of_their_file() {
        let [black, white] = [0, 255].map(|value| look(&RgbImage::from_pixel(20, 20, image::Rgb([value; 3]))));
        let near = Near::among(&[&black, &white, &black]);
        assert_eq!(near.of(0).collect::<Vec<_>>(), [2]);
        assert_eq!(near.of(1).count(), 0);
        assert_eq!(near.groups(), [near.groups()[2], 1, near.groups()[0]]);
    }

    #[test]
    fn many_copies_do_not_take_long_and_are_one_group() {
        let one = look(&photograph(1));
        let looks: Vec<Look> =
            (0..600u32).map(|i| Look { content: hash_of_file(&(i / 2).to_le_bytes()), ..one.clone() }).collect();
        let near = Near::among(&looks.iter().collect::<Vec<_>>());
        assert!((0..looks.len()).all(|i| near.of(i).count() >= ENOUGH && near.of(i).count() <= 18 * ENOUGH));
        let groups = near.groups();
        assert!(groups.iter().all(|&leader| leader == groups[0]));
    }
}

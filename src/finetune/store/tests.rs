use std::io::Write;

use super::{precision::Precision, *};
use crate::model::metadata::Fit;

fn kind(features: usize) -> Kind {
    Kind::new("vgg", &[7; 32], Fit::Squash, features, Precision::F32)
}

/// A folder with a file of two pictures, 1 and 2.
fn filled() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.features");
    let store = Store::open(&path, &kind(2)).unwrap();
    let pictures = [([1; 32], vec![1.5, -2.0]), ([2; 32], vec![0.0, 9.0]), ([1; 32], vec![1.5, -2.0])];
    assert_eq!(store.append(&pictures).unwrap(), [0, 1, 0]);
    (folder, path)
}

fn row(store: &Store, name: u8) -> Option<Vec<f32>> {
    let row = store.find(&[name; 32]).unwrap()?;
    let mut features = vec![0.0; store.kind().features];
    store.read(row, &mut features).unwrap();
    Some(features)
}

fn append(store: &Store, name: u8) {
    store.append(&[([name; 32], vec![f32::from(name); store.kind().features])]).unwrap();
}

#[test]
fn what_is_appended_is_there_at_once_and_at_the_next_opening() {
    let (_folder, path) = filled();
    for _ in 0..2 {
        let store = Store::open(&path, &kind(2)).unwrap();
        assert_eq!(row(&store, 1).as_deref(), Some(&[1.5, -2.0][..]));
        assert_eq!(row(&store, 2).as_deref(), Some(&[0.0, 9.0][..]));
        assert_eq!(row(&store, 3).is_some(), store.records() == 3);
        append(&store, 3);
        assert_eq!(row(&store, 3).as_deref(), Some(&[3.0, 3.0][..]));
        assert_eq!(store.records(), 3);
    }
}

#[test]
fn a_torn_tail_costs_only_its_record_and_later_ones_are_kept() {
    let (_folder, path) = filled();
    let whole = fs::read(&path).unwrap();
    let record = kind(2).layout().record_bytes();
    for lost in 1..record {
        fs::write(&path, &whole[..whole.len() - lost]).unwrap();
        let store = Store::open(&path, &kind(2)).unwrap();
        assert!(row(&store, 1).is_some() && row(&store, 2).is_none());
        append(&store, 4);
        let store = Store::open(&path, &kind(2)).unwrap();
        assert!(row(&store, 1).is_some() && row(&store, 4).is_some() && store.records() == 2);
    }
}

#[test]
fn a_header_cut_off_by_a_kill_is_written_again() {
    let (_folder, path) = filled();
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 20, 4095] {
        fs::write(&path, &whole[..length]).unwrap();
        let store = Store::open(&path, &kind(2)).unwrap();
        append(&store, 4);
        assert_eq!(fs::read(&path).unwrap()[..4096], whole[..4096]);
    }
}

#[test]
fn a_flipped_bit_costs_only_its_record_and_the_picture_can_be_added_again() {
    let (_folder, path) = filled();
    let mut bytes = fs::read(&path).unwrap();
    bytes[HEADER as usize + 35] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(&path, &kind(2)).unwrap();
    assert!(matches!(store.read(0, &mut [0.0; 2]), Err(StoreError::Damaged { row: 0, .. })));
    assert!(row(&store, 1).is_none() && row(&store, 2).is_some());
    append(&store, 1);
    for store in [store, Store::open(&path, &kind(2)).unwrap()] {
        assert_eq!(row(&store, 1).as_deref(), Some(&[1.0, 1.0][..]));
    }
}

#[test]
fn a_record_torn_by_another_program_does_not_spoil_the_next() {
    let (_folder, path) = filled();
    let store = Store::open(&path, &kind(2)).unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(&[9; 17]).unwrap();
    append(&store, 5);
    let store = Store::open(&path, &kind(2)).unwrap();
    assert!([1, 2, 5].iter().all(|&name| row(&store, name).is_some()) && store.records() == 3);
}

#[test]
fn two_writers_keep_what_both_write_and_nothing_twice() {
    let (_folder, path) = filled();
    let writer = |names: std::ops::Range<u8>| {
        let store = Store::open(&path, &kind(2)).unwrap();
        names.for_each(|name| append(&store, name));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| writer(3..120));
        scope.spawn(|| writer(80..200));
    });
    let store = Store::open(&path, &kind(2)).unwrap();
    assert_eq!(store.records(), 199);
    for name in 3..200 {
        assert_eq!(row(&store, name).as_deref(), Some(&[f32::from(name); 2][..]));
    }
}

#[test]
fn opening_reads_no_rows() {
    let (_folder, path) = filled();
    let mut bytes = fs::read(&path).unwrap();
    bytes[HEADER as usize + 32..][..16].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(&path, &kind(2)).unwrap();
    // A damaged row is known by its picture until somebody asks for it.
    assert_eq!(store.state().index.get(&[1; 32]), Some(0));
    assert_eq!(store.find(&[1; 32]).unwrap(), None);
}

#[test]
fn a_scratch_file_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::scratch(folder.path(), &kind(2)).unwrap();
    append(&store, 3);
    assert!(row(&store, 3).is_some() && fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn other_features_are_refused_with_what_differs() {
    let (folder, path) = filled();
    let says = |kind: Kind, text: &str| {
        let message = Store::open(&path, &kind).err().unwrap().to_string();
        assert!(message.contains(text) && message.contains("a.features"), "{message}");
    };
    says(
        Kind::new("other", &[8; 32], Fit::Squash, 2, Precision::F32),
        "backbone vgg (07070707…) and the backbone other",
    );
    says(Kind::new("vgg", &[7; 32], Fit::CentreCrop, 2, Precision::F32), "fit squash and fit centre-crop");
    says(Kind::new("vgg", &[7; 32], Fit::Squash, 2, Precision::F16), "f32 features and f16 features");
    says(kind(3), "2 features and 3 features a picture");
    says(Kind { program: "0.0.9".into(), ..kind(2) }, "vggcam 0.1.0 and of vggcam 0.0.9");
    let text = |bytes: &[u8], says: &str| {
        let path = folder.path().join("b.features");
        fs::write(&path, bytes).unwrap();
        let message = Store::open(&path, &kind(2)).err().unwrap().to_string();
        assert!(message.contains(says) && fs::read(&path).unwrap() == bytes, "{message}");
    };
    text(b"a diary", "not a feature file");
    text(&[b'x'; 5000], "not a feature file");
    let header = String::from_utf8(header::bytes(&kind(2))).unwrap();
    text(header.replace("\"version\":3", "\"version\":2").as_bytes(), "version 2, this program reads version 3");
    text(header.replace("\"features\":2", "\"features\":9").as_bytes(), "header of the feature file");
    text(header.replace("\"features\":2", "\"features\":\"").as_bytes(), "header of the feature file");
    assert!(Store::open_existing(&folder.path().join("none"), &kind(2)).is_err());
}

//! `finetune features`, `merge` and what they promise: nothing lost, nothing done twice, whatever happens.
#![cfg(feature = "finetune")]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Mutex,
    time::Duration,
};

use vggcam::{
    engine::features::Extractor,
    finetune::{
        features::Backbone,
        pipeline::{Event, Limits, Pipeline},
        store::{
            Store,
            header::{HEADER, Kind},
            precision::Precision,
            scan,
        },
        variant::Variant,
    },
    model::{file, metadata::Fit, network::Network},
};

const SIZE: u32 = 32;

/// A folder with pictures in `data`, a small backbone, and room for results.
struct Bench {
    root: tempfile::TempDir,
    network: Network,
}

impl Bench {
    fn new(pictures: u64) -> Self {
        let network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 16, 3]);
        let bench = Bench { root: tempfile::tempdir().unwrap(), network };
        for index in 0..pictures {
            bench.picture(&format!("data/train/{}/{index}.png", ["a", "b"][index as usize % 2]), index);
        }
        let metadata = common::metadata(&["a", "b", "c"]);
        file::write_network(&bench.path("backbone.onnx"), &bench.network, &metadata).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn picture(&self, name: &str, seed: u64) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        common::random_picture(seed, SIZE + 8).save(path).unwrap();
    }

    /// The program's arguments are split at spaces; it runs in the folder of the test.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_finetune"));
        command.current_dir(self.root.path()).args(arguments.split(' '));
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a run that succeeds says on standard output.
    fn says(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The error of a run that fails.
    fn fails(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {message}");
        message.trim_end().lines().last().unwrap().to_string()
    }

    fn frozen(&self) -> Network {
        self.network.feature_extractor().unwrap()
    }

    fn kind(&self) -> Kind {
        Backbone::Float(&self.frozen()).kind("test", Fit::Squash, 16, Precision::F32)
    }
}

const FEATURES: &str = "features data --backbone backbone.onnx --out";

/// Every record of a feature file by its picture, none of them damaged and no picture twice.
fn records(path: &Path) -> BTreeMap<[u8; 32], Vec<u32>> {
    let mut records = BTreeMap::new();
    let damaged = scan::scan(path, |key, features| {
        let bits = features.iter().map(|value| value.to_bits()).collect();
        assert!(records.insert(key, bits).is_none(), "a picture is in {} twice", path.display());
        Ok(())
    });
    assert_eq!(damaged.unwrap(), 0);
    records
}

/// Whole records in a file that may be anything.
fn whole(path: &Path, kind: &Kind) -> usize {
    let length = fs::metadata(path).map_or(0, |file| file.len());
    (length.saturating_sub(HEADER) / kind.layout().record_bytes() as u64) as usize
}

#[test]
fn a_second_run_computes_only_what_is_new() {
    let bench = Bench::new(20);
    fs::copy(bench.path("data/train/a/0.png"), bench.path("data/train/a/copy.png")).unwrap();
    fs::write(bench.path("data/train/b/text.jpg"), "hello").unwrap();
    let first = bench.says(&format!("{FEATURES} new/all.features"));
    assert!(first.starts_with("new/all.features: 22 pictures, 20 computed, 1 known, 1 unreadable; "), "{first}");
    bench.picture("data/more/deep/20.png", 20);
    let output = bench.run(&format!("{FEATURES} new/all.features"));
    let (said, skipped) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(said.contains("23 pictures, 1 computed, 21 known, 1 unreadable"), "{said}");
    assert!(skipped.contains("skipped: data/train/b/text.jpg is not a readable picture"), "{skipped}");
    assert_eq!(records(&bench.path("new/all.features")).len(), 21);
}

#[test]
fn shards_are_parts_and_their_merger_is_the_whole() {
    let bench = Bench::new(40);
    for precision in ["", " --half"] {
        bench.says(&format!("{FEATURES} whole{precision}"));
        let shards = [1, 2, 3].map(|shard| {
            bench.says(&format!("{FEATURES} shard-{shard} --shard {shard}/3{precision}"));
            records(&bench.path(&format!("shard-{shard}")))
        });
        assert_eq!(shards.iter().map(BTreeMap::len).sum::<usize>(), 40);
        let said = bench.says("merge shard-1 shard-2 shard-3 shard-1 --out merged");
        assert_eq!(said, format!("merged: 40 pictures, {} copies left out\n", shards[0].len()));
        let merged = records(&bench.path("merged"));
        assert_eq!(merged, records(&bench.path("whole")));
        for (picture, features) in shards.iter().flatten() {
            assert_eq!(merged[picture], *features);
        }
        for file in ["whole", "shard-1", "shard-2", "shard-3"] {
            fs::remove_file(bench.path(file)).unwrap();
        }
    }
}

#[test]
fn only_what_fits_together_is_merged_or_used() {
    let bench = Bench::new(4);
    bench.says(&format!("{FEATURES} f32"));
    bench.says(&format!("{FEATURES} f16 --half"));
    bench.says(&format!("{FEATURES} crop --fit centre-crop"));
    bench.says("features data --out bundled");
    let error = bench.fails("merge f32 f16 --out x");
    assert!(error.contains("cannot merge f32 and f16: they hold f32 features and f16 features"), "{error}");
    let error = bench.fails("merge f32 crop --out x");
    assert!(error.contains("fit squash and fit centre-crop"), "{error}");
    let error = bench.fails("merge f32 bundled --out x");
    assert!(error.contains("f32 and bundled: they hold the backbone") && error.contains("vgg16-slim ("), "{error}");
    let error = bench.fails(&format!("{FEATURES} crop"));
    assert!(error.contains("crop does not fit") && error.contains("fit centre-crop and fit squash"), "{error}");
    let error = bench.fails(&format!("{FEATURES} f32 --half"));
    assert!(error.contains("f32 features and f16 features"), "{error}");
    let error = bench.fails("train data --out out --features none --backbone backbone.onnx");
    assert!(error.contains("cannot open the feature file none"), "{error}");
    assert!(!bench.path("x").exists());
    // Nor does a draft stay behind.
    assert!(fs::read_dir(bench.root.path()).unwrap().all(|entry| !entry.unwrap().path().ends_with(".x")));
}

#[test]
fn a_merger_leaves_damaged_records_out() {
    let bench = Bench::new(6);
    bench.says(&format!("{FEATURES} one"));
    let mut bytes = fs::read(bench.path("one")).unwrap();
    bytes[HEADER as usize + 40] ^= 4;
    bytes.truncate(bytes.len() - 3);
    fs::write(bench.path("one"), bytes).unwrap();
    let said = bench.says("merge one --out two");
    assert_eq!(said, "two: 4 pictures, 0 copies left out; damaged and left out: 1, to be computed again\n");
    let said = bench.says(&format!("{FEATURES} one"));
    assert!(said.contains("2 computed, 4 known"), "{said}");
    assert_eq!(
        bench.says("merge one two --out two"),
        "two: 6 pictures, 4 copies left out; damaged and left out: 1, to be computed again\n"
    );
}

#[test]
fn killed_at_any_time_it_goes_on_where_it_was() {
    let bench = Bench::new(48);
    let start = |threads: u64| {
        let mut command = bench.command("features data --out killed --threads");
        command.arg(threads.to_string()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    bench.says("features data --out uninterrupted");
    let expected = records(&bench.path("uninterrupted"));
    let kind = scan::kind(&bench.path("uninterrupted")).unwrap();
    let (killed, mut noise) = (bench.path("killed"), common::Noise(99));
    let mut held = 0;
    for round in 0..12 {
        let mut child = start(2 + round % 3);
        std::thread::sleep(Duration::from_millis((noise.value().abs() * 250.0) as u64));
        // SIGKILL; it may be done already.
        child.kill().unwrap();
        child.wait().unwrap();
        let holds = whole(&killed, &kind);
        assert!(holds >= held, "{held} records became {holds}");
        held = holds;
    }
    let said = bench.says("features data --out killed");
    assert!(said.contains(&format!("{} computed, {held} known, 0 unreadable", 48 - held)), "{held} held: {said}");
    assert_eq!(records(&killed), expected);
}

#[test]
fn two_programs_may_fill_one_file() {
    let bench = Bench::new(30);
    let children = [0, 1].map(|_| bench.command(&format!("{FEATURES} both")).stdout(Stdio::null()).spawn().unwrap());
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(records(&bench.path("both")).len(), 30);
}

#[test]
fn little_memory_changes_nothing_but_the_speed() {
    let bench = Bench::new(20);
    bench.says(&format!("{FEATURES} much"));
    bench.says(&format!("{FEATURES} little --memory 1K --threads 4"));
    assert_eq!(records(&bench.path("much")), records(&bench.path("little")));
}

/// Runs the pipeline in this process; gives what became of each file.
fn events(bench: &Bench, store: &Store, files: &[&str], extractor: Option<&Network>) -> Result<Vec<Event>, String> {
    let events = Mutex::new(BTreeMap::new());
    let pipeline = Pipeline {
        store,
        // A file that is no model gives an error of the right type.
        extractor: &|| match extractor {
            Some(network) => Extractor::float(network.clone()),
            None => Err(file::read_network(&bench.path("data")).unwrap_err().into()),
        },
        input_size: SIZE,
        fit: Fit::Squash,
        limits: Limits { memory: 1 << 20, threads: 3 },
    };
    let files = files.iter().map(|file| (bench.path(file), Variant::PLAIN));
    let done = pipeline.run(files, 4, &|index, event| {
        assert!(events.lock().unwrap().insert(index, event).is_none());
    });
    done.map_err(|error| error.to_string())?;
    Ok(events.into_inner().unwrap().into_values().collect())
}

#[test]
fn every_picture_has_its_event_and_failure_ends_everything() {
    let bench = Bench::new(2);
    let store = Store::scratch(bench.root.path(), &bench.kind()).unwrap();
    let (a, b, network) = ("data/train/a/0.png", "data/train/b/1.png", bench.frozen());
    // Nothing can be computed: an error, and nobody waits for anybody.
    let many = vec![a; 500];
    assert!(events(&bench, &store, &many, None).is_err());
    let found = events(&bench, &store, &[a, "data/none.png"], Some(&network)).unwrap();
    assert!(matches!(&found[..], [Event::Stored(0), Event::Unreadable(reason)] if reason.contains("none.png")));
    // Nothing is prepared where everything is known.
    assert_eq!(events(&bench, &store, &many, None).unwrap(), vec![Event::Known(0); many.len()]);
    let found = events(&bench, &store, &[b, b, b], Some(&network)).unwrap();
    let stored = found.iter().filter(|event| **event == Event::Stored(1)).count();
    assert_eq!(stored, 1, "{found:?}");
    // An extractor whose rows are not those of the file.
    let wrong = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 17, 3]).feature_extractor().unwrap();
    fs::write(bench.path("c.bmp"), image_bytes()).unwrap();
    let error = events(&bench, &store, &["c.bmp"], Some(&wrong)).unwrap_err();
    assert!(error.contains("17 features and not 16"), "{error}");
}

fn image_bytes() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(vec![]);
    common::random_picture(77, 8).write_to(&mut bytes, image::ImageFormat::Bmp).unwrap();
    bytes.into_inner()
}

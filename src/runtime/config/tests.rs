use std::path::PathBuf;

use serde_json::Value;

use super::{
    defaults, example,
    file::{self, File},
    layers, *,
};

fn parse(text: &str) -> Result<File, ConfigError> {
    file::parse(PathBuf::from("vggcam.toml"), text)
}

fn read_text(text: &str) -> Result<Config, ConfigError> {
    Ok(layers::merge(&Config::default(), Some(parse(text)?))?.config)
}

fn refusal(text: &str) -> String {
    let error = read_text(text).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn every_setting_is_read() {
    let text = "model = 'm.onnx'\ncamera = 'demo'\ndisplay = ['terminal', 'png:x.png']\nthreads = 3\njson = true\n\
                engine = 'tract'\nmemory = 'lean'";
    let config = read_text(text).unwrap();
    assert_eq!(config.camera.as_deref(), Some("demo"));
    assert_eq!(config.display, ["terminal", "png:x.png"]);
    assert_eq!((&config.model, config.json), (&Some("m.onnx".into()), Some(true)));
    let settings = config.engine_settings(8);
    assert_eq!((settings.threads, settings.engine), (3, EngineChoice::Tract));
    assert_eq!(settings.memory, Some(Memory::Lean));
    assert_eq!(Config::default().engine_settings(8).threads, 8);
}

#[test]
fn buttons_and_lights_are_read() {
    let text =
        "button = 'GPIO5'\nfreeze_button = '6?active=high'\nlight = ['cat=GPIO17', 'a=b=gpiochip1:7?active=low']";
    let config = read_text(text).unwrap();
    assert_eq!(config.button, Some("5".parse().unwrap()));
    assert_eq!(config.freeze_button, Some("6?active=high".parse().unwrap()));
    assert_eq!(config.light, ["cat=17", "a=b=gpiochip1:7?active=low"].map(|light| light.parse().unwrap()));
    let error = refusal("\nlight = ['cat']");
    assert!(error.contains("line 2") && error.contains("cat=GPIO17"), "{error}");
}

#[test]
fn a_misspelt_setting_is_named_with_its_line_and_the_nearest_name() {
    let error = refusal("camera = 'demo'\n\ndisplays = []\nfreze_button = '5'\n");
    assert!(error.contains("line 3") && error.contains("\"displays\""), "{error}");
    assert!(error.contains("nearest name is \"display\""), "{error}");
    for (wrong, nearest) in [("modle", "model"), ("freezebutton", "freeze_button"), ("Light", "light")] {
        let error = refusal(&format!("{wrong} = 1"));
        assert!(error.contains(&format!("nearest name is {nearest:?}")), "{error}");
    }
}

#[test]
fn a_wrong_value_is_told_with_its_line() {
    for text in ["\nthreads = 0", "\nthreads = 'all'", "\nengine = 'fast'", "\ncamera = ", "\ncamera = 1\ncamera = 2"] {
        let error = refusal(text);
        assert!(error.starts_with("vggcam.toml, line ") && !error.contains("line 1"), "{error}");
    }
}

#[test]
fn a_number_that_is_none_or_has_no_end_is_told_with_its_line() {
    for number in ["nan", "-inf", "1e39"] {
        let error = refusal(&format!("[health]\nhot_c = {number}\n"));
        assert!(error.starts_with("vggcam.toml, line 2: ") && error.contains(number), "{error}");
    }
}

#[test]
fn flags_win_over_the_file_and_the_file_over_the_defaults() {
    let file = parse("camera = 'rpicam'\ndisplay = ['fb:/dev/fb0', 'none']\nengine = 'tract'").unwrap();
    let flags = Config {
        display: vec!["terminal".into()],
        engine: Some(EngineChoice::Auto),
        light: vec!["cat=GPIO17".parse().unwrap()],
        ..Config::default()
    };
    let effective = layers::merge(&flags, Some(file)).unwrap();
    let expected = Config { camera: Some("rpicam".into()), ..flags };
    assert_eq!(effective.config, expected);
    let origin = |name: &str| effective.settings.iter().find(|setting| setting.name == name).unwrap().origin;
    let origins = ["camera", "display", "engine", "light", "model"].map(origin);
    assert_eq!(origins, [Origin::File, Origin::Flag, Origin::Flag, Origin::Flag, Origin::Default]);
}

#[test]
fn settings_are_told_in_words() {
    let file = parse("threads = 2\ndisplay = ['fb:/dev/fb0', 'none']").unwrap();
    let effective = layers::merge(&Config::default(), Some(file)).unwrap();
    let words = |name: &str| effective.settings.iter().find(|setting| setting.name == name).unwrap().in_words();
    assert_eq!((words("threads"), words("display")), ("2".into(), "fb:/dev/fb0, none".into()));
    assert_eq!(words("camera"), "the first camera that works, else the bundled pictures");
}

/// The settings in a table, by their full names.
fn leaves(prefix: &str, value: &Value) -> Vec<(String, Value)> {
    match value.as_object() {
        Some(table) if !table.is_empty() => {
            table.iter().flat_map(|(key, value)| leaves(&format!("{prefix}.{key}"), value)).collect()
        }
        _ => vec![(prefix.trim_start_matches('.').to_owned(), value.clone())],
    }
}

#[test]
fn the_example_changes_nothing_and_names_every_setting_with_its_default() {
    assert_eq!(read_text(example::TEXT).unwrap(), Config::default());
    // The same with every setting taken out of its comment.
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ");
    let whole: Vec<&str> = example::TEXT.lines().map(|line| if is_setting(line) { &line[1..] } else { line }).collect();
    let whole = parse(&whole.join("\n")).unwrap().values;
    let shown = leaves("", &whole);
    let known = leaves("", &Value::Object(defaults::defaults()));
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let names = |settings: &[(String, Value)]| sorted(settings.iter().map(|(name, _)| name.clone()).collect());
    assert_eq!(names(&shown), names(&known));
    assert_eq!(sorted(example::names()), names(&known), "each setting stands there once");
    for (name, default) in known {
        let shown = &shown.iter().find(|(shown, _)| *shown == name).unwrap().1;
        if default.is_null() || default == Value::Array(vec![]) {
            assert!(example::default_words(&name).is_some(), "{name} says its default");
        } else {
            assert_eq!(*shown, default, "{name} shows its default");
        }
    }
}

//! Flags that several commands share, and those of `run`.
//!
//! What a doc comment said of a whole struct would take the place of its command's description.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use clap::Args;
use vggcam::{
    engine::{choice::EngineChoice, layers::weights::Memory, open::Settings},
    gpio::line::ButtonSpec,
    runtime::{
        config::Config,
        lights::LightSpec,
        publish::{hook, metrics, mqtt, web},
        update::installed,
    },
};

// Where installed models are.
#[derive(Args)]
pub struct StateArgs {
    /// Folder of installed models [default: $VGGCAM_STATE, else /var/lib/vggcam]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

// Whose model it must be.
#[derive(Args)]
pub struct OriginArgs {
    /// Key that it must be signed with: the line of a .pub file that begins with RW, or the file [default: model_key of the
    /// settings; without either the origin is not checked]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Its signature [default: FILE.minisig]
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    #[command(flatten)]
    pub config: ConfigArgs,
}

// Which settings file holds.
#[derive(Args)]
pub struct ConfigArgs {
    /// Settings file (TOML); the command line wins [default: $VGGCAM_CONFIG, else /etc/vggcam/vggcam.toml where it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

// Which model runs, and how.
#[derive(Args)]
pub struct ModelArgs {
    /// Model file [default: the installed one, else the bundled cat and dog model]
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Threads that share the work of one picture [default: one for each core; on four cores and more, `run` leaves one]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Engine that runs the model: `auto` for ours where it takes the network, else tract; `integer`, `float`
    /// or `half` for ours on such numbers, or an error; `tract` for plain tract [default: auto]
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<EngineChoice>,
    /// Where a large model's weights lie: `lean` maps them from the file FILE.packed, `fast` reads them into memory
    /// [default: fast where there is plenty]
    #[arg(long, value_name = "lean|fast", value_parser = memory)]
    pub memory: Option<Memory>,
}

impl ModelArgs {
    /// The model file; the bundled one if `None`.
    pub fn file(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(installed::model_in_use(self.model.as_deref())?)
    }

    /// How the engine is to run it, on so many threads where none were given.
    pub fn settings(&self, threads: usize) -> Settings {
        self.flags().engine_settings(threads)
    }

    /// What was given, as settings.
    pub fn flags(&self) -> Config {
        let (model, threads, engine, memory) = (self.model.clone(), self.threads, self.engine, self.memory);
        Config { model, threads, engine, memory, ..Config::default() }
    }
}

// What `run` takes.
#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where frames come from: /dev/video0, v4l2:/dev/video0?format=MJPG&size=640x480&fps=30, rpicam for a Raspberry Pi's
    /// camera module, pipe:COMMAND for a program that writes pictures, files:PATH or demo
    /// [default: the first camera that works, else demo]
    #[arg(long, value_name = "SPEC")]
    pub camera: Option<String>,
    /// Where the screen goes, may be given again: terminal, png:PATH, fb:/dev/fb0, drm:/dev/dri/card0, st7789:…,
    /// ili9341:…, ssd1306:/dev/i2c-1 or none
    /// [default: the terminal, where there is one]
    #[arg(long, value_name = "SPEC")]
    pub display: Vec<String>,
    /// Push button between a GPIO line and ground: short for the next page of the screen, held to freeze the picture
    #[arg(long, value_name = "LINE")]
    pub button: Option<ButtonSpec>,
    /// Another push button, which freezes the picture and lets it go on
    #[arg(long, value_name = "LINE")]
    pub freeze_button: Option<ButtonSpec>,
    /// GPIO line that is on while a class is shown, such as cat=GPIO17, unknown=GPIO27 or dog=GPIO22?active=low; may be given
    /// again
    #[arg(long, value_name = "CLASS=LINE")]
    pub light: Vec<LightSpec>,
    /// Show a web page with picture, label and health on ADDRESS, 127.0.0.1:8080 if none is given; others than the board itself need
    /// a password, whose file the settings name
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:8080")]
    pub web: Option<SocketAddr>,
    /// Answer Prometheus at http://ADDRESS/metrics, 127.0.0.1:9464 if none is given
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:9464")]
    pub metrics: Option<SocketAddr>,
    /// Send label and health to a broker, such as mqtt://homeassistant.local or mqtt://USER@HOST:1883; the settings name the file
    /// of a password
    #[arg(long, value_name = "URL")]
    pub mqtt: Option<mqtt::Address>,
    /// Run PROGRAM whenever the label changes, with VGGCAM_LABEL and more in its environment
    #[arg(long, value_name = "PROGRAM")]
    pub on_change: Option<String>,
    /// End after this many results
    #[arg(long, value_name = "N")]
    pub frames: Option<u64>,
    /// Print one JSON object a result
    #[arg(long)]
    pub json: bool,
}

impl RunArgs {
    /// What was given, as settings.
    pub fn flags(&self) -> Config {
        Config {
            camera: self.camera.clone(),
            display: self.display.clone(),
            button: self.button.clone(),
            freeze_button: self.freeze_button.clone(),
            light: self.light.clone(),
            json: self.json.then_some(true),
            web: web::Settings { listen: self.web, ..web::Settings::default() },
            metrics: metrics::Settings { listen: self.metrics },
            mqtt: self.mqtt.clone().map(mqtt::Settings::from).unwrap_or_default(),
            hook: self.on_change.as_deref().map(hook::Settings::program).unwrap_or_default(),
            ..self.model.flags()
        }
    }
}

fn memory(text: &str) -> Result<Memory, String> {
    match text {
        "lean" => Ok(Memory::Lean),
        "fast" => Ok(Memory::Fast),
        _ => Err("lean or fast belongs here".into()),
    }
}

/// A number above 0.
pub fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "a whole number above 0 belongs here".into())
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    positive(text).and_then(|number| NonZeroUsize::try_from(number).map_err(|error| error.to_string()))
}

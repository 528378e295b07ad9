//! `vggcam`: a camera classifier for small boards.

use std::{
    io::stdout,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use vggcam::{
    engine::{choice::EngineChoice, isa, layers::weights::Memory, open::Settings},
    gpio::line::ButtonSpec,
    message::{one_line, print},
    runtime::{
        bench, classify,
        config::{self, Config},
        doctor, forms, install, installed, launch,
        lights::LightSpec,
        publish::{hook, metrics, mqtt, web},
        test_picture, throughput,
    },
};

/// Shows on a display what the camera sees: cat or dog, or any classes you trained.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Classify what the camera sees and show it (the default)
    Run(Box<RunArgs>),
    /// Classify picture files
    Classify {
        #[command(flatten)]
        model: ModelArgs,
        /// Print one JSON object a picture
        #[arg(long)]
        json: bool,
        /// Pictures, or folders of pictures
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Measure how fast a model runs here, layer by layer
    Bench {
        #[command(flatten)]
        model: ModelArgs,
        /// Pictures to time
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = positive)]
        iterations: usize,
        /// Let every thread take so many pictures at a time, and tell how many a second that makes
        #[arg(long, value_name = "N", value_parser = positive)]
        batch: Option<usize>,
        /// Measure every engine that takes the model, and keep the fastest whose answers agree with the network on floats in
        /// FILE.fastest, which `run` and `classify` follow
        #[arg(long, conflicts_with = "batch")]
        all: bool,
        /// With --all: photographs or folders of them whose answers must agree [default: the bundled ones]
        #[arg(long, value_name = "PATH", requires = "all")]
        pictures: Vec<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Look at cameras, displays, processor and model, and say what is wrong
    Doctor {
        #[command(flatten)]
        model: ModelArgs,
        #[command(flatten)]
        config: ConfigArgs,
        /// Print one JSON object a check
        #[arg(long)]
        json: bool,
        /// Show a picture on which wrong settings are seen, and print what to look at and what to change
        #[arg(long, requires = "display", conflicts_with = "json")]
        test_picture: bool,
        /// With --test-picture: the display, may be given again
        #[arg(long, value_name = "SPEC", requires = "test_picture")]
        display: Vec<String>,
        /// With --test-picture: end after N seconds [default: at Ctrl-C]
        #[arg(long, value_name = "N", requires = "test_picture")]
        seconds: Option<u64>,
    },
    /// Test a model, and make it the one that runs when none is named
    Install {
        /// Model file
        #[arg(value_name = "FILE")]
        model: PathBuf,
        /// Only test it: change nothing
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        state: StateArgs,
    },
    /// Return to the model that was in use before the last `install`
    Rollback {
        #[command(flatten)]
        state: StateArgs,
    },
}

#[derive(Args)]
struct StateArgs {
    /// Folder of installed models [default: $VGGCAM_STATE, else /var/lib/vggcam]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

#[derive(Args)]
struct ConfigArgs {
    /// Settings file (TOML); the command line wins [default: $VGGCAM_CONFIG, else /etc/vggcam/vggcam.toml where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct ModelArgs {
    /// Model file [default: the installed one, else the bundled cat and dog model]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Threads that share the work of one picture [default: one for each core; on four cores and more, `run` leaves one]
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<NonZeroUsize>,
    /// Engine that runs the model: `auto` for ours where it takes the network, else tract; `integer`, `float`
    /// or `half` for ours on such numbers, or an error; `tract` for plain tract [default: auto]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<EngineChoice>,
    /// Where a large model's weights lie: `lean` maps them from the file FILE.packed, `fast` reads them into memory
    /// [default: fast where there is plenty]
    #[arg(long, value_name = "lean|fast", value_parser = memory)]
    memory: Option<Memory>,
}

impl ModelArgs {
    /// The model file; the bundled one if `None`.
    fn file(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(installed::model_in_use(self.model.as_deref())?)
    }

    fn settings(&self, threads: usize) -> Settings {
        self.flags().engine_settings(threads)
    }

    /// What was given, as settings.
    fn flags(&self) -> Config {
        let (model, threads, engine, memory) = (self.model.clone(), self.threads, self.engine, self.memory);
        Config { model, threads, engine, memory, ..Config::default() }
    }
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    config: ConfigArgs,
    /// Where frames come from: /dev/video0, v4l2:/dev/video0?format=MJPG&size=640x480&fps=30, rpicam for a Raspberry Pi's
    /// camera module, pipe:COMMAND for a program that writes pictures, files:PATH or demo
    /// [default: the first camera that works, else demo]
    #[arg(long, value_name = "SPEC")]
    camera: Option<String>,
    /// Where the screen goes, may be given again: terminal, png:PATH, fb:/dev/fb0, drm:/dev/dri/card0, st7789:…,
    /// ili9341:…, ssd1306:/dev/i2c-1 or none
    /// [default: the terminal, where there is one]
    #[arg(long, value_name = "SPEC")]
    display: Vec<String>,
    /// Push button between a GPIO line and ground: short for the next page of the screen, held to freeze the picture
    #[arg(long, value_name = "LINE")]
    button: Option<ButtonSpec>,
    /// Another push button, which freezes the picture and lets it go on
    #[arg(long, value_name = "LINE")]
    freeze_button: Option<ButtonSpec>,
    /// GPIO line that is on while a class is shown, such as cat=GPIO17, unknown=GPIO27 or dog=GPIO22?active=low; may be given
    /// again
    #[arg(long, value_name = "CLASS=LINE")]
    light: Vec<LightSpec>,
    /// Show a web page with picture, label and health on ADDRESS, 127.0.0.1:8080 if none is given; others than the board itself need
    /// a password, whose file the settings name
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:8080")]
    web: Option<SocketAddr>,
    /// Answer Prometheus at http://ADDRESS/metrics, 127.0.0.1:9464 if none is given
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:9464")]
    metrics: Option<SocketAddr>,
    /// Send label and health to a broker, such as mqtt://homeassistant.local or mqtt://USER@HOST:1883; the settings name the file
    /// of a password
    #[arg(long, value_name = "URL")]
    mqtt: Option<mqtt::Address>,
    /// Run PROGRAM whenever the label changes, with VGGCAM_LABEL and more in its environment
    #[arg(long, value_name = "PROGRAM")]
    on_change: Option<String>,
    /// End after this many results
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Print one JSON object a result
    #[arg(long)]
    json: bool,
}

impl RunArgs {
    /// What was given, as settings.
    fn flags(&self) -> Config {
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

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "a whole number above 0 belongs here".into())
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    positive(text).and_then(|number| NonZeroUsize::try_from(number).map_err(|error| error.to_string()))
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,tract_linalg=error")).init();
    let cli = Cli::parse();
    let done = match cli.command {
        None => run(cli.run),
        Some(Command::Run(args)) => run(*args),
        Some(Command::Classify { model, json, paths }) => classify_pictures(model, json, &paths),
        Some(Command::Bench { model, iterations, all: true, pictures, json, .. }) => {
            measure_forms(model, iterations, &pictures, json)
        }
        Some(Command::Bench { model, iterations, batch: Some(batch), json, .. }) => {
            measure_batches(model, iterations, batch, json)
        }
        Some(Command::Bench { model, iterations, json, .. }) => measure(model, iterations, json),
        Some(Command::Doctor { test_picture: true, display, seconds, .. }) => {
            test_picture::show(&display, seconds).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Doctor { model, config, json, .. }) => examine(&model, &config, json),
        Some(Command::Install { model, check: true, .. }) => {
            install::check(&model, Settings::plain(isa::cores()), &mut say)
                .map_err(Into::into)
                .map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Install { model, state, .. }) => install_model(&model, &state),
        Some(Command::Rollback { state }) => roll_back(&state),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {}", one_line(&error));
        ExitCode::FAILURE
    })
}

fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let effective = config::load(args.config.config.as_deref(), &args.flags())?;
    launch::run(&launch::Wishes { config: effective.config, frames: args.frames })?;
    Ok(ExitCode::SUCCESS)
}

fn classify_pictures(model: ModelArgs, json: bool, paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let classifier = launch::open_model(model.file()?.as_deref(), model.settings(isa::cores()))?;
    let summary = classify::classify(&classifier, paths, json, &mut stdout().lock())?;
    Ok(if summary.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(model: ModelArgs, iterations: usize, json: bool) -> anyhow::Result<ExitCode> {
    let report = bench::bench(model.file()?.as_deref(), model.settings(isa::cores()), iterations)?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string(&report)?))?,
        false => print(&bench::table(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn measure_forms(model: ModelArgs, iterations: usize, pictures: &[PathBuf], json: bool) -> anyhow::Result<ExitCode> {
    let found = forms::compare(model.file()?.as_deref(), model.settings(isa::cores()), pictures, iterations)?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string(&found)?))?,
        false => print(&forms::table(&found))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn measure_batches(model: ModelArgs, iterations: usize, batch: usize, json: bool) -> anyhow::Result<ExitCode> {
    let threads = model.threads.map_or_else(isa::cores, NonZeroUsize::get);
    let report = throughput::throughput(model.file()?.as_deref(), threads, batch, iterations.div_ceil(batch))?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string(&report)?))?,
        false => print(&throughput::table(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn examine(model: &ModelArgs, config: &ConfigArgs, json: bool) -> anyhow::Result<ExitCode> {
    let checks = doctor::examine(config.config.as_deref(), &model.flags());
    match json {
        true => {
            for check in &checks {
                print(&format!("{}\n", serde_json::to_string(check)?))?;
            }
        }
        false => print(&doctor::table(&checks))?,
    }
    Ok(if doctor::healthy(&checks) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn install_model(model: &Path, state: &StateArgs) -> anyhow::Result<ExitCode> {
    let folder = installed::folder(state.state.as_deref());
    install::install(&folder, model, Settings::plain(isa::cores()), &mut say)?;
    Ok(ExitCode::SUCCESS)
}

fn roll_back(state: &StateArgs) -> anyhow::Result<ExitCode> {
    install::rollback(&installed::folder(state.state.as_deref()), &mut say)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what a step has come to; whoever does not read it does not stop it.
fn say(step: &str, outcome: &str) {
    let _ = print(&format!("✓ {step:11}  {outcome}\n"));
}

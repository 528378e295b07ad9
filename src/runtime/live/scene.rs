//! What the threads of the live loop share: the newest frame, the newest answer, and both together as a scene.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use image::RgbImage;

use crate::{
    camera::Camera,
    display::caption::{Caption, Certainty},
    model::metadata::Metadata,
    runtime::{decide::Decision, newest::Newest, publish::Origin},
    vision::{
        decode::{DecodeError, frame_to_rgb},
        frame::Frame,
    },
};

/// A frame that is decoded once, by whoever needs its pixels first.
pub struct Shot {
    frame: Frame,
    picture: OnceLock<Result<RgbImage, DecodeError>>,
}

impl Shot {
    /// Keeps a frame; nothing is decoded yet.
    pub fn new(frame: Frame) -> Self {
        Self { frame, picture: OnceLock::new() }
    }

    /// The frame as it came.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The pixels; an error where the frame is damaged.
    pub fn picture(&self) -> Result<&RgbImage, &DecodeError> {
        self.picture.get_or_init(|| frame_to_rgb(&self.frame)).as_ref()
    }
}

/// The answer to a picture.
pub struct Outcome {
    /// Name of the still picture, empty for a live camera.
    pub source: String,
    /// The label and the probabilities.
    pub decision: Decision,
    /// Results per second.
    pub fps: f32,
}

/// What a display shows: a picture, and the answer that goes with it.
#[derive(Clone)]
pub struct Scene {
    /// The picture.
    pub shot: Arc<Shot>,
    /// The answer, once there is one.
    pub outcome: Option<Arc<Outcome>>,
}

/// What all threads of a run know.
pub struct Shared {
    /// What the camera says it is.
    pub camera: String,
    /// Whether each picture comes only once, so that none may be skipped.
    pub every_frame_counts: bool,
    /// From the camera to the inference.
    pub frames: Newest<Arc<Shot>>,
    /// To each display.
    pub scenes: Vec<Newest<Scene>>,
    latest: Mutex<Latest>,
    model: String,
    hint: String,
    labels: Vec<String>,
}

/// The newest frame and the newest answer.
#[derive(Default)]
struct Latest {
    shot: Option<Arc<Shot>>,
    outcome: Option<Arc<Outcome>>,
}

impl Shared {
    /// Begins a run with `displays` displays.
    pub fn new(camera: &dyn Camera, metadata: &Metadata, hint: String, displays: usize) -> Self {
        Self {
            camera: camera.describe(),
            every_frame_counts: camera.every_frame_counts(),
            frames: Newest::default(),
            scenes: (0..displays).map(|_| Newest::default()).collect(),
            latest: Mutex::default(),
            model: metadata.name.clone(),
            hint,
            labels: metadata.labels.clone(),
        }
    }

    /// Offers a new frame to the inference and to the displays. Returns false when no more are wanted.
    pub fn offer(&self, shot: Arc<Shot>) -> bool {
        if self.every_frame_counts {
            return self.frames.put_after_last(shot);
        }
        {
            let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
            latest.shot = Some(Arc::clone(&shot));
            let outcome = latest.outcome.clone();
            // A still picture is not shown under the label of another one; its own answer will bring it.
            if outcome.as_ref().is_none_or(|outcome| outcome.source == shot.frame.name) {
                self.show(Scene { shot: Arc::clone(&shot), outcome });
            }
        }
        self.frames.put(shot)
    }

    /// Tells the displays the answer to `shot`.
    pub fn answer(&self, shot: &Arc<Shot>, outcome: &Arc<Outcome>) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.outcome = Some(Arc::clone(outcome));
        // Video goes on while a frame is classified, so a later frame may be there that the answer fits too.
        let newer = latest.shot.as_ref().filter(|newer| newer.frame.name == shot.frame.name);
        let scene = Scene { shot: Arc::clone(newer.unwrap_or(shot)), outcome: Some(Arc::clone(outcome)) };
        drop(latest);
        self.show(scene);
    }

    /// Ends the run, leaving out what was not classified yet. Displays still show the last scene.
    pub fn abandon(&self) {
        self.close();
        // Takes the frame that may be left, so that the inference finds none.
        self.frames.take();
    }

    /// Lets every thread come to its end.
    pub fn close(&self) {
        self.frames.close();
        self.scenes.iter().for_each(Newest::close);
    }

    /// Where a frame came from.
    pub fn origin(&self, frame: &Frame) -> Origin {
        match frame.name.as_str() {
            "" => Origin::Camera(self.camera.clone()),
            name => Origin::File(name.into()),
        }
    }

    /// What is said about a scene.
    pub fn caption(&self, scene: &Scene) -> Caption {
        let name = &scene.shot.frame.name;
        let file = Path::new(name).file_name().map(|file| file.to_string_lossy().into_owned());
        let blank = Caption {
            model: self.model.clone(),
            note: file.unwrap_or_else(|| self.camera.clone()),
            hint: self.hint.clone(),
            ..Caption::default()
        };
        let Some(outcome) = &scene.outcome else { return blank };
        let decision = &outcome.decision;
        Caption {
            label: decision.name(&self.labels).into(),
            confidence: decision.confidence,
            certainty: Certainty::of(decision.confidence, decision.label.is_some()),
            fps: Some(outcome.fps),
            classes: self.labels.iter().cloned().zip(decision.probabilities.iter().copied()).collect(),
            ..blank
        }
    }

    fn show(&self, scene: Scene) {
        for display in &self.scenes {
            if self.every_frame_counts {
                display.put_after_last(scene.clone());
            } else {
                display.put(scene.clone());
            }
        }
    }
}

//! The thread between the camera and the displays: it classifies, decides and publishes.

use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use image::RgbImage;

use super::{RunError, Summary, scene::Outcome, shared::Shared};
use crate::{
    engine::{classifier::Prediction, error::EngineError},
    model::metadata::Metadata,
    runtime::{
        decide::Decider, keep::keeper::Keeper, publish::report::Report, rate::Rate, shot::Shot, update::trial::OnTrial,
    },
    vision::decode::DecodeError,
};

/// Frames in a row that may be unreadable.
const MAX_UNREADABLE: u32 = 100;

/// What the inference thread works with.
pub struct Inference<'a, F> {
    /// Side of the network's input in pixels.
    pub input_size: u32,
    /// Classifies a picture of that size.
    pub classify: F,
    /// Smooths and holds.
    pub decider: Decider,
    /// What the model says about itself.
    pub metadata: &'a Metadata,
    /// Which file it is.
    pub model: &'a str,
    /// What keeps unsure frames, if anything.
    pub keeper: Option<Keeper>,
    /// The model's trial, until it is over.
    pub trial: Option<OnTrial>,
    /// Number of results after which it ends.
    pub limit: Option<u64>,
    /// How long displays show that the model has failed.
    pub linger: Duration,
    /// How often the camera had been lost at the newest frame.
    pub session: u32,
    /// Counts results.
    pub rate: Rate,
    /// What the run did so far.
    pub summary: Summary,
}

impl<F: Fn(&RgbImage) -> Result<Prediction, EngineError>> Inference<'_, F> {
    /// Classifies until there are no more frames or enough results.
    pub fn run(mut self, shared: &Shared) -> Result<Summary, RunError> {
        let ended = self.classify_all(shared);
        // That the camera, the displays or the user have ended it says nothing about the model.
        if let Some(trial) = self.trial.as_mut().filter(|_| !matches!(ended, Err(RunError::Engine(_)))) {
            trial.ends();
        }
        ended.map(|()| self.summary)
    }

    fn classify_all(&mut self, shared: &Shared) -> Result<(), RunError> {
        let mut unreadable = 0;
        while self.limit.is_none_or(|limit| self.summary.results < limit) {
            let Some(shot) = shared.frames.take() else { break };
            let input = match shot.input(self.input_size, self.metadata.fit) {
                Ok(input) => input,
                Err(error) => {
                    unreadable += 1;
                    give_up_after(unreadable, shared, &error)?;
                    continue;
                }
            };
            unreadable = 0;
            if let Some(trial) = &mut self.trial {
                trial.begins();
            }
            let started = Instant::now();
            let prediction = (self.classify)(&input).inspect_err(|error| {
                shared.fail_model(&error.to_string());
                shared.frames.closed_by(Instant::now() + self.linger);
            })?;
            let flow = self.report(shared, &shot, prediction, started.elapsed())?;
            if self.trial.as_mut().is_some_and(OnTrial::gave_result) {
                self.trial = None;
            }
            if flow.is_break() {
                break;
            }
        }
        self.summary.skipped = shared.frames.replaced();
        self.summary.fps = self.rate.per_second();
        Ok(())
    }

    /// Decides on the label, and tells the displays and the output.
    fn report(
        &mut self,
        shared: &Shared,
        shot: &Arc<Shot>,
        prediction: Prediction,
        latency: Duration,
    ) -> Result<ControlFlow<()>, RunError> {
        let frame = shot.frame();
        if self.session != shot.session() {
            self.session = shot.session();
            self.decider.forget();
        }
        let decision = self.decider.update(&prediction, &frame.name, frame.captured_at);
        // A still picture is kept already.
        if let Some(keeper) = self.keeper.as_mut().filter(|_| frame.name.is_empty()) {
            keeper.offer(frame, &decision, &self.metadata.labels);
        }
        self.rate.count(Instant::now());
        // The first result tells the rate by the time it took.
        let fps = self.rate.per_second().unwrap_or(1.0 / latency.as_secs_f32().max(1e-6));
        self.summary.results += 1;
        self.summary.last = Some((decision.name(&self.metadata.labels).to_owned(), decision.confidence));

        let origin = shared.origin(frame);
        let capture_to_label = frame.captured_at.elapsed();
        let outcome = Arc::new(Outcome { source: frame.name.clone(), decision, fps, latency: capture_to_label });
        let current = shared.answer(shot, &outcome);
        let (health, warnings) = shared.health();
        let report = Report {
            origin: &origin,
            sequence: frame.sequence,
            labels: &self.metadata.labels,
            decision: &outcome.decision,
            latency,
            capture_to_label,
            losses: shared.losses(),
            skipped: shared.frames.replaced(),
            fps,
            model: self.model,
            temperature_c: health.temperature_c,
            warnings: &warnings,
        };
        let flow = shared.publish(&report, current).map_err(RunError::Publish)?;
        shared.service.step_done();
        Ok(flow)
    }
}

/// Tells about an unreadable frame; errs after too many in a row.
fn give_up_after(unreadable: u32, shared: &Shared, error: &DecodeError) -> Result<(), RunError> {
    log::warn!("skipped: {error}");
    if unreadable < MAX_UNREADABLE {
        return Ok(());
    }
    Err(RunError::Unreadable { camera: shared.camera(), count: unreadable, reason: error.to_string() })
}

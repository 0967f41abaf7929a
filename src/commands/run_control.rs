//! What steers a run: the socket for `control`, and the hours under `[window]`.

use std::path::Path;
use std::sync::Arc;

use super::signals::Signals;
use bakkt_engine::control::server::ControlServer;
use bakkt_engine::requests::RunEnd;
use bakkt_engine::requests::record_decisions;
use bakkt_engine::requests::steering::{FollowedWindow, Steering};
use bakkt_engine::submit::RunCounters;
use bakkt_files::progress::{Mode, note};
use bakkt_folder::settings::Settings;
use bakkt_journal::Journal;

/// Steers a run for as long as it lives.
pub struct RunControl {
    /// What is in force.
    pub steering: Steering,
    server: Option<ControlServer>,
    _window: Option<FollowedWindow>,
}

impl RunControl {
    /// Opens the socket, and follows the hours. A run that cannot have a socket goes on without one, and says so.
    pub fn start(settings: &Settings, state: &Path, signals: &Signals, mode: Mode) -> RunControl {
        let steering = steering(settings, signals);
        let server = ControlServer::start(state, &steering);
        let server = server.map_err(|error| {
            tracing::warn!(%error, "no control socket");
            note(mode, &format!("`control` cannot steer this run: {error:#}"));
        });
        let window = settings.window_in_force();
        let followed =
            (!window.is_always_open()).then(|| steering.follow(window, jiff::Timestamp::now));
        RunControl {
            steering,
            server: server.ok(),
            _window: followed,
        }
    }

    /// The stage that the run is in, and what counts there.
    pub fn show(&self, stage: &'static str, counters: &Arc<RunCounters>) {
        counters.steer(&self.steering);
        if let Some(server) = &self.server {
            server.show(stage, counters.clone());
        }
    }

    /// Ends the steering: records what was decided last.
    pub fn end(self, journal: &mut Journal) -> anyhow::Result<()> {
        record_decisions(journal, self.steering.close())
    }

    /// How the work ended, for the journal.
    pub fn outcome(steering: &Steering, ended: &RunEnd) -> String {
        match (ended, steering.state().stopped_by) {
            (RunEnd::Finished, _) => "finished".to_owned(),
            (RunEnd::Interrupted, Some(by)) => format!("stopped by {by}"),
            (RunEnd::Interrupted, None) => "interrupted".to_owned(),
            (RunEnd::Stopped(error), _) => format!("stopped: {error}"),
        }
    }
}

/// The lanes of a run, by the names that the settings have for their rates.
pub fn steering(settings: &Settings, signals: &Signals) -> Steering {
    let limits = &settings.limits;
    let custody = settings.custody.as_ref();
    let most = limits.in_flight.max(limits.uploads_in_flight);
    let most = custody.map_or(most, |custody| most.max(custody.in_flight));
    let steering = Steering::new(most, signals.stop.clone());
    steering.add_lane("create", limits.create);
    steering.add_lane("lookup", limits.lookup);
    steering.add_lane("upload", limits.upload);
    steering.add_lane("kyb", limits.kyb);
    if let Some(custody) = custody {
        let rates = &custody.rates;
        steering.add_lane("custody.users", rates.users);
        steering.add_lane("custody.accounts", rates.accounts);
        steering.add_lane("custody.recipients", rates.recipients);
        steering.add_lane("custody.lookup", rates.lookup);
    }
    steering
}

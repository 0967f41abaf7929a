//! What is said over the socket: one line of JSON there, one back.

use serde::{Deserialize, Serialize};

/// What is asked of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum ControlRequest {
    /// How it stands.
    Look,
    /// A decision.
    Decide {
        /// What is to be done.
        what: ControlAction,
        /// Who decided.
        by: String,
        /// Why.
        reason: String,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlAction {
    /// Nothing leaves any more.
    Pause,
    /// It goes on.
    Resume,
    /// It ends, as after the first Ctrl-C.
    Stop,
    /// Another rate of a lane; none: that of the settings.
    Rate {
        /// The lane.
        lane: String,
        /// The rate as people write it.
        rate: Option<String>,
    },
    /// So many requests of a kind at once; none: as the settings have it.
    InFlight {
        /// How many.
        count: Option<usize>,
    },
}

/// What a run answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum ControlReply {
    /// The decision is in force, and in the journal if it says so.
    Done {
        /// What is in force now, in words; empty: nothing is steered.
        now: String,
        /// It is durable.
        recorded: bool,
    },
    /// It is not taken.
    Refused {
        /// What is wrong.
        why: String,
        /// What to do.
        hint: String,
    },
    /// How the run stands.
    Stands(Box<RunView>),
}

/// How a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// "accounts" or "custody".
    pub stage: String,
    /// Who paused it.
    pub paused_by: Option<String>,
    /// Why it is not the time to send.
    pub closed: Option<String>,
    /// Until when.
    pub closed_until: Option<String>,
    /// What is in force, in words.
    pub words: String,
    /// No more requests of a kind at once, and who said so.
    pub in_flight: Option<(usize, String)>,
    /// Its lanes.
    pub lanes: Vec<LaneLine>,
    /// Tasks of this run, and what became of them.
    pub tasks: TaskCounts,
    /// Unknown outcomes that rest: how many, and in how many seconds the first and the last are asked about.
    pub resting: Option<(u64, u64, u64)>,
    /// The last answers, the newest last.
    pub answers: Vec<AnswerLine>,
}

/// A lane of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LaneLine {
    /// Its name.
    pub name: String,
    /// The rate in the settings.
    pub configured: String,
    /// The rate that a person set, and who.
    pub steered: Option<(String, String)>,
    /// What left in the last seconds, per second; none before the lane is in use.
    pub per_second: Option<f64>,
    /// What the server does about the rate.
    pub pressure: Option<String>,
}

/// Tasks of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskCounts {
    /// To do in this run.
    pub total: u64,
    /// Accepted.
    pub accepted: u64,
    /// Refused.
    pub refused: u64,
    /// Given up.
    pub gave_up: u64,
    /// Held.
    pub held: u64,
    /// In doubt now.
    pub in_doubt: u64,
    /// Requests that wait for the rate, or for the gate to open.
    pub waiting: u64,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerLine {
    /// What was asked, in the plural.
    pub what: String,
    /// The HTTP status; none: no answer came.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How long ago it came, in milliseconds.
    pub ago_ms: u64,
}

//! Asks a run that goes on.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use super::place;
use super::protocol::{ControlReply, ControlRequest, RunView};

/// How long a run may take to answer: a decision is answered when it is durable.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// The same where it only says how it stands.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// Asks the run that works on a state folder; none: no run does, or it sends nothing yet or any more.
///
/// # Errors
///
/// It does not answer as it should.
pub fn ask(state: &Path, request: &ControlRequest) -> anyhow::Result<Option<ControlReply>> {
    let Some(socket) = place::told(state) else {
        return Ok(None);
    };
    // What a run that was killed has left does not answer.
    let Ok(mut stream) = UnixStream::connect(socket) else {
        return Ok(None);
    };
    let longest = match request {
        ControlRequest::Look => LONGEST_LOOK,
        ControlRequest::Decide { .. } => LONGEST_ANSWER,
    };
    stream.set_read_timeout(Some(longest))?;
    stream.set_write_timeout(Some(longest))?;
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream
        .write_all(line.as_bytes())
        .context("cannot ask the run")?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .context("the run does not answer")?;
    if answer.is_empty() {
        return Ok(None);
    }
    let reply = serde_json::from_str(&answer)
        .context("the run answers as another version of the program does")?;
    Ok(Some(reply))
}

/// How the run stands that works on a state folder; none: no run does.
pub fn look(state: &Path) -> Option<RunView> {
    match ask(state, &ControlRequest::Look) {
        Ok(Some(ControlReply::Stands(view))) => Some(*view),
        _ => None,
    }
}

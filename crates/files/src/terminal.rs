//! The terminal: everything that the program says to people and to the programs that read it.
//!
//! Owner of stdout and stderr. Three rules hold for whatever goes through here:
//!
//! - A message on stderr never fails, stops or holds up the program. Lines are handed to a thread of their own; when
//!   nobody reads them for `PATIENCE`, further lines are dropped until there is room again.
//! - A result on stdout that could not be written is an error, unless its reader went away, as `head` does. What nobody could tell a
//!   second time ([`print_to_reader`]) is an error then as well.
//! - No text can give the terminal orders: control characters and those that change the direction of text are written
//!   as escapes, whatever file name or column heading they came from. Only [colours of our own](bakkt_model::error::Style)
//!   pass.
//!
//! Left out on purpose: bars (`progress`), which draw on a terminal only, and what is said (its callers).

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use bakkt_model::error::is_hidden;

/// Lines that may wait for a slow reader of stderr.
const WAITING: usize = 4096;
/// How long a reader of stderr may keep the program waiting, once, before lines are dropped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the end of the program waits for lines that are not written yet.
const AT_THE_END: Duration = Duration::from_secs(2);

enum Message {
    Text(String),
    Flush(SyncSender<()>),
}

/// The thread that writes to stderr; `None` when it could not be started, and lines are written directly.
fn writer() -> Option<&'static SyncSender<Message>> {
    static WRITER: OnceLock<Option<SyncSender<Message>>> = OnceLock::new();
    let start = || {
        let (outbox, inbox) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("terminal".to_owned());
        thread.spawn(move || write_all(&inbox)).ok().map(|_| outbox)
    };
    WRITER.get_or_init(start).as_ref()
}

fn write_all(inbox: &Receiver<Message>) {
    while let Ok(message) = inbox.recv() {
        match message {
            Message::Text(text) => write_error_stream(&text),
            // Whoever asked may have stopped waiting.
            Message::Flush(done) => drop(done.try_send(())),
        }
    }
}

/// Writes to stderr; a stderr that is closed or full is no reason to fail.
fn write_error_stream(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

static STALLED: AtomicBool = AtomicBool::new(false);
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Shows a text on stderr, with a line break behind it.
pub fn show_line(text: &str) {
    show(&format!("{text}\n"));
}

/// Shows a text on stderr as it is.
pub fn show(text: &str) {
    let text = safe(text).into_owned();
    let Some(writer) = writer() else {
        write_error_stream(&text);
        return;
    };
    let began = Instant::now();
    let mut message = Message::Text(text);
    loop {
        match writer.try_send(message) {
            Ok(()) => break,
            Err(TrySendError::Disconnected(_)) => return,
            Err(TrySendError::Full(unsent)) => {
                if STALLED.load(Ordering::Relaxed) || began.elapsed() >= PATIENCE {
                    STALLED.store(true, Ordering::Relaxed);
                    DROPPED.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                message = unsent;
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
    if STALLED.swap(false, Ordering::Relaxed) {
        let dropped = DROPPED.swap(0, Ordering::Relaxed);
        let text = format!("({dropped} lines are not shown: nobody read them)\n");
        let _ = writer.try_send(Message::Text(text));
    }
}

/// Waits until what was shown is written, but no longer than a reader can be expected to take.
pub fn flush() {
    flush_within(AT_THE_END);
}

/// The same, with another bound.
pub fn flush_within(longest: Duration) {
    let Some(writer) = writer() else { return };
    let (done, written) = sync_channel(1);
    let until = Instant::now() + longest;
    let mut message = Message::Flush(done);
    while let Err(TrySendError::Full(unsent)) = writer.try_send(message) {
        if Instant::now() >= until {
            return;
        }
        message = unsent;
        std::thread::sleep(Duration::from_millis(5));
    }
    // Nobody reads stderr: what is left goes nowhere.
    let _ = written.recv_timeout(until.saturating_duration_since(Instant::now()));
}

/// Writes a result to stdout, with a line break behind it. A reader that went away is no error; a full disk is one.
pub fn print_result(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(safe(text).as_bytes())
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a text to stdout that somebody has to read, as it is: here a reader that went away is an error too.
pub fn print_to_reader(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.flush()?;
    // At once, and not line by line: a reader has all of it, or nothing.
    let mut all = File::from(stdout.as_fd().try_clone_to_owned()?);
    all.write_all(safe(text).as_bytes())
}

/// Whether what is written to stdout goes nowhere: it is `/dev/null`, or it was closed, in whose place Rust opens that.
pub fn is_stdout_nowhere() -> bool {
    let facts = io::stdout().as_fd().try_clone_to_owned();
    let facts = facts.and_then(|stdout| File::from(stdout).metadata());
    match (facts, std::fs::metadata("/dev/null")) {
        (Ok(facts), Ok(null)) => facts.file_type().is_char_device() && facts.rdev() == null.rdev(),
        // It cannot even be looked at.
        (Err(_), _) => true,
        (_, Err(_)) => false,
    }
}

/// A writer of log lines to stderr. It never fails: a log that cannot be shown stops nothing.
pub struct LogLines;

impl Write for LogLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        show(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text that gives a terminal no orders: what it would obey or hide is written as `\u001b`, which means the same
/// inside of JSON.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    // Plain text has nothing to look for: all that is dangerous is a control or lies beyond ASCII.
    let plain = |byte: u8| (b' '..0x7f).contains(&byte) || byte == b'\n' || byte == b'\t';
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(colour) = own_colour(rest) {
            kept.push_str(colour);
            rest = &rest[colour.len()..];
            continue;
        }
        if is_hidden(next) && !matches!(next, '\n' | '\t') {
            for unit in next.encode_utf16(&mut [0; 2]) {
                kept.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            kept.push(next);
        }
        rest = &rest[next.len_utf8()..];
    }
    Cow::Owned(kept)
}

/// The colour of ours that a text begins with.
fn own_colour(text: &str) -> Option<&'static str> {
    bakkt_model::error::Style::CODES
        .into_iter()
        .find(|code| text.starts_with(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_model::error::Style;

    #[test]
    fn a_terminal_is_given_no_orders() {
        for (given, shown) in [
            ("plain, with ünïcode 名", "plain, with ünïcode 名"),
            ("a\tb\nc", "a\tb\nc"),
            ("\u{1b}[2Jgone", "\\u001b[2Jgone"),
            ("\u{9b}31m\u{7f}\r", "\\u009b31m\\u007f\\u000d"),
            ("a\u{202e}b\u{2066}c\u{200b}", "a\\u202eb\\u2066c\\u200b"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(safe(given), shown);
        }
    }

    #[test]
    fn colours_of_our_own_pass() {
        let coloured = Style::COLOURED.wrong("error:");
        assert_eq!(safe(&coloured), coloured);
        // One that we never write is a name's.
        assert_eq!(safe("\u{1b}[8mhidden"), "\\u001b[8mhidden");
    }

    #[test]
    fn json_means_the_same_with_its_escapes() {
        let text = serde_json::to_string("a\u{202e}\u{9b}\u{e0041}").unwrap();
        let read: String = serde_json::from_str(&safe(&text)).unwrap();
        assert_eq!(read, "a\u{202e}\u{9b}\u{e0041}");
        assert!(safe(&text).is_ascii());
    }
}

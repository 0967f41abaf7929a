//! A server in front of the sandbox that passes requests on, until it forbids what is sent: a key that was revoked, or an
//! address that was taken off the list, in the middle of a run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Answers 403 and nothing more.
const FORBIDDEN: &[u8] =
    b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// The server. It ends with the test process.
pub struct Gatekeeper {
    pub url: String,
    is_shut: Arc<AtomicBool>,
}

impl Gatekeeper {
    /// Passes so many POSTs below `path` on to the server at `to`, and everything else; from the next of them on, all is
    /// answered 403.
    pub fn revoking(to: &str, path: &'static str, passes: i64) -> Gatekeeper {
        let is_shut = Arc::new(AtomicBool::new(true));
        let (left, shut) = (AtomicI64::new(passes), is_shut.clone());
        let url = serve(to, move |head, _, pass| {
            let is_revoked = shut.load(Ordering::SeqCst)
                && (left.load(Ordering::SeqCst) < 0
                    || (is_post(head, path) && left.fetch_sub(1, Ordering::SeqCst) <= 0));
            match is_revoked {
                true => FORBIDDEN.to_vec(),
                false => pass(),
            }
        });
        Gatekeeper { url, is_shut }
    }

    /// Answers 403 to every POST below `path` that has one of these texts in its head or body, and passes on everything else.
    pub fn forbidding(to: &str, path: &'static str, texts: Vec<String>) -> Gatekeeper {
        let is_shut = Arc::new(AtomicBool::new(true));
        let shut = is_shut.clone();
        let url = serve(to, move |head, body, pass| {
            let named = |text: &String| {
                let mut parts = body.windows(text.len());
                head.contains(text.as_str()) || parts.any(|part| part == text.as_bytes())
            };
            let is_asked = is_post(head, path) && shut.load(Ordering::SeqCst);
            match is_asked && texts.iter().any(named) {
                true => FORBIDDEN.to_vec(),
                false => pass(),
            }
        });
        Gatekeeper { url, is_shut }
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.is_shut.store(false, Ordering::SeqCst);
    }
}

fn is_post(head: &str, path: &str) -> bool {
    let below = head.strip_prefix("POST ");
    below.is_some_and(|below| below.starts_with(path))
}

/// Starts a server whose answers a function gives: of a request's head and body, and of what passes it on. Its URL.
pub fn serve<F>(to: &str, answer: F) -> String
where
    F: Fn(&str, &[u8], &dyn Fn() -> Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let to = to.trim_start_matches("http://").to_owned();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let (to, answer) = (to.clone(), answer.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                if let Some((head, body)) = request(&mut reader) {
                    let pass = || passed_on(&to, &head, &body);
                    let bytes = answer(&head, &body, &pass);
                    let _ = reader.get_mut().write_all(&bytes);
                }
            });
        }
    });
    url
}

/// The head of a request, without what it says of its connection, and its body.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let (mut head, mut length, mut is_chunked) = (String::new(), 0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        is_chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    while is_chunked && !body.ends_with(b"0\r\n\r\n") {
        let more = reader.fill_buf().ok()?.to_vec();
        if more.is_empty() {
            return None;
        }
        reader.consume(more.len());
        body.extend(more);
    }
    Some((head, body))
}

fn passed_on(to: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut stream = TcpStream::connect(to).unwrap();
    let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
    let _ = stream.write_all(body);
    let _ = stream.read_to_end(&mut answer);
    answer
}

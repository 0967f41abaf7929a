//! A server that takes every creation and says nothing but its id: for measuring what the program itself costs.
//!
//! `stub --listen 127.0.0.1:PORT` answers until it is ended; `stub --load 127.0.0.1:PORT SECONDS` is a load generator with 64
//! connections, for showing that the stub is no bottleneck. Both use one thread for each core and parse as little as they
//! can. Left out on purpose: the contract, which the sandbox keeps; questions, which get a 404.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 64;
const ID: &[u8] = b"\"clientAccountId\":\"";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--listen", address] => listen(parsed(address)),
        ["--load", address, seconds] => load(parsed(address), parsed(seconds)),
        _ => println!("stub --listen ADDRESS | stub --load ADDRESS SECONDS"),
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    let value = text.parse().ok();
    value.unwrap_or_else(|| panic!("cannot read {text:?}"))
}

/// Runs the same on a thread for each core, and waits for all of them.
fn on_all_cores<F: Future<Output = ()>>(work: impl Fn(usize, usize) -> F + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for core in 0..cores {
            let work = &work;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                let set = tokio::task::LocalSet::new();
                set.block_on(&runtime, work(core, cores));
            });
        }
    });
}

fn listen(address: SocketAddr) {
    let listener = std::net::TcpListener::bind(address).expect("a free port");
    listener.set_nonblocking(true).expect("a listener");
    println!("listening on {}", listener.local_addr().expect("bound"));
    on_all_cores(|_, _| {
        let listener = listener.try_clone().expect("a listener");
        async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(stream));
            }
        }
    });
}

/// Answers the requests of one connection until it ends.
async fn serve(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let (mut buffer, mut answer) = (Vec::with_capacity(16 << 10), Vec::with_capacity(512));
    loop {
        let length = loop {
            if let Some(length) = request_length(&buffer) {
                break length;
            }
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        };
        answer_to(&buffer[..length], &mut answer);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
        buffer.drain(..length);
    }
}

/// The length of the first request, once all of it is there.
fn request_length(buffer: &[u8]) -> Option<usize> {
    let head = memchr::memmem::find(buffer, b"\r\n\r\n")? + 4;
    let body = content_length(&buffer[..head]);
    (buffer.len() >= head + body).then_some(head + body)
}

fn content_length(head: &[u8]) -> usize {
    for line in head.split(|byte| *byte == b'\n') {
        if line.len() > 15 && line[..15].eq_ignore_ascii_case(b"content-length:") {
            let digits = line[15..].trim_ascii();
            return std::str::from_utf8(digits).map_or(0, parsed);
        }
    }
    0
}

fn answer_to(request: &[u8], answer: &mut Vec<u8>) {
    let id = memchr::memmem::find(request, ID).map(|at| &request[at + ID.len()..]);
    let id = id.and_then(|rest| rest.split(|byte| *byte == b'"').next());
    let (status, body) = match id {
        Some(id) => {
            let (uuid, id) = (uuid_of(id), String::from_utf8_lossy(id));
            let body = format!(
                r#"{{"id":"{uuid}","status":"PENDING","createdAt":"2126-01-01T00:00:00Z","request":{{"clientAccountId":"{id}"}}}}"#
            );
            ("200 OK", body)
        }
        None => ("404 Not Found", r#"{"code":"404"}"#.to_owned()),
    };
    answer.clear();
    answer.extend_from_slice(b"HTTP/1.1 ");
    answer.extend_from_slice(status.as_bytes());
    answer.extend_from_slice(b"\r\nContent-Type: application/json\r\nContent-Length: ");
    answer.extend_from_slice(body.len().to_string().as_bytes());
    answer.extend_from_slice(b"\r\n\r\n");
    answer.extend_from_slice(body.as_bytes());
}

/// What looks like a UUID, as Bakkt's ids do: another one for each id (FNV-1a).
fn uuid_of(id: &[u8]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in id {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    let [first, second, third] = [hash >> 32, hash >> 16 & 0xffff, hash & 0xfff];
    format!(
        "{first:08x}-{second:04x}-4{third:03x}-8{third:03x}-{:012x}",
        hash >> 16
    )
}

fn load(address: SocketAddr, seconds: u64) {
    let answers = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    on_all_cores(|core, cores| {
        let answers = answers.clone();
        async move {
            let mine = (core..CONNECTIONS).step_by(cores);
            let clients: Vec<_> = mine
                .map(|_| tokio::task::spawn_local(ask(address, end, answers.clone())))
                .collect();
            for client in clients {
                client.await.expect("a client");
            }
        }
    });
    let rate = answers.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    println!("{rate:.0} requests a second");
}

/// Sends the same creation again and again.
async fn ask(address: SocketAddr, end: Instant, answers: Arc<AtomicU64>) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a connection");
    let body = format!(
        r#"{{"clientAccountId":"C-1","filler":"{}"}}"#,
        "x".repeat(900)
    );
    let request = format!(
        "POST /apex-crypto/api/v2/accounts HTTP/1.1\r\nHost: stub\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut buffer = Vec::with_capacity(4 << 10);
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await.expect("sent");
        buffer.clear();
        while request_length(&buffer).is_none() {
            let read = stream.read_buf(&mut buffer).await;
            assert!(matches!(read, Ok(1..)), "an answer");
        }
        answers.fetch_add(1, Ordering::Relaxed);
    }
}

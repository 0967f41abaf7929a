//! A receiver of events on loopback that keeps every delivery byte for byte.
//!
//! Owner: the tests of the sandbox's decisions. Left out on purpose: what an event means.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::task::JoinHandle;

/// One POST as it came.
#[derive(Clone)]
pub struct Delivery {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Delivery {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Default)]
struct Kept {
    deliveries: Vec<Delivery>,
    /// How often each body came.
    times: HashMap<Vec<u8>, usize>,
    /// So often each body is not answered 200.
    fail_first: usize,
}

pub struct Receiver {
    kept: Arc<Mutex<Kept>>,
    url: String,
    serving: JoinHandle<()>,
}

async fn take(
    State(kept): State<Arc<Mutex<Kept>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut kept = kept.lock().unwrap();
    let times = kept.times.entry(body.to_vec()).or_default();
    *times += 1;
    let turn = *times;
    kept.deliveries.push(Delivery {
        path: uri.path().to_owned(),
        headers,
        body: body.to_vec(),
    });
    if turn > kept.fail_first {
        return StatusCode::OK;
    }
    // Only a 200 is an answer.
    [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::FOUND,
        StatusCode::NO_CONTENT,
    ][turn % 3]
}

impl Receiver {
    pub async fn start() -> Receiver {
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = Router::new().fallback(take).with_state(kept.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Receiver { kept, url, serving }
    }

    /// With a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn fail_first(&self, times: usize) {
        self.kept.lock().unwrap().fail_first = times;
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.kept.lock().unwrap().deliveries.clone()
    }

    pub fn bodies(&self) -> Vec<Value> {
        let deliveries = self.deliveries();
        let bodies = deliveries.iter();
        bodies
            .map(|delivery| serde_json::from_slice(&delivery.body).unwrap())
            .collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

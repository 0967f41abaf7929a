//! A server of one page, `/metrics`, for whoever watches a run.
//!
//! Owner of how it answers: the page is made anew for each request, on a thread that may wait. Its form is that of [`table`].
//! Invariants: whoever asks can change nothing; what goes wrong here disturbs no run. Left out on purpose: what is on the page; TLS
//! and passwords, which are for a proxy in front.

pub mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use table::MetricTable;

/// The server; it ends with this.
#[derive(Debug)]
pub struct MetricsServer(JoinHandle<()>);

impl MetricsServer {
    /// Serves a table at an address that was taken before; `listener` does not block.
    pub fn start(
        listener: std::net::TcpListener,
        table: Arc<MetricTable>,
    ) -> std::io::Result<MetricsServer> {
        let listener = TcpListener::from_std(listener)?;
        let router = Router::new()
            .route("/metrics", get(answer))
            .with_state(table);
        Ok(MetricsServer(tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        })))
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn answer(State(table): State<Arc<MetricTable>>) -> Response {
    let made = tokio::task::spawn_blocking(move || table().map(|table| table::page(&table)));
    match made.await {
        Ok(Ok(page)) => {
            let form = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, form)], page).into_response()
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

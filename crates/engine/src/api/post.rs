//! One message to an address that is not Bakkt's: the head of a chain, for somebody who keeps it.
//!
//! The same rules as everywhere: https but to this machine, no redirect, nothing repeated. Left out: what the message says.

use std::time::Duration;

use super::route::{self, ServerRoute};
use bakkt_model::error::Failure;
use bakkt_model::target::{WayOut, is_stand_in};

/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Posts a JSON text once; anything but a 2xx is an error.
pub async fn post_once(url: &str, way_out: &WayOut, text: String) -> anyhow::Result<()> {
    let is_here = is_stand_in(url);
    if !is_here && !url.starts_with("https://") {
        return Err(Failure::configuration(
            "the address is plain http",
            "only https is used, except to this machine",
        ));
    }
    let route = ServerRoute::new(way_out, None)?;
    let tls = match url.starts_with("https://") {
        true => route.tls()?,
        false => route::no_tls()?,
    };
    let client = route
        .client(is_here)?
        .tls_backend_preconfigured(tls)
        .timeout(LONGEST)
        .build()?;
    let request = client
        .post(url)
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(text);
    let answer = request.send().await.map_err(reqwest::Error::without_url)?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(Failure::cannot(
            format!("the server answered {}", status.as_u16()),
            "see what the address takes: a POST with a JSON object",
        )),
    }
}

//! Receiving an answer to its end, within bounds.

use std::time::SystemTime;

use reqwest::Response;

use super::client::Reply;
use super::retry_after::retry_after;
use bakkt_model::sensitive::Sensitive;

/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// Where the content of a 200 goes.
pub(super) type ContentSink<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// The whole answer; or why there is none.
pub(super) async fn read(mut response: Response, mut take: Option<ContentSink<'_>>) -> Reply {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), SystemTime::now());
    let answer = |body: Vec<u8>| Reply::Answer {
        status,
        retry_after,
        body: Sensitive::new(body),
    };
    let mut body = Vec::new();
    loop {
        match (response.chunk().await, &mut take) {
            (Ok(Some(piece)), Some(take)) if status == 200 => take(&piece),
            (Ok(Some(piece)), _) if body.len() + piece.len() <= LONGEST_ANSWER => {
                body.extend_from_slice(&piece)
            }
            (Ok(Some(_)), _) => return Reply::Lost("answer too long"),
            (Ok(None), _) => return answer(body),
            // A status whose body was cut still says that nothing was taken, where it says so at all.
            (Err(_), _) if matches!(status, 429 | 401) => return answer(Vec::new()),
            (Err(_), _) => return Reply::Lost("answer cut off"),
        }
    }
}

//! Exports and documents in an object storage: S3, Google Cloud Storage, Azure Blob Storage.
//!
//! Owner of `CloudStorage`, which answers questions of whoever reads files ([`ObjectStorage`]) from threads that know no async
//! runtime: it has one of its own, and its connections are those of `connector`. Invariants: nothing is written to a storage; an object is
//! read in pieces, of which a few are in memory; an answer that ends early, or brings more than it said, is an error; retries are few
//! and end within [`LONGEST_RETRIES`]; credentials come from the variables that every tool of the provider reads and are in no message,
//! nor are keys, which may be customers' names.
//! Left out on purpose: what an object holds, and whether it is the planned one.

mod connector;
mod hand_over;
mod trouble;

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt,
    RetryConfig,
};
use tokio::runtime::{Builder, Runtime};

use bakkt_model::objects::{
    EachObject, ObjectState, ObjectStorage, ObjectTrouble, ObjectUrl, OpenedObject, Wanted, install,
};

use bakkt_model::target::web_address;

use connector::Connector;
use hand_over::{Inbox, Outbox, queue};
use trouble::{failed, told};

/// Retries of one request, and of the rest of an object that broke off.
const MOST_RETRIES: usize = 4;
/// No retry begins later.
const LONGEST_RETRIES: Duration = Duration::from_secs(60);
/// Pieces of an object that wait to be read.
const WAITING: usize = 1;
/// Objects of a list that wait to be taken.
const LISTED: usize = 1000;

type Store = Arc<dyn ObjectStore>;

/// The object storages that URLs name.
struct CloudStorage {
    /// None: the system gave it no thread.
    runtime: io::Result<Runtime>,
    stores: Mutex<HashMap<(&'static str, String), Store>>,
}

/// Makes objects readable for this process.
pub fn make_readable() {
    install(Box::new(LazyStorage(std::sync::OnceLock::new())));
}

/// Starts nothing before the first object is asked for.
struct LazyStorage(std::sync::OnceLock<CloudStorage>);

impl LazyStorage {
    fn get(&self) -> &CloudStorage {
        self.0.get_or_init(CloudStorage::new)
    }
}

impl ObjectStorage for LazyStorage {
    fn state(&self, object: &ObjectUrl) -> Result<ObjectState, ObjectTrouble> {
        self.get().state(object)
    }

    fn open(&self, object: &ObjectUrl, wanted: Wanted) -> Result<OpenedObject, ObjectTrouble> {
        self.get().open(object, wanted)
    }

    fn list(&self, below: &ObjectUrl, each: EachObject<'_>) -> Result<(), ObjectTrouble> {
        self.get().list(below, each)
    }
}

impl CloudStorage {
    /// Starts its thread.
    fn new() -> CloudStorage {
        CloudStorage {
            runtime: Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("objects")
                .enable_all()
                .build(),
            stores: Mutex::default(),
        }
    }

    /// Does something on the storage's own thread, and waits for it.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ObjectTrouble>> + Send + 'static,
    ) -> Result<T, ObjectTrouble> {
        let runtime = self.runtime.as_ref().map_err(|_| no_thread())?;
        let (done, answer) = sync_channel(1);
        runtime.spawn(async move {
            // Whoever asked waits for the answer.
            let _ = done.send(work.await);
        });
        answer.recv().map_err(|_| no_thread())?
    }

    fn store(&self, url: &ObjectUrl) -> Result<Store, ObjectTrouble> {
        let place = (url.scheme(), url.bucket().to_owned());
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(&place) {
            return Ok(store.clone());
        }
        if url.scheme() == "s3" {
            fit_endpoint(&AmazonS3Builder::from_env())?;
        }
        let store = built(url).map_err(|error| told(&error))?;
        stores.insert(place, store.clone());
        Ok(store)
    }
}

fn no_thread() -> ObjectTrouble {
    failed("the system starts no further thread")
}

/// Refuses an address of an S3 server that is none, before the library meets it.
fn fit_endpoint(variables: &AmazonS3Builder) -> Result<(), ObjectTrouble> {
    let set = |key: &AmazonS3ConfigKey| variables.get_config_value(key);
    let is_plain = set(&AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp));
    for key in [AmazonS3ConfigKey::Endpoint, AmazonS3ConfigKey::S3Endpoint] {
        match set(&key).as_deref().map(web_address) {
            Some(Err(_)) => {
                return Err(failed(
                    "AWS_ENDPOINT_URL is set, and is not the address of a server, such as https://storage.example.com",
                ));
            }
            Some(Ok(false)) if is_plain.as_deref() != Some("true") => {
                return Err(failed(
                    "AWS_ENDPOINT_URL is plain http, which only AWS_ALLOW_HTTP=true allows",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The storage of a bucket, with what the environment says of it.
fn built(url: &ObjectUrl) -> object_store::Result<Store> {
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: MOST_RETRIES,
        retry_timeout: LONGEST_RETRIES,
    };
    let bucket = url.bucket();
    Ok(match url.scheme() {
        "gs" => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_bucket_name(bucket)
                .with_retry(retry)
                .with_http_connector(Connector)
                .build()?,
        ),
        "az" => Arc::new(
            MicrosoftAzureBuilder::from_env()
                .with_container_name(bucket)
                .with_retry(retry)
                .with_http_connector(Connector)
                .build()?,
        ),
        _ => Arc::new(
            AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_retry(retry)
                .with_http_connector(Connector)
                .build()?,
        ),
    })
}

fn path(key: &str) -> Result<Path, ObjectTrouble> {
    // Its words repeat the key.
    Path::parse(key).map_err(|_| failed("the storage has no such key"))
}

fn state(meta: &ObjectMeta) -> ObjectState {
    ObjectState {
        size: meta.size,
        version: meta.version.clone(),
        // Lists of some storages have it without its quotes.
        tag: meta
            .e_tag
            .as_ref()
            .map(|tag| tag.trim_matches('"').to_owned()),
    }
}

impl ObjectStorage for CloudStorage {
    fn state(&self, object: &ObjectUrl) -> Result<ObjectState, ObjectTrouble> {
        let (store, path) = (self.store(object)?, path(object.key())?);
        self.wait(async move {
            let meta = store.head(&path).await;
            meta.map(|meta| state(&meta)).map_err(|error| told(&error))
        })
    }

    fn open(&self, object: &ObjectUrl, wanted: Wanted) -> Result<OpenedObject, ObjectTrouble> {
        let (store, path) = (self.store(object)?, path(object.key())?);
        let range = match wanted {
            Wanted::Whole => None,
            Wanted::First(count) => Some(GetRange::Bounded(0..count)),
        };
        let (pieces, rest) = queue(WAITING);
        let (state, length) = self.wait(async move {
            let options = GetOptions {
                range,
                ..GetOptions::default()
            };
            let answer = store.get_opts(&path, options).await;
            let answer = answer.map_err(|error| told(&error))?;
            let about = (state(&answer.meta), answer.range.end - answer.range.start);
            tokio::spawn(hand_over(answer.into_stream(), pieces));
            Ok(about)
        })?;
        let reader = ObjectReader {
            rest,
            piece: Bytes::new(),
            left: length,
        };
        Ok((state, Box::new(reader)))
    }

    fn list(&self, below: &ObjectUrl, each: EachObject<'_>) -> Result<(), ObjectTrouble> {
        let store = self.store(below)?;
        let prefix = below.prefix();
        let path = match prefix.is_empty() {
            true => None,
            false => Some(path(&prefix)?),
        };
        let runtime = self.runtime.as_ref().map_err(|_| no_thread())?;
        let (objects, listed) = queue(LISTED);
        runtime.spawn(async move {
            let mut all = store.list(path.as_ref());
            while let Some(one) = all.next().await {
                let is_last = one.is_err();
                if !objects.send(one).await || is_last {
                    return;
                }
            }
        });
        while let Some(one) = listed.next() {
            let meta = one.map_err(|error| told(&error))?;
            if !each(meta.location.as_ref(), state(&meta)) {
                break;
            }
        }
        Ok(())
    }
}

/// Sends the pieces of an object to whoever reads it, for as long as somebody does.
async fn hand_over(
    mut all: futures_util::stream::BoxStream<'static, object_store::Result<Bytes>>,
    pieces: Outbox<io::Result<Bytes>>,
) {
    while let Some(piece) = all.next().await {
        let piece = piece.map_err(|error| io::Error::other(told(&error).to_string()));
        let is_last = piece.is_err();
        if !pieces.send(piece).await || is_last {
            return;
        }
    }
}

/// The bytes of an object, as they come.
struct ObjectReader {
    rest: Inbox<io::Result<Bytes>>,
    piece: Bytes,
    /// Bytes that are still to come.
    left: u64,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !buffer.is_empty() {
            match self.rest.next() {
                Some(piece) => self.piece = piece?,
                None if self.left > 0 => {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, CUT));
                }
                None => return Ok(0),
            }
            match self.left.checked_sub(self.piece.len() as u64) {
                Some(left) => self.left = left,
                None => return Err(io::Error::new(io::ErrorKind::InvalidData, LONGER)),
            }
        }
        let count = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

const CUT: &str = "the storage sent less of the object than it had said";
const LONGER: &str = "the storage sent more of the object than it had said";

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(pieces: &[&'static str], length: u64) -> io::Result<String> {
        let (outbox, rest) = queue(10);
        for piece in pieces {
            outbox.send(Ok(Bytes::from_static(piece.as_bytes()))).await;
        }
        drop(outbox);
        let mut all = String::new();
        let mut reader = ObjectReader {
            rest,
            piece: Bytes::new(),
            left: length,
        };
        reader.read_to_string(&mut all).map(|_| all)
    }

    #[tokio::test]
    async fn an_object_is_as_long_as_it_was_said_to_be() {
        assert_eq!(read(&["ab", "", "c"], 3).await.ok().as_deref(), Some("abc"));
        for (pieces, length, why) in [
            (&["ab"][..], 3, CUT),
            (&[], 1, CUT),
            (&["ab", "cd"], 3, LONGER),
        ] {
            let error = read(pieces, length).await.expect_err("it lies");
            assert_eq!(error.to_string(), why);
        }
    }
}

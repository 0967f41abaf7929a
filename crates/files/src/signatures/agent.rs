//! An SSH agent, asked over the socket that SSH_AUTH_SOCK names: which keys it has, and for a signature.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use ssh_key::{PublicKey, Signature};

/// An agent may ask a person before it signs.
const LONGEST: Duration = Duration::from_secs(120);
/// No answer is longer.
const LARGEST: u32 = 1 << 20;

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGNATURE: u8 = 14;

/// Makes sure that the agent has a key.
pub(super) fn must_hold(public: &PublicKey) -> Result<(), String> {
    let answer = ask(REQUEST_IDENTITIES, &[], IDENTITIES)?;
    let mut rest = answer.as_slice();
    let wanted = blob(public)?;
    let count = number(&mut rest).ok_or_else(garbled)?;
    for _ in 0..count {
        let key = text(&mut rest).ok_or_else(garbled)?;
        let _comment = text(&mut rest).ok_or_else(garbled)?;
        if key == wanted {
            return Ok(());
        }
    }
    Err("the SSH agent does not have this key".to_owned())
}

/// Has the agent sign bytes.
pub(super) fn sign(public: &PublicKey, data: &[u8]) -> Result<Signature, String> {
    let mut body = Vec::new();
    put(&mut body, &blob(public)?);
    put(&mut body, data);
    body.extend_from_slice(&0_u32.to_be_bytes());
    let answer = ask(SIGN_REQUEST, &body, SIGNATURE)?;
    let signature = text(&mut answer.as_slice()).ok_or_else(garbled)?;
    Signature::try_from(signature.as_slice()).map_err(|_| garbled())
}

fn blob(public: &PublicKey) -> Result<Vec<u8>, String> {
    public.to_bytes().map_err(|error| error.to_string())
}

fn garbled() -> String {
    "the SSH agent's answer cannot be read".to_owned()
}

/// Sends a request, and returns the body of the answer that is wanted.
fn ask(kind: u8, body: &[u8], wanted: u8) -> Result<Vec<u8>, String> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty());
    let socket = socket.ok_or("there is no SSH agent: SSH_AUTH_SOCK is not set")?;
    let failed = |error: std::io::Error| format!("the SSH agent cannot be reached: {error}");
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    stream.set_read_timeout(Some(LONGEST)).map_err(failed)?;
    stream.set_write_timeout(Some(LONGEST)).map_err(failed)?;
    let mut request = Vec::new();
    request.extend_from_slice(&(body.len() as u32 + 1).to_be_bytes());
    request.push(kind);
    request.extend_from_slice(body);
    stream.write_all(&request).map_err(failed)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(failed)?;
    let length = u32::from_be_bytes(length);
    if length == 0 || length > LARGEST {
        return Err(garbled());
    }
    let mut answer = vec![0; length as usize];
    stream.read_exact(&mut answer).map_err(failed)?;
    if answer.remove(0) != wanted {
        return Err("the SSH agent refused".to_owned());
    }
    Ok(answer)
}

fn put(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    body.extend_from_slice(bytes);
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*number))
}

fn text(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = number(rest)? as usize;
    let text = rest.get(..length)?.to_vec();
    *rest = &rest[length..];
    Some(text)
}

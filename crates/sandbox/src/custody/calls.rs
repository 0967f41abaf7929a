//! One call in, one answer out, under the service's lock.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::contract;
use super::ledger::{self, CustodyEntry};
use super::sessions;
use super::store::{Inner, KeptAnswer, StoredUser, uuid};
use super::{CustodyCall, CustodyHeaders, Made, text};
use crate::answer::{self, Answer, ReplyAction};
use crate::faults;
use crate::gate::RateClass;
use crate::ledger::Effect;
use crate::service::{HandledCall, LateEffect, PendingEffect, Service};
use crate::verdict::{Answers, CallToDecide, CallVerdict, too_many, unauthorised};

/// What a cut request has left under way.
pub(crate) struct LateCustody {
    made: Made,
    client: String,
    body: Value,
    key: Option<String>,
    hash: [u8; 32],
}

/// What a call that makes something is answered.
struct MakingAnswers {
    good: Value,
    refused: Answer,
    turn: u64,
}

impl Answers for MakingAnswers {
    fn good(&self) -> Answer {
        answer::json_answer(201, self.good.to_string().into_bytes())
    }

    fn refused(&self) -> Answer {
        Answer {
            status: self.refused.status,
            content_type: self.refused.content_type.clone(),
            retry_after: None,
            body: self.refused.body.clone(),
        }
    }

    fn unreadable(&self) -> Answer {
        match self.turn {
            0 => answer::json_answer(200, b"<OK/> made".to_vec()),
            1 => answer::json_answer(200, b"{\"ok\":true}".to_vec()),
            _ => answer::json_answer(200, b"{\"uuid\":\"not-a-uuid\",\"user_uuid\":7}".to_vec()),
        }
    }
}

fn at_once(reply: ReplyAction, delay: Duration) -> HandledCall {
    HandledCall {
        reply,
        delay,
        open: None,
        late: None,
    }
}

fn whole(status: u16, value: &Value) -> ReplyAction {
    ReplyAction::Whole(answer::json_answer(status, value.to_string().into_bytes()))
}

impl Service {
    /// Carries a custody call out.
    pub(crate) fn custody(
        &self,
        call: &CustodyCall,
        headers: CustodyHeaders<'_>,
        body: &Bytes,
    ) -> HandledCall {
        let config = &self.config.custody;
        let given = headers.authorization.unwrap_or_default();
        let key = given
            .strip_prefix(config.header_prefix.as_str())
            .unwrap_or_default();
        let wanted = config.key.as_deref().unwrap_or(self.config.api_secret());
        let is_known =
            !wanted.is_empty() && blake3::hash(wanted.as_bytes()) == blake3::hash(key.as_bytes());
        if !is_known {
            self.note(call, headers, "", body, "401", false);
            return at_once(ReplyAction::Whole(unauthorised()), Duration::ZERO);
        }
        match call {
            CustodyCall::Make(made) => self.make(*made, headers, body),
            _ => self.read(call, headers),
        }
    }

    /// Everything of custody, for the owner.
    pub(crate) fn custody_ledger(&self) -> HandledCall {
        let body = ledger::json(&self.lock().custody.0)
            .to_string()
            .into_bytes();
        HandledCall::at_once(answer::json_answer(200, body))
    }

    fn note(
        &self,
        call: &CustodyCall,
        headers: CustodyHeaders<'_>,
        client: &str,
        body: &[u8],
        answer: &str,
        is_replay: bool,
    ) {
        let made = match call {
            CustodyCall::Make(made) => Some(*made),
            _ => None,
        };
        self.lock().custody.0.entries.push(CustodyEntry {
            made,
            client: client.to_owned(),
            key: headers.key.unwrap_or_default().to_owned(),
            body: *blake3::hash(body).as_bytes(),
            answer: answer.to_owned(),
            has_session: headers.session.is_some(),
            is_replay,
        });
    }

    /// Who asks: by the session, or by the header that some reads take. An error is what they are answered.
    fn who(&self, headers: CustodyHeaders<'_>, may_name: bool) -> Result<usize, u16> {
        let seed = self.config.seed;
        let inner = &mut self.lock().custody.0;
        if let Some(session) = headers.session {
            let client = sessions::customer(session).ok_or(401u16)?;
            if !inner
                .sessions
                .count(session, self.config.custody.session_uses)
            {
                return Err(401);
            }
            if let Some(place) = inner.by_client(client) {
                return Ok(place);
            }
            if !self.config.custody.forgets_users {
                return Err(401);
            }
            let known = former(seed, client);
            inner.users.push(known);
            return Ok(inner.users.len() - 1);
        }
        match headers.user.filter(|_| may_name) {
            Some(user) => inner.by_uuid(user).ok_or(404),
            None => Err(401),
        }
    }

    fn read(&self, call: &CustodyCall, headers: CustodyHeaders<'_>) -> HandledCall {
        let user = self.who(headers, true);
        let seed = self.config.seed;
        let mut guard = self.lock();
        let inner = &mut guard.custody.0;
        let client = user.ok().map(|place| inner.users[place].client.clone());
        let slot = inner
            .slots
            .entry(format!("read {}", client.as_deref().unwrap_or_default()))
            .or_default();
        let number = slot.0;
        slot.0 += 1;
        let fault = (slot.1 < self.config.max_faults_per_id)
            .then(|| faults::lookup(&self.config, client.as_deref().unwrap_or_default(), number))
            .flatten();
        slot.1 += u32::from(fault.is_some());
        let (status, value) = match (user, call) {
            (Err(status), _) => (
                status,
                json!({"code": status, "message": "No such user or session"}),
            ),
            (Ok(place), call) => shown(&inner.users[place], call, seed),
        };
        drop(guard);
        let (told, reply) = match fault.filter(|_| status == 200) {
            Some(fault) => fault.shown(),
            None => ("", whole(status, &value)),
        };
        let told = if told.is_empty() {
            status.to_string()
        } else {
            told.to_owned()
        };
        self.note(
            call,
            headers,
            client.as_deref().unwrap_or_default(),
            b"",
            &told,
            false,
        );
        at_once(reply, Duration::ZERO)
    }

    fn make(&self, made: Made, headers: CustodyHeaders<'_>, bytes: &Bytes) -> HandledCall {
        let (config, seed) = (&self.config, self.config.seed);
        let call = CustodyCall::Make(made);
        let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let hash = *blake3::hash(bytes).as_bytes();
        let user = match made {
            Made::User => None,
            _ => match self.who(headers, false) {
                Ok(place) => Some(place),
                Err(_) => {
                    self.note(&call, headers, "", bytes, "401", false);
                    return at_once(ReplyAction::Whole(unauthorised()), Duration::ZERO);
                }
            },
        };
        let mut guard = self.lock();
        let client = match user {
            Some(place) => guard.custody.0.users[place].client.clone(),
            None => text(&body, "external_id").to_owned(),
        };
        let finish = |guard, told: &str, is_replay, reply, delay| {
            drop::<std::sync::MutexGuard<'_, _>>(guard);
            self.note(&call, headers, &client, bytes, told, is_replay);
            at_once(reply, delay)
        };
        let custody = &config.custody;
        if let Some(wait) = guard.gate.limited(RateClass::Custody, config) {
            return finish(
                guard,
                "429",
                false,
                ReplyAction::Whole(too_many(wait)),
                Duration::ZERO,
            );
        }
        let is_gated = custody.gated.iter().any(|kind| kind == made.word());
        let is_forbidden = custody
            .forbid_id_containing
            .as_ref()
            .is_some_and(|part| client.contains(part.as_str()));
        if is_gated || is_forbidden {
            let status = if custody.gated_as_404 && is_gated {
                404
            } else {
                403
            };
            let reply = ReplyAction::Whole(answer::error(status, "This feature is not enabled"));
            return finish(guard, &status.to_string(), false, reply, Duration::ZERO);
        }
        let inner = &mut guard.custody.0;
        // The key first: whatever else has changed since, the answer is the one that was given.
        let kept_for = custody.keys_kept_ms.map(Duration::from_millis);
        if let Some(kept) = headers.key.and_then(|key| inner.keys.get(key)) {
            let is_kept = kept_for.is_none_or(|most| kept.since.elapsed() < most);
            if is_kept && kept.body != hash {
                inner.conflicts += 1;
                let reply =
                    ReplyAction::Whole(answer::error(422, "The key was used for another request"));
                return finish(guard, "422", false, reply, Duration::ZERO);
            }
            if is_kept {
                let (status, value) = (kept.status, kept.answer.clone());
                return finish(
                    guard,
                    &status.to_string(),
                    true,
                    whole(status, &value),
                    Duration::ZERO,
                );
            }
        }
        let refusal = self.refusal(inner, made, &body);
        let slot_key = format!("{} {client} {}", made.word(), item(&body));
        let slot = inner.slots.entry(slot_key.clone()).or_default();
        let number = slot.0;
        slot.0 += 1;
        let mut had = slot.1;
        let decision = CallToDecide {
            config,
            key: &slot_key,
            number,
            faults: &mut had,
            refused: refusal.is_some(),
        };
        let verdict = decision.take(|| Effect::Created);
        slot.1 = had;
        let mut good = json!({});
        if let CallVerdict::Made { .. } = verdict {
            good = inner.make(seed, made, user, &body);
            if custody.one_user_uuid && made == Made::User {
                good["user_uuid"] = json!(inner.users[0].uuid);
            }
        }
        let refused = refusal.unwrap_or_else(|| json!({"code": 422, "message": "Refused"}));
        let kept = match verdict {
            CallVerdict::Made { .. } => Some((201, good.clone())),
            CallVerdict::Refused => Some((422, refused.clone())),
            _ => None,
        };
        if let (Some((status, answer)), Some(key)) = (kept, headers.key) {
            let since = Instant::now();
            let kept = KeptAnswer {
                body: hash,
                status,
                answer,
                since,
            };
            inner.keys.insert(key.to_owned(), kept);
        }
        let loses = custody.lose_refusals
            && verdict == CallVerdict::Refused
            && inner.lost.insert(slot_key.clone(), ()).is_none();
        let (told, _) = verdict.shown("422");
        let said = MakingAnswers {
            good,
            refused: answer::json_answer(422, refused.to_string().into_bytes()),
            turn: faults::turn(config, &slot_key, number, "unreadable_kind", 3),
        };
        let reply = match loses {
            true => ReplyAction::Cut,
            false => verdict.reply(config, &said),
        };
        let late = (verdict == CallVerdict::Late).then(|| LateCustody {
            made,
            client: client.clone(),
            body: body.clone(),
            key: headers.key.map(str::to_owned),
            hash,
        });
        let told = if loses { "lost-422" } else { told };
        let handled = finish(guard, told, false, reply, verdict.stall(config));
        handled
            .later(late.map(|late| PendingEffect::new(config, LateEffect::Custody(Box::new(late)))))
    }

    /// Why a call is refused; none: it is good.
    fn refusal(&self, inner: &Inner, made: Made, body: &Value) -> Option<Value> {
        if let Some((field, why)) = contract::wrong(made, body) {
            return Some(json!({"code": 422, "message": format!("{field} {why}"), "field": field}));
        }
        if made != Made::User {
            return None;
        }
        let email = text(body, "email").to_lowercase();
        if inner.users.iter().any(|user| user.email == email) {
            return Some(json!({"code": 422, "message": "This email is taken"}));
        }
        let refused = self.config.custody.refuse_email_containing.as_ref()?;
        email.contains(refused.as_str()).then(
            || json!({"code": 422, "message": "The address cannot be used", "field": "address"}),
        )
    }

    /// What a cut request had left under way comes.
    pub(crate) fn custody_appears(&self, late: LateCustody) {
        let seed = self.config.seed;
        let inner = &mut self.lock().custody.0;
        let user = inner.by_client(&late.client);
        // A key that was answered meanwhile makes nothing twice.
        if late
            .key
            .as_ref()
            .is_some_and(|key| inner.keys.contains_key(key))
        {
            return;
        }
        if self.refusal(inner, late.made, &late.body).is_some() {
            return;
        }
        let answer = inner.make(seed, late.made, user, &late.body);
        if let Some(key) = late.key {
            let since = Instant::now();
            inner.keys.insert(
                key,
                KeptAnswer {
                    body: late.hash,
                    status: 201,
                    answer,
                    since,
                },
            );
        }
    }
}

/// A user of an earlier process.
fn former(seed: u64, client: &str) -> StoredUser {
    StoredUser {
        client: client.to_owned(),
        uuid: uuid(seed, &format!("{client} user"), 0),
        email: String::new(),
        status: "KYC_NEEDED",
        accounts: Vec::new(),
        recipients: Vec::new(),
    }
}

/// What tells the things apart that a user has several of.
fn item(body: &Value) -> String {
    let hash = blake3::hash(body.to_string().as_bytes()).to_hex();
    hash[..16].to_owned()
}

fn shown(user: &StoredUser, call: &CustodyCall, seed: u64) -> (u16, Value) {
    let none = (
        404,
        json!({"code": 404, "message": "There is no such thing"}),
    );
    match call {
        CustodyCall::Status => (200, json!({"user_uuid": user.uuid, "status": user.status})),
        CustodyCall::Accounts => {
            let short = user.accounts.iter().map(|account| {
                let shown = account.shown(seed);
                json!({"uuid": account.uuid, "type": shown["type"]})
            });
            (200, json!({"accounts": short.collect::<Vec<_>>()}))
        }
        CustodyCall::Account(uuid) => {
            let found = user.accounts.iter().find(|account| account.uuid == *uuid);
            found.map_or(none, |account| (200, account.shown(seed)))
        }
        CustodyCall::BankAccounts => {
            let all: Vec<Value> = user
                .accounts
                .iter()
                .map(|account| account.shown(seed))
                .collect();
            (200, Value::from(all))
        }
        CustodyCall::Recipients => {
            let all: Vec<Value> = user
                .recipients
                .iter()
                .map(super::store::StoredRecipient::shown)
                .collect();
            (200, Value::from(all))
        }
        CustodyCall::Recipient(uuid) => {
            let found = user
                .recipients
                .iter()
                .find(|recipient| recipient.uuid == *uuid);
            found.map_or(none, |recipient| (200, recipient.shown()))
        }
        CustodyCall::Make(_) => none,
    }
}

//! A quota server in memory, for tests under paused time: the script's arithmetic once more, in Rust. A test holds both against
//! each other, step for step (`tests`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{LEAD, LEASE, LeaseReply, LeaseRequest, Leasing, NoLease, QuotaServer};

/// What the server keeps of a lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct LaneRecord {
    pub(crate) next: Option<u64>,
    pub(crate) run: String,
    pub(crate) version: u64,
    pub(crate) state: String,
    pub(crate) held: u64,
    pub(crate) paused: u64,
    /// The time between two sends of the process with the lowest rate, and when it asked.
    pub(crate) slowest: (u64, u64),
}

/// One lease, as `lease.lua` has it.
pub(crate) fn lease(
    lane: &mut LaneRecord,
    now: u64,
    run: &str,
    request: &LeaseRequest,
) -> LeaseReply {
    let (lead, length) = (LEAD.as_micros() as u64, LEASE.as_micros() as u64);
    let mut stored = false;
    if let Some(update) = &request.update
        && request.version == lane.version
    {
        lane.version += 1;
        lane.state.clone_from(&update.state);
        (lane.held, lane.paused) = (update.interval, update.paused_until);
        stored = true;
    }
    let (slowest, asked) = lane.slowest;
    if request.interval >= slowest || now > asked + 20 * length || now < asked {
        lane.slowest = (request.interval, now);
    }
    let interval = lane.slowest.0.max(lane.held);
    let known = lane.next.filter(|_| lane.run == run);
    let known = known.filter(|next| *next <= now + length + interval);
    let next = known.unwrap_or(now + length + interval);
    let first = next.max(now + lead).max(lane.paused);
    let last = now + length;
    let mut count = 0;
    if first <= last {
        count = request.wanted;
        if let Some(more) = (last - first).checked_div(interval) {
            count = count.min(more as u32 + 1);
        }
    }
    let after = first + u64::from(count) * interval;
    lane.next = Some(if count > 0 { after } else { next });
    run.clone_into(&mut lane.run);
    LeaseReply {
        now,
        first,
        count,
        interval,
        next: after,
        version: lane.version,
        stored,
        state: (!stored && request.version != lane.version).then(|| lane.state.clone()),
    }
}

/// A server that all clones of it share.
#[derive(Clone)]
pub(crate) struct MemoryServer(Arc<Mutex<Memory>>);

struct Memory {
    begin: Instant,
    lanes: HashMap<&'static str, LaneRecord>,
    run: String,
    is_lost: bool,
    asked: u64,
    random: fastrand::Rng,
}

/// Where its clock stood in the beginning.
const BEGIN: u64 = 1_900_000_000_000_000;

impl MemoryServer {
    pub(crate) fn start(seed: u64) -> MemoryServer {
        MemoryServer(Arc::new(Mutex::new(Memory {
            begin: Instant::now(),
            lanes: HashMap::new(),
            run: "a".to_owned(),
            is_lost: false,
            asked: 0,
            random: fastrand::Rng::with_seed(seed),
        })))
    }

    /// From now on it answers nothing, or everything again.
    pub(crate) fn lose(&self, is_lost: bool) {
        self.0.lock().unwrap().is_lost = is_lost;
    }

    /// It is started anew: with what it knew, or with nothing.
    pub(crate) fn restart(&self, knows: bool) {
        let mut memory = self.0.lock().unwrap();
        memory.run += "b";
        if !knows {
            memory.lanes.clear();
        }
    }

    /// How many questions it was asked.
    pub(crate) fn asked(&self) -> u64 {
        self.0.lock().unwrap().asked
    }

    async fn on_the_way(&self) {
        let micros = self.0.lock().unwrap().random.u64(0..1500);
        sleep(Duration::from_micros(micros)).await;
    }
}

impl QuotaServer for MemoryServer {
    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> Leasing<'a> {
        Box::pin(async move {
            self.on_the_way().await;
            let reply = {
                let mut memory = self.0.lock().unwrap();
                memory.asked += 1;
                let now = BEGIN + memory.begin.elapsed().as_micros() as u64;
                let run = memory.run.clone();
                let lane = memory.lanes.entry(request.lane).or_default();
                let reply = lease(lane, now, &run, request);
                match memory.is_lost {
                    true => Err(NoLease::Failed("no answer".to_owned())),
                    false => Ok(reply),
                }
            };
            self.on_the_way().await;
            reply
        })
    }
}

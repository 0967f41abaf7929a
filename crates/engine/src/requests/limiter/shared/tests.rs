//! Lanes of many processes with one quota server in memory, under paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::*;
use crate::quota::memory::MemoryServer;
use crate::requests::limiter::Limiter;
use bakkt_model::limits::{default_limits, default_retry};

/// When each shard's requests left.
type Sent = Arc<Mutex<Vec<(Instant, usize)>>>;

/// Processes that share a quota.
struct Shards {
    server: MemoryServer,
    limiters: Vec<Arc<Limiter>>,
    stops: Vec<Arc<watch::Sender<bool>>>,
    links: Vec<Arc<QuotaLink>>,
    sent: Sent,
    /// Every so many requests one is refused; 0: none.
    refuses: Arc<AtomicU32>,
    work: JoinSet<()>,
}

/// Requests on their way at once, of one shard, and how long one takes.
const PLACES: usize = 8;
const ANSWER: Duration = Duration::from_millis(60);

impl Shards {
    /// So many shards that have work without end.
    fn start(count: usize, rate: Rate, breaker: u32) -> Shards {
        fastrand::seed(5);
        let server = MemoryServer::start(7);
        let mut shards = Shards {
            server,
            limiters: Vec::new(),
            stops: Vec::new(),
            links: Vec::new(),
            sent: Sent::default(),
            refuses: Arc::default(),
            work: JoinSet::new(),
        };
        for number in 0..count {
            shards.add(number, rate, breaker);
        }
        shards
    }

    fn add(&mut self, number: usize, rate: Rate, breaker: u32) {
        let stop = Arc::new(watch::channel(false).0);
        let link = Arc::new(QuotaLink::new(self.server.clone(), breaker, stop.clone()));
        let (limits, retry) = (default_limits(), default_retry());
        let limiter = Limiter::shared("accounts", "create", rate, &limits, &retry, link.clone());
        let limiter = Arc::new(limiter);
        for _ in 0..PLACES {
            let (limiter, sent) = (limiter.clone(), self.sent.clone());
            let refuses = self.refuses.clone();
            self.work.spawn(async move {
                loop {
                    let slot = limiter.acquire().await;
                    let count = {
                        let mut sent = sent.lock().unwrap();
                        sent.push((Instant::now(), number));
                        sent.len() as u32
                    };
                    sleep(ANSWER).await;
                    match refuses.load(Ordering::Relaxed) {
                        every if every > 0 && count.is_multiple_of(every) => {
                            let after = (every == 1).then_some(Duration::from_secs(4));
                            limiter.refused(slot, 503, after);
                        }
                        _ => limiter.answered(slot),
                    }
                }
            });
        }
        self.limiters.push(limiter);
        self.stops.push(stop);
        self.links.push(link);
    }

    /// The times of all sends from here on, for so long, in order.
    async fn sends(&self, time: Duration) -> Vec<(Instant, usize)> {
        self.sent.lock().unwrap().clear();
        sleep(time).await;
        let mut sent = self.sent.lock().unwrap().clone();
        sent.sort();
        sent
    }
}

/// The most sends in any window of `per`, both of its ends included.
fn most_in_window(sends: &[(Instant, usize)], per: Duration) -> usize {
    let mut end = 0;
    let in_window = |start: usize| {
        while end < sends.len() && sends[end].0 - sends[start].0 <= per {
            end += 1;
        }
        end - start
    };
    (0..sends.len()).map(in_window).max().unwrap_or(0)
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn shards_with_one_quota_exceed_no_window_and_use_nearly_all_of_it() {
    for (count, rate, seconds) in [
        (64, Rate::per_second(400), 60),
        (64, Rate::per_second(50), 60),
        (8, Rate::per_second(400), 60),
        (1, Rate::per_second(100), 60),
        (
            3,
            Rate::Per {
                count: 30,
                per: Duration::from_secs(60),
            },
            900,
        ),
    ] {
        let Rate::Per { count: most, per } = rate else {
            continue;
        };
        let shards = Shards::start(count, rate, 100);
        let (begin, asked) = (Instant::now(), shards.server.asked());
        let whole = shards.sends(per * 3).await;
        assert!(most_in_window(&whole, per) <= most as usize);
        let sends = shards.sends(Duration::from_secs(seconds)).await;
        let worst = most_in_window(&sends, per);
        assert!(
            worst <= most as usize,
            "{count} shards at {rate:?}: {worst}"
        );
        let ideal = f64::from(most) * seconds as f64 / per.as_secs_f64();
        let used = sends.len() as f64 / ideal;
        let asked = (shards.server.asked() - asked) as f64 / begin.elapsed().as_secs_f64();
        println!("{count} shards at {rate:?}: {used:.4} used, {asked:.0} questions a second");
        assert!(used >= 0.98, "{count} shards at {rate:?}: {used}");
        assert!(
            asked <= 200.0 + 10.0 * count as f64,
            "{asked} questions a second"
        );
        // Nobody starves.
        for shard in 0..count {
            let its = sends.iter().filter(|send| send.1 == shard).count() * count;
            assert!(its * 3 >= sends.len(), "shard {shard} of {count}: {its}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_one_is_followed_by_all_within_a_second() {
    let shards = Shards::start(64, Rate::per_second(400), 100);
    shards.sends(3 * SECOND).await;
    // One request of one shard is refused.
    let slot = shards.limiters[17].acquire().await;
    shards.limiters[17].refused(slot, 429, Some(Duration::from_secs(30)));
    let at_once = shards.sends(SECOND).await;
    let begin = Instant::now() - SECOND;
    let last = at_once.last().map(|last| last.0 - begin);
    println!("the last send {last:?} after the refusal");
    assert!(last.is_none_or(|last| last < SECOND / 2), "{last:?}");
    assert!(shards.sends(28 * SECOND).await.is_empty());
    let after = shards.sends(10 * SECOND).await;
    assert!(after.len() > 2500, "{}", after.len());
    assert!(most_in_window(&after, SECOND) <= 400);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_counted_over_all_shards() {
    let shards = Shards::start(64, Rate::per_second(400), 100);
    shards.sends(3 * SECOND).await;
    // For a moment everything is refused. No shard hears of three in a row, only all of them together.
    shards.refuses.store(1, Ordering::Relaxed);
    sleep(Duration::from_millis(250)).await;
    shards.refuses.store(0, Ordering::Relaxed);
    sleep(SECOND).await;
    assert!(shards.sends(2 * SECOND).await.is_empty());
    for limiter in &shards.limiters {
        let words = limiter.words().unwrap_or_default();
        assert!(
            words.starts_with("the server answers 503 to accounts"),
            "{words}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_one_is_followed_by_all_within_a_second() {
    let shards = Shards::start(64, Rate::per_second(400), 100);
    shards.sends(3 * SECOND).await;
    // A tenth of the requests of all is refused: each shard hears of one in two seconds.
    shards.refuses.store(10, Ordering::Relaxed);
    let held = || -> Vec<Option<f64>> {
        let limiters = shards.limiters.iter();
        limiters
            .map(|limiter| limiter.told().and_then(|told| told.held))
            .collect()
    };
    // From the first that knows a cut to the last.
    let (mut first, mut last) = (None, None);
    while last.is_none() {
        sleep(Duration::from_millis(5)).await;
        let held = held();
        if first.is_none() && held.iter().any(Option::is_some) {
            first = Some(Instant::now());
            shards.refuses.store(0, Ordering::Relaxed);
        }
        if held.iter().all(Option::is_some) {
            last = Some(Instant::now());
        }
    }
    let took = last.zip(first).map(|(last, first)| last - first);
    println!("all follow a cut after {took:?}");
    assert!(took.is_some_and(|took| took < SECOND), "{took:?}");
    let held = held();
    println!("held: {:?}", held[0]);
    assert!(held[0].is_some_and(|rate| rate < 396.0), "{held:?}");
    assert!(held.iter().all(|rate| *rate == held[0]), "{held:?}");
    let sends = shards.sends(2 * SECOND).await;
    let most = held[0].unwrap_or_default().ceil() as usize;
    assert!(most_in_window(&sends, SECOND) <= most + 1, "{most}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_server_grants_nothing_and_the_breaker_ends_the_work() {
    let shards = Shards::start(8, Rate::per_second(400), 20);
    shards.sends(2 * SECOND).await;
    shards.server.lose(true);
    sleep(LEASE).await;
    assert!(shards.sends(5 * SECOND).await.is_empty());
    let words = shards.limiters[0].words().unwrap_or_default();
    assert!(
        words.contains("the quota server is lost for 5 s"),
        "{words}"
    );
    assert!(!*shards.stops[0].borrow());
    shards.server.lose(false);
    sleep(2 * SECOND).await;
    let back = shards.sends(5 * SECOND).await;
    assert!(back.len() > 1900, "{}", back.len());
    assert!(most_in_window(&back, SECOND) <= 400);
    shards.server.lose(true);
    sleep(30 * SECOND).await;
    for (stop, link) in shards.stops.iter().zip(&shards.links) {
        assert!(*stop.borrow());
        let end = link.ended().unwrap();
        assert!(end.why.starts_with("20 questions in a row"), "{end:?}");
        assert!(end.next.contains("run the same command again"), "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forgot_or_was_started_anew_grants_nothing_for_a_lease() {
    for knows in [true, false] {
        let shards = Shards::start(8, Rate::per_second(400), 100);
        shards.sends(3 * SECOND).await;
        let before = shards.sends(SECOND).await;
        shards.server.restart(knows);
        let begin = Instant::now();
        let after: Vec<_> = shards.sends(5 * SECOND).await;
        let all = [before, after.clone()].concat();
        assert!(most_in_window(&all, SECOND) <= 400, "knows: {knows}");
        // What was leased before is used up, and the rest of that lease is empty.
        let late = |send: &&(Instant, usize)| send.0 - begin > LEASE;
        let first = after.iter().find(late).map(|send| send.0 - begin);
        println!("knows: {knows}, first after the lease: {first:?}");
        assert!(after.len() >= 1800, "{}", after.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lane_without_a_limit_needs_the_server_all_the_same() {
    let shards = Shards::start(4, Rate::Unlimited, 100);
    shards.sends(SECOND).await;
    let sends = shards.sends(5 * SECOND).await;
    // As fast as the places allow.
    let ideal = 4.0 * PLACES as f64 * 5.0 / ANSWER.as_secs_f64();
    println!("{} of {ideal} without a limit", sends.len());
    assert!(sends.len() as f64 > 0.5 * ideal, "{}", sends.len());
    shards.server.lose(true);
    sleep(2 * SECOND).await;
    assert!(shards.sends(2 * SECOND).await.is_empty());
}

#[test]
fn times_lie_apart_by_rate_and_headroom() {
    let limits = |headroom_percent| Limits {
        headroom_percent,
        ..default_limits()
    };
    assert_eq!(spacing(Rate::per_second(400), &limits(1)).0, 2526);
    assert_eq!(spacing(Rate::per_second(400), &limits(0)).0, 2510);
    assert_eq!(spacing(Rate::per_second(1), &limits(50)).0, 2_000_000);
    assert_eq!(spacing(Rate::Unlimited, &limits(1)).0, 0);
}

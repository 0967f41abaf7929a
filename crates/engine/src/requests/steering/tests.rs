//! Steering under paused time: what leaves, and when.

use super::*;
use crate::api::Client;
use crate::quota::QuotaLink;
use crate::quota::memory::MemoryServer;
use crate::requests::counter::Counter;
use crate::requests::gate::{SendGate, Turn};
use bakkt_model::limits::{default_limits, default_retry};
use bakkt_model::target::{Dialect, Target, WayOut};
use bakkt_model::window::{Hours, Period};
use tokio::time::{Instant, sleep, sleep_until};

const SECOND: Duration = Duration::from_secs(1);

/// A lane that has work without end.
struct Lane {
    steering: Steering,
    begin: Instant,
    sent: Arc<Mutex<Vec<Instant>>>,
    tasks: tokio::task::JoinSet<()>,
}

impl Lane {
    fn own(rate: Rate, burst: u32) -> Lane {
        let limits = bakkt_model::limits::Limits {
            burst,
            ..default_limits()
        };
        Lane::of(
            rate,
            Limiter::new("accounts", rate, &limits, &default_retry()),
        )
    }

    fn shared(rate: Rate) -> Lane {
        let stop = Arc::new(watch::channel(false).0);
        let link = Arc::new(QuotaLink::new(MemoryServer::start(3), 100, stop));
        let limiter = Limiter::shared(
            "accounts",
            "create",
            rate,
            &default_limits(),
            &default_retry(),
            link,
        );
        Lane::of(rate, limiter)
    }

    fn of(rate: Rate, limiter: Limiter) -> Lane {
        let steering = Steering::new(8, Arc::new(watch::channel(false).0));
        steering.add_lane("create", rate);
        let limiter = Arc::new(limiter);
        steering.attach("create", limiter.clone());
        let mut lane = Lane {
            steering,
            begin: Instant::now(),
            sent: Arc::default(),
            tasks: tokio::task::JoinSet::new(),
        };
        for _ in 0..8 {
            let (limiter, sent) = (limiter.clone(), lane.sent.clone());
            lane.tasks.spawn(async move {
                loop {
                    let slot = limiter.acquire().await;
                    sent.lock().unwrap().push(Instant::now());
                    sleep(Duration::from_millis(40)).await;
                    limiter.answered(slot);
                }
            });
        }
        lane
    }

    fn decide(&self, what: SteeringChange) -> Result<(), NotSteered> {
        let decision = Decision {
            what,
            by: "R. Operator".to_owned(),
            reason: "Bakkt is in trouble".to_owned(),
            at: 0,
        };
        self.steering.decide(decision).map(drop)
    }

    fn rate(&self, rate: &str) {
        let rate = (rate != "limits").then(|| rate.parse().unwrap());
        self.decide(SteeringChange::Rate("create".to_owned(), rate))
            .unwrap();
    }

    /// The most that left in any second of a part of the time, both of its ends included.
    fn most(&self, from: Instant, to: Instant) -> usize {
        let sent = self.sent.lock().unwrap();
        let sent: Vec<Instant> = sent
            .iter()
            .copied()
            .filter(|at| *at >= from && *at <= to)
            .collect();
        let within = |first: &Instant| {
            sent.iter()
                .filter(|at| **at >= *first && **at - *first <= SECOND)
                .count()
        };
        sent.iter().map(within).max().unwrap_or(0)
    }

    fn count(&self, from: Instant, to: Instant) -> usize {
        self.sent
            .lock()
            .unwrap()
            .iter()
            .filter(|at| **at > from && **at <= to)
            .count()
    }
}

/// Goes through rates, ten seconds each; a second must never see more than the higher of the rates that it touches, and from a
/// second after a change on no less than nearly all of the new one.
async fn goes_through(lane: Lane, most: u32, burst: u32, used: f64) {
    let mut before = most;
    for rate in [20, 3, 50, 1, 20, 20, most] {
        let at = Instant::now();
        match rate == most {
            true => lane.rate("limits"),
            false => lane.rate(&format!("{rate}/s")),
        }
        sleep_until(at + 10 * SECOND).await;
        let end = Instant::now();
        // What left in the second before counts: the first second of a lower rate sees no more than that.
        assert!(
            lane.most(at - SECOND, end) <= before.max(rate) as usize,
            "{before} → {rate}"
        );
        assert!(
            lane.most(at + Duration::from_nanos(1), end) <= rate as usize,
            "{rate}"
        );
        let left = lane.count(at + SECOND, end) as f64;
        // The last burst may come a moment after the end.
        let least = f64::from(rate) * 9.0 * used - f64::from(burst.min(rate));
        assert!(left >= least, "{rate}/s: {left} in 9 s");
        before = rate;
    }
    let all = lane.most(lane.begin, Instant::now());
    assert!(all <= most as usize, "{all}");
}

#[tokio::test(start_paused = true)]
async fn no_second_sees_more_than_the_rate_of_that_time() {
    for burst in [1, 30] {
        let lane = Lane::own(Rate::per_second(100), burst);
        sleep(5 * SECOND).await;
        goes_through(lane, 100, burst, 0.98).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_shared_rate_can_be_lowered_for_one_process() {
    let lane = Lane::shared(Rate::per_second(100));
    sleep(5 * SECOND).await;
    // Each time is asked for when the one before it was used: a little less is sent than could be.
    goes_through(lane, 100, 1, 0.7).await;
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_in_force_at_once_however_long_the_last_one_waits() {
    let lane = Lane::own(Rate::per_second(50), 1);
    lane.rate("1/min");
    sleep(Duration::from_secs(30)).await;
    let at = Instant::now();
    lane.rate("50/s");
    sleep(SECOND).await;
    assert!(lane.count(at, Instant::now()) >= 45);
}

#[tokio::test(start_paused = true)]
async fn what_exceeds_the_settings_is_refused() {
    let lane = Lane::own(Rate::per_second(10), 1);
    let rate = |text: &str| SteeringChange::Rate("create".to_owned(), Some(text.parse().unwrap()));
    for (what, words) in [
        (rate("11/s"), "more than 10/s"),
        (rate("unlimited"), "more than 10/s"),
        (SteeringChange::InFlight(Some(9)), "1 to 8"),
        (SteeringChange::InFlight(Some(0)), "1 to 8"),
        (
            SteeringChange::Rate("creates".to_owned(), None),
            "no rate `creates`",
        ),
    ] {
        let refused = lane.decide(what).unwrap_err();
        assert!(refused.why.contains(words), "{refused:?}");
    }
    assert_eq!(lane.steering.words(), "");
    assert!(lane.steering.take_decisions().is_empty());
    lane.decide(rate("600/min")).unwrap();
    assert_eq!(lane.steering.words(), "create at 600/min by R. Operator");
    lane.decide(SteeringChange::InFlight(Some(2))).unwrap();
    assert_eq!(lane.steering.in_flight(), 2);
    let words: Vec<String> = lane
        .steering
        .take_decisions()
        .iter()
        .map(|it| it.decision.what.words())
        .collect();
    assert_eq!(words, ["rate create=600/min", "in-flight 2"]);
    lane.steering.close();
    assert!(lane.decide(SteeringChange::Pause).is_err());
}

/// What passes a gate, by the second.
#[tokio::test(start_paused = true)]
async fn a_gate_is_shut_while_it_is_paused_or_not_the_time() {
    let stop = Arc::new(watch::channel(false).0);
    let steering = Steering::new(8, stop.clone());
    steering.add_lane("create", Rate::per_second(10));
    let passed = Counter::default();
    let gate = SendGate::new(client(), Counter::default(), stop.subscribe()).steered_by(&steering);
    let limiter = Arc::new(Limiter::new(
        "accounts",
        Rate::per_second(10),
        &default_limits(),
        &default_retry(),
    ));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (gate, limiter, passed) = (gate.clone(), limiter.clone(), passed.clone());
        tasks.spawn(async move {
            while gate.opened().await.is_some() {
                if let Turn::Leaves(_) = gate.turn_while_open(&limiter).await {
                    passed.up();
                }
            }
        });
    }
    sleep(3 * SECOND).await;
    assert!(passed.get() >= 28);
    let decide = |what| {
        let (by, reason) = ("N".to_owned(), "r".to_owned());
        steering
            .decide(Decision {
                what,
                by,
                reason,
                at: 0,
            })
            .map(drop)
    };
    decide(SteeringChange::Pause).unwrap();
    let before = passed.get();
    sleep(60 * SECOND).await;
    assert!(
        passed.get() <= before + 1,
        "what was on its way ends, and nothing more leaves"
    );
    assert_eq!(steering.words(), "paused by N");
    let before = passed.get();
    decide(SteeringChange::Resume).unwrap();
    sleep(SECOND).await;
    assert!(
        passed.get() >= before + 8,
        "{} after {before}",
        passed.get()
    );
    // The window, by a clock that goes with the test's.
    let begin: Timestamp = "2026-12-01T19:59:58Z".parse().unwrap();
    let started = Instant::now();
    let now = move || begin.checked_add(started.elapsed()).unwrap();
    let closed: Vec<Period> = vec!["20:00-20:01".parse().unwrap()];
    let window = SendingWindow {
        closed: Some(Hours {
            periods: closed,
            zone: jiff::tz::TimeZone::UTC,
        }),
        ..SendingWindow::default()
    };
    let followed = steering.follow(window, now);
    sleep_until(started + Duration::from_millis(2_050)).await;
    let before = passed.get();
    assert_eq!(
        steering.words(),
        "nothing is sent until 2026-12-01T20:01:00Z: the hours under [window]"
    );
    sleep_until(started + Duration::from_millis(61_900)).await;
    assert!(passed.get() <= before + 1);
    sleep_until(started + Duration::from_millis(63_200)).await;
    assert!(passed.get() >= before + 8);
    drop(followed);
    decide(SteeringChange::Stop).unwrap();
    while tasks.join_next().await.is_some() {}
    assert!(*stop.borrow());
}

/// A client that is never asked for anything.
fn client() -> Client {
    let target = Target {
        base_url: "http://127.0.0.1:9".to_owned(),
        dialect: Dialect::Guide,
        key_file: None,
        logon_id: None,
        partner_id: None,
        way_out: WayOut::default(),
    };
    let login = crate::api::Login::Key("key".to_owned().into());
    Client::new(&target, login.into(), SECOND, 8).unwrap()
}

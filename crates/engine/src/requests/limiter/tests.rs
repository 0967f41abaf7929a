//! The limiter against servers that are simulated under paused time.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::Mutex;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep};

use super::*;
use bakkt_model::limits::{default_limits, default_retry};

fn limiter(rate: Rate, burst: u32) -> Limiter {
    let limits = Limits {
        burst,
        ..default_limits()
    };
    Limiter::new("accounts", rate, &limits, &default_retry())
}

async fn send_times(limiter: &Limiter, count: usize) -> Vec<Instant> {
    let mut times = Vec::new();
    for _ in 0..count {
        limiter.acquire().await;
        times.push(Instant::now());
    }
    times
}

/// The most sends in any window of `per`, both of its ends included.
fn most_in_window(times: &[Instant], per: Duration) -> usize {
    let mut end = 0;
    let in_window = |start: usize| {
        while end < times.len() && times[end] - times[start] <= per {
            end += 1;
        }
        end - start
    };
    (0..times.len()).map(in_window).max().unwrap_or(0)
}

/// A future that is polled again only some time after it was woken, as on a machine under load.
struct DelayedFuture<F> {
    inner: Pin<Box<F>>,
    most: Duration,
    waking: Option<Pin<Box<Sleep>>>,
    started: bool,
}

impl<F: Future> DelayedFuture<F> {
    fn new(inner: F, most: Duration) -> DelayedFuture<F> {
        DelayedFuture {
            inner: Box::pin(inner),
            most,
            waking: None,
            started: false,
        }
    }
}

impl<F: Future> Future for DelayedFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let late = &mut *self;
        if late.started {
            let most = late.most.as_micros() as u64;
            let waking = late.waking.get_or_insert_with(|| {
                Box::pin(sleep(Duration::from_micros(fastrand::u64(0..=most))))
            });
            if waking.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        late.started = true;
        late.waking = None;
        late.inner.as_mut().poll(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn no_window_is_exceeded_and_little_is_left_unused() {
    for (count, per) in [
        (50, 1),
        (7, 1),
        (33, 1),
        (400, 1),
        (1000, 1),
        (90, 60),
        (1, 1),
    ] {
        let per = Duration::from_secs(per);
        let limiter = limiter(Rate::Per { count, per }, 1);
        let windows = 20;
        let begin = Instant::now();
        let times = send_times(&limiter, count as usize * windows).await;
        assert!(
            most_in_window(&times, per) <= count as usize,
            "{count} per {per:?}"
        );
        let used = per.as_secs_f64() * windows as f64 / (Instant::now() - begin).as_secs_f64();
        assert!(used >= 0.98, "{count} per {per:?}: {used}");
    }
}

#[tokio::test(start_paused = true)]
async fn late_wake_ups_push_no_window_over_the_rate() {
    fastrand::seed(7);
    for (count, late_ms) in [(50, 3), (50, 20), (50, 200), (400, 3), (400, 40), (10, 90)] {
        let limiter = limiter(Rate::per_second(count), 1);
        let (mut times, begin) = (Vec::new(), Instant::now());
        for _ in 0..count * 20 {
            // Mostly in time, now and then very late: the worst for a schedule that catches up.
            let most = if fastrand::u32(0..10) == 0 {
                late_ms
            } else {
                1
            };
            DelayedFuture::new(limiter.acquire(), Duration::from_millis(most)).await;
            times.push(Instant::now());
        }
        let most = most_in_window(&times, Duration::from_secs(1));
        assert!(
            most <= count as usize,
            "{count}/s, {late_ms} ms late: {most}"
        );
        let used = 20.0 / (Instant::now() - begin).as_secs_f64();
        if late_ms <= 3 {
            assert!(used >= 0.98, "{count}/s, {late_ms} ms late: {used}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_inside_the_quota_of_every_window() {
    for (count, burst) in [(50, 20), (50, 50), (50, 1000), (7, 3), (400, 100)] {
        let limiter = limiter(Rate::per_second(count), burst);
        let mut times = Vec::new();
        for _ in 0..5 {
            sleep(Duration::from_secs(60)).await;
            let idle = Instant::now();
            times.extend(send_times(&limiter, 4 * count as usize).await);
            let at_once = times.iter().filter(|at| **at == idle).count() as u32;
            assert!(at_once >= burst.min(count), "{count}/s: {at_once} at once");
        }
        let most = most_in_window(&times, Duration::from_secs(1));
        assert!(most <= count as usize, "{count}/s, burst {burst}: {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_time_is_not_saved_up() {
    let limiter = limiter(Rate::per_second(50), 1);
    sleep(Duration::from_secs(60)).await;
    let times = send_times(&limiter, 200).await;
    assert!(most_in_window(&times, Duration::from_secs(1)) <= 50);
    assert!(
        times[1] - times[0] >= Duration::from_millis(9),
        "one at once"
    );
}

/// What a simulated server refuses.
#[derive(Clone, Copy, Debug)]
enum RefusalRule {
    /// This share of requests, whatever the rate.
    Share(f64),
    /// What no token is there for: so many a second, so many saved at most.
    Bucket(f64, f64),
    /// More than so many in any second that it lets through.
    Sliding(usize),
    /// More than so many in a second of its clock.
    Fixed(u64),
    /// Everything until this second, then nothing.
    AllUntil(u64),
}

struct Server {
    refuses: RefusalRule,
    begin: Instant,
    tokens: (f64, Instant),
    taken: VecDeque<Instant>,
    second: (u64, u64),
    random: fastrand::Rng,
}

impl Server {
    fn new(refuses: RefusalRule) -> Server {
        let now = Instant::now();
        let tokens = match refuses {
            RefusalRule::Bucket(_, most) => most,
            _ => 0.0,
        };
        Server {
            refuses,
            begin: now,
            tokens: (tokens, now),
            taken: VecDeque::new(),
            second: (0, 0),
            random: fastrand::Rng::with_seed(11),
        }
    }

    fn takes(&mut self) -> bool {
        let now = Instant::now();
        match self.refuses {
            RefusalRule::Share(share) => self.random.f64() >= share,
            RefusalRule::Bucket(rate, most) => {
                let (tokens, at) = self.tokens;
                let tokens = (tokens + rate * (now - at).as_secs_f64()).min(most);
                let takes = tokens >= 1.0;
                self.tokens = (tokens - f64::from(u8::from(takes)), now);
                takes
            }
            RefusalRule::Sliding(count) => {
                self.taken.retain(|at| now - *at < Duration::from_secs(1));
                let takes = self.taken.len() < count;
                if takes {
                    self.taken.push_back(now);
                }
                takes
            }
            RefusalRule::Fixed(count) => {
                let second = (now - self.begin).as_secs();
                if self.second.0 != second {
                    self.second = (second, 0);
                }
                self.second.1 += 1;
                self.second.1 <= count
            }
            RefusalRule::AllUntil(second) => now - self.begin >= Duration::from_secs(second),
        }
    }
}

/// The result of a simulated run.
struct SimulationResult {
    /// When each request that was taken was taken, in seconds.
    taken: Vec<f64>,
    refused: usize,
    seconds: f64,
}

impl SimulationResult {
    fn rate(&self) -> f64 {
        self.taken.len() as f64 / self.seconds
    }

    fn refused(&self) -> f64 {
        self.refused as f64 / (self.refused + self.taken.len()) as f64
    }
}

/// Sends as much as the limiter allows for so many seconds, two hundred requests at once, each 30 ms on its way there and 30 back.
async fn simulate(
    rate: u32,
    refuses: RefusalRule,
    status: u16,
    retry_after: Option<Duration>,
    seconds: u64,
) -> SimulationResult {
    let limiter = Arc::new(limiter(Rate::per_second(rate), 1));
    let server = Arc::new(Mutex::new(Server::new(refuses)));
    let places = Arc::new(tokio::sync::Semaphore::new(200));
    let taken = Arc::new(Mutex::new(Vec::new()));
    let refused = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let begin = Instant::now();
    let mut sending = pin!(async {
        loop {
            let place = places.clone().acquire_owned().await.expect("open");
            let slot = limiter.acquire().await;
            let (limiter, server) = (limiter.clone(), server.clone());
            let (taken, refused) = (taken.clone(), refused.clone());
            tokio::spawn(async move {
                sleep(Duration::from_millis(30)).await;
                let takes = server.lock().expect("whole").takes();
                if takes {
                    taken
                        .lock()
                        .expect("whole")
                        .push(begin.elapsed().as_secs_f64());
                } else {
                    refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                sleep(Duration::from_millis(30)).await;
                match takes {
                    true => limiter.answered(slot),
                    false => limiter.refused(slot, status, retry_after),
                }
                drop(place);
            });
        }
    });
    tokio::select! {
        () = &mut sending => {}
        () = sleep(Duration::from_secs(seconds)) => {}
    }
    SimulationResult {
        taken: std::mem::take(&mut taken.lock().expect("whole")),
        refused: refused.load(std::sync::atomic::Ordering::Relaxed),
        seconds: seconds as f64,
    }
}

/// Some time against a server that refuses a share: at least nine tenths of what it would have taken arrive.
async fn bears_a_share(rate: u32, share: f64, status: u16, retry_after: Option<u64>, seconds: u64) {
    let retry_after = retry_after.map(Duration::from_secs);
    let outcome = simulate(
        rate,
        RefusalRule::Share(share),
        status,
        retry_after,
        seconds,
    )
    .await;
    let (taken, refused) = (outcome.rate(), outcome.refused());
    println!("{rate}/s with a share of {share}: {taken:.1}/s taken, {refused:.4} refused");
    assert!(
        taken >= 0.9 * f64::from(rate) * (1.0 - share),
        "{rate}/s with a share of {share}: {taken}/s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_share_of_refusals_does_not_bring_the_rate_down() {
    bears_a_share(200, 0.01, 429, Some(1), 75).await;
    bears_a_share(50, 0.01, 503, None, 150).await;
    bears_a_share(50, 0.02, 429, Some(0), 150).await;
    bears_a_share(50, 0.05, 429, None, 300).await;
    bears_a_share(10, 0.05, 429, None, 600).await;
}

#[tokio::test(start_paused = true)]
async fn the_rate_settles_just_below_what_the_server_bears() {
    for (refuses, retry_after, seconds) in [
        (RefusalRule::Bucket(45.0, 1.0), None, 150),
        (RefusalRule::Bucket(45.0, 5.0), None, 150),
        (RefusalRule::Bucket(45.0, 45.0), Some(1), 300),
        (RefusalRule::Sliding(45), None, 300),
        (RefusalRule::Sliding(45), Some(1), 150),
        (RefusalRule::Fixed(45), Some(1), 150),
    ] {
        let retry_after = retry_after.map(Duration::from_secs);
        let outcome = simulate(50, refuses, 429, retry_after, seconds).await;
        let (taken, refused) = (outcome.rate(), outcome.refused());
        println!("{refuses:?}: {taken:.1}/s taken, {refused:.4} refused");
        assert!(taken >= 0.9 * 45.0, "{refuses:?}: {taken}/s");
        assert!(refused <= 0.02, "{refuses:?}: {refused} refused");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_far_below_the_configured_rate_is_found() {
    for (rate, bears) in [(50, 5), (500, 45), (10, 7)] {
        let outcome = simulate(rate, RefusalRule::Sliding(bears), 429, None, 300).await;
        let (taken, refused) = (outcome.rate(), outcome.refused());
        println!("{rate}/s against {bears}/s: {taken:.1}/s taken, {refused:.4} refused");
        assert!(
            taken >= 0.8 * bears as f64,
            "{rate} against {bears}: {taken}/s"
        );
        assert!(refused <= 0.1, "{rate} against {bears}: {refused} refused");
    }
}

#[tokio::test(start_paused = true)]
async fn old_trouble_is_forgotten_as_soon_at_every_rate() {
    for rate in [10, 50, 300] {
        let outcome = simulate(rate, RefusalRule::AllUntil(60), 503, None, 200).await;
        let back = (0..).find(|second| {
            let from = f64::from(*second);
            let in_five = outcome
                .taken
                .iter()
                .filter(|at| (from..from + 5.0).contains(*at));
            in_five.count() as f64 >= 0.95 * 5.0 * f64::from(rate) || from > 200.0
        });
        println!("{rate}/s: all of it again after {back:?} s");
        assert!(
            back.is_some_and(|second| second < 60 + 90),
            "{rate}/s: {back:?}"
        );
        // While the server refuses everything, next to nothing is sent.
        assert!(
            outcome.refused < 400,
            "{rate}/s: {} refused",
            outcome.refused
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_holds_for_the_lane_and_a_short_one_only_for_its_request() {
    let first_after = async |refusals: u32, after: Option<u64>| {
        let limiter = limiter(Rate::per_second(50), 1);
        let slot = limiter.acquire().await;
        for _ in 0..refusals {
            limiter.refused(slot, 429, after.map(Duration::from_secs));
        }
        let now = Instant::now();
        limiter.acquire().await;
        (Instant::now() - now).as_secs_f64()
    };
    assert!(first_after(1, Some(9)).await < 0.1);
    assert!((10.0..10.1).contains(&first_after(1, Some(10)).await));
    assert!((200.0..200.1).contains(&first_after(1, Some(200)).await));
    // Three in a row: as long as they ask for, or a moment.
    assert!((2.0..2.1).contains(&first_after(3, Some(2)).await));
    assert!((0.2..0.4).contains(&first_after(3, None).await));
    // No longer than the setting, whatever is asked for.
    let longest = default_retry().longest_pause.as_secs_f64();
    assert!((longest..longest + 0.1).contains(&first_after(1, Some(u64::MAX)).await));
}

#[tokio::test(start_paused = true)]
async fn a_fifth_of_the_last_twenty_answers_pauses_the_lane() {
    for (refusals, pauses) in [(3, false), (4, true)] {
        let limiter = limiter(Rate::per_second(50), 1);
        for answer in 0..20 {
            let slot = limiter.acquire().await;
            // Never two in a row.
            match answer % 2 == 1 && answer / 2 >= 10 - refusals {
                true => limiter.refused(slot, 503, Some(Duration::from_secs(3))),
                false => limiter.answered(slot),
            }
        }
        let pause = limiter.told().and_then(|told| told.pause);
        assert_eq!(pause.is_some(), pauses, "{refusals}: {pause:?}");
        if pauses {
            assert_eq!(pause, Some(Duration::from_secs(3)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_configured_rate_one_is_found_too() {
    let limiter = Arc::new(limiter(Rate::Unlimited, 1));
    let mut server = Server::new(RefusalRule::Sliding(45));
    let (mut taken, mut refused) = (0, 0);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(300) {
        let slot = limiter.acquire().await;
        sleep(Duration::from_millis(5)).await;
        match server.takes() {
            true => {
                taken += 1;
                limiter.answered(slot);
            }
            false => {
                refused += 1;
                limiter.refused(slot, 429, None);
            }
        }
    }
    println!("unlimited against 45/s: {taken} taken, {refused} refused in 300 s");
    assert!(taken >= 300 * 36, "{taken}");
    assert!(refused * 20 <= taken, "{refused} refused, {taken} taken");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_does_is_told() {
    let limiter = limiter(Rate::per_second(50), 1);
    assert_eq!(limiter.words(), None);
    let slot = limiter.acquire().await;
    limiter.refused(slot, 503, Some(Duration::from_secs(60)));
    let words = limiter.words().unwrap_or_default();
    assert!(
        words.starts_with("the server answers 503 to accounts, paused until 2"),
        "{words}"
    );
    for _ in 0..1500 {
        let slot = limiter.acquire().await;
        limiter.refused(slot, 429, None);
        if limiter.told().is_some_and(|told| told.held.is_some()) {
            break;
        }
    }
    let words = limiter.words().unwrap_or_default();
    assert!(
        words.contains("answers 429 to accounts, ") && words.contains(" held"),
        "{words}"
    );
}

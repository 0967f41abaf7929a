//! How long to wait before the next try: exponential, with jitter.

use std::time::Duration;

use bakkt_model::limits::Retry;

/// Between half of the step and the whole of it; the step doubles with every try from 1 on, up to `backoff_most`.
pub(super) fn wait(tries: u32, retry: &Retry) -> Duration {
    let doublings = tries.saturating_sub(1).min(20);
    let doubled = retry.backoff_first.saturating_mul(1 << doublings);
    let step = doubled.min(retry.backoff_most);
    step.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_model::limits::default_retry;

    #[test]
    fn waits_grow_and_stay_inside_their_bounds() {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(2));
        let retry = Retry {
            backoff_first: first,
            backoff_most: most,
            ..default_retry()
        };
        for tries in 0..64 {
            let step = first
                .saturating_mul(1 << tries.max(1u32).saturating_sub(1).min(20))
                .min(most);
            let wait = wait(tries, &retry);
            assert!(wait >= step / 2 && wait <= step, "{tries}: {wait:?}");
        }
    }
}

//! How long to wait before the next try: exponential, with jitter.

use std::time::Duration;

/// Between half of the step and the whole of it; the step doubles with every try from 1 on, up to `most`.
pub(crate) fn wait(tries: u32, first: Duration, most: Duration) -> Duration {
    let doubled = first.saturating_mul(1 << tries.saturating_sub(1).min(20));
    let step = doubled.min(most);
    step.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_inside_their_bounds() {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(2));
        for tries in 0..64 {
            let step = first
                .saturating_mul(1 << tries.max(1u32).saturating_sub(1).min(20))
                .min(most);
            let wait = wait(tries, first, most);
            assert!(wait >= step / 2 && wait <= step, "{tries}: {wait:?}");
        }
    }
}

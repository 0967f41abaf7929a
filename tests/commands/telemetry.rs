//! What a run exports to a collector of OpenTelemetry, and that no collector disturbs it.

#[cfg(feature = "opentelemetry")]
mod collector;
#[cfg(feature = "opentelemetry")]
mod exports;

#[cfg(not(feature = "opentelemetry"))]
#[test]
fn a_build_without_it_says_what_to_build() {
    use super::world::{Bakkt, World};
    let bakkt = Bakkt::start(|_| {});
    let mut world = World::of(1);
    let told = "OTEL_EXPORTER_OTLP_ENDPOINT is set, and this bakkt-migrate was built without";
    assert!(!world.bakkt(&bakkt.run("")).contains("OTEL"));
    let endpoint = "http://127.0.0.1:9";
    world
        .environment
        .push(("OTEL_EXPORTER_OTLP_ENDPOINT".into(), endpoint.into()));
    let shown = world.bakkt(&bakkt.run(""));
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(shown.matches(told).count(), 1, "{shown}");
    assert!(shown.contains("--features opentelemetry"), "{shown}");
}

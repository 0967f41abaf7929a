# Shortcuts; each is one command that you can also type. https://just.systems

# Lists the recipes.
default:
    @just --list

# Builds target/release/bakkt-migrate.
build:
    cargo build --release

# Runs all tests, or those whose name contains FILTER.
test FILTER="":
    cargo test --locked {{FILTER}}

# Checks formatting and lints; warnings are errors.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Builds the documentation of the code; warnings are errors.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Runs the small benchmarks; scripts/bench-*.sh measure whole runs.
bench:
    cargo bench --locked

# Checks licences, sources and advisories of all dependencies; needs cargo-deny.
deny:
    cargo deny check

# Fuzzes one target for some seconds; needs cargo-fuzz and a nightly toolchain. See fuzz/README.md.
fuzz TARGET="csv_rows" SECONDS="60":
    cargo +nightly fuzz run {{TARGET}} -- -max_total_time={{SECONDS}}

# Builds the packages into target/packages; needs cargo-deb and cargo-cyclonedx. See deploy/README.md.
dist:
    scripts/dist.sh

# Everything that has to pass.
ci:
    .ci/run

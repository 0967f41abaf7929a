#!/usr/bin/env bash
# Does the limiter keep the rate, and use it? The sandbox lets 50 requests a second through in any window; we are set to the
# same. Prints the 429 answers of the ledger, and the time beside the ideal.
#
#   CUSTOMERS=1500 scripts/bench-rate.sh
source "$(dirname "$0")/common.sh"

customers=${CUSTOMERS:-1500}
rate=50
build
migration update <<TOML
[limits]
create = "$rate/s"
TOML
"$work/generate" --rows "$customers" --seed 7 --out "$folder" --clean
echo "rate = { requests = $rate, per_ms = 1000, retry_after = true }" >"$work/sandbox.toml"
run_measured "$folder"
ms=$(span_of "$folder")
awk -v n="$customers" -v rate="$rate" -v ms="$ms" -v wall="$wall" -v refused="$(counter rate_limited "$ledger")" 'BEGIN {
    ideal = (n - 1) * 1000 / rate
    printf "%d customers at %d a second: %d answers 429; %.2f s from the first intent to the last outcome, ideal %.2f s (%.1f %% of the rate used); %.2f s wall\n", \
        n, rate, refused, ms / 1000, ideal / 1000, 100 * ideal / ms, wall
}'
echo "$ledger"

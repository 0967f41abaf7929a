#!/usr/bin/env bash
# How many customers a second can the engine send? A stand-alone sandbox without faults or limits, no limits on our side, no
# looking first. Customers per second are counted from the first attempt to the last outcome in the journal.
#
#   CUSTOMERS=100000 scripts/bench-run.sh
source "$(dirname "$0")/common.sh"

customers=${CUSTOMERS:-100000}
build
migration update <<'TOML'
[limits]
create = "unlimited"
lookup = "unlimited"
in_flight = 128
TOML
"$work/generate" --rows "$customers" --seed 7 --out "$folder" --clean
: >"$work/sandbox.toml"
run_measured "$folder"
ms=$(span_of "$folder")
awk -v n="$customers" -v ms="$ms" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
    printf "%d customers: %.0f a second while sending (%.1f s); %.1f s wall with plan and report, %.1f s cpu, peak %.0f MiB\n", \
        n, n * 1000 / ms, ms / 1000, wall, cpu, peak / 1024
}'
echo "$ledger"
[ "$(counter accounts "$ledger")" -eq "$customers" ] && [ "$(counter posts "$ledger")" -eq "$customers" ]

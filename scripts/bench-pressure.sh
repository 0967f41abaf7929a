#!/usr/bin/env bash
# Does a server that refuses a share of requests, or bears less than is configured, still get what it takes? Five cases; prints
# what was taken in a second beside the ideal, and how much was refused. It counts until 95 in a hundred customers were taken: then
# less and less is left to send, and the last wait until what happened to them may be asked.
#
#   SECONDS_EACH=60 scripts/bench-pressure.sh
source "$(dirname "$0")/common.sh"

seconds=${SECONDS_EACH:-60}
build

# NAME RATE IDEAL SANDBOX
one() {
    local name=$1 rate=$2 ideal=$3 sandbox=$4 folder
    folder=$work/$name
    mkdir "$folder"
    cat >"$folder/migration.toml" <<TOML
[source]
file = "export.csv"
mapping = "mapping.toml"

[accounts]
on_existing = "update"
allow_unissued_tax_ids = true

[limits]
create = "$rate/s"
lookup = "$rate/s"
in_flight = 32

[retry]
request_timeout = "2s"
settle_after = "3s"
attempts = 100
TOML
    "$work/generate" --rows $((ideal * seconds)) --seed 7 --out "$folder" --clean
    echo "$sandbox" >"$work/sandbox.toml"
    run_measured "$folder"
    most=$((ideal * seconds * 95 / 100))
    ms=$(span_of "$folder" "$most")
    awk -v name="$name" -v n=$((ideal * seconds)) -v most="$most" -v ideal="$ideal" -v ms="$ms" -v posts="$(counter posts "$ledger")" 'BEGIN {
        rate = most * 1000 / ms
        printf "%-28s %6.1f taken a second, ideal %d (%.1f %%); %.2f %% of requests not taken\n", name, rate, ideal, 100 * rate / ideal, 100 * (posts - n) / posts
    }'
}

faults="max_faults_per_id = 1000000"
one 200_with_1_percent_429 200 198 "limited = 0.01
limited_retry_after = \"1\"
$faults"
one 50_with_1_percent_503 50 49 "unavailable = 0.01
unavailable_retry_after = \"\"
$faults"
one 50_with_2_percent_429 50 49 "limited = 0.02
limited_retry_after = \"0\"
$faults"
one 50_with_5_percent_429 50 47 "limited = 0.05
$faults"
one 50_against_45 50 45 'rate = { requests = 45, per_ms = 1000, retry_after = true }'

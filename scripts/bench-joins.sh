#!/usr/bin/env bash
# What do owners in an export of their own cost? N generated accounts with 1.5 N owners in another, shuffled export, for two N
# that are a factor of ten apart: wall time and peak memory of `check` and of the planning of `run --sandbox --limit 0`, and
# microseconds a row, of both exports, which should not grow.
#
#   ROWS="100000 1000000" scripts/bench-joins.sh
source "$(dirname "$0")/common.sh"

build

# row WHAT ROWS: one line of figures of the last measure.
row() {
    awk -v what="$1" -v n="$2" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
        rows = n * 2.5
        printf "  %-8s  %7.2f s wall  %7.2f s cpu  %6.2f µs a row  peak %5.0f MiB\n", what, wall, cpu, wall * 1e6 / rows, peak / 1024
    }'
}

# The report of a plan counts as planning; a run that sends nothing ends with 4.
expect() {
    for fine in "$@"; do
        [ "$code" -eq "$fine" ] && return
    done
    echo "ended with exit code $code" >&2
    cat "$work/err" >&2
    exit 1
}

for rows in ${ROWS:-100000 1000000}; do
    folder=$work/joined
    "$work/generate" --rows "$rows" --seed 7 --out "$folder" --joined
    cat "$folder"/*.csv >/dev/null
    measure "$bin" --quiet check "$folder" --json
    expect 0 3
    row check "$rows"
    measure "$bin" --quiet run "$folder" --sandbox --limit 0 --json
    expect 0 3 4
    row planning "$rows"
    rm -rf "$folder"
done

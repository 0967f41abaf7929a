#!/usr/bin/env bash
# What do planning, `status`, `report` and resuming cost, and how large is the journal? Generated customers with gaps, planned
# and not sent; then all of them sent to a sandbox in the same process, reported, and resumed with nothing left to send.
# Prints wall time, CPU time and peak memory of each step, and the bytes of the journal for each row.
#
#   CUSTOMERS=200000 scripts/bench-journal.sh
#   BIN=path/to/bakkt-migrate scripts/bench-journal.sh      # an earlier program, to compare
source "$(dirname "$0")/common.sh"

customers=${CUSTOMERS:-200000}
build
bin=${BIN:-$bin}
migration skip <<'TOML'
[limits]
create = "unlimited"
lookup = "unlimited"
in_flight = 64
TOML
"$work/generate" --rows "$customers" --seed 7 --out "$folder"

# step NAME COMMAND…: 3 and 4 are no failures here: customers are blocked, or left to send.
step() {
    local name=$1
    shift
    measure "$bin" --quiet "$@"
    case $code in
    0 | 3 | 4) ;;
    *)
        echo "$name ended with exit code $code" >&2
        cat "$work/out" "$work/err" >&2
        exit 1
        ;;
    esac
    awk -v name="$name" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" -v rows="$customers" 'BEGIN {
        printf "%-22s %8.2f s wall  %8.2f s cpu  %7.1f us a row  peak %4.0f MiB\n", name, wall, cpu, cpu * 1e6 / rows, peak / 1024
    }'
}

# size NAME: bytes of the journal for each row, with its log.
size() {
    local bytes
    bytes=$(cat "$folder"/.bakkt-migrate/sandbox/journal.db* | wc -c)
    awk -v name="$1" -v bytes="$bytes" -v rows="$customers" 'BEGIN { printf "%-22s %8.1f bytes a row\n", name, bytes / rows }'
}

step "plan" run "$folder" --sandbox --limit 0 --yes
size "journal, planned"
step "status, planned" status "$folder" --sandbox
step "report, planned" report "$folder" --sandbox
step "plan again: resumed" run "$folder" --sandbox --limit 0 --yes
step "send" run "$folder" --sandbox --yes
size "journal, sent"
step "status, sent" status "$folder" --sandbox
step "report, sent" report "$folder" --sandbox

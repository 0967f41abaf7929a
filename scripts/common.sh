# Shared by the benchmark scripts: binaries, a folder of their own, a sandbox that is stopped by its id.
# Needs Linux, bash and GNU time and date. Everything is on loopback, bounded in time, and removed at the end.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
sandbox_pid=
clean_up() {
    if [ -n "$sandbox_pid" ]; then
        kill -9 "$sandbox_pid" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Builds, with the options in $features, and copies the programs, so that a build meanwhile changes nothing. PROFILE=dev takes less
# time to build, and more to run.
build() {
    local profile=${PROFILE:-dist}
    cargo build --profile "$profile" --quiet --bins --examples ${features[@]+"${features[@]}"}
    local from=${CARGO_TARGET_DIR:-target}/${profile/#dev/debug}
    cp "$from/bakkt-migrate" "$from/examples/generate" "$from/examples/read_csv" "$from/examples/workbook" "$work/"
    bin=$work/bakkt-migrate
}

# start_sandbox CONFIG: sets $url and $sandbox_pid.
start_sandbox() {
    : >"$work/sandbox.out"
    BAKKT_SANDBOX_KEY=bench "$bin" sandbox --port 0 --config "$1" >"$work/sandbox.out" 2>&1 &
    sandbox_pid=$!
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$work/sandbox.out")
        [ -n "$url" ] && return
        sleep 0.1
    done
    echo "the sandbox did not start" >&2
    exit 1
}

# Stops the sandbox, and puts the ledger's counters, which it prints at its end, into $ledger.
stop_sandbox() {
    kill -INT "$sandbox_pid"
    wait "$sandbox_pid" || true
    sandbox_pid=
    ledger=$(tail -n 1 "$work/sandbox.out")
}

# migration ON_EXISTING: makes $folder, a migration folder whose further settings come from stdin.
migration() {
    folder=$work/migration
    mkdir "$folder"
    {
        cat <<TOML
[source]
file = "export.csv"
mapping = "mapping.toml"

[accounts]
allow_unissued_tax_ids = true
on_existing = "$1"

TOML
        cat
    } >"$folder/migration.toml"
}

# counter NAME TEXT: one number out of the ledger's counters.
counter() {
    sed -n "s/.*[ {]$1: \([0-9]*\).*/\1/p" <<<"$2"
}

# measure COMMAND…: wall seconds, CPU seconds and peak KiB into $wall, $cpu, $peak; the exit code into $code.
measure() {
    code=0
    /usr/bin/time -q -o "$work/time" -f '%e %U %S %M' timeout "${BOUND:-600}" "$@" >"$work/out" 2>"$work/err" || code=$?
    read -r wall user sys peak <"$work/time"
    cpu=$(awk "BEGIN { print $user + $sys }")
}

# run_measured FOLDER: a whole run against a sandbox of its own, set up by $work/sandbox.toml; measured, and it must end with 0.
run_measured() {
    start_sandbox "$work/sandbox.toml"
    BAKKT_API_KEY=bench measure "$bin" --quiet run "$1" --base-url "$url"
    if [ "$code" -ne 0 ]; then
        cat "$work/out" "$work/err" >&2
        exit 1
    fi
    stop_sandbox
}

# span_of FOLDER [COUNT]: milliseconds from the first attempt to the last outcome, or to the outcome with this number; from the
# journal by way of its report.
span_of() {
    local first last
    first=$(column 11 "$1" | sed -n 1p)
    last=$(column 12 "$1" | sed -n "${2:-\$}p")
    echo $(($(date -d "$last" +%s%3N) - $(date -d "$first" +%s%3N)))
}

# column NUMBER FOLDER: the instants in a column of the reconciliation of what was sent, in order.
column() {
    awk -F, -v column="$1" 'NR > 1 && $11 != "" { print $column }' "$2/report/reconciliation.csv" | sort
}

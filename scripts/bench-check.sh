#!/usr/bin/env bash
# How much slower than reading alone is a check? A million generated customers, once clean and once mixed: the csv crate's
# ByteRecord reader beside `check`. Prints the best of ROUNDS (3) by wall time, CPU time, their ratios and the peak memory.
#
#   ROWS=1000000 ROUNDS=3 scripts/bench-check.sh
source "$(dirname "$0")/common.sh"

rows=${ROWS:-1000000}
rounds=${ROUNDS:-3}
build

# best COMMAND…: the round with the least wall time.
best() {
    best_wall= best_cpu= best_peak=
    for _ in $(seq "$rounds"); do
        measure "$@"
        case $code in
        0 | 3) ;;
        *)
            echo "$* ended with exit code $code" >&2
            cat "$work/err" >&2
            exit 1
            ;;
        esac
        if [ -z "$best_wall" ] || awk "BEGIN { exit !($wall < $best_wall) }"; then
            best_wall=$wall best_cpu=$cpu best_peak=$peak
        fi
    done
}

for kind in clean mixed; do
    folder=$work/$kind
    flag=
    [ "$kind" = clean ] && flag=--clean
    # shellcheck disable=SC2086
    "$work/generate" --rows "$rows" --seed 7 --out "$folder" $flag
    cat "$folder/export.csv" >/dev/null
    best "$work/read_csv" "$folder/export.csv"
    read_wall=$best_wall read_cpu=$best_cpu
    best "$bin" --quiet check "$folder" --json
    awk -v kind="$kind" -v rows="$rows" -v bytes="$(stat -c %s "$folder/export.csv")" \
        -v rw="$read_wall" -v rc="$read_cpu" -v cw="$best_wall" -v cc="$best_cpu" -v peak="$best_peak" 'BEGIN {
        printf "%s: %d rows, %.0f MiB\n", kind, rows, bytes / 1048576
        printf "  csv crate  %6.2f s wall  %6.2f s cpu\n", rw, rc
        printf "  check      %6.2f s wall  %6.2f s cpu  %.0f rows/s  peak %.0f MiB\n", cw, cc, rows / cw, peak / 1024
        printf "  ratio      %6.2f   wall  %6.2f   cpu\n", cw / rw, cc / rc
    }'
    rm -rf "$folder"
done

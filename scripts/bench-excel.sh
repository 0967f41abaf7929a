#!/usr/bin/env bash
# How much slower than calamine alone is a check of a workbook, and how much memory does it take? Generated customers as an
# .xlsx: calamine's streaming reader beside `check`. Prints the best of ROUNDS (3) by wall time, the ratio, and the peak memory
# of both processes of the check: the one that parses is the child of the one that checks.
#
#   ROWS=300000 ROUNDS=3 scripts/bench-excel.sh
source "$(dirname "$0")/common.sh"

rows=${ROWS:-300000}
rounds=${ROUNDS:-3}
build

# peaks: the sum of the peaks of a process and its children, in KiB, as long as the process runs.
peaks() {
    local most=0 sum
    while kill -0 "$1" 2>/dev/null; do
        sum=$(cat "/proc/$1/status" $(pgrep -P "$1" | sed 's|.*|/proc/&/status|') 2>/dev/null |
            awk '/^VmHWM/ { sum += $2 } END { print sum + 0 }')
        [ "$sum" -gt "$most" ] && most=$sum
        sleep 0.02
    done
    echo "$most"
}

folder=$work/excel
"$work/generate" --rows "$rows" --seed 7 --out "$folder"
"$work/workbook" write "$folder/export.csv" "$folder/export.xlsx"
rm "$folder/export.csv"
sed -i 's/"export\.csv"/"export.xlsx"/' "$folder/migration.toml"

alone= check=
for _ in $(seq "$rounds"); do
    measure "$work/workbook" read "$folder/export.xlsx"
    if [ -z "$alone" ] || awk "BEGIN { exit !($wall < $alone) }"; then alone=$wall alone_peak=$peak; fi
    measure "$bin" --quiet check "$folder" --json
    case $code in
    0 | 3) ;;
    *)
        cat "$work/err" >&2
        exit 1
        ;;
    esac
    if [ -z "$check" ] || awk "BEGIN { exit !($wall < $check) }"; then check=$wall check_cpu=$cpu; fi
done
"$bin" --quiet check "$folder" --json >/dev/null &
both=$(peaks $!)
wait || true
awk -v rows="$rows" -v bytes="$(stat -c %s "$folder/export.xlsx")" -v a="$alone" -v ap="$alone_peak" \
    -v c="$check" -v cc="$check_cpu" -v both="$both" 'BEGIN {
    printf "%d rows, %.0f MiB of .xlsx\n", rows, bytes / 1048576
    printf "  calamine  %6.2f s wall                     peak %.0f MiB\n", a, ap / 1024
    printf "  check     %6.2f s wall  %6.2f s cpu        peak %.0f MiB, both processes\n", c, cc, both / 1024
    printf "  ratio     %6.2f   wall\n", c / a
}'

#!/usr/bin/env bash
# How much memory do documents from an object storage take? FILES documents of MEGABYTES each, AT_ONCE uploads at a time, from a
# server that makes them up (scripts/object-stub.py), to a stand-alone sandbox. Ends with 1 when the peak of the client is not
# below 150 MB, or when the sandbox did not get every document whole. STORE=moto takes them from a real server instead, which has
# to be installed (scripts/test-tools.sh) and holds all of them in memory: for small numbers.
#
#   FILES=2000 MEGABYTES=5 AT_ONCE=16 scripts/bench-objects.sh
features=(--all-features)
source "$(dirname "$0")/common.sh"

files=${FILES:-2000} megabytes=${MEGABYTES:-5} at_once=${AT_ONCE:-16} store=${STORE:-stub}
build
folder=$work/migration
mkdir -p "$folder"
cat >"$folder/migration.toml" <<TOML
[source]
file = "export.csv"
mapping = "mapping.toml"

[accounts]
allow_unissued_tax_ids = true

[documents]
root = "s3://bench/scans"
max_bytes = "$((megabytes + 1))MB"
pattern = "{clientAccountId}_{owner_place}_{documentType}_{documentSide}.*"

[limits]
create = "unlimited"
lookup = "unlimited"
upload = "unlimited"
in_flight = 32
uploads_in_flight = $at_once
TOML
"$work/generate" --rows "$files" --seed 7 --out "$folder" --clean
tail -n +2 "$folder/export.csv" | cut -d, -f1 >"$work/ids"
port=$((20000 + RANDOM % 10000))
export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench AWS_REGION=us-east-1
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ALLOW_HTTP=true
case $store in
stub) python3 scripts/object-stub.py "$port" "$work/ids" "$megabytes" & ;;
moto) target/test-tools/python/bin/moto_server -H 127.0.0.1 -p "$port" >/dev/null 2>&1 & ;;
esac
server=$!
trap 'kill "$server"; clean_up' EXIT
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.2; done
if [ "$store" = moto ]; then
    curl -sf -X PUT "http://127.0.0.1:$port/bench" -o /dev/null
    while read -r id; do
        {
            printf '%%PDF-1.7\n%s\n' "$id"
            head -c "$((megabytes * 1000000 - 30))" /dev/urandom
        } | curl -sf -X PUT -H 'Content-Type: application/pdf' --data-binary @- -o /dev/null \
            "http://127.0.0.1:$port/bench/scans/${id}_1_PASSPORT_FRONT.pdf"
    done <"$work/ids"
fi
echo 'keep_documents = false' >"$work/sandbox.toml"
run_measured "$folder"
awk -v n="$files" -v mb="$megabytes" -v at="$at_once" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
    printf "%d documents of %d MB, %d at a time: peak %.1f MB, %.1f s wall with plan and report, %.1f s cpu\n", \
        n, mb, at, peak * 1024 / 1e6, wall, cpu
    exit peak * 1024 >= 150e6
}'
echo "$ledger"
[ "$(counter documents "$ledger")" -eq "$files" ] && [ "$(counter uploads "$ledger")" -eq "$files" ]

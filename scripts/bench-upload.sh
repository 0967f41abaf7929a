#!/usr/bin/env bash
# How much memory do uploads take? FILES files of MEGABYTES each, AT_ONCE at a time, to a stand-alone sandbox without faults
# or limits. Ends with 1 when the peak of the client is not below 150 MB, or when the sandbox did not get every file whole.
#
#   FILES=200 MEGABYTES=20 AT_ONCE=16 scripts/bench-upload.sh
source "$(dirname "$0")/common.sh"

files=${FILES:-200} megabytes=${MEGABYTES:-20} at_once=${AT_ONCE:-16}
build
folder=$work/migration
mkdir -p "$folder/documents"
cat >"$folder/migration.toml" <<TOML
[source]
file = "export.csv"
mapping = "mapping.toml"

[accounts]
allow_unissued_tax_ids = true

[documents]
root = "documents"
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
# A first line that says PDF, then bytes of which no two files have the same.
tail -n +2 "$folder/export.csv" | cut -d, -f1 | while read -r id; do
    {
        printf '%%PDF-1.7\n'
        head -c "$((megabytes * 1000000 - 9))" /dev/urandom
    } >"$folder/documents/${id}_1_PASSPORT_FRONT.pdf"
done
echo 'keep_documents = false' >"$work/sandbox.toml"
run_measured "$folder"
awk -v n="$files" -v mb="$megabytes" -v at="$at_once" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
    printf "%d files of %d MB, %d at a time: peak %.1f MB, %.1f s wall with plan and report, %.1f s cpu\n", \
        n, mb, at, peak * 1024 / 1e6, wall, cpu
    exit peak * 1024 >= 150e6
}'
echo "$ledger"
[ "$(counter documents "$ledger")" -eq "$files" ] && [ "$(counter uploads "$ledger")" -eq "$files" ]

#!/bin/bash
# A rehearsal of a Slurm array on one machine: starts munged, slurmctld and slurmd (no systemd, no cgroups, 8 CPUs declared), a Redis
# and a sandbox; migrates invented customers with eight tasks and one quota; kills three of them with SIGKILL, and Redis for
# ten seconds; starts a shard a second time with an empty journal; and holds the merged report against the sandbox's ledger.
#
#   apt-get install --no-install-recommends slurmctld slurmd slurm-client munge redis-server
#   cargo build --release --bins --examples
#   CUSTOMERS=100000 RATE=400 deploy/slurm/rehearse.sh        # as root
#
# One customer of DOCUMENTED has documents, about seven of them. FILES is a folder for the export and the documents, hundreds of
# thousands of small files; in memory (/dev/shm) they are made and removed faster.
#
# Everything it starts ends with it, by process id. It is no part of .ci/run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
from=${FROM:-$here/../../target/release}
customers=${CUSTOMERS:-100000}
rate=${RATE:-400}
headroom=${HEADROOM:-2}
documented=${DOCUMENTED:-5}
shards=8
[ "$(id -u)" -eq 0 ] || { echo "error: slurmd starts tasks as their users, which only root can" >&2; exit 2; }

work=$(mktemp -d /tmp/slurm-rehearsal.XXXXXX)
files=$(mktemp -d "${FILES:-$work}/files.XXXXXX")
pids=()
clean_up() {
    [ -z "${job:-}" ] || scancel --full --signal=KILL "$job" 2>/dev/null || true
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do kill "${pids[at]}" 2>/dev/null || true; done
    sleep 1
    for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
    # What slurmd started for a task lives on by itself: its keepers, the script and the program, all of this folder.
    for pid in $(pgrep slurmstepd || true); do
        if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qxF "SLURM_CONF=$work/slurm.conf"; then kill -9 "$pid" || true; fi
    done
    for pid in $(pgrep -f "$work/" || true); do kill -9 "$pid" 2>/dev/null || true; done
    [ -n "${KEEP:-}" ] && echo "kept: $work, $files" || rm -rf "$work" "$files"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
# wait_for SECONDS WHAT COMMAND…
wait_for() {
    local tries=$(($1 * 5)) what=$2
    shift 2
    for ((; tries > 0; tries--)); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
    echo "error: this never came: $what; the logs are in $work" >&2
    KEEP=yes
    exit 1
}
# Ports that the system gives to no client.
port() { echo $((15000 + RANDOM % 15000)); }

program=$work/bakkt-migrate
cp "$from/bakkt-migrate" "$program"
cp "$from/examples/generate" "$work/generate"
chmod 755 "$work"

# --- the cluster ---
host=$(hostname -s)
mkdir -m 700 "$work/munge" "$work/controller" "$work/node"
dd if=/dev/urandom of="$work/munge/key" bs=1024 count=1 status=none
chmod 400 "$work/munge/key"
munged --foreground --force --socket="$work/munge.socket" --key-file="$work/munge/key" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" >"$work/munge/out" 2>&1 &
pids+=($!)
wait_for 20 "munged" test -S "$work/munge.socket"
sed -e "s|FOLDER|$work|; s|HOST|$host|; s|CONTROLLER_PORT|$(port)|; s|NODE_PORT|$(port)|" "$here/slurm.conf" >"$work/slurm.conf"
export SLURM_CONF=$work/slurm.conf
slurmctld -D >"$work/slurmctld.out" 2>&1 &
pids+=($!)
slurmd -D -N "$host" >"$work/slurmd.out" 2>&1 &
pids+=($!)
wait_for 60 "the cluster" sh -c "sinfo -h -o %T | grep -q idle"
say "cluster: $(sinfo -h -o '%n, %c CPUs, %T')"

# The quota server and the sandbox stand for machines of their own: they get a processor before the tasks do. Else the sandbox would
# judge how long it waited for one, which moves the requests of one second into the next.
at_once="chrt --fifo 10"

# --- the quota server ---
redis_port=$(port)
start_redis() {
    $at_once redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly yes --appendfsync always --dir "$work" \
        >>"$work/redis.log" 2>&1 &
    redis=$!
    pids+=("$redis")
    # While it reads its file it answers every command with an error, and redis-cli ends with 0.
    wait_for 20 "Redis" sh -c "redis-cli -p $redis_port ping | grep -qx PONG"
}
start_redis

# --- the sandbox, which refuses whatever is beyond the quota in any second ---
limit="{ requests = $rate, per_ms = 1000 }"
printf 'rate = %s\nupload_rate = %s\nkyb_rate = %s\n' "$limit" "$limit" "$limit" >"$work/sandbox.toml"
BAKKT_SANDBOX_KEY=rehearsal $at_once "$program" sandbox --port 0 --config "$work/sandbox.toml" >"$work/sandbox.out" 2>&1 &
sandbox=$!
pids+=("$sandbox")
wait_for 20 "the sandbox" grep -q "^listening on" "$work/sandbox.out"
url=$(sed -n 's/^listening on //p' "$work/sandbox.out")
ledger() { curl -sf -H 'Authorization: API-Key rehearsal' "$url/_ledger/summary"; }
count() { ledger | python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }

# --- the migration ---
export MIGRATION=$files/rehearsal STATE=$work/state BAKKT_MIGRATE=$program BAKKT_API_KEY=rehearsal
"$work/generate" --entities --clean --rows "$customers" --seed 7 --out "$MIGRATION"
python3 - "$MIGRATION" "$documented" <<'PYTHON'
import csv, os, shutil, sys
folder, share = sys.argv[1], int(sys.argv[2])
rows = list(csv.reader(open(f"{folder}/documents.csv", newline="")))
kept = [row for row in rows[1:] if int(row[0].rsplit("-", 1)[1]) % share == 0]
with open(f"{folder}/documents.csv", "w", newline="") as file:
    csv.writer(file).writerows(rows[:1] + kept)
ids = {row[0] for row in kept}
for name in os.listdir(f"{folder}/documents"):
    if name not in ids:
        shutil.rmtree(f"{folder}/documents/{name}")
print(f"{len(ids)} of the customers have {len(kept)} documents")
PYTHON
python3 - "$MIGRATION/migration.toml" "$url" "$rate" "$headroom" "redis://127.0.0.1:$redis_port" <<'PYTHON'
import re, sys
path, url, rate, headroom, shared = sys.argv[1:]
text = open(path).read()
text = re.sub(r'\n(create|lookup|upload|kyb) = "[^"]*"', lambda m: f'\n{m[1]} = "{rate}/s"', text)
text = text.replace("[limits]", f'[limits]\nshared = "{shared}"\nheadroom_percent = {headroom}')
text = re.sub(r"\nin_flight = .*", "\nin_flight = 32", text).replace('on_existing = "skip"', 'on_existing = "update"')
text = re.sub(r"\nuploads_in_flight = .*", "\nuploads_in_flight = 32", text)
open(path, "w").write(text + f'\n[target]\nbase_url = "{url}"\n\n[retry]\nrequest_timeout = "10s"\nupload_timeout = "15s"\nsettle_after = "16s"\n')
PYTHON
begin=$(date +%s)
cd "$work"
job=$(sbatch --parsable --array=0-$((shards - 1)) --export=ALL "$here/migrate.sbatch")
say "array $job of $shards tasks, $customers customers, $rate/s for each kind of call"
wait_for 1800 "the first customers" sh -c "[ \"\$(curl -sf -H 'Authorization: API-Key rehearsal' $url/_ledger/summary | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"posts\"])')\" -gt 0 ]"
say "the first customer is sent"

# The posts of every five seconds.
watch_posts() {
    while sleep 5; do printf '%s %s\n' "$(date +%s.%N)" "$(ledger | tr -d '\n')" >>"$work/posts"; done 2>>"$work/watch.log"
}
watch_posts &
pids+=($!)

# --- three tasks are killed ---
task_process() {
    local pid
    for pid in $(pgrep -f "^$program --quiet run $MIGRATION " || true); do
        if tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "SLURM_ARRAY_TASK_ID=$1"; then
            echo "$pid"
            return
        fi
    done
}
sleep "${BEFORE_KILLS:-40}"
for task in 1 4 6; do
    pid=$(task_process "$task")
    [ -n "$pid" ] || { echo "error: task $task has ended already; take more customers" >&2; exit 1; }
    kill -9 "$pid"
    say "task $task (process $pid) was killed: Slurm starts it again in two minutes"
done

# --- Redis is gone for ten seconds ---
sleep "${BEFORE_REDIS:-60}"
kill -9 "$redis"
say "Redis was killed, with $(count posts) posts"
sleep 2
before=$(count posts)
sleep 8
after=$(count posts)
say "posts two seconds after that: $before; ten seconds after it: $after"
start_redis
say "Redis is back"

# --- a shard with an empty journal ---
code=0
"$program" --quiet run "$MIGRATION" --state "$work/elsewhere" --shard 2/$shards --yes >"$work/elsewhere.out" 2>&1 || code=$?
say "shard 2 with an empty journal: exit code $code: $(grep -m 1 error "$work/elsewhere.out")"

# --- the end ---
wait_for "${LONGEST:-7200}" "the end of the array" sh -c "[ -z \"\$(squeue -h -j $job)\" ]"
say "the array ended after $(($(date +%s) - begin)) s"
"$program" --quiet report "$MIGRATION" --merge --state "$STATE" --json >"$work/merged.json" || say "report: exit code $?"
curl -sf -H 'Authorization: API-Key rehearsal' "$url/_ledger" >"$work/ledger.json"
ledger >"$work/summary.json"
say "Slurm put back: $(grep -o 'Requeuing JobId=.*' "$work/slurmctld.log" | tr '\n' ' ')"
python3 - "$work" "$rate" "$MIGRATION" <<'PYTHON'
import csv, json, sys
work, rate = sys.argv[1], float(sys.argv[2])
read = lambda name: json.load(open(f"{work}/{name}"))
summary, merged, ledger = read("summary.json"), read("merged.json"), read("ledger.json")
print("ledger:", {name: n for name, n in summary.items() if n})
print("report: balanced", merged["balanced"], {kind: {state: n for state, n in states.items() if isinstance(n, int) and n}
                                               for kind, states in merged["tasks"].items()})
made = {account["id"]: account["posts_made"] for account in ledger["accounts"]}
stored = {document["id"]: document["uploads_made"] for document in ledger["documents"]}
triggered = {kyb["account"]: kyb["triggered"] for kyb in ledger["kyb"]}
rows = list(csv.DictReader(open(f"{sys.argv[3]}/report/reconciliation.csv", newline="")))
accepted = {row["clientAccountId"] for row in rows if row["accountState"] == "accepted"}
screened = {row["clientAccountId"] for row in rows if row["kybState"] == "accepted"}
documents = sum(int(row["documentsAccepted"] or 0) for row in rows)
twice = lambda counts: sum(count != 1 for count in counts.values())
print(f"customers: {len(accepted)} accepted in the report, {len(made)} made in the ledger, {len(accepted ^ made.keys())} in one of them only, {twice(made)} made more than once")
print(f"documents: {documents} accepted in the report, {len(stored)} stored in the ledger, {twice(stored)} stored more than once")
print(f"KYB: {len(screened)} accepted in the report, {len(triggered)} in the ledger, {len(screened ^ triggered.keys())} in one of them only, {twice(triggered)} more than once")
print("windows over the quota (429):", summary["rate_limited"])
samples = [line.split(" ", 1) for line in open(f"{work}/posts")]
samples = [(float(at), json.loads(text)) for at, text in samples]
for name in ("posts", "uploads"):
    parts = [(b[1][name] - a[1][name]) / (b[0] - a[0]) / rate for a, b in zip(samples, samples[1:])]
    print(f"{name} of each five seconds, part of the rate:", " ".join(f"{part:.2f}" for part in parts))
PYTHON

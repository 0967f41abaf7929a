#!/usr/bin/env bash
# The teeth of the crash test: breaks the program on purpose, one way at a time, and expects the crash test to fail.
#
#   tests/mutations/run.sh [patch...]      all patches beside this script, unless some are named
#
# Works in a throwaway copy of the tree as it is, committed or not; the tree itself is not touched. Builds go to
# target/mutations or MUTATIONS_TARGET_DIR, which must be a folder for nothing else: cargo would take a broken program
# left there for that of the tree. CRASH=full takes the large migration. Ends with 1 when a mutation survives, does not
# apply or does not build, or when the unbroken tree fails.
set -euo pipefail

named=()
for patch in "$@"; do named+=("$(realpath "$patch")"); done
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

(cd "$tree" && git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
    tar --null --files-from=- -cf -) | tar -xf - -C "$copy"
cd "$copy"
# Of its own, so that `git apply` sees no repository around it.
git init -q
# Newer than whatever was built from the copy before this one.
find . -name '*.rs' -exec touch {} +
export CARGO_TARGET_DIR=${MUTATIONS_TARGET_DIR:-$tree/target/mutations}
export CRASH=${CRASH:-small} RUST_BACKTRACE=0

table=()
failed=0
row() { # name, verdict, remark
    table+=("$(printf '%-34s %-12s %s' "$1" "$2" "${3:-}")")
    echo "${table[-1]}"
    case $2 in passes | caught) ;; *) failed=1 ;; esac
}

# Why it failed, in one line: the first two that the panic said.
why() { awk '/panicked at/ { getline a; getline b; print substr(a " " b, 1, 130); exit }' "$1"; }

# How the test words its verdicts, besides those about the end of a migration.
RULES='ids break a rule|did not come to an end|run ended with|this never came: the end of the last run'

# A run that hangs is a failure of the mutation, found late: the test's own bounds come first.
crash() { timeout 900 cargo test --quiet --test program -- --exact "$1" --nocapture >"$copy/said" 2>&1; }

# The crash tests, and the one that a mutation is for.
individuals=crash::no_account_is_made_twice_and_none_is_lost
entities=crash_entities::each_document_is_uploaded_once_and_kyb_is_triggered_once_after_them
test_of() { case $1 in documents-*) echo "$entities" ;; *) echo "$individuals" ;; esac; }

if [ ${#named[@]} -eq 0 ]; then
    named=("$here"/*.patch)
    for test in "$individuals" "$entities"; do
        name="(${test%%::*}, unbroken)"
        if ! crash "$test"; then
            row "$name" FAILS "$(why "$copy/said")"
        elif ! grep -q '1 passed' "$copy/said"; then
            row "$name" FAILS "there is no test $test"
        else
            row "$name" passes
        fi
    done
fi
for patch in "${named[@]}"; do
    name=$(basename "$patch" .patch)
    if ! git -C "$copy" apply "$patch"; then
        row "$name" "NOT APPLIED"
        continue
    fi
    if ! cargo build --quiet >"$copy/said" 2>&1; then
        cat "$copy/said"
        row "$name" "NOT BUILT"
    elif crash "$(test_of "$name")"; then
        row "$name" "NOT caught"
    else
        # Caught is only what a rule of the test caught, not a test that could not begin.
        reason=$(why "$copy/said")
        if grep -qE "panicked at tests/(crash/end|crash_entities).rs|$RULES" "$copy/said"; then
            row "$name" caught "$reason"
        else
            row "$name" "NOT caught" "no verdict: $reason"
        fi
    fi
    git -C "$copy" apply -R "$patch"
done

printf '\n%-34s %-12s %s\n' mutation verdict "what the test said"
printf '%s\n' "${table[@]}"
exit "$failed"

#!/usr/bin/env bash
# Kills the trainer with SIGKILL at N random moments (N 200 if left out) and prints how many of the jobs ended with the same bytes as an
# uninterrupted one: weights, momenta, best weights, early-stopping state, and every published file. Exits non-zero unless all did.
# Usage: tests/kill.sh [N [SEED]]
set -uo pipefail
cd "$(dirname "$0")/.."
kills=${1:-200}
seed=${2:-$RANDOM}
[[ $kills =~ ^[1-9][0-9]*$ && $seed =~ ^[0-9]+$ ]] || { echo "Usage: tests/kill.sh [N [SEED]]; N is a whole number from 1, SEED one from 0." >&2; exit 2; }
report=$(mktemp)
log=$(mktemp)
trap 'rm -f "$report" "$log"' EXIT
# Gigabytes of checkpoints are written, and what a disk loses with its power is not the question here: memory will do.
free=$(df -k --output=avail /dev/shm 2>/dev/null | tail -1)
[ "${free:-0}" -lt 2000000 ] || export TMPDIR=/dev/shm
echo "$kills kills, seed $seed."
dotnet build tests/EndToEnd -v quiet -nologo >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
BIT_KILLS=$kills BIT_KILL_SEED=$seed BIT_KILL_REPORT=$report dotnet run --no-build --project tests/EndToEnd -- -class BiT.Tests.EndToEnd.Durability.KillRunTests >"$log" 2>&1
status=$?
cat "$report"
[ -s "$report" ] && [ $status -eq 0 ] || { cat "$log" >&2; exit 1; }

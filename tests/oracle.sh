#!/usr/bin/env bash
# Checks the networks and the resampler against files of expected values, one line per file with the worst deviation of each kind.
# BIT_ORACLES and BIT_RESAMPLE_ORACLES name other folders with files of the same form. Exits non-zero if a file fails.
set -uo pipefail
cd "$(dirname "$0")/.."
for variable in BIT_ORACLES BIT_RESAMPLE_ORACLES; do
  folder=${!variable:-}
  [ -z "$folder" ] || [ -d "$folder" ] || { echo "$variable names '$folder', which is no folder." >&2; exit 2; }
  [ -z "$folder" ] || export "$variable=$(cd "$folder" && pwd)"
done
report=$(mktemp)
log=$(mktemp)
trap 'rm -f "$report" "$log"' EXIT
dotnet build tests/Unit -v quiet -nologo >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
BIT_ORACLE_REPORT="$report" dotnet run --no-build --project tests/Unit -- -namespace BiT.Tests.Unit.Oracle >"$log" 2>&1
status=$?
cat "$report"
[ -s "$report" ] || { echo "No oracle file was checked." >&2; cat "$log" >&2; exit 1; }
[ $status -eq 0 ] || cat "$log" >&2
exit $status

#!/usr/bin/env bash
# Runs every test of the project on every engine, and ends with a table of what ran where.
#
#   tests/run.sh                     everything
#   tests/run.sh -p selvedge-kit …   the arguments go to `cargo test` (default: --workspace)
#
# REQUIRE_ENGINES=1 makes a missing engine a failure (continuous integration sets it).
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS

ENGINES_DIR=$(mktemp -d "${TMPDIR:-/tmp}/selvedge-test.XXXXXX")
export ENGINES_DIR
# shellcheck source=tests/support/engines.sh
. tests/support/engines.sh
finish() { stop_engines; [ -n "${KEEP_ENGINES_DIR:-}" ] || rm -rf "$ENGINES_DIR"; }
trap finish EXIT
trap 'exit 130' INT TERM

start_engines
engines_ready=$SECONDS

selection=("$@")
[ ${#selection[@]} -gt 0 ] || selection=(--workspace)
results="$ENGINES_DIR/results.log"
log "tests: building and running (the log of each test is kept until the end)"
# Without `|| true` after the pipe: that would hide the status of the first command in PIPESTATUS.
set +e
cargo test --no-fail-fast "${selection[@]}" -- --show-output 2>&1 | tee "$results" |
  grep --line-buffered -E '^(test |error|warning: unused|     Running|test result|---- .* stdout|thread .* panicked|failures:)|FAILED'
cargo_status=${PIPESTATUS[0]}
rust_done=$SECONDS

npm_status=0
if [ $# -eq 0 ]; then
  (cd frontend-contract && npm test) 2>&1 | tee "$ENGINES_DIR/npm.log"
  npm_status=${PIPESTATUS[0]}
fi
set -e

if [ "$cargo_status" -ne 0 ]; then
  printf '\nWhat failed, with its output:\n'
  awk '/^failures:$/{on=1} /^test result/{on=0} on' "$results" | head -n 400
fi
# Once more and in short, since of a long log often only the end is kept.
short_of_failures() {
  [ "$cargo_status" -eq 0 ] || awk '/^test .* FAILED$/ { print } /^thread .* panicked at/ { print; left = 4; next } left-- > 0 && !/^stack backtrace/' "$results" | head -n 60
  [ "$npm_status" -eq 0 ] || grep -aE '(FAIL|✗|×|error|Error)' -A 6 "$ENGINES_DIR/npm.log" | head -n 60
}

awk -v missing_file="$ENGINES_DIR/missing" -v mongodb="${TEST_MONGODB_SERVER:-}" -f tests/support/table.awk "$results"
printf 'engines %d s, Rust %d s, front end %d s\n' $((engines_ready - started)) $((rust_done - engines_ready)) $((SECONDS - rust_done))

short_of_failures
status=0
[ "$cargo_status" -eq 0 ] || { echo "FAILED: cargo test ended with $cargo_status"; status=1; }
[ "$npm_status" -eq 0 ] || { echo "FAILED: npm test ended with $npm_status"; status=1; }
if [ -s "$ENGINES_DIR/missing" ] || grep -q '^NOT RUN:' "$results"; then
  if [ "${REQUIRE_ENGINES:-0}" = 1 ]; then echo "FAILED: engines are missing and REQUIRE_ENGINES=1"; status=1; fi
fi
exit $status

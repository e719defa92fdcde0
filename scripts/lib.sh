# Shared by the scripts beside it: where things are, and steps that say what they do.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
case $TARGET in /*) ;; *) TARGET=$ROOT/$TARGET ;; esac
export CARGO_TARGET_DIR=$TARGET
LOGS=$TARGET/logs
mkdir -p "$LOGS"

# The Wasm target of the Debian toolchain lives outside rustup's reach; see `wasm_toolchain`.
DEBIAN_TOOLCHAIN=debian
WASM_TARGET=wasm32v1-none

die() { # MESSAGE CURE
	printf '\nerror: %s\n cure: %s\n' "$1" "$2" >&2
	exit 1
}

seconds_since() { # START (of $EPOCHREALTIME)
	awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}

# Runs a command, says how long it took; its output goes to a log that is shown when it fails.
quiet_step() { # "what it does" "cure" COMMAND...
	local what=$1 cure=$2 start=$EPOCHREALTIME log
	shift 2
	log=$LOGS/$(tr -cs 'a-zA-Z0-9\n' '-' <<<"$what").log
	printf '  %-70s ' "$what"
	if "$@" >"$log" 2>&1 </dev/null; then
		printf 'done  %7s s\n' "$(seconds_since "$start")"
	else
		printf 'FAILED\n'
		tail -n 40 "$log" >&2
		die "$what failed; the whole output is in $log" "$cure"
	fi
}

# The same with the output shown as it comes: for what a reader wants to follow.
loud_step() { # "what it does" COMMAND...
	local what=$1 start=$EPOCHREALTIME
	shift
	printf '\n== %s\n' "$what"
	"$@" </dev/null || die "$what failed" "the reason stands above"
	printf '== %s: done in %s s\n' "$what" "$(seconds_since "$start")"
}

already() { # "what"
	printf '  %-70s already there\n' "$1"
}

# Name of the toolchain that can build for Wasm; empty for the current one.
wasm_toolchain() {
	local sysroot
	sysroot=$(rustc --print sysroot)
	if [ -n "${WASM_BUILD_TOOLCHAIN:-}" ]; then
		printf '%s' "$WASM_BUILD_TOOLCHAIN"
	elif [ ! -d "$sysroot/lib/rustlib/$WASM_TARGET/lib" ] &&
		rustc +$DEBIAN_TOOLCHAIN --print sysroot >/dev/null 2>&1; then
		printf '%s' "$DEBIAN_TOOLCHAIN"
	fi
}

# Lets every build below find that toolchain.
use_wasm_toolchain() {
	local name
	name=$(wasm_toolchain)
	if [ -n "$name" ]; then
		export WASM_BUILD_TOOLCHAIN=$name
	fi
}

has_wasm_target() {
	local name
	name=$(wasm_toolchain)
	[ -d "$(rustc ${name:++"$name"} --print sysroot)/lib/rustlib/$WASM_TARGET/lib" ]
}

SPECS=$TARGET/chain-specs

build_contracts() {
	quiet_step "contracts" "run 'npm run build' in bridge-contracts" \
		npm --prefix "$ROOT/bridge-contracts" run build
}

# Needs the generator to be built.
generate_chain_specs() {
	quiet_step "chain specs" "read the message above" \
		"$TARGET/debug/gearway-chain-specs" all --output-dir "$SPECS"
}

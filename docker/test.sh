#!/usr/bin/env bash
# Builds both CPU images and runs them end to end on this machine, over loopback: learn drawn flowers, serve them, stop the trainer in the
# middle of a job, stop and restart everything on the same workspace. Ends with "N passed, M failed"; exits 0 with SKIPPED where no
# container engine can be used.
#
# With docker: the Dockerfiles as they are. Without a docker daemon but with podman, buildah, runc and debootstrap: base images are made
# locally under their public names, from Debian and the installed .NET SDK, so that nothing is pulled. Needs root there.
set -uo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d /tmp/bit-containers-XXXXXX)
passed=0
failed=0
pass() { passed=$((passed + 1)); printf 'ok      %s\n' "$*"; }
fail() { failed=$((failed + 1)); printf 'FAILED  %s\n' "$*"; }
check() { local what=$1; shift; if "$@"; then pass "$what"; else fail "$what"; fi; }
skip() { echo "SKIPPED: $*"; rm -rf "$work"; exit 0; }

if docker info >/dev/null 2>&1; then
  engine=docker
elif command -v podman >/dev/null && command -v buildah >/dev/null && command -v runc >/dev/null && command -v debootstrap >/dev/null; then
  [ "$(id -u)" -eq 0 ] || skip "podman is here, but the locally made base images need root"
  engine=podman
  cat > "$work/containers.conf" <<CONF
[containers]
netns="host"
default_ulimits=["nofile=1024:1024","nproc=4096:4096"]
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
CONF
  export CONTAINERS_CONF="$work/containers.conf"
else
  skip "neither a docker daemon nor podman, buildah, runc and debootstrap; with Debian: apt-get install podman buildah runc debootstrap"
fi
echo "engine: $engine"

hardened="--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges"
# podman runs health checks by systemd timers; where there is no systemd, only this script asks.
[ $engine = podman ] && hardened="$hardened --no-healthcheck"
server=bit-test-server-$$
trainer=bit-test-trainer-$$
workspace="$work/workspace"
install -d -o 1654 -g 1654 "$workspace" 2>/dev/null || install -d -m 777 "$workspace"
cleanup() {
  $engine rm -f "$server" "$trainer" >/dev/null 2>&1
  rm -rf "$work"
}
trap cleanup EXIT

# --- images ---------------------------------------------------------------------------------------------------------------------
local_base_images() {
  local registry=mcr.microsoft.com/dotnet sdk
  podman image exists $registry/sdk:10.0 && podman image exists $registry/aspnet:10.0 && podman image exists $registry/runtime:10.0 && return
  echo "making base images from Debian and the installed .NET SDK"
  sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
  debootstrap --variant=minbase --include=ca-certificates,libicu72,libssl3,libstdc++6,tzdata bookworm "$work/rootfs" > "$work/debootstrap.log" 2>&1 || return 1
  tar -C "$work/rootfs" -c . | podman import - $registry/runtime-deps:10.0 > "$work/import.log" 2>&1 || return 1
  rm -rf "$work/rootfs"
  mkdir -p "$work/base/runtime/shared" "$work/base/aspnet"
  cp -r "$sdk/dotnet" "$sdk/host" "$work/base/runtime/" && cp -r "$sdk/shared/Microsoft.NETCore.App" "$work/base/runtime/shared/"
  cp -r "$sdk/shared/Microsoft.AspNetCore.App" "$work/base/aspnet/"
  base runtime "$work/base/runtime" "FROM $registry/runtime-deps:10.0
COPY . /usr/share/dotnet
RUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet && groupadd -g 1654 app && useradd -u 1654 -g app app" &&
  base aspnet "$work/base/aspnet" "FROM $registry/runtime:10.0
COPY . /usr/share/dotnet/shared" &&
  base sdk "$sdk" "FROM $registry/aspnet:10.0
COPY . /usr/share/dotnet"
}
base() {
  printf '%s\n' "$3" > "$work/$1.Dockerfile"
  buildah build --isolation chroot --pull-never -t "mcr.microsoft.com/dotnet/$1:10.0" -f "$work/$1.Dockerfile" "$2" > "$work/$1.log" 2>&1
}
build() {
  local log="$work/build-$1.log"
  if [ $engine = docker ]; then
    docker build -f "docker/$1.Dockerfile" -t "bit-$1" . > "$log" 2>&1
  else
    # The machine's own certificates, for package registries behind a proxy of its own.
    buildah build --layers --format docker --isolation chroot --network host --pull-never -v /etc/ssl/certs:/etc/ssl/certs:ro \
      -t "bit-$1" -f "docker/$1.Dockerfile" . > "$log" 2>&1
  fi || { tail -20 "$log"; return 1; }
}
added_megabytes() {
  local own base
  own=$($engine image inspect --format '{{.Size}}' "$1")
  base=$($engine image inspect --format '{{.Size}}' "$2")
  echo $(((own - base + 999999) / 1000000))
}

if [ $engine = podman ]; then
  local_base_images || { echo "base images could not be made; logs:"; tail -n 5 "$work"/*.log; exit 1; }
fi
for image in server trainer; do
  begin=$SECONDS
  build $image || { fail "image bit-$image"; echo "$passed passed, $failed failed"; exit 1; }
  pass "image bit-$image builds ($((SECONDS - begin)) s)"
done
version=$(grep -o '<Version>[^<]*' Directory.Build.props | cut -d '>' -f 2)
for pair in server:aspnet trainer:runtime; do
  size=$(added_megabytes "bit-${pair%:*}" "mcr.microsoft.com/dotnet/${pair#*:}:10.0")
  check "bit-${pair%:*} adds $size MB to its base (limit 120)" [ "$size" -le 120 ]
  user=$($engine image inspect --format '{{.Config.User}}' "bit-${pair%:*}")
  check "bit-${pair%:*} runs as user $user, not as root" [ "$user" = 1654:1654 ]
  labels=$($engine image inspect --format '{{index .Config.Labels "org.opencontainers.image.title"}}, {{index .Config.Labels "org.opencontainers.image.version"}}, on {{index .Config.Labels "org.opencontainers.image.base.name"}}' "bit-${pair%:*}")
  check "its labels say: $labels" [ "$labels" = "BiT ${pair%:*}, $version-cpu, on mcr.microsoft.com/dotnet/${pair#*:}:10.0" ]
  # shellcheck disable=SC2086
  check "it has no SDK" $engine run --rm $hardened --entrypoint sh "bit-${pair%:*}" -c '! ls -d /usr/share/dotnet/sdk /usr/lib/dotnet/sdk' 2>/dev/null
done
# shellcheck disable=SC2086
refused=$($engine run --rm $hardened bit-trainer work --provider cuda:0 2>&1)
check "provider cuda:0 in an image of the flavour cpu ends with code 2" [ $? = 2 ]
check "and one line: $refused" grep -q "^Execution provider cuda:0 cannot be loaded: .*OnnxRuntimeFlavor=gpu" <<< "$refused"

# --- the client, from the source tree -------------------------------------------------------------------------------------------
dotnet build src/Client/Cli -v q > "$work/cli.log" 2>&1 || { tail -20 "$work/cli.log"; fail "bit builds"; exit 1; }
port=$((20000 + RANDOM % 20000))
bit() { dotnet src/Client/Cli/bin/Debug/net10.0/bit.dll "$@" --server "http://127.0.0.1:$port"; }
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# --- containers -----------------------------------------------------------------------------------------------------------------
start_server() {
  local net="-p 127.0.0.1:$port:5075"
  # Without a network of its own a container listens on the machine's interfaces: loopback then.
  [ $engine = podman ] && net="--network host -e BIT_Listen__Address=http://127.0.0.1:$port -e BIT_Listen__WebAddress=none"
  # shellcheck disable=SC2086
  $engine run -d --name $server $hardened $net -v "$workspace:/workspace" bit-server > /dev/null
}
start_trainer() {
  # shellcheck disable=SC2086
  $engine run -d --name $trainer $hardened "$@" -v "$workspace:/workspace" bit-trainer > /dev/null
}
eventually() {
  local seconds=$1; shift
  local end=$((SECONDS + seconds))
  until "$@"; do
    [ $SECONDS -ge $end ] && return 1
    sleep 1
  done
}
serves() { $engine exec $server /app/BiT.Server health >/dev/null 2>&1; }
trains() { $engine exec $trainer /app/BiT.Trainer health >/dev/null 2>&1; }
state() { bit jobs show "$1" --json 2>/dev/null | field state; }
is_state() { [ "$(state "$1" | tr '[:lower:]' '[:upper:]')" = "$2" ]; }
step() { bit jobs show "$1" --json 2>/dev/null | grep -o '"step":[0-9]*' | head -n 1 | cut -d : -f 2; }
is_past() { local now; now=$(step "$1"); [ "${now:-0}" -ge "$2" ]; }
logs() { for name in $server $trainer; do echo "--- $name"; $engine logs --tail 30 $name 2>&1; done; }
stop() {
  local begin=$SECONDS code
  $engine stop -t 60 "$1" >/dev/null
  code=$($engine inspect --format '{{.State.ExitCode}}' "$1")
  check "SIGTERM ends ${1%-*} with exit code $code within $((SECONDS - begin)) s" [ "$code" = 0 ]
}

start_server; start_trainer
eventually 60 serves && pass "the server is healthy" || { fail "the server is healthy"; logs; }
eventually 60 trains && pass "the trainer is healthy" || { fail "the trainer is healthy"; logs; }
check "the root file system is read-only" bash -c "! $engine exec $server sh -c 'echo x > /app/x' 2>/dev/null"

check "the server logs JSON lines" bash -c "! $engine logs $server 2>&1 | grep -v '^{'"

dotnet src/Client/Cli/bin/Debug/net10.0/bit.dll draw "$work/flowers" --train 40 --val 10 > /dev/null
begin=$SECONDS
answer=$(bit finetune "$work/flowers" --model flowers --method full --steps 60 --promote --json 2> "$work/finetune.log")
check "a job uploads, trains and is promoted ($((SECONDS - begin)) s)" grep -q '"model_version":"models/flowers/versions/1"' <<< "$answer"
[ $failed -eq 0 ] || { cat "$work/finetune.log"; logs; echo "$passed passed, $failed failed"; exit 1; }
photo="$work/flowers/val/rose/$(ls "$work/flowers/val/rose" | head -n 1)"
before=$(bit classify flowers "$photo" --json 2>/dev/null)
check "the promoted version classifies" grep -q probability <<< "$before"

job=$(bit finetune "$work/flowers" --model flowers --method full --steps 200 --json 2>/dev/null | field name)
check "a second job is submitted" [ -n "$job" ]
eventually 120 is_past "$job" 10 || fail "the second job trains"
stop $trainer
check "its job is back in the queue" is_state "$job" QUEUED
check "the server still serves" serves
stop $server
$engine rm $server $trainer > /dev/null
start_server; start_trainer
eventually 60 serves || { fail "the server comes back"; logs; }
after=$(bit classify flowers "$photo" --json 2>/dev/null)
check "the version is still served, with the same answer" [ -n "$before" -a "$after" = "$before" ]
eventually 900 is_state "$job" SUCCEEDED && pass "the interrupted job went on and succeeded" || { fail "the interrupted job succeeded"; bit jobs show "$job"; logs; }
resumed=$(bit jobs show "$job" --json 2>/dev/null | grep -o '"attempt":[0-9]*' | cut -d : -f 2)
check "in attempt ${resumed:-?}, from its checkpoint" grep -q 'Resumed at step' <(bit jobs watch "$job" 2>/dev/null)
stop $trainer

# --- limits of the engine ---------------------------------------------------------------------------------------------------------
micro_batch() { bit finetune "$work/flowers" --model flowers --method full --crop 128 --batch-size 64 --head-steps 0 --dry-run --json 2>/dev/null | grep -o '"microBatchSize":[0-9]*' | cut -d : -f 2; }
$engine rm $trainer > /dev/null
start_trainer
free=$(micro_batch)
stop $trainer
$engine rm $trainer > /dev/null
if start_trainer --cpus 1 --memory 1g 2> "$work/limits.log"; then
  bound=$(micro_batch)
  check "with 1 GB of memory a pass takes ${bound:-?} photos instead of ${free:-?}" [ "${bound:-0}" -ge 1 -a "${bound:-0}" -lt "${free:-0}" ]
  bit finetune "$work/flowers" --model limited --method head --steps 20 --wait --json > /dev/null 2>&1
  threads=$(bit models versions limited --json 2>/dev/null | grep -o '[0-9]* threads')
  check "with 1 CPU of $(nproc) ONNX Runtime gets $threads" [ "$threads" = "1 threads" ]
  stop $trainer
else
  limits=", CPU and memory limits ($(tail -n 1 "$work/limits.log"))"
fi
stop $server

echo "skipped: the gpu flavour (needs a GPU), compose.yaml (needs the compose plugin)${limits-}"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]

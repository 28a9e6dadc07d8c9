#!/bin/sh
# Restores or publishes a project within an image: publish.sh restore|publish PROJECT, FLAVOR and TARGETARCH from the environment.
set -eu
case "$FLAVOR" in
  # A base image of CUDA has no .NET: there the program brings it along.
  gpu) self_contained=true ;;
  cpu) self_contained=false ;;
  *) echo "FLAVOR is '$FLAVOR'; expected cpu or gpu." >&2; exit 1 ;;
esac
case "$TARGETARCH" in
  amd64) rid=linux-x64 ;;
  *) rid=linux-$TARGETARCH ;;
esac
common="-p:OnnxRuntimeFlavor=$FLAVOR -p:BuildTrainer=false -p:RuntimeIdentifier=$rid -p:SelfContained=$self_contained"
case "$1" in
  # shellcheck disable=SC2086
  restore) exec dotnet restore "$2" $common ;;
  # shellcheck disable=SC2086
  publish) exec dotnet publish "$2" -c Release --no-restore -o /app -p:DebugType=none $common ;;
esac

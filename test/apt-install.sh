#!/bin/sh
# Installs Debian packages. A new machine updates itself in its first minutes and holds apt's locks: this waits for them,
# up to 5 minutes each, and says so. apt waits for dpkg's lock by itself, for that of the package lists it does not.
set -eu
lock_s=300
export DEBIAN_FRONTEND=noninteractive

waited_s=0
until errors=$(apt-get update -qq -o "DPkg::Lock::Timeout=$lock_s" 2>&1 >/dev/null); do
  case $errors in
    *'Could not get lock'*) ;;
    *) printf '%s\n' "$errors" >&2; exit 1 ;;
  esac
  if [ "$waited_s" -ge "$lock_s" ]; then printf '%s\n' "$errors" >&2; exit 1; fi
  if [ "$waited_s" = 0 ]; then echo "waiting for another program that holds apt's lock, up to $lock_s s"; fi
  sleep 2
  waited_s=$((waited_s + 2))
done
apt-get install -y -qq --no-install-recommends -o "DPkg::Lock::Timeout=$lock_s" "$@" >/dev/null

#!/bin/sh
# Outlives the agent by a moment. When the last process under tini ends, the kernel kills all others of the container. A
# keepalived that just got SIGTERM, because its agent died, would then leave its VIPs on the host.
set -u

# The time that keepalived gets to release its VIPs, in steps of 0.05 s. It takes some ms, and 1 s until it has ended.
grace_steps=20

if [ "${1-run}" != run ]; then exec rancher-keepalived "$@"; fi

# Handed on once; before there is an agent, the signal ends this script itself.
trap 'kill -s TERM "$!" 2>/dev/null || exit 143' TERM
trap 'kill -s INT "$!" 2>/dev/null || exit 130' INT
trap '' HUP USR1 USR2

rancher-keepalived run &
agent=$!
wait "$agent"
status=$?
# A trapped signal ends `wait` too: then the agent is still there, or its status has not been fetched.
while kill -s 0 "$agent" 2>/dev/null; do
  wait "$agent"
  status=$?
done
trap '' TERM INT

is_keepalived_there() {
  for file in /proc/[0-9]*/comm; do
    if read -r name <"$file" && [ "$name" = keepalived ]; then return 0; fi
  done 2>/dev/null
  return 1
}
while [ "$grace_steps" -gt 0 ] && is_keepalived_there; do
  sleep 0.05
  grace_steps=$((grace_steps - 1))
done
exit "$status"

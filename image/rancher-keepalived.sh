#!/bin/sh
# The agent's commands, in little memory (README, "Memory"): V8 collects garbage sooner, malloc keeps one pool for all
# threads.
export MALLOC_ARENA_MAX=1
exec node --max-semi-space-size=1 --max-old-space-size=64 \
  /usr/local/lib/rancher-keepalived/dist/rancher-keepalived.mjs "$@"

#!/bin/sh
# The agent's commands, in little memory (docs/use/image.md, "Memory"): V8 collects garbage sooner, by one thread, and leaves out its
# optimizing compilers, which an agent that sleeps has no use for. The heap's end is far off, for floods. malloc keeps one
# pool for all threads.
export MALLOC_ARENA_MAX=1
exec node --max-semi-space-size=1 --max-old-space-size=192 --optimize-for-size --single-threaded --no-opt --no-maglev \
  /usr/local/lib/rancher-keepalived/dist/rancher-keepalived.mjs "$@"

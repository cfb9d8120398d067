#!/bin/sh
# The agent's commands, in little memory (docs/use/image.md, "Memory"): V8 collects garbage sooner, by one thread, and leaves out its
# optimizing compilers, which an agent that sleeps has no use for. The heap's end is far off, for floods. malloc keeps one pool for
# all threads, and gives larger blocks back to the system.
export MALLOC_ARENA_MAX=1
export MALLOC_MMAP_THRESHOLD_=32768
# Compiled functions that the image brings (compile.sh). Where none fit this Node and its options, it compiles as ever.
export NODE_COMPILE_CACHE=/usr/local/lib/rancher-keepalived/compiled
program=/usr/local/lib/rancher-keepalived/dist/rancher-keepalived.mjs
# The agent runs for months. A command that ends at once starts sooner with Node's snapshot.
if [ "${1:-run}" = run ]; then
  set -- --no-node-snapshot --no-sparkplug --no-icu-timezone-data --invocation-count-for-feedback-allocation=1000 \
    --memory-balancer "$program" "$@"
else
  set -- "$program" "$@"
fi
# Node needs system calls that an old Docker forbids.
exec perl /usr/local/lib/rancher-keepalived/image/old-docker.pl node --max-semi-space-size=1 --max-old-space-size=192 --optimize-for-size --single-threaded --no-opt --no-maglev "$@"

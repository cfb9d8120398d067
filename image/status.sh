#!/bin/sh
# How the agent of this host is: `docker exec CONTAINER status`, and the image's HEALTHCHECK.
exec rancher-keepalived status "$@"

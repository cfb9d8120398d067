# The agent with keepalived: docs/use/image.md. For amd64 and arm64, with BuildKit:
#
#   docker build -t rancher-keepalived:0.1.0 .
#
# The bases are arguments, so that a mirror's or one pinned by digest can take their place.
ARG NODE_BASE=node:24.21.0-bookworm-slim
ARG DEBIAN_BASE=debian:bookworm-slim

# What the lock file says becomes one file; it is the same for every architecture.
FROM --platform=$BUILDPLATFORM ${NODE_BASE} AS bundle
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY build build
COPY src src
COPY templates templates
RUN npm run build

# Node without its debug symbols: 18 MB less.
FROM ${NODE_BASE} AS node
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils \
 && strip -o /node /usr/local/bin/node

FROM ${DEBIAN_BASE}
# keepalived loads libperl.so, through libsnmp. The agent needs perl-base and Time::HiRes: other modules can go, and the MIBs, 45 MB.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      iproute2 iptables keepalived nftables tini \
 && find /usr/lib/*/perl -type f ! -path '*/Time/HiRes*' -delete \
 && rm -rf /usr/share/perl /usr/share/snmp /usr/share/bash-completion \
      /etc/keepalived/* /var/lib/apt/lists/* /var/cache/* /var/log/* \
 && mkdir -m 0700 /var/lib/rancher-keepalived
COPY --from=node /node /usr/local/bin/node
COPY --chmod=0755 image/entrypoint.sh /usr/local/bin/entrypoint
COPY --chmod=0755 image/rancher-keepalived.sh /usr/local/bin/rancher-keepalived
COPY --chmod=0755 image/status.sh /usr/local/bin/status
COPY image/old-docker.pl /usr/local/lib/rancher-keepalived/image/
WORKDIR /usr/local/lib/rancher-keepalived
COPY LICENSE package.json ./
COPY templates templates
COPY --from=bundle /build/dist dist
# It saves a fifth of the CPU time of a start, and a third of a health check's.
RUN --mount=type=bind,source=image/compile.sh,target=/tmp/compile.sh sh /tmp/compile.sh
WORKDIR /

ENV STATE_DIR=/var/lib/rancher-keepalived
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=2 CMD ["status"]
ENTRYPOINT ["tini", "--", "entrypoint"]
CMD ["run"]

ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="rancher-keepalived" \
      org.opencontainers.image.description="A virtual IP that is always on a Rancher 1.6 host that works" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

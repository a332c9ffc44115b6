# The production image: Node 22 on Debian slim (glibc, which uWebSockets.js needs), nobody's user, nothing that is only for development.
# How to run it: docker/compose.yaml, docs/docker.md.
#
#   docker build -t sluice .
#   docker build -t sluice --build-arg REVISION="$(git rev-parse HEAD)" \
#     --build-arg NODE=node:22-bookworm-slim@sha256:… --build-arg BASE=debian:bookworm-slim@sha256:… .
#
# A tag moves when Debian or Node is patched, which is what a build wants; a build that is to be repeated bit by bit names digests, as above.

# Where it is built, and whose `node` is taken along.
ARG NODE=node:22-bookworm-slim
# What it runs on: without npm, yarn and corepack, which a daemon has no use for.
ARG BASE=debian:bookworm-slim

FROM ${NODE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Every package is checked against the hash in the lock file, and none of their scripts runs. Who has a registry of their own hands its
# settings in as a secret (docker build --secret id=npmrc,src=$HOME/.npmrc): they get into no layer.
RUN --mount=type=secret,id=npmrc NPM_CONFIG_USERCONFIG=/run/secrets/npmrc npm ci --ignore-scripts
COPY tsconfig.json LICENSE README.md SECURITY.md ./
COPY bin bin
COPY config config
COPY docs docs
COPY scripts scripts
COPY src src
COPY systemd systemd
# What `npm pack` takes is what an installation has, here too.
RUN npm run build \
  && node scripts/sbom.mjs \
  && npm pack --silent --ignore-scripts \
  && mkdir -p /out/sluice \
  && tar -xzf sluice-*.tgz -C /out/sluice --strip-components=1 \
  && npm prune --omit=dev --ignore-scripts \
  && node scripts/prune.mjs node_modules \
  && mv node_modules /out/sluice/ \
  && chmod 0755 /out/sluice/bin/sluice.js \
  && chmod -R a+rX,go-w /out

FROM ${BASE}
ARG REVISION=
LABEL org.opencontainers.image.title="Sluice" \
  org.opencontainers.image.description="A low-latency event bus: priority lanes end to end, no silent loss, latency measured inside" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.revision="${REVISION}"
# By number, so that Kubernetes' runAsNonRoot can tell that it is not root.
RUN groupadd --gid 7400 sluice \
  && useradd --uid 7400 --gid 7400 --home-dir /var/lib/sluice --no-create-home --shell /usr/sbin/nologin sluice \
  && install -d -o 7400 -g 7400 -m 0750 /var/lib/sluice
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /out/sluice /opt/sluice
COPY docker/sluice.toml /etc/sluice/sluice.toml
RUN ln -s /opt/sluice/bin/sluice.js /usr/local/bin/sluice
ENV NODE_ENV=production
USER 7400:7400
WORKDIR /var/lib/sluice
# WebSocket and HTTP/1.1; HTTP/2; the admin port, which listens inside the container only until told otherwise; TLS.
EXPOSE 7400 7401 7402 7443
# Drains. Node is process 1, takes the signal itself and waits for the one process that it starts, so there is no init between.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["sluice", "health"]
ENTRYPOINT ["sluice"]
CMD ["serve", "/etc/sluice/sluice.toml"]

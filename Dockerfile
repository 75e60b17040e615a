# The API and its command line. Nothing in it is a secret, and nothing has a default that would be one.
#
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" --tag ncy8:0.1.0 .
#   docker build --target ops --tag ncy8-ops:0.1.0 .        # with PostgreSQL's client programs, for backup and restore
#
# It needs DB_HOST: the embedded PostgreSQL is a development package. Other commands take the place of the entry point:
#
#   docker run --rm --env-file=... --entrypoint=node ncy8:0.1.0 dist/apps/api/src/database/cli.js migrate   # bootstrap, seed
#   docker run --rm --env-file=... --volume=backups:/data/backups --entrypoint=node ncy8:0.1.0 dist/server/job.js retention
#
# The file system may be read-only but for two mounts: BACKUP_DIR (/data/backups), where the server keeps the ledger of erasures beside the dumps,
# and with no SMTP_URL DATA_DIR (/data), for mails.

FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json .swcrc ./
COPY apps apps
COPY libs libs
COPY migrations migrations
COPY packages packages
COPY tools tools
RUN npm run build

# `--omit=optional` would also leave out the binary of @node-rs/argon2: the packages that bring Node itself go by name.
FROM base AS production
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node-linux-*

FROM base AS app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
# As in `npm start`, like the flags of node below: without them the server keeps 60 MB more (docs/ARCHITECTURE.md).
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=8192
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data /data/backups
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
# By number, so that Kubernetes can see that it is not root. It owns nothing below /app.
USER 10001:10001
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell between, so that SIGTERM reaches node.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--heap-growing-percent=40", "dist/server/main.js"]

# pg_dump refuses a server newer than itself, and what a newer one dumps an older server may not restore: take the server's own version.
FROM app AS ops
ARG POSTGRES_MAJOR=18
USER 0
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
  && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
  && apt-get install --yes --no-install-recommends "postgresql-client-$POSTGRES_MAJOR" \
  && rm -rf /var/lib/apt/lists/*
USER 10001:10001

FROM app AS runtime
ARG VERSION=0.0.0-unversioned
ARG REVISION=unknown
LABEL org.opencontainers.image.title="NCY_8" \
  org.opencontainers.image.description="The working-time backend" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION"

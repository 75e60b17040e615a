#!/usr/bin/env bash
# Runs once, after init-owner.sh, when the postgres image makes a new cluster: a login for postgres_exporter that reads
# statistics (pg_monitor) and no table. The extension sees all databases from "postgres"; in "ncy8" it would get into the
# dumps, and no owner but a superuser could restore them.
set -euo pipefail

: "${MONITORING_PASSWORD:?set the password of the role that sees statistics}"

psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
\getenv password MONITORING_PASSWORD
CREATE EXTENSION pg_stat_statements;
CREATE ROLE ncy8_monitoring LOGIN CONNECTION LIMIT 5 PASSWORD :'password';
GRANT pg_monitor TO ncy8_monitoring;
ALTER ROLE ncy8_monitoring SET statement_timeout = '10s';
SQL

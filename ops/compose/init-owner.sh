#!/usr/bin/env bash
# Runs once, when the postgres image makes a new cluster. That image's own user is a superuser: the application's database
# gets an owner that is none, but may make the roles it needs (npm run db:bootstrap), and the database into which a backup is
# restored before it counts (npm run backup).
set -euo pipefail

: "${DB_OWNER_PASSWORD:?set the password of the role that owns the database}"

# psql reads the password from the environment itself: it stands on no command line.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
\getenv password DB_OWNER_PASSWORD
CREATE ROLE ncy8_owner LOGIN CREATEROLE CREATEDB PASSWORD :'password';
CREATE DATABASE ncy8 OWNER ncy8_owner;
SQL

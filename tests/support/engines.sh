# Finds, installs where it may, starts and stops the servers that the engine tests use. Sourced by tests/run.sh.
#
# Each server gets a free port and keeps its data in $ENGINES_DIR, which goes away with the run. What could not be had
# is written to $ENGINES_DIR/missing, one line each: NAME<TAB>how to get it.

log() { printf '\033[2m%s\033[0m\n' "$*" >&2; }

missing() { # NAME HOW
  printf '%s\t%s\n' "$1" "$2" >>"$ENGINES_DIR/missing"
  log "engines: $1 is missing: $2"
}

free_port() {
  node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

# Installs a Debian package where that is possible without asking.
debian_install() { # PACKAGE...
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  log "engines: installing $* (Debian packages)"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$ENGINES_DIR/apt.log" 2>&1 ||
    { DEBIAN_FRONTEND=noninteractive apt-get update -qq >>"$ENGINES_DIR/apt.log" 2>&1 &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$ENGINES_DIR/apt.log" 2>&1; }
}

# PostgreSQL refuses to run as root, so root lends it the account of the package.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

postgres_bin() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$found" ] || { command -v initdb >/dev/null && found=$(dirname "$(command -v initdb)"); }
  [ -n "$found" ] && printf '%s\n' "$found"
}

start_postgres() {
  [ -z "${TEST_POSTGRES_URL:-}" ] || return 0
  postgres_bin >/dev/null || debian_install postgresql || true
  local bin port dir="$ENGINES_DIR/postgres"
  bin=$(postgres_bin) || { missing postgres "apt-get install postgresql, or set TEST_POSTGRES_URL"; return 0; }
  port=$(free_port)
  mkdir -p "$dir"
  [ "$(id -u)" != 0 ] || { chown postgres "$dir"; chmod 755 "$ENGINES_DIR"; }
  as_postgres "$bin/initdb" -D "$dir/data" -U selvedge --auth=trust --encoding=UTF8 --locale=C >"$ENGINES_DIR/initdb.log" 2>&1 ||
    { missing postgres "initdb failed, see $ENGINES_DIR/initdb.log"; return 0; }
  # Test data need not survive a power cut, so fsync is off; max_connections leaves room for parallel tests.
  as_postgres "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" -o \
    "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$dir' -c fsync=off -c max_connections=400 -c shared_buffers=128MB" start >/dev/null ||
    { missing postgres "the server did not start, see $dir/log"; return 0; }
  export TEST_POSTGRES_URL="postgres://selvedge@127.0.0.1:$port/postgres"
  log "engines: PostgreSQL on port $port"
}

start_redis() {
  [ -z "${TEST_REDIS_URL:-}" ] || return 0
  command -v redis-server >/dev/null || debian_install redis-server || true
  command -v redis-server >/dev/null || { missing redis "apt-get install redis-server, or set TEST_REDIS_URL"; return 0; }
  local port
  port=$(free_port)
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$ENGINES_DIR" --daemonize yes \
    --pidfile "$ENGINES_DIR/redis.pid" --logfile "$ENGINES_DIR/redis.log" >/dev/null
  export TEST_REDIS_URL="redis://127.0.0.1:$port"
  log "engines: Redis on port $port"
}

wait_for_port() { # PORT
  for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0; sleep 0.1; done
  return 1
}

start_ferretdb() { # over the PostgreSQL of this run
  local cache="${XDG_CACHE_HOME:-$HOME/.cache}/selvedge" port binary here
  here=$(dirname "${BASH_SOURCE[0]}")
  binary="$cache/ferretdb-1.24.2"
  if [ ! -x "$binary" ]; then
    command -v go >/dev/null || { missing mongodb "install mongod, or Go 1.22 or newer for FerretDB, or set TEST_MONGODB_URI"; return 0; }
    log "engines: building FerretDB 1.24.2 (about two minutes, once)"
    mkdir -p "$cache"
    (cd "$here/ferretdb" && CGO_ENABLED=0 go build -o "$binary" .) \
      >"$ENGINES_DIR/ferretdb-build.log" 2>&1 ||
      { missing mongodb "FerretDB did not build, see $ENGINES_DIR/ferretdb-build.log"; return 0; }
  fi
  [ -n "${TEST_POSTGRES_URL:-}" ] || { missing mongodb "FerretDB needs PostgreSQL"; return 0; }
  psql_do "CREATE DATABASE ferretdb" || { missing mongodb "FerretDB's database could not be made"; return 0; }
  port=$(free_port)
  "$binary" -postgresql-url "${TEST_POSTGRES_URL%/*}/ferretdb" -listen-addr "127.0.0.1:$port" >"$ENGINES_DIR/ferretdb.log" 2>&1 &
  echo $! >"$ENGINES_DIR/ferretdb.pid"
  wait_for_port "$port" || { missing mongodb "FerretDB did not start, see $ENGINES_DIR/ferretdb.log"; return 0; }
  export TEST_MONGODB_URI="mongodb://127.0.0.1:$port/" TEST_MONGODB_SERVER="FerretDB 1.24.2"
  log "engines: FerretDB on port $port"
}

psql_do() { # SQL
  "$(postgres_bin)/psql" -q "$TEST_POSTGRES_URL" -c "$1" >/dev/null 2>>"$ENGINES_DIR/psql.log"
}

start_mongodb() {
  if [ -n "${MONGODB_URI:-}" ]; then
    export TEST_MONGODB_URI="$MONGODB_URI" TEST_MONGODB_SERVER="MONGODB_URI"
  elif command -v mongod >/dev/null; then
    local port
    port=$(free_port)
    mkdir -p "$ENGINES_DIR/mongod"
    mongod --port "$port" --bind_ip 127.0.0.1 --dbpath "$ENGINES_DIR/mongod" >"$ENGINES_DIR/mongod.log" 2>&1 &
    echo $! >"$ENGINES_DIR/mongod.pid"
    wait_for_port "$port" || { missing mongodb "mongod did not start, see $ENGINES_DIR/mongod.log"; return 0; }
    export TEST_MONGODB_URI="mongodb://127.0.0.1:$port/" TEST_MONGODB_SERVER="mongod"
  else
    start_ferretdb
  fi
}

find_chromium() {
  [ -z "${TEST_CHROMIUM:-}" ] || return 0
  command -v chromium >/dev/null || debian_install chromium || true
  if command -v chromium >/dev/null; then
    TEST_CHROMIUM=$(command -v chromium)
    export TEST_CHROMIUM
  else
    missing chromium "apt-get install chromium, or set TEST_CHROMIUM to a Chromium binary"
  fi
}

# Node with what the conformance tests need of npm.
find_node() {
  [ -z "${TEST_NODE:-}" ] || return 0
  command -v node >/dev/null || { missing nodejs "install Node.js 20.19 or newer, or set TEST_NODE to its binary"; return 0; }
  (cd tests/conformance && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund) \
    >"$ENGINES_DIR/conformance-npm.log" 2>&1 ||
    { missing nodejs "npm ci failed in tests/conformance, see $ENGINES_DIR/conformance-npm.log"; return 0; }
  TEST_NODE=$(command -v node)
  export TEST_NODE
}

start_engines() {
  : >"$ENGINES_DIR/missing"
  start_postgres
  start_redis
  start_mongodb
  find_chromium
  find_node
}

stop_engines() {
  local pid name bin
  for name in ferretdb mongod redis; do
    if [ -f "$ENGINES_DIR/$name.pid" ]; then
      pid=$(cat "$ENGINES_DIR/$name.pid")
      kill "$pid" 2>/dev/null || true
    fi
  done
  if [ -d "$ENGINES_DIR/postgres/data" ] && bin=$(postgres_bin); then
    as_postgres "$bin/pg_ctl" -D "$ENGINES_DIR/postgres/data" -m immediate stop >/dev/null 2>&1 || true
  fi
}

# For the scripts beside it: where downloaded tools are kept, and a server to talk to. Sourced, not run.
#
# PROGRAM   the program to test; the release build, if unset
# CI_CACHE  a folder for pinned npm and pip packages

CI_CACHE=${CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/groupchat-ci}
mkdir -p "$CI_CACHE"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Installs Debian packages: debian_packages PACKAGE… Scripts that run at once take turns.
debian_packages() {
  (
    flock 9
    as_root apt-get update -qq 9>&-
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 9>&-
  ) 9>"$CI_CACHE/apt.lock"
}

# The same unless the command that they bring is there: need COMMAND PACKAGE…
need() { command -v "$1" >/dev/null || debian_packages "${@:2}"; }

# A virtual environment with exactly these packages: python_packages NAME PACKAGE==VERSION…
# Its programs are in $CI_CACHE/NAME/bin afterwards.
python_packages() {
  local folder=$CI_CACHE/$1 wanted=${*:2}
  [ "$(cat "$folder/packages" 2>/dev/null)" = "$wanted" ] && return
  rm -rf "$folder"
  need python3 python3
  # Debian has the part that makes virtual environments in a package of its own.
  python3 -c 'import ensurepip' 2>/dev/null || debian_packages python3-venv
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
  echo "$wanted" >"$folder/packages"
}

# The Node.js that runs what npm brings; Debian's is too old for some of it.
NODE=node@22.21.1

# A folder with exactly these packages in node_modules: node_packages NAME PACKAGE@VERSION…
# From then on their programs are found first.
node_packages() {
  local folder=$CI_CACHE/$1 wanted=${*:2}
  if [ "$(cat "$folder/packages" 2>/dev/null)" != "$NODE $wanted" ]; then
    rm -rf "$folder"
    need npm nodejs npm
    mkdir -p "$folder"
    echo '{"private": true, "type": "module"}' >"$folder/package.json"
    npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "$NODE" "${@:2}"
    echo "$NODE $wanted" >"$folder/packages"
  fi
  PATH=$folder/node_modules/.bin:$PATH
}

# A folder with these scripts, which may import playwright-core and browser.mjs: browser_scripts FOLDER FILE…
browser_scripts() {
  need chromium chromium
  node_packages playwright playwright-core@1.65.1
  CHROMIUM=$(command -v chromium)
  export CHROMIUM
  mkdir -p "$1"
  ln -s "$CI_CACHE/playwright/node_modules" "$1/node_modules"
  cp .ci/browser.mjs "${@:2}" "$1/"
}

# The program to test, built if need be.
program() {
  if [ -z "${PROGRAM:-}" ]; then
    cargo build --release --locked --quiet
    PROGRAM=$PWD/target/release/groupchat
  fi
  export PROGRAM
}

# Starts a server on a fresh data folder below $work, and sets ORIGIN and PASSWORD (of the user admin).
start_server() {
  program
  "$PROGRAM" serve --data-dir "$work/data" --listen "${LISTEN:-127.0.0.1:0}" >"$work/out" 2>"$work/log" &
  server=$!
  for _ in $(seq 200); do
    grep -q 'password: ' "$work/out" && break
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; return 1; }
    sleep 0.1
  done
  ORIGIN=$(sed -n 's/.* listens on \(http:[^ ]*\).*/\1/p' "$work/out")
  PASSWORD=$(sed -n 's/^ *password: //p' "$work/out")
  [ -n "$ORIGIN" ] && [ -n "$PASSWORD" ]
  export ORIGIN PASSWORD
}

# Stops the server and removes what it wrote.
clean_up() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}

server=
work=$(mktemp -d)
trap clean_up EXIT

# Finds Pythons and makes environments; sourced by scripts/quickstart and scripts/test. For bash 3.2 and newer.

export PIP_DISABLE_PIP_VERSION_CHECK=1

# die WHAT NEXT: what happened, and what to do next.
die() {
  printf '%s\n%s\n' "$1" "$2" >&2
  exit 1
}

# fits PYTHON [MINOR]: it runs, is CPython 3.11 to 3.13 (or 3.MINOR) and can make environments.
fits() {
  "$1" -c '
import ensurepip, sys, venv
wanted = [int(word) for word in sys.argv[1:]] or [11, 12, 13]
sys.exit(sys.version_info[0] != 3 or sys.version_info[1] not in wanted)
' ${2+"$2"} >/dev/null 2>&1
}

# find_minor MINOR: print a Python 3.MINOR, from PYTHON, PATH or pyenv; fail if there is none.
find_minor() {
  local candidate
  for candidate in "${PYTHON:-}" "python3.$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$1"*/bin/python python3; do
    if fits "$candidate" "$1"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# find_python: print the Python to use: the one that PYTHON names, else the first of 3.11, 3.12, 3.13.
find_python() {
  local minor
  if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON" || die "PYTHON=$PYTHON is no Python 3.11, 3.12 or 3.13 that can make environments." \
      "Name another one, or unset PYTHON to have one looked for."
    printf '%s\n' "$PYTHON"
    return 0
  fi
  for minor in 11 12 13; do
    find_minor "$minor" && return 0
  done
  die "No Python 3.11, 3.12 or 3.13 that can make environments was found." \
    "Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13), or name it: PYTHON=/path/to/python $0"
}

# listed WORD LIST: the word stands in the list, whose words have commas between them.
listed() {
  case ",$2," in
    *",$1,"*) return 0 ;;
    *) return 1 ;;
  esac
}

# together LIST LIST: print the words of both lists, each once.
together() {
  printf '%s,%s' "$1" "$2" | tr ',' '\n' | sed '/^$/d' | sort -u | paste -sd , -
}

# is_current STAMP EXTRAS: all these extras are installed, and nothing that an editable install copies or reads (version,
# public name, the Lab extension's sources) is newer than the stamp.
is_current() {
  local sources="pyproject.toml swarmprov.py swarmprov_nb/__init__.py"
  [ -e "$1" ] && [ "$(together "$(cat "$1")" "$2")" = "$(cat "$1")" ] || return 1
  if listed lab "$2"; then
    sources="$sources labextension/*.json labextension/yarn.lock labextension/src labextension/style labextension/schema"
    sources="$sources swarmprov_nb/widgets/*.js swarmprov_nb/widgets/*.css"
  fi
  # shellcheck disable=SC2086 # several words, and patterns among them
  [ -z "$(find $sources -newer "$1" 2>/dev/null | head -n 1)" ]
}

# make_environment FOLDER EXTRAS [PYTHON]: install the project there, unless what was installed is current. What an
# earlier run installed stays. The Lab extension is built where `lab` is among the extras, and only there.
make_environment() {
  local stamp="$1/.swarmprov-installed" python=${3:-} extras skip=1
  if [ ! -e "$1" ]; then
    [ -n "$python" ] || python=$(find_python) || exit 1
    "$python" -m venv "$1" || die "The environment $1 could not be made." "See what Python says above, then delete $1 and run this again."
  fi
  fits "$1/bin/python" || die "$1 holds no working Python 3.11, 3.12 or 3.13." "Delete $1 and run this again."
  if is_current "$stamp" "$2"; then
    return 0
  fi
  extras=$(together "$2" "$(cat "$stamp" 2>/dev/null || true)")
  if listed lab "$extras"; then
    skip=""
    printf 'Installing swarmprov-nb[%s] into %s, with the Lab extension (some minutes, the first time)\n' "$extras" "$1"
  else
    printf 'Installing swarmprov-nb[%s] into %s (a minute or two, the first time)\n' "$extras" "$1"
  fi
  SKIP_JUPYTER_BUILDER=$skip "$1/bin/python" -m pip install --quiet -e ".[$extras]" ||
    die "swarmprov-nb[$extras] could not be installed into $1." "See what pip says above; once that is cured, run this again."
  printf '%s\n' "$extras" >"$stamp"
}

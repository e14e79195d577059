#!/usr/bin/env bash
# Makes .venv with PathView and everything it needs, pinned by constraints.txt. Safe to run again: it does
# nothing when the environment is already what the pins say.
#
# usage: installers/setup.sh          (PYTHON=/path/to/python chooses the interpreter)
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.pathview-setup
debian_packages=(xvfb xauth libegl1 libgl1 libgl1-mesa-dri libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4
    libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-shape0 libdbus-1-3 libfontconfig1
    fonts-dejavu-core)

say() { printf '%s\n' "$*" >&2; }

good_python() { # PythonPath -> true when it runs and is new enough
    "$1" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2])' >/dev/null 2>&1
}

pyenv_root() {
    # With another HOME, pyenv itself looks in the wrong place; the folder of its shims still tells.
    local shim
    shim=$(command -v python3 || true)
    if [[ -n ${PYENV_ROOT:-} ]]; then echo "$PYENV_ROOT"
    elif [[ $shim == */shims/python3 ]]; then dirname "$(dirname "$shim")"
    else echo "$HOME/.pyenv"; fi
}

find_python() {
    local root candidate
    root=$(pyenv_root)
    # The pins were resolved on 3.13, so that comes first.
    for candidate in "${PYTHON:-}" python3.13 "$root"/versions/3.13*/bin/python python3.12 \
        "$root"/versions/3.12*/bin/python python3.14 "$root"/versions/3.14*/bin/python python3 python; do
        if [[ -n $candidate ]] && good_python "$candidate"; then echo "$candidate"; return; fi
    done
    if command -v uv >/dev/null; then
        uv python find '>=3.12' 2>/dev/null || { uv python install 3.13 >&2 && uv python find 3.13; }
    fi
}

install_system_libraries() {
    command -v dpkg-query >/dev/null || return 0
    local missing=() package
    for package in "${debian_packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if ((${#missing[@]} == 0)); then return 0; fi
    if [[ $(id -u) == 0 ]]; then
        say "Installing system libraries: ${missing[*]}"
        DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
    else
        say "These system libraries are missing; the window and the GL tests need them. Install them with:"
        say "  sudo apt-get install ${missing[*]}"
    fi
}

wanted() { cat constraints.txt pyproject.toml installers/setup.sh | cksum; pwd; }

install_system_libraries
if [[ -x $venv/bin/pathview && -f $stamp && $(cat "$stamp") == "$(wanted)" ]]; then exit 0; fi

python=$(find_python)
if [[ -z $python ]]; then
    say "PathView needs Python 3.12 or newer, and none was found on the PATH, under pyenv or through uv."
    say "Install one (for example: uv python install 3.13), or name it: PYTHON=/path/to/python make setup"
    exit 1
fi
say "Setting up $venv with $("$python" --version)"
rm -rf "$venv"
"$python" -m venv "$venv"
# pip fetches only uv; uv then installs the rest several times faster, from the same pins.
"$venv/bin/python" -m pip install -q --disable-pip-version-check "$(grep '^uv==' constraints.txt)"
VIRTUAL_ENV=$PWD/$venv "$venv/bin/uv" pip install -q --compile-bytecode --constraints constraints.txt \
    --build-constraints constraints.txt --group dev --editable '.[models]'
wanted >"$stamp"
say "Ready: $venv/bin/pathview"

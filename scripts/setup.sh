# Sourced by the other scripts: goes to the project's root and brings what a build needs.
#   need PACKAGE...        installs the Debian packages that are missing
#   build PRESET [ARG...]  configures build/PRESET (ARG goes to cmake) and builds it
#   show COMMAND...        prints a command, then runs it

cd "$(dirname "${BASH_SOURCE[0]}")/.."

PACKAGES=(g++ cmake ninja-build zlib1g-dev libzstd-dev nlohmann-json3-dev libxsimd-dev libfast-float-dev libxxhash-dev
          libcli11-dev doctest-dev python3 python3-numpy)

show() {
  printf '\n$ %s\n' "$*"
  "$@"
}

need() {
  local missing=() package
  for package in "$@"; do
    if ! command -v dpkg-query >/dev/null ||
       [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      missing+=("$package")
    fi
  done
  if [ ${#missing[@]} -eq 0 ]; then
    return
  fi

  local id="" version="" name="this system"
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo "$ID")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    name=$(. /etc/os-release && echo "$PRETTY_NAME")
  fi
  # The oldest releases whose packages are new enough.
  local oldest=""
  case "$id" in
    debian) oldest=12 ;;
    ubuntu) oldest=24.04 ;;
  esac
  if [ -z "$oldest" ] || { [ -n "$version" ] && ! dpkg --compare-versions "$version" ge "$oldest"; }; then
    echo "error: $name is not Debian 12, Ubuntu 24.04 or newer, so nothing was installed; missing: ${missing[*]}" >&2
    echo "install these yourself (CMake 3.25, g++ 12 or newer), then follow \"Build\" in README.md" >&2
    exit 1
  fi

  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: missing packages: ${missing[*]}; there is no sudo" >&2
      echo "as root: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    root=(sudo)
  fi
  echo "Installing missing packages: ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

build() {
  local preset=$1
  shift
  show cmake --preset "$preset" "$@"
  show cmake --build --preset "$preset" --parallel "$(nproc)"
}

# Prints a Python that has PyTorch (the build for processors) and numpy, from an environment of its own, made once.
torch_python() {
  local home=build/torch
  if [ ! -e $home/ready ]; then
    need python3-venv >&2
    python3 -m venv $home >&2
    $home/bin/pip install --quiet --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy >&2 || return
    touch $home/ready
  fi
  echo $home/bin/python
}

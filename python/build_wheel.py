"""Builds the wheel (PEP 517): one shared library and Python files, for every Python 3.

It needs what the project needs (cmake, g++, the Debian packages of README.md) and, for Python, the standard library only.
"""

import base64
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
RUNTIMES = ("libgomp.so.1",)  # comes along: not every system has it


def _project():
    text = (HERE / "pyproject.toml").read_text()
    return {key: re.search(rf'^{key} = "(.*)"$', text, re.M).group(1) for key in ("name", "version", "description", "requires-python")}


def _run(*command):
    subprocess.run([str(part) for part in command], check=True)


def _built():
    """The shared library: $DCRNN_WHEEL_LIBRARY, or one built for this."""
    if "DCRNN_WHEEL_LIBRARY" in os.environ:
        return pathlib.Path(os.environ["DCRNN_WHEEL_LIBRARY"])
    build = ROOT / "build" / "wheel"
    options = ["BUILD_SHARED_LIBS=ON", "CMAKE_BUILD_TYPE=Release", "DCRNN_ZSTD=OFF", "DCRNN_INSTALL=OFF"]
    options += [f"DCRNN_BUILD_{part}=OFF" for part in ("APP", "TESTS", "EXAMPLES")]
    options += ["CMAKE_SHARED_LINKER_FLAGS=-static-libstdc++ -static-libgcc -Wl,-rpath,$ORIGIN"]
    _run("cmake", "-S", ROOT, "-B", build, *(f"-D{option}" for option in options))
    _run("cmake", "--build", build, "--target", "dcrnn", "--parallel", os.cpu_count() or 1)
    return next(build.glob("libdcrnn.so.*.*"))


def _library(to):
    """The shared library, and the runtimes that it needs, into the folder `to`."""
    library = to / "libdcrnn.so"
    shutil.copy(_built(), library)
    _run("strip", "--strip-unneeded", library)
    for line in subprocess.run(["ldd", library], check=True, capture_output=True, text=True).stdout.splitlines():
        name, _, rest = line.strip().partition(" => ")
        if name in RUNTIMES:
            shutil.copy(rest.split(" (")[0], to / name)
    return [library, *(to / name for name in RUNTIMES if (to / name).exists())]


def _tag(libraries):
    """manylinux by the newest version of glibc that is asked for."""
    newest = 17
    for library in libraries:
        symbols = subprocess.run(["objdump", "-T", library], check=True, capture_output=True, text=True).stdout
        newest = max([newest, *(int(minor) for minor in re.findall(r"GLIBC_2\.(\d+)", symbols))])
    return f"py3-none-manylinux_2_{newest}_{platform.machine()}"


def _metadata(project):
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Summary: {project['description']}", f"Requires-Python: {project['requires-python']}", "License: MIT"]
    lines += ["Requires-Dist: numpy>=1.21"]
    return "\n".join(lines) + "\n"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    project = _project()
    name = f"{project['name']}-{project['version']}.dist-info"
    folder = pathlib.Path(metadata_directory) / name
    folder.mkdir()
    (folder / "METADATA").write_text(_metadata(project))
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    project = _project()
    base = f"{project['name']}-{project['version']}"
    with tempfile.TemporaryDirectory() as scratch:
        libraries = _library(pathlib.Path(scratch))
        tag = _tag(libraries)
        files = {f"dcrnn/{path.name}": path.read_bytes() for path in sorted((HERE / "src" / "dcrnn").iterdir()) if path.is_file()}
        files.update({f"dcrnn/{path.name}": path.read_bytes() for path in libraries})
    files[f"{base}.dist-info/METADATA"] = _metadata(project).encode()
    files[f"{base}.dist-info/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: dcrnn\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{base}.dist-info/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = f"{base}.dist-info/RECORD"
    rows = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    files[record] = "\n".join([*rows, f"{record},,", ""]).encode()
    name = f"{base}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path)  # without a time: the same bytes of the same files
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)
    return name


def _digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def build_sdist(sdist_directory, config_settings=None):
    raise RuntimeError("the wheel is built from a checkout of the whole project: pip install ./python")

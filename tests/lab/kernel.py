"""Gets a kernel of Debian's: its bootable image and its vmlinux with DWARF.

In: the package archive, through apt. Out: two files in the lab's cache, one folder a release,
so that a second run downloads nothing.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

META_PACKAGE = "linux-image-6.12-cloud-amd64"
TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "objdump": "binutils",
    "dpkg-deb": "dpkg",
    "xz": "xz-utils",
}


class Missing(Exception):
    """Something the lab needs is not to be had; the text says what and how to get it."""


@dataclasses.dataclass
class Kernel:
    release: str
    """As `uname -r` prints it."""
    image: pathlib.Path
    """What QEMU boots (bzImage)."""
    vmlinux: pathlib.Path
    """The same kernel with symbols and DWARF."""


def install_tools():
    """Installs what is missing of the lab's tools; asks nothing."""
    packages = sorted(p for tool, p in TOOLS.items() if not shutil.which(tool))
    if not packages:
        return
    if os.geteuid() != 0:
        raise Missing(f"the lab needs packages: sudo apt-get install {' '.join(packages)}")
    update_package_lists()
    subprocess.run(
        ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages],
        check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )


def update_package_lists():
    """Not fatal when it fails: one unreachable archive of several fails it, and whether the
    right one was reached shows when a package is asked for."""
    subprocess.run(["apt-get", "update", "--quiet"], check=False, stdout=subprocess.DEVNULL)


def fetch(cache, release=None):
    """The kernel of a release, the newest 6.12 one if none is named, from the cache or Debian."""
    if release is None:
        if os.geteuid() == 0:
            update_package_lists()
        release = newest_release()
    folder = cache / "kernels" / release
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as download:
            unpacked = extract(pathlib.Path(download), release)
            unpacked.rename(folder)
    return Kernel(release, folder / "vmlinuz", folder / "vmlinux")


def newest_release():
    """The release that Debian's package of the newest 6.12 cloud kernel depends on."""
    listing = subprocess.run(
        ["apt-cache", "depends", META_PACKAGE], capture_output=True, text=True
    ).stdout
    found = re.search(r"Depends: linux-image-(\S+)", listing)
    if not found:
        raise Missing(
            f"apt knows no {META_PACKAGE}: run `apt-get update`, add a Debian archive that has it"
            " (bookworm-security), or name another kernel with --kernel"
        )
    return found[1]


def extract(folder, release):
    """Downloads a release's two packages; a folder with `vmlinuz` and `vmlinux` of them."""
    image_package = f"linux-image-{release}"
    # APT::Sandbox::User: the user that apt downloads as may not write here.
    download = ["apt-get", "download", "--quiet", "-o", "APT::Sandbox::User=root"]
    done = subprocess.run(
        [*download, image_package, f"{image_package}-dbg"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    if done.returncode:
        raise Missing(f"cannot download {image_package}(-dbg): {done.stderr.strip()}")
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    take(folder, f"{image_package}_*.deb", f"./boot/vmlinuz-{release}", unpacked / "vmlinuz")
    vmlinux = f"./usr/lib/debug/boot/vmlinux-{release}"
    take(folder, f"{image_package}-dbg_*.deb", vmlinux, unpacked / "vmlinux")
    return unpacked


def take(folder, package, member, target):
    """Takes one file out of a package and deletes the package. tar ends at the file's end
    (--occurrence), long before the archive's, so dpkg-deb ends with a broken pipe."""
    (deb,) = folder.glob(package)
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as archive, target.open("wb") as out:
        tar = ["tar", "--extract", "--to-stdout", "--occurrence=1", member]
        done = subprocess.run(tar, stdin=archive.stdout, stdout=out, stderr=subprocess.DEVNULL)
        archive.stdout.close()
    if done.returncode or not target.stat().st_size:
        raise Missing(f"{deb.name} holds no {member}")
    deb.unlink()

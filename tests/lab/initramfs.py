"""Makes the lab guest's file system: busybox and the `init` beside this file.

In: busybox-static of the host. Out: a compressed cpio archive, as the kernel wants it.
"""

import gzip
import pathlib
import shutil
import subprocess
import tempfile

APPLETS = ["sh", "mount", "tr", "sed", "poweroff"]
INIT = pathlib.Path(__file__).with_name("init")


def build(path):
    """Writes the archive to `path`."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("bin", "dev", "proc", "sys"):
            (root / name).mkdir()
        shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        for applet in APPLETS:
            (root / "bin" / applet).symlink_to("busybox")
        shutil.copy(INIT, root / "init")
        names = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
        archive = subprocess.run(
            ["cpio", "--create", "--format=newc", "--owner=0:0", "--quiet"],
            cwd=root, input=names.encode(), stdout=subprocess.PIPE, check=True,
        ).stdout
    path.write_bytes(gzip.compress(archive, compresslevel=1))

"""Writes a case of the corpus.

In: a log, its truth, words about it. Out: corpus/NAME/ with the log byte for byte, the truth
(expected.json) and a README.md for people.
"""

import json
import pathlib
import textwrap

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "corpus"
WIDTH = 100


def write_case(name, log, truth, about):
    """Writes a case, over an older one of that name."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log").write_bytes(log)
    (folder / "expected.json").write_text(json.dumps(truth, indent=2) + "\n")
    (folder / "README.md").write_text(readme(name, truth, about))


def readme(name, truth, about):
    true = [f"- {sentence(clear)}" for clear in truth["late_clears"]]
    if truth["kaslr_offset"]:
        true.append(f"- KASLR offset {truth['kaslr_offset']}")
    if not truth["late_clears"]:
        true.insert(0, "- no late clear may be reported")
    source = (
        f"The log is the serial console of Debian's unmodified kernel {truth['kernel']} under QEMU's"
        " software emulation, bytes as received. The kernel itself printed every splat."
    )
    return f"""# {name}

{textwrap.fill(about, WIDTH)}

{textwrap.fill(source, WIDTH)}

```
{truth["how"].strip()}
```

## What is true

{chr(10).join(true)}
"""


def sentence(clear):
    """A true late clear in words."""
    words = "{path} path, {stage}: CPU {cpu} clears {feature[name]} ({feature[number]}), target {target}"
    repeat = clear["caused_by"]
    requester = clear.get("requester_without_vmlinux")
    return "".join([
        words.format(**clear),
        f", for {clear['requester']}()",
        f" (which the printed frames lack: {requester}() comes first)" if requester else "",
        "" if repeat is None else f"; a nested repeat of the late clear at index {repeat}",
    ])  # fmt: skip

"""Writes a case of the corpus.

In: a log, its truth, words about it. Out: corpus/NAME/ with the log byte for byte, the truth
(expected.json) and a README.md for people.
"""

import json
import pathlib

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "corpus"


def write_case(name, log, truth, about):
    """Writes a case, over an older one of that name."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log").write_bytes(log)
    (folder / "expected.json").write_text(json.dumps(truth, indent=2) + "\n")
    (folder / "README.md").write_text(readme(name, truth, about))


def readme(name, truth, about):
    true = "\n".join(f"- {sentence(clear)}" for clear in truth["late_clears"])
    return f"""# {name}

{about}

Serial console of Debian's kernel {truth["kernel"]} under QEMU's software emulation, bytes as received.

```
{truth["how"]}
```

## What is true

{true or "No late clear may be reported."}
"""


def sentence(clear):
    """A true late clear in words."""
    words = "{path} path, {stage}: CPU {cpu}, {feature[name]} ({feature[number]}) cleared from {target}, asked for by {requester}()"
    repeat = clear["caused_by"]
    nested = "" if repeat is None else f"; a nested repeat of the late clear at index {repeat}"
    return words.format(**clear) + nested

"""Tests of compare.py with made-up answers: every kind of wrong answer must be called wrong.

In: nothing. Out: unittest's report (`python3 -m unittest discover tests/lab`).
"""

import copy
import unittest

import compare

NESTED = {
    "kaslr": True,
    "kaslr_offset": "0x2800000",
    "late_clears": [
        {
            "path": "ap",
            "cpu": 1,
            "feature": {"number": 290, "name": "SGX", "flag": "sgx"},
            "target": "all",
            "requester": "init_ia32_feat_ctl",
            "requester_without_vmlinux": "init_intel",
            "caused_by": None,
        },
        {"path": "ap", "target": "boot-cpu-data", "caused_by": 0},
    ],
}
HEALTHY = {"kaslr": False, "kaslr_offset": None, "splats": 1, "late_clears": []}


def right_answer():
    """An answer that NESTED agrees with: a splat of another kind stands before the late clears."""
    first, repeat = copy.deepcopy(NESTED["late_clears"])
    repeat["caused_by"] = 1
    splats = [{"kind": "warning"}, {"late_clear": first}, {"late_clear": repeat}]
    inputs = [{"boots": [{"kaslr_offset": "0x2800000"}]}]
    return compare.Answer(1, "", {"inputs": inputs, "splats": splats})


class Differences(unittest.TestCase):
    def assert_wrong(self, answer, *words, truth=NESTED, with_vmlinux=True):
        found = compare.differences(truth, answer, with_vmlinux)
        self.assertEqual(len(found), len(words), found)
        for line, word in zip(found, words):
            self.assertIn(word, line)

    def test_right_answer(self):
        self.assert_wrong(right_answer())

    def test_every_named_field_counts(self):
        for field, value in [("path", "bsp"), ("cpu", None), ("requester", "init_amd")]:
            answer = right_answer()
            answer.document["splats"][1]["late_clear"][field] = value
            self.assert_wrong(answer, field)

    def test_feature_is_compared_inside(self):
        answer = right_answer()
        clear = answer.document["splats"][1]["late_clear"]
        clear["feature"] = {"number": 290, "name": "SGX", "flag": "sgx1"}
        self.assert_wrong(answer, "feature.flag 'sgx1'")
        clear["feature"] = None
        self.assert_wrong(answer, "feature.number", "feature.name", "feature.flag")

    def test_caused_by_is_an_index_into_splats(self):
        for cause, word in [(0, "no late clear"), (None, "caused_by None"), (2, "caused_by 1")]:
            answer = right_answer()
            answer.document["splats"][2]["late_clear"]["caused_by"] = cause
            self.assert_wrong(answer, word)

    def test_target_may_be_unknown_without_vmlinux_only(self):
        for value in (None, "unknown"):
            answer = right_answer()
            answer.document["splats"][1]["late_clear"]["target"] = value
            self.assert_wrong(answer, "target")
            self.assert_wrong(answer, with_vmlinux=False)

    def test_wrong_target_is_wrong_without_vmlinux_too(self):
        answer = right_answer()
        answer.document["splats"][1]["late_clear"]["target"] = "cpu"
        self.assert_wrong(answer, "target 'cpu'", with_vmlinux=False)

    def test_printed_requester_counts_as_right(self):
        answer = right_answer()
        answer.document["splats"][1]["late_clear"]["requester"] = "init_intel"
        self.assert_wrong(answer)

    def test_kaslr_offset(self):
        answer = right_answer()
        boot = answer.document["inputs"][0]["boots"][0]
        boot["kaslr_offset"] = 0x2800000
        self.assert_wrong(answer)
        boot["kaslr_offset"] = None
        self.assert_wrong(answer, "kaslr_offset None")
        self.assert_wrong(answer, with_vmlinux=False)
        boot["kaslr_offset"] = "0x200000"
        self.assert_wrong(answer, "kaslr_offset 0x200000", with_vmlinux=False)

    def test_a_missing_late_clear(self):
        answer = right_answer()
        del answer.document["splats"][2]
        self.assert_wrong(answer, "1 late clears")

    def test_healthy(self):
        healthy = compare.Answer(0, "", {"inputs": [], "splats": [{"kind": "warning"}]})
        self.assert_wrong(healthy, truth=HEALTHY)
        words = ("exit code 1", "2 late clears", "3 splats", "kaslr_offset")
        self.assert_wrong(right_answer(), *words, truth=HEALTHY)

    def test_no_document(self):
        answer = compare.Answer(2, "ksplat: vmlinux: not an ELF file", None)
        self.assert_wrong(answer, "not an ELF file")


if __name__ == "__main__":
    unittest.main()

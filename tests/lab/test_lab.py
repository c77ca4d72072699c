"""Tests of the lab's own parts that need no kernel and no QEMU.

In: nothing. Out: unittest's report (`python3 -m unittest discover tests/lab`).
"""

import unittest

import corpus
from lab import true_clear, unlike
from scenarios import NAMES, SCENARIOS
from vmlinux import KERNEL_MAPPING, Instruction, Vmlinux
from witness import Sighting

VMX = {
    "path": "ap",
    "stage": "smp-boot",
    "cpu": 1,
    "feature": {"number": 133, "name": "VMX", "flag": "vmx"},
    "target": "cpu",
    "requester": "init_ia32_feat_ctl",
    "caused_by": None,
}


class Code(Vmlinux):
    """A kernel of one function, made of (mnemonic, operands), four bytes each."""

    def __init__(self, *instructions):
        self.path = "vmlinux"
        self.instructions = [Instruction(4 * n, *both) for n, both in enumerate(instructions)]

    def code(self, _):
        return self.instructions


class Places(unittest.TestCase):
    def test_a_paravirt_read(self):
        call = ("call", "*0x1(%rip) # 10 <pv_ops+0xc8>")
        code = Code(("mov", "$0x3a,%edi"), call, ("mov", "%eax,%edx"))
        self.assertEqual(code.after_msr_access("f", 0x3A), 8)

    def test_a_plain_read(self):
        code = Code(("mov", "$0x3a,%ecx"), ("rdmsr", ""), ("shl", "$0x20,%rdx"))
        self.assertEqual(code.after_msr_access("f", 0x3A), 8)

    def test_the_number_as_an_argument_of_another_function(self):
        code = Code(("mov", "$0x3a,%edi"), ("call", "40 <msr_set_bit>"), ("rdmsr", ""), ("ret", ""))
        with self.assertRaises(LookupError):
            code.after_msr_access("f", 0x3A)

    def test_a_longer_number_is_another_msr(self):
        code = Code(("mov", "$0x3a0,%ecx"), ("rdmsr", ""), ("ret", ""))
        with self.assertRaises(LookupError):
            code.after_msr_access("f", 0x3A)

    def test_capability_offset(self):
        test = ("bt", "%rbp,0(%rip) # 20 <__pi_boot_cpu_data+0x30>")
        code = Code(("lea", "0(%rip) # 10 <boot_cpu_data+0x8>"), test)
        self.assertEqual(code.capability_offset(), 0x30)

    def test_function_at(self):
        code = Code()
        code.text = [(KERNEL_MAPPING, "first"), (KERNEL_MAPPING + 16, "second.cold")]
        self.assertEqual(code.function_at(KERNEL_MAPPING), "first")
        self.assertEqual(code.function_at(KERNEL_MAPPING + 15), "first")
        self.assertEqual(code.function_at(KERNEL_MAPPING + 99), "second")
        self.assertIsNone(code.function_at(16))


class Scenarios(unittest.TestCase):
    def test_names_are_unique(self):
        self.assertEqual(len({s.name for s in SCENARIOS}), len(SCENARIOS))

    def test_every_flag_has_a_name(self):
        self.assertEqual({c.flag for s in SCENARIOS for c in s.clears}, set(NAMES))

    def test_a_repeat_follows_its_cause(self):
        for scenario in SCENARIOS:
            for nth, clear in enumerate(scenario.clears):
                if clear.caused_by is not None:
                    self.assertLess(clear.caused_by, nth, scenario.name)
                    self.assertEqual(scenario.clears[clear.caused_by].target, "all")


class Truth(unittest.TestCase):
    scenario = next(s for s in SCENARIOS if s.name == "ap-vmx-off")
    seen = Sighting(1, 133, "vmx", "cpu", "init_ia32_feat_ctl", None)

    def test_what_was_injected_and_seen_is_the_truth(self):
        self.assertEqual(unlike(self.scenario.clears, [self.seen]), [])
        truth = true_clear(self.scenario.clears[0], 133)
        self.assertEqual(truth, {**VMX, "divergence": "divergent"})

    def test_a_fault_that_did_not_come_about(self):
        self.assertEqual(len(unlike(self.scenario.clears, [])), 1)
        self.assertEqual(len(unlike((), [self.seen])), 1)

    def test_in_words(self):
        words = "CPU 1 clears VMX (133), target cpu, for init_ia32_feat_ctl()"
        self.assertIn(words, corpus.sentence(VMX))
        self.assertIn("at index 4", corpus.sentence({**VMX, "caused_by": 4}))
        hidden = {**VMX, "requester_without_vmlinux": "init_intel"}
        self.assertIn("init_intel() comes first", corpus.sentence(hidden))


if __name__ == "__main__":
    unittest.main()

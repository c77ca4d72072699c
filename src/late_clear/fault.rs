//! Who is at fault.
//!
//! Where the CPUs differ: on a machine of its own whoever sets the register, as the requester's rule says; in a
//! virtual machine the hypervisor; after a kexec perhaps the kernel before. A clear on another path is a matter
//! of the kernel's own order.

use super::{Case, Divergence, Evidence};
use crate::grammar::{FaultName, PathName, Requester, StageName};

/// Decides, and says by what.
pub fn judge(
    case: &Case<'_>,
    (path, stage): (PathName, StageName),
    divergence: Divergence,
    (rule, contradicted): (Option<&Requester>, bool),
    evidence: &mut Vec<Evidence>,
) -> FaultName {
    let of_rule = rule.and_then(|rule| rule.fault);
    match (path, stage) {
        // The listings deny what the log says of the CPUs. But they are of a later time than the clear, so they prove
        // nothing of the kernel either.
        (PathName::Ap, _) if contradicted => FaultName::Unknown,
        (PathName::Ap, _) if divergence == Divergence::Uniform => FaultName::Kernel,
        (PathName::Ap, _) => machine(case, rule, of_rule, evidence),
        (PathName::Bsp, StageName::Resume) => {
            machine(case, rule, of_rule.or(Some(FaultName::Firmware)), evidence)
        }
        // Whatever the register is like: the kernel asked too late.
        (PathName::Bsp | PathName::Other, _) => FaultName::Kernel,
        (PathName::Unknown, _) => FaultName::Unknown,
    }
}

/// What made the CPUs of the machine unlike.
fn machine(
    case: &Case<'_>,
    rule: Option<&Requester>,
    of_rule: Option<FaultName>,
    evidence: &mut Vec<Evidence>,
) -> FaultName {
    let kexec = rule.is_some_and(|rule| rule.kexec);
    let proofs = [
        (FaultName::Hypervisor, true, hypervisor(case)),
        (FaultName::PreviousKernel, kexec, previous_kernel(case)),
    ];
    // A hypervisor first: what it shows its CPUs hides the firmware below it.
    for (name, possible, proof) in proofs {
        if let Some((line, says)) = proof.filter(|_| possible) {
            evidence.push(Case::note(line, says, name.as_str()));
            return name;
        }
    }
    let (Some(rule), Some(name)) = (rule, of_rule) else {
        return of_rule.unwrap_or(FaultName::Unknown);
    };
    let says = format!(
        "no hypervisor shows in the log, and {}() goes by what the {} sets",
        rule.function,
        name.as_str()
    );
    evidence.push(Case::note(0, says, name.as_str()));
    name
}

/// A line, or 0, and what it says.
type Proof = (u64, String);

fn hypervisor(case: &Case<'_>) -> Option<Proof> {
    if let Some(said) = &case.boot.hypervisor {
        return Some((said.line, format!("the kernel runs under {}", said.text)));
    }
    let fault = case.grammar.fault(FaultName::Hypervisor)?;
    let pattern = fault.hardware.as_ref()?;
    let printed = case.splat.hardware.as_deref();
    let hardware = printed.or(case.boot.hardware.as_deref())?;
    let says = || format!("the machine is a virtual one: {hardware}");
    pattern.is_match(hardware).then(|| (0, says()))
}

fn previous_kernel(case: &Case<'_>) -> Option<Proof> {
    if let Some(said) = &case.boot.after_kexec {
        let says = "the kernel before started this one by kexec".to_owned();
        return Some((said.line, says));
    }
    let fault = case.grammar.fault(FaultName::PreviousKernel)?;
    let pattern = fault.command_line.as_ref()?;
    let command_line = case.boot.command_line.as_deref()?;
    let says = || "the command line is that of a kernel started by kexec".to_owned();
    pattern.is_match(command_line).then(|| (0, says()))
}

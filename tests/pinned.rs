//! The test that the README shows: a triage pinned through the library.

use ksplat::analyzer::Analyzer;
use ksplat::grammar::Grammar;
use ksplat::report::Sequence;

#[test]
fn the_triage_of_a_boot_stays_as_it_is() -> Result<(), Box<dyn std::error::Error>> {
    let log = std::fs::read("corpus/up2smp/log")?;
    let analyzer = Analyzer::new(Grammar::builtin(), None)?;
    let mut splats = Vec::new();
    let mut sequence = Sequence::default();
    analyzer.read_all("log", &log, &mut sequence, &mut |report| {
        let verdict = report.late_clear.map(|verdict| verdict.headline);
        splats.push((report.signature, verdict));
    });
    insta::assert_debug_snapshot!(splats, @r#"
    [
        (
            "late-clear:other:UP:alternatives_enable_smp",
            Some(
                "Hotplug: CPU 0 cleared UP after alternatives were patched (alternatives_enable_smp)",
            ),
        ),
    ]
    "#);
    Ok(())
}

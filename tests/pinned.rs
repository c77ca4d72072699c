//! The test that the README shows: a triage pinned through the library.

use ksplat::Ksplat;

#[test]
fn the_triage_of_a_boot_stays_as_it_is() -> Result<(), ksplat::Error> {
    let mut splats = Vec::new();
    for report in Ksplat::new().read("corpus/up2smp/log")? {
        let verdict = report.late_clear.map(|verdict| verdict.headline);
        splats.push((report.signature, verdict));
    }
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

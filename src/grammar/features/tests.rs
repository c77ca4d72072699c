//! Known answers, version borders and table errors.

use super::*;

const DEBIAN_6_12: Option<&str> = Some("6.12.111+deb12-cloud-amd64");

fn table(release: Option<&str>) -> FeatureTable<'static> {
    FeatureDb::builtin().for_release(release)
}

fn name(release: &str, number: u32) -> Option<String> {
    table(Some(release)).feature(number).map(|f| f.name)
}

/// A database with one kernel row, and `rows` in a second file.
fn parse(rows: &str) -> Result<FeatureDb, FeatureError> {
    let kernels = r#"kernel = [{ since = "6.1", ncapints = 2, nbugints = 1 }]"#;
    FeatureDb::parse(&[("kernels.toml", kernels), ("rows.toml", rows)])
}

#[test]
fn names_and_flags_of_late_clears_on_debian_6_12() {
    let known = [
        (3, "PSE", Some("pse")),
        (105, "UP", Some("up")),
        (112, "REP_GOOD", Some("rep_good")),
        (131, "MWAIT", Some("monitor")),
        (133, "VMX", Some("vmx")),
        (146, "DCA", Some("dca")),
        (154, "XSAVE", Some("xsave")),
        (192, "LAHF_LM", Some("lahf_lm")),
        (240, "MSR_SPEC_CTRL", None),
        (249, "IBRS", Some("ibrs")),
        (290, "SGX", Some("sgx")),
        (297, "ERMS", Some("erms")),
        (595, "ARCH_LBR", Some("arch_lbr")),
        (602, "SPEC_CTRL", None),
        (603, "INTEL_STIBP", None),
        (607, "SPEC_CTRL_SSBD", None),
        (22 * 32 + 7, "BUG_CLFLUSH_MONITOR", Some("clflush_monitor")),
        (23 * 32 + 10, "BUG_VMSCAPE", Some("vmscape")),
    ];
    let table = table(DEBIAN_6_12);
    for (number, name, flag) in known {
        let feature = table.feature(number).expect(name);
        assert_eq!(
            (feature.name.as_str(), feature.flag.as_deref()),
            (name, flag)
        );
        assert_eq!(table.by_name(name), Some(feature));
    }
    assert_eq!(table.by_flag("monitor").map(|f| f.number), Some(131));
    assert_eq!(table.max_feature_bits(), Some(24 * 32));
    assert_eq!(table.feature(24 * 32), None);
    assert!(table.is_bug(22 * 32) && !table.is_bug(22 * 32 - 1) && !table.is_bug(24 * 32));
    assert_eq!(table.covered(), Coverage::Exact);
}

#[test]
fn a_feature_knows_its_place_and_macro() {
    let table = table(DEBIAN_6_12);
    let vmx = table.by_name("VMX").unwrap();
    assert_eq!((vmx.word(), vmx.bit()), (4, 5));
    assert_eq!(vmx.symbol(), "X86_FEATURE_VMX");
    assert_eq!(table.by_name("BUG_SRSO").unwrap().symbol(), "X86_BUG_SRSO");
}

#[test]
fn bits_move_between_versions() {
    let ept = 8 * 32 + 2;
    assert_eq!(name("6.3.9", ept).as_deref(), Some("FLEXPRIORITY"));
    assert_eq!(name("6.4.0", ept).as_deref(), Some("EPT"));
    assert_eq!(name("6.15.3", 681).as_deref(), Some("INDIRECT_THUNK_ITS"));
    assert_eq!(name("6.16.9+deb14-amd64", 681).as_deref(), Some("APX"));
    let srso = |release| table(Some(release)).by_name("BUG_SRSO").map(|f| f.number);
    assert_eq!(srso("6.5.0"), Some(22 * 32));
    assert_eq!(srso("6.9.0"), Some(23 * 32));
}

#[test]
fn an_open_release_gets_only_what_all_its_kernels_agree_on() {
    let debian = table(Some("6.1.0-47-amd64"));
    assert_eq!(debian.covered(), Coverage::Several);
    assert_eq!(debian.feature(133).unwrap().name, "VMX");
    assert_eq!(debian.feature(258).unwrap().name, "FLEXPRIORITY");
    // Word 20 is a bug word before 6.1.44.
    assert_eq!(
        (debian.feature(640), debian.max_feature_bits()),
        (None, None)
    );
    assert!(!debian.is_bug(640));

    let next = "6.3.0-rc6-next-20230401";
    assert_eq!(name(next, 133).as_deref(), Some("VMX"));
    assert_eq!(name(next, 258), None);
    assert_eq!(name("6.3.0-00042-gee8962082a44", 258), None);
    assert_eq!(
        name("6.4.0-rc3-00001-gee8962082a44", 258).as_deref(),
        Some("EPT")
    );
}

#[test]
fn a_release_outside_the_tables_is_said_to_be_so() {
    let newest = table(Some("7.3.0"));
    assert_eq!(newest.covered(), Coverage::Exact);
    let newer = table(Some("9.1.4-generic"));
    assert_eq!(newer.covered(), Coverage::Newer);
    assert_eq!(newer.feature(133), newest.feature(133));
    assert_eq!(newer.max_feature_bits(), newest.max_feature_bits());
    assert_eq!(
        table(Some("7.3.0-rc2-next-20261001")).covered(),
        Coverage::Newer
    );

    for (release, coverage) in [
        (Some("4.19.0"), Coverage::Older),
        (Some("syzkaller"), Coverage::Unknown),
        (None, Coverage::Unknown),
    ] {
        let table = table(release);
        assert_eq!(table.covered(), coverage);
        assert_eq!(table.feature(133).unwrap().name, "VMX");
        assert_eq!(table.feature(258), None, "moved in 6.4");
        assert_eq!(table.feature(105), None, "X86_FEATURE_UP is gone in 7.3");
        assert_eq!(table.max_feature_bits(), None);
    }
}

#[test]
fn every_series_from_6_1_to_7_3_is_covered() {
    let series = (1..=19).map(|y| (6, y)).chain((0..=3).map(|y| (7, y)));
    for (x, y) in series {
        let start = Version::new(x, y, 0);
        let rows = &FeatureDb::builtin().kernels;
        assert!(rows.iter().any(|k| k.since == start), "{x}.{y}");
        let table = table(Some(&format!("{x}.{y}.0")));
        assert_eq!(table.covered(), Coverage::Exact);
        assert_eq!(table.by_flag("vmx").map(|f| f.number), Some(133));
    }
}

#[test]
fn every_number_fits_its_kernels() {
    let db = FeatureDb::builtin();
    let words = db.kernels.iter().map(|k| k.ncapints).max().unwrap();
    let bug_words = db.kernels.iter().map(|k| k.nbugints).max().unwrap();
    assert!(db.features.iter().all(|row| row.number < words * 32));
    assert!(db.bugs.iter().all(|row| row.number < bug_words * 32));
}

#[test]
fn a_version_has_every_name_once() {
    for kernel in &FeatureDb::builtin().kernels {
        let version = kernel.since;
        let rows = FeatureDb::builtin().features.iter();
        let mut names: Vec<_> = rows
            .filter(|row| row.since <= version && version <= row.until)
            .map(|row| &row.name)
            .collect();
        names.sort();
        let repeated = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(repeated, None, "{version:?}");
    }
}

#[test]
fn errors_name_the_line_and_the_mend() {
    let cases = [
        (
            "feature = [\n{ number = \"4*32\", name = \"A\" }]",
            2,
            "WORD*32+BIT",
        ),
        (
            "feature = [{ number = \"4*32+32\", name = \"A\" }]",
            1,
            "WORD*32+BIT",
        ),
        (
            "feature = [{ number = \"99999999*32+1\", name = \"A\" }]",
            1,
            "WORD*32+BIT",
        ),
        (
            "\n\nbug = [{ bit = \"0*32+1\", name = \"A\", since = \"six\" }]",
            3,
            "X.Y or X.Y.Z",
        ),
        (
            "bug = [{ bit = \"0*32+1\", name = \"A\", since = \"6.2\", until = \"6.1\" }]",
            1,
            "since <= until",
        ),
        (
            "feature = [\n{ number = \"0*32+1\", name = \"A\", until = \"6.4\" },\n\
             { number = \"0*32+1\", name = \"B\", since = \"6.4.1\" }]",
            3,
            "set `until`",
        ),
        (
            "\nfeature = [{ number = \"0*32+1\", nmae = \"A\" }]",
            2,
            "nmae",
        ),
        ("feature = ", 1, ""),
    ];
    for (rows, line, mend) in cases {
        let error = parse(rows).expect_err(rows);
        assert_eq!(
            (error.file.as_str(), error.line),
            ("rows.toml", line),
            "{rows}"
        );
        assert!(error.reason.contains(mend), "{error}");
    }
}

#[test]
fn tables_without_kernels_are_refused() {
    let error = FeatureDb::parse(&[("empty.toml", "")]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("empty.toml:1: no kernel rows")
    );
    assert!(FeatureDb::parse(&[]).is_err());
    let huge = r#"kernel = [{ since = "6.1", ncapints = 4000000000, nbugints = 1 }]"#;
    assert!(FeatureDb::parse(&[("huge.toml", huge)]).is_err());
}

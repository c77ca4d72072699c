use super::document::{BUILTIN, Document, parse};
use super::{Grammar, names};

#[test]
fn every_compiled_in_file_parses_and_every_pattern_compiles() {
    let mut all = Document::default();
    for file in BUILTIN {
        let text = std::fs::read_to_string(file.name).unwrap_or_else(|e| panic!("{e}"));
        let document = parse(file.name, &text).unwrap_or_else(|e| panic!("{e}"));
        document
            .check(file.name, "")
            .unwrap_or_else(|e| panic!("{e}"));
        let compiled_in: Document = file.read();
        assert_eq!(compiled_in.kind.len(), document.kind.len());
        all.merge(document);
    }
    names::check(&all, "grammars", "").unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn an_error_names_file_line_and_reason() {
    let error = parse("my.toml", "[[kind]]\nname = \"x\"\nfoo = 1\n").expect_err("foo is unknown");
    let text = error.to_string();
    assert!(
        text.starts_with("my.toml:3:") && text.contains("foo"),
        "{text}"
    );
}

#[test]
fn a_file_of_the_user_replaces_by_name_and_adds() {
    let dir = tempfile::tempdir().expect("a directory");
    let set = "[[frames]]\nname = \"noise\"\nwhy = \"w\"\nfunctions = [\"only_this\"]\n";
    std::fs::write(dir.path().join("a.toml"), set).expect("written");
    let grammar = Grammar::with_overrides(dir.path()).expect("a grammar");
    assert!(grammar.is_in("noise", "only_this"));
    assert!(!grammar.is_in("noise", "__warn"));
    assert!(grammar.kind("warning").is_some());
}

#[test]
fn a_feature_table_of_the_user_replaces_the_one_of_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let folder = dir.path().join("cpu-features");
    std::fs::create_dir(&folder).expect("a folder");
    let row = "feature = [{ number = \"4*32+5\", name = \"MINE\", flag = \"mine\" }]";
    std::fs::write(folder.join("cpuid.toml"), row).expect("written");
    let grammar = Grammar::with_overrides(dir.path()).expect("a grammar");
    let table = grammar.features().for_release(Some("6.12.1"));
    assert_eq!(table.feature(133).map(|f| f.name).as_deref(), Some("MINE"));
    assert_eq!(table.by_name("VMX"), None);
    assert!(table.by_name("REP_GOOD").is_some());

    std::fs::write(folder.join("mine.toml"), "\nfeature = 3").expect("written");
    let error = Grammar::with_overrides(dir.path()).expect_err("no table");
    assert!(error.to_string().contains("mine.toml:2:"), "{error}");
}

#[test]
fn a_name_that_nothing_has_is_an_error_with_its_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let rule = "[[kind]]\nname = \"x\"\nabout = \"x\"\nliterals = [\"x\"]\nheaders = [\"x\"]\n\
        [[kind.title]]\nwhy = \"x\"\ntitle = \"x\"\nfunction = { find = [\"call-tracee\"] }\n";
    std::fs::write(dir.path().join("b.toml"), rule).expect("written");
    let error = Grammar::with_overrides(dir.path()).expect_err("no landmark");
    let text = error.to_string();
    assert!(
        text.contains("b.toml:9:") && text.contains("call-tracee"),
        "{text}"
    );
}

#[test]
fn a_broken_pattern_of_the_user_is_an_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let rule = "[[milestone]]\nname = \"userspace\"\nliteral = \"x\"\npattern = \"(\"\n";
    std::fs::write(dir.path().join("b.toml"), rule).expect("written");
    let error = Grammar::with_overrides(dir.path()).expect_err("no pattern");
    assert!(error.to_string().contains("b.toml"), "{error}");
}

//! JUnit XML against Jenkins' own schema.

use super::{AP, BSP, HEALTHY, TWO, baseline, corpus, format, hostile, ksplat};
use roxmltree::{Document, Node};
use std::collections::HashMap;

/// What the schema says of one element.
#[derive(Default)]
struct Rule {
    /// Each attribute, and whether it must be there.
    attributes: HashMap<String, bool>,
    children: Vec<String>,
    text: bool,
}

/// The global elements of `junit-10.xsd`: it uses no more of XML Schema than is read here.
fn schema() -> HashMap<String, Rule> {
    let text = include_str!("../schemas/junit-10.xsd");
    let schema = Document::parse(text).expect("XML");
    let elements = schema
        .root_element()
        .children()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2001/XMLSchema", "element")));
    elements.map(|node| (name(node), rule(node))).collect()
}

fn name(node: Node<'_, '_>) -> String {
    node.attribute("name").expect("a name").to_owned()
}

fn rule(element: Node<'_, '_>) -> Rule {
    let mut rule = Rule {
        text: element.attribute("type").is_some(),
        ..Rule::default()
    };
    for node in element.descendants() {
        match node.tag_name().name() {
            "attribute" => {
                let required = node.attribute("use") == Some("required");
                rule.attributes.insert(name(node), required);
            }
            "element" => rule
                .children
                .extend(node.attribute("ref").map(str::to_owned)),
            "complexType" => rule.text |= node.attribute("mixed") == Some("true"),
            _ => {}
        }
    }
    rule
}

/// Parses a document that the schema allows.
fn valid(xml: &str) -> Document<'_> {
    let schema = schema();
    assert!(schema.len() > 10, "the schema was read");
    let document = Document::parse(xml).expect("XML");
    for node in document.descendants().filter(Node::is_element) {
        let tag = node.tag_name().name();
        let rule = &schema[tag];
        for attribute in node.attributes() {
            assert!(
                rule.attributes.contains_key(attribute.name()),
                "{tag} {attribute:?}"
            );
        }
        let required = rule.attributes.iter().filter(|(_, required)| **required);
        for (attribute, _) in required {
            assert!(
                node.has_attribute(attribute.as_str()),
                "{tag} lacks {attribute}"
            );
        }
        for child in node.children() {
            let name = child.tag_name().name();
            let blank = child.text().is_some_and(|text| text.trim().is_empty());
            let allowed = match child.is_element() {
                true => rule.children.iter().any(|allowed| allowed == name),
                false => rule.text || blank,
            };
            assert!(allowed, "{child:?} in {tag}");
        }
    }
    document
}

fn count(document: &Document<'_>, tag: &str) -> usize {
    let all = document.descendants();
    all.filter(|node| node.has_tag_name(tag)).count()
}

#[test]
fn a_failure_for_each_splat_and_a_pass_for_a_clean_log() {
    let xml = format("junit", &[AP, HEALTHY, TWO]);
    let document = valid(&xml);
    assert_eq!(count(&document, "testsuite"), 3);
    assert_eq!(count(&document, "testcase"), 4);
    assert_eq!(count(&document, "failure"), 3);
    let root = document.root_element();
    assert_eq!(root.attribute("tests"), Some("4"));
    assert_eq!(root.attribute("failures"), Some("3"));
    assert!(xml.contains("identify_secondary_cpu in the call trace"));
    assert!(!xml.contains("timestamp"), "no clock time");
}

#[test]
fn what_nobody_wants_to_fail_on_passes() {
    let xml = format("junit", &["--fail-on", "bsp", AP, BSP]);
    let document = valid(&xml);
    assert_eq!(count(&document, "failure"), 1);
    assert_eq!(count(&document, "system-out"), 1);
}

#[test]
fn a_known_splat_is_skipped_for_its_reason() {
    let folder = tempfile::tempdir().expect("a directory");
    let baseline = baseline(&folder);
    let xml = ksplat(
        &corpus(),
        &[
            "check",
            "--baseline",
            &baseline,
            "--format",
            "junit",
            AP,
            BSP,
        ],
    );
    let document = valid(&xml);
    assert_eq!(count(&document, "failure"), 1);
    let mut skipped = document.descendants().filter(|n| n.has_tag_name("skipped"));
    let message = skipped.next().and_then(|node| node.attribute("message"));
    assert_eq!(message, Some("a <BIOS> update is under way"));
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let xml = format("junit", &["no-such-file", HEALTHY]);
    let document = valid(&xml);
    assert_eq!(count(&document, "error"), 1);
    assert_eq!(document.root_element().attribute("errors"), Some("1"));
    assert!(xml.contains("no-such-file"));
}

#[test]
fn hostile_bytes_stay_text() {
    let (folder, name) = hostile();
    let xml = ksplat(folder.path(), &["--format", "junit", &name]);
    let document = valid(&xml);
    assert_eq!(count(&document, "failure"), 1);
    let text: String = document
        .descendants()
        .filter_map(|node| node.text())
        .collect();
    assert!(text.contains("<script>\\x07\\x9b1m"), "{text}");
}

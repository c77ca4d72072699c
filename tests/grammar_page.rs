//! `docs/grammar.md`: every table and field of `grammars/*.toml`, from the types that read them.
//!
//! The types are read by syn from `src/grammar/`, their examples from `grammars/`. serde knows the fields as well, but
//! not what their doc comments say.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use syn::{
    Attribute, Expr, ExprLit, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Type,
};

const PAGE: &str = "docs/grammar.md";

/// Bytes of an example in the page.
const MAX_EXAMPLE: usize = 72;

/// A type of the grammar.
enum Shape {
    Table(Vec<Field>),
    Word(Vec<(String, String)>),
}

struct Field {
    name: String,
    about: String,
    /// The type without `Option` and `Vec`.
    of: String,
    is_list: bool,
    is_optional: bool,
}

struct Types {
    shapes: BTreeMap<String, (String, Shape)>,
}

impl Types {
    fn read() -> Types {
        let mut shapes = BTreeMap::new();
        for file in files("src/grammar", "rs") {
            let text = std::fs::read_to_string(&file).expect("readable");
            let items = syn::parse_file(&text).expect("Rust").items;
            shapes.extend(items.into_iter().filter_map(shape));
        }
        Types { shapes }
    }

    fn fields(&self, name: &str) -> &[Field] {
        match &self.shapes[name].1 {
            Shape::Table(fields) => fields,
            Shape::Word(_) => &[],
        }
    }
}

fn shape(item: Item) -> Option<(String, (String, Shape))> {
    match item {
        Item::Struct(item) => {
            let Fields::Named(fields) = item.fields else {
                return None;
            };
            // What reads itself, as a pattern does, is a text in the file.
            if !is_derived(&item.attrs) {
                return None;
            }
            let fields = fields.named.into_iter().filter_map(field).collect();
            let shape = Shape::Table(fields);
            Some((item.ident.to_string(), (docs(&item.attrs), shape)))
        }
        Item::Enum(item) => {
            let variants = item.variants.iter();
            let words = variants.map(|word| (kebab(&word.ident.to_string()), docs(&word.attrs)));
            let words = words.collect();
            Some((
                item.ident.to_string(),
                (docs(&item.attrs), Shape::Word(words)),
            ))
        }
        _ => None,
    }
}

/// True for a type whose reader serde derives.
fn is_derived(attributes: &[Attribute]) -> bool {
    let lists = attributes
        .iter()
        .filter_map(|attribute| attribute.meta.require_list().ok());
    let mut derives = lists.filter(|list| list.path.is_ident("derive"));
    derives.any(|list| list.tokens.to_string().contains("Deserialize"))
}

fn field(field: syn::Field) -> Option<Field> {
    let serde: Vec<String> = field.attrs.iter().filter_map(serde_words).collect();
    let all = serde.join(", ");
    if all.split(", ").any(|word| word == "skip") {
        return None;
    }
    let renamed = all.split("rename = \"").nth(1);
    let name = match renamed {
        Some(rest) => rest.split('"').next()?.to_owned(),
        None => field.ident?.to_string(),
    };
    let (of, is_optional, is_list) = inner(&field.ty);
    Some(Field {
        name,
        about: docs(&field.attrs),
        of,
        is_list,
        is_optional: is_optional || all.contains("default"),
    })
}

/// The words of a `#[serde(…)]`.
fn serde_words(attribute: &Attribute) -> Option<String> {
    let list = attribute.meta.require_list().ok()?;
    list.path.is_ident("serde").then(|| list.tokens.to_string())
}

/// A type without `Option` and `Vec`, and whether it had them.
fn inner(of: &Type) -> (String, bool, bool) {
    let Type::Path(path) = of else {
        return (String::new(), false, false);
    };
    let last = path.path.segments.last().expect("a type");
    let argument = match &last.arguments {
        PathArguments::AngleBracketed(all) => all.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(of) => Some(of),
            _ => None,
        }),
        _ => None,
    };
    match (last.ident.to_string().as_str(), argument) {
        ("Option", Some(of)) => {
            let (of, _, is_list) = inner(of);
            (of, true, is_list)
        }
        ("Vec", Some(of)) => (inner(of).0, false, true),
        (name, _) => (name.to_owned(), false, false),
    }
}

/// The doc comment, on one line.
fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) if pair.path.is_ident("doc") => Some(text.value().trim().to_owned()),
            _ => None,
        }
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// `OnlyPlace` as serde writes it: `only-place`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// All files of a folder and the folders in it, in the order of their names.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|has| has == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// All entries of the grammars, by the name of their table.
fn entries() -> BTreeMap<String, Vec<toml::Table>> {
    let mut all: BTreeMap<String, Vec<toml::Table>> = BTreeMap::new();
    let of_features = |path: &PathBuf| {
        path.components()
            .any(|part| part.as_os_str() == "cpu-features")
    };
    for path in files("grammars", "toml") {
        if of_features(&path) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        for (table, value) in text.parse::<toml::Table>().expect("TOML") {
            let rows = value.as_array().cloned().unwrap_or_default();
            let rows = rows.into_iter().filter_map(|row| row.as_table().cloned());
            all.entry(table).or_default().extend(rows);
        }
    }
    all
}

/// The shortest value that entries have in a field, as TOML on one line; an inner table is a section of its own.
fn example(entries: &[toml::Table], name: &str) -> String {
    let values = entries.iter().filter_map(|entry| entry.get(name));
    let mut texts: Vec<_> = values.map(one_line).collect();
    texts.sort_by_key(|text| (text.len() < 6 && text != "true", text.len()));
    let text = texts.into_iter().next().unwrap_or_default();
    let is_long = text.chars().count() > MAX_EXAMPLE;
    let short: String = text.chars().take(MAX_EXAMPLE).collect();
    match (text.is_empty(), is_long) {
        (true, _) => String::new(),
        (_, true) => format!("`{short}`…"),
        (_, false) => format!("`{short}`"),
    }
}

/// A value as TOML on one line.
fn one_line(value: &toml::Value) -> String {
    match value.as_str() {
        Some(text) if text.contains('\n') => format!("{text:?}"),
        _ => value.to_string(),
    }
}

/// The tables within a field of these entries.
fn inside(entries: &[toml::Table], name: &str) -> Vec<toml::Table> {
    let values = entries.iter().filter_map(|entry| entry.get(name));
    let values = values.flat_map(|value| match value {
        toml::Value::Array(all) => all.clone(),
        value => vec![value.clone()],
    });
    values
        .filter_map(|value| value.as_table().cloned())
        .collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace("[`", "`")
        .replace("`]", "`")
}

struct Page<'t> {
    types: &'t Types,
    text: String,
}

impl Page<'_> {
    fn table(&mut self, title: &str, of: &str, entries: &[toml::Table]) {
        let about = &self.types.shapes[of].0;
        write!(self.text, "\n## {title}\n\n{}\n\n", cell(about)).expect("written");
        self.text.push_str("| field | value | |\n|---|---|---|\n");
        let mut inner = Vec::new();
        for field in self.types.fields(of) {
            let shape = self.types.shapes.get(&field.of).map(|(_, shape)| shape);
            let mut about = cell(&field.about);
            if let Some(Shape::Word(words)) = shape {
                for (word, means) in words {
                    write!(about, "<br>`{word}`: {}", cell(means)).expect("written");
                }
            }
            let example = match shape {
                Some(Shape::Table(_)) => {
                    inner.push(field);
                    "a table, see below".to_owned()
                }
                _ => example(entries, &field.name),
            };
            let need = if field.is_optional { "" } else { "**" };
            let row = format!(
                "| {need}`{}`{need} | {} | {about} |\n",
                field.name,
                cell(&example)
            );
            self.text.push_str(&row);
        }
        for field in inner {
            let brackets = if field.is_list { "[[]]" } else { "[]" };
            let (open, close) = brackets.split_at(brackets.len() / 2);
            let outer = title.trim_matches(['`', '[', ']']);
            let title = format!("`{open}{outer}.{}{close}`", field.name);
            self.table(&title, &field.of, &inside(entries, &field.name));
        }
    }
}

const HEAD: &str = "# The grammar

What ksplat knows about kernel logs is in `grammars/*.toml`. `--grammar DIR` lays the files of a folder over it, in the order of their
names: an entry takes the place of the one of its name, or is added. All files have one format: any file may hold any table.
Patterns are regular expressions of the `regex` crate that work on bytes; they compile on first use, and a file of yours is
checked when it is loaded. Fields in **bold** must be there. Examples are values of the files that are compiled in. The tables of
CPU feature numbers have a format of their own, which `grammars/cpu-features/` describes.

This page is made from the types in `src/grammar/`: `UPDATE_DOCS=1 cargo test --test grammar_page`.
";

fn page() -> String {
    let types = Types::read();
    let entries = entries();
    let mut page = Page {
        types: &types,
        text: HEAD.to_owned(),
    };
    for table in types.fields("Document") {
        // Two tables may share a type, and only one of them use a field.
        let alike = types.fields("Document").iter();
        let alike = alike.filter(|other| other.of == table.of && other.name != table.name);
        let names = std::iter::once(table).chain(alike);
        let rows = names.filter_map(|table| entries.get(&table.name));
        let rows: Vec<_> = rows.flatten().cloned().collect();
        page.table(&format!("`[[{}]]`", table.name), &table.of, &rows);
    }
    page.text
}

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).expect("written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "{PAGE} is old: UPDATE_DOCS=1 cargo test --test grammar_page"
    );
}

#[test]
fn every_field_says_what_it_is_and_shows_a_value() {
    let types = Types::read();
    for (name, (_, shape)) in &types.shapes {
        let Shape::Table(fields) = shape else {
            continue;
        };
        let is_table = types
            .fields("Document")
            .iter()
            .any(|table| table.of == *name);
        for field in fields.iter().filter(|_| is_table) {
            assert!(
                !field.about.is_empty(),
                "{name}.{} has no comment",
                field.name
            );
        }
    }
    let page = page();
    let empty = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(" |  | "));
    let empty: Vec<_> = empty.collect();
    assert!(empty.is_empty(), "no example: {empty:#?}");
}

//! Compiles `grammars/` in: each TOML file becomes JSON, which a start of the program reads in a
//! tenth of the time that TOML takes.
//!
//! In: `grammars/**/*.toml`. Out: `$OUT_DIR/grammars/**/*.json`. A file that is no TOML fails the
//! build, with its line; what the tables mean is checked by the tests.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=grammars");
    compile(Path::new("grammars"), &out)
}

fn compile(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out.join(folder))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            compile(&path, out)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            let json = json(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            fs::write(out.join(&path).with_extension("json"), json)?;
        }
    }
    Ok(())
}

fn json(path: &Path) -> Result<String, Box<dyn Error>> {
    let table: toml::Table = fs::read_to_string(path)?.parse()?;
    Ok(serde_json::to_string(&table)?)
}

//! Files of `grammars/` that are compiled in, as the JSON that `build.rs` made of them.

/// A file of `grammars/`: its name, and what `build.rs` made of it.
macro_rules! builtin {
    ($name:literal) => {
        $crate::grammar::builtin::Builtin {
            name: concat!("grammars/", $name, ".toml"),
            json: include_str!(concat!(env!("OUT_DIR"), "/grammars/", $name, ".json")),
        }
    };
}
pub(super) use builtin;

/// A file that is compiled in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Builtin {
    /// Path of the source in the repository.
    pub name: &'static str,
    pub json: &'static str,
}

impl Builtin {
    /// The tables of the file.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(self.json).expect("the tests read every compiled-in file")
    }
}

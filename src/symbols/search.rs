//! Where debug info is looked for that nobody named.
//!
//! The order is that of `scripts/decode_stacktrace.sh`, gdb and drgn: the build tree one works in, then what
//! packages have installed, then what debuginfod has fetched before, then its servers.

use std::collections::HashMap;
use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Seconds that one file may take, where the user's `DEBUGINFOD_MAXTIME` says nothing else. A kernel has some 400 MB.
const MAX_TIME: &str = "900";

/// Places of a machine. The default is none.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// A kernel's build tree: the working directory.
    pub build_tree: Option<PathBuf>,
    /// The root of a system, where packages install debug info.
    pub system: Option<PathBuf>,
    /// Folders that debuginfod's clients keep files in.
    pub caches: Vec<PathBuf>,
    /// Whether the servers of `DEBUGINFOD_URLS` may be asked.
    pub servers: bool,
}

impl Search {
    /// The places of the machine that this runs on.
    pub fn of_this_machine() -> Search {
        let urls = env::var_os("DEBUGINFOD_URLS");
        Search {
            build_tree: env::current_dir().ok(),
            system: Some(PathBuf::from("/")),
            caches: caches(),
            servers: urls.is_some_and(|urls| !urls.to_string_lossy().trim().is_empty()),
        }
    }
}

/// debuginfod_find_debuginfo(3), "CACHE".
fn caches() -> Vec<PathBuf> {
    let of = |variable: &str, below: &str| Some(Path::new(&env::var_os(variable)?).join(below));
    if let Some(chosen) = of("DEBUGINFOD_CACHE_PATH", "") {
        return vec![chosen];
    }
    let usual = of("XDG_CACHE_HOME", "debuginfod_client")
        .or_else(|| of("HOME", ".cache/debuginfod_client"));
    usual
        .into_iter()
        .chain(of("HOME", ".debuginfod_client_cache"))
        .collect()
}

/// The servers of `DEBUGINFOD_URLS`, asked by elfutils' own client: it knows their protocol, the user's proxies and
/// certificates, and keeps its cache in order. An HTTP client with TLS of our own would double the crates.
#[derive(Debug, Default)]
pub(super) struct Servers {
    /// What was asked, by build-id; `None` where they do not have it.
    answers: Mutex<HashMap<String, Option<PathBuf>>>,
}

/// What a question to the servers came to.
pub(super) enum ServerAnswer {
    /// The file is here.
    File(PathBuf),
    /// They do not have it.
    Nothing,
    /// The client is not installed.
    NoClient,
}

impl Servers {
    /// The debug info of a build-id in lower-case hex.
    pub(super) fn debug_info(&self, build_id: &str) -> ServerAnswer {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answers.get(build_id) {
            return known
                .clone()
                .map_or(ServerAnswer::Nothing, ServerAnswer::File);
        }
        let mut client = Command::new("debuginfod-find");
        client.args(["debuginfo", build_id]).stdin(Stdio::null());
        if env::var_os("DEBUGINFOD_MAXTIME").is_none() {
            client.env("DEBUGINFOD_MAXTIME", MAX_TIME);
        }
        // Downloads take minutes, so a person is shown how far the client is.
        match std::io::stderr().is_terminal() {
            true => client.env("DEBUGINFOD_PROGRESS", "1"),
            false => client.stderr(Stdio::null()),
        };
        // Not kept: it costs nothing to fail again, and the report of a missing client is one line.
        let Ok(output) = client.output() else {
            return ServerAnswer::NoClient;
        };
        let path = String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned();
        let found = (output.status.success() && !path.is_empty()).then(|| PathBuf::from(path));
        answers.insert(build_id.to_owned(), found.clone());
        found.map_or(ServerAnswer::Nothing, ServerAnswer::File)
    }
}

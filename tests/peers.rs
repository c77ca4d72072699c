//! Scores against the fixtures of two peers: syzkaller's titles and LKP's names.
//!
//! The fixtures are not ours and stand beside the repository, in `../shared`; where that folder is
//! missing the tests have nothing to do. `cargo test --test peers -- --nocapture` prints the scores
//! and what missed.

#[path = "peers/guilty.rs"]
mod guilty;
#[path = "peers/lkp.rs"]
mod lkp;
#[path = "peers/syzkaller.rs"]
mod syzkaller;

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::{Incidents, Report};
use std::path::{Path, PathBuf};

/// A folder of fixtures, where it is there.
fn fixtures(name: &str) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(name);
    dir.is_dir().then_some(dir)
}

/// Every report of a log, notices and all.
fn reports(analyzer: &Analyzer, log: &[u8]) -> Vec<Report> {
    let mut all = Vec::new();
    analyzer.read_all(
        Origin::default(),
        log,
        &mut Incidents::default(),
        &mut |report| all.push(report),
    );
    all
}

fn analyzer() -> Analyzer {
    Analyzer::new(Grammar::builtin(), None).expect("the compiled-in grammar is tested")
}

/// Hits out of all, and the names of the misses.
#[derive(Default)]
struct Score {
    hits: usize,
    misses: Vec<String>,
}

impl Score {
    fn count(&mut self, hit: bool, miss: impl FnOnce() -> String) {
        if hit {
            self.hits += 1;
        } else {
            self.misses.push(miss());
        }
    }

    fn percent(&self) -> f64 {
        let all = self.hits + self.misses.len();
        100.0 * self.hits as f64 / all.max(1) as f64
    }

    /// Prints the score; fails below `least` percent.
    fn hold(&self, what: &str, least: f64) {
        for miss in &self.misses {
            println!("  {what}: {miss}");
        }
        let all = self.hits + self.misses.len();
        println!("{what}: {} of {all}, {:.1}%", self.hits, self.percent());
        assert!(
            self.percent() >= least,
            "{what} fell to {:.1}%, below {least}%",
            self.percent()
        );
    }
}

/// Sorted names of the files in a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a readable folder");
    let mut paths: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    paths
}

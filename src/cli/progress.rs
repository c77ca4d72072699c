//! How far a scan has come, on a terminal's standard error only.

use super::args::Options;
use crate::input::{Entry, entries};
use crate::scan::Progress;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Between two looks at the counters.
const TICK: Duration = Duration::from_millis(100);

/// Bytes read, of all, and the rate; the message counts files and splats.
const STYLE: &str = "{spinner} {bytes}/{total_bytes} {binary_bytes_per_sec}, ETA {eta}, {msg}";
const STYLE_WITHOUT_TOTAL: &str = "{spinner} {bytes} {binary_bytes_per_sec}, {msg}";

/// The line on the terminal, and the counters that it shows.
pub struct Shown {
    /// Counts what is read.
    pub counters: Arc<Progress>,
    bar: ProgressBar,
    ended: Arc<AtomicBool>,
}

impl Shown {
    /// Shows nothing yet.
    pub fn new(options: &Options) -> Shown {
        let target = if options.quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        Shown {
            counters: Arc::default(),
            bar: ProgressBar::with_draw_target(None, target),
            ended: Arc::default(),
        }
    }

    /// Begins to show; nothing is shown where standard error is no terminal, or with `-q`.
    pub fn begin(&self, paths: &[PathBuf]) {
        if !self.bar.is_hidden() {
            self.bar.set_style(style(STYLE_WITHOUT_TOTAL));
            self.follow();
            self.weigh(paths.to_vec());
        }
    }

    /// Does something else with the terminal.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Shows the counters until the end.
    fn follow(&self) {
        let (bar, counters) = (self.bar.clone(), Arc::clone(&self.counters));
        let ended = Arc::clone(&self.ended);
        let follow = move || {
            while !ended.load(Ordering::Relaxed) {
                let files = HumanCount(counters.files.load(Ordering::Relaxed));
                let splats = HumanCount(counters.splats.load(Ordering::Relaxed));
                bar.set_message(format!("{files} files, {splats} splats"));
                bar.set_position(counters.bytes.load(Ordering::Relaxed));
                bar.tick();
                thread::sleep(TICK);
            }
        };
        start(follow);
    }

    /// Adds up the sizes of all files beside the scan: only then there is something to estimate from.
    fn weigh(&self, paths: Vec<PathBuf>) {
        let (bar, ended) = (self.bar.clone(), Arc::clone(&self.ended));
        let weigh = move || {
            let mut bytes = 0;
            for entry in paths.iter().flat_map(|path| entries(path)) {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                bytes += match entry {
                    Ok(Entry::File(file)) => {
                        let metadata = file.path.metadata();
                        metadata.map_or(0, |metadata| metadata.len())
                    }
                    Ok(Entry::Dump { text, .. }) => text.len() as u64,
                    // A repository's size says nothing of the mails that are new in it.
                    Ok(Entry::Inbox(_)) | Err(_) => 0,
                };
            }
            bar.set_length(bytes);
            bar.set_style(style(STYLE));
        };
        start(weigh);
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.bar.finish_and_clear();
    }
}

/// Starts a thread. Where none can be started less is shown.
fn start(work: impl FnOnce() + Send + 'static) {
    let _ = thread::Builder::new().spawn(work);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

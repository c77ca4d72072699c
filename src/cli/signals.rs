//! Ctrl-C and SIGTERM: the run ends with what it has found.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Told by the first signal. The second one ends the program as usual.
#[derive(Debug, Clone)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    signalled: Arc<AtomicBool>,
}

impl Stop {
    /// Begins to catch the signals.
    ///
    /// # Errors
    /// Where they cannot be caught.
    pub fn on_signals() -> io::Result<Stop> {
        let (flag, signalled) = (Arc::default(), Arc::default());
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_default(signal, Arc::clone(&signalled))?;
            flag::register(signal, Arc::clone(&signalled))?;
            flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Stop { flag, signalled })
    }

    /// True where the run shall end, for whoever reads.
    pub fn flag(&self) -> &Arc<AtomicBool> {
        &self.flag
    }

    /// Ends the run without a signal: nobody needs more.
    pub fn now(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// True where the run shall end.
    pub fn is_asked_for(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// True where a signal came.
    pub fn is_signalled(&self) -> bool {
        self.signalled.load(Ordering::Relaxed)
    }
}

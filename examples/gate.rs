//! Fails where a log holds a splat that no entry of a baseline accepts, and shows it: `ksplat check` in ten lines.
//!
//!     cargo run --example gate -- baseline.toml console.log

use ksplat::{Baseline, Error, Ksplat};
use std::process::ExitCode;

fn main() -> Result<ExitCode, Error> {
    let mut arguments = std::env::args().skip(1);
    let (Some(baseline), Some(log)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: gate BASELINE LOG");
        return Ok(ExitCode::from(2));
    };
    let baseline = Baseline::read(baseline)?;
    let mut code = ExitCode::SUCCESS;
    for report in Ksplat::new().read(log)? {
        if !baseline.knows(&report) {
            println!("{report}");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

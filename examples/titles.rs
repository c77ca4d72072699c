//! Prints a line for each splat under a path: signature and title.
//!
//!     cargo run --example titles -- corpus

use ksplat::{Error, Ksplat};

fn main() -> Result<(), Error> {
    let path = std::env::args().nth(1).unwrap_or("corpus".to_owned());
    let log = Ksplat::new().read(path)?;
    for report in &log {
        println!("{}  {}", report.signature, report.title);
    }
    for error in &log.errors {
        eprintln!("{error}");
    }
    Ok(())
}

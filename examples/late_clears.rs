//! Reads a log from memory and prints each late clear as JSON: path, feature, requester, evidence.
//!
//!     cargo run --example late_clears < corpus/ap-vmx-bios-kaslr/log

use ksplat::Ksplat;
use std::io::{self, Read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let log = Ksplat::new().read_bytes("stdin", &bytes)?;
    for verdict in log
        .reports
        .iter()
        .filter_map(|report| report.late_clear.as_ref())
    {
        println!("{}", serde_json::to_string_pretty(verdict)?);
    }
    Ok(())
}

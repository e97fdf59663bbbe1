//! Writes `docs/formats/coverage.md`. The work is done by the test that checks
//! the page, so that the two cannot differ.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

pub(crate) fn run() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "-p", "sekisho", "--test", "coverage"])
        .env("SEKISHO_COVERAGE", "write")
        .status()
        .context("running cargo test")?;
    if !status.success() {
        bail!("the page is written, but something does not hold: see above");
    }
    Ok(())
}

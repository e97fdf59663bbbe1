//! What is measured on: made once from the test data, then kept.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use sekisho_sigma::Program;

use crate::life::Life;

const CHUNK: usize = 65_536;
const HEADER: usize = 4_096;

fn files_below(folder: &Path, ending: &str, out: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, ending, out)?;
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)) {
            out.push(path);
        }
    }
    Ok(())
}

/// Files with an ending below a folder, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    files_below(folder, ending, &mut out)?;
    Ok(out)
}

/// EVTX files: what the `scale-evtx` tool beside the test data makes, or,
/// where it cannot run, the same chunks in one file.
pub(crate) fn evtx(data: &Path, work: &Path, copies: usize) -> Result<Vec<PathBuf>> {
    let out = work.join(format!("evtx-{copies}"));
    if !out.join("done").exists() {
        fs::create_dir_all(&out)?;
        let tool = data.join("../tools/scale-evtx");
        let made = std::process::Command::new("python3")
            .args([tool.as_os_str(), data.join("evtx").as_os_str(), out.as_os_str()])
            .args(["--copies", &copies.to_string()])
            .status();
        if !made.is_ok_and(|status| status.success()) {
            chunks_in_one_file(data, &out.join("all.evtx"), copies)?;
        }
        fs::write(out.join("done"), "")?;
    }
    let files = files(&out, "evtx")?;
    ensure!(!files.is_empty(), "no EVTX corpus in {}", out.display());
    Ok(files)
}

fn chunks_in_one_file(data: &Path, out: &Path, copies: usize) -> Result<()> {
    let mut to = BufWriter::new(File::create(out)?);
    let mut header = None;
    for file in files(&data.join("evtx"), "evtx")? {
        let bytes = fs::read(&file)?;
        if header.is_none() {
            header = bytes.get(..HEADER).map(<[u8]>::to_vec);
            to.write_all(header.as_deref().unwrap_or_default())?;
        }
        for chunk in bytes.get(HEADER..).unwrap_or_default().chunks_exact(CHUNK) {
            if chunk.starts_with(b"ElfChnk\0") {
                for _ in 0..copies {
                    to.write_all(chunk)?;
                }
            }
        }
    }
    to.flush()?;
    Ok(())
}

/// Flat Windows events as JSON lines: those of the PsExec case, again and
/// again, with the record number changed each time so that lines differ.
pub(crate) fn json(data: &Path, work: &Path, copies: usize) -> Result<PathBuf> {
    let out = work.join(format!("json-{copies}.jsonl"));
    if out.exists() {
        return Ok(out);
    }
    fs::create_dir_all(work)?;
    let logs = files(&data.join("cases/psexec-3host/logs"), "json")?;
    let part = work.join("json.part");
    let mut to = BufWriter::new(File::create(&part)?);
    for copy in 0..copies {
        for file in &logs {
            for line in fs::read_to_string(file)?.lines() {
                let line = line.replacen(
                    "\"RecordNumber\":",
                    &format!("\"RecordNumber\":{}", copy % 9 + 1),
                    1,
                );
                to.write_all(line.as_bytes())?;
                to.write_all(b"\n")?;
            }
        }
    }
    to.flush()?;
    fs::rename(part, &out)?;
    Ok(out)
}

/// A million events of a network as it lives, as `hunt-store` makes them.
pub(crate) fn life(data: &Path, work: &Path, rules: &Path) -> Result<Vec<PathBuf>> {
    const EVENTS: u64 = 1_000_000;
    let folder = work.join(format!("life-0-{EVENTS}"));
    let done = folder.join("done");
    if !done.exists() {
        let program = Arc::new(Program::new(crate::base::rules(rules)?));
        Life::new(data, &program)?.write(EVENTS, &folder)?;
        fs::write(&done, "")?;
    }
    files(&folder, "jsonl")
}

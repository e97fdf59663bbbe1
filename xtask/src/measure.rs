//! CPU time and peak memory of child processes, from `/proc`.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// What a process took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Taken {
    /// User and system time, in seconds.
    pub(crate) cpu: f64,
    /// Wall time, in seconds.
    pub(crate) wall: f64,
    /// Peak resident memory, in MiB.
    pub(crate) peak_mib: f64,
}

/// Bytes of a failing process's messages that are shown.
const SAID_BYTES: u64 = 2048;

/// Clock ticks a second in `/proc/*/stat`: 100 on every Linux there is.
const TICKS: f64 = 100.0;

/// User and system time of a process that has ended and was not waited for.
fn cpu_of(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Fields are counted from behind the name, which may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |n: usize| fields.get(n)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

/// Finer than ticks: time on the processor in nanoseconds, of all threads so far.
fn schedstat(pid: u32) -> Option<f64> {
    let mut total = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        total += text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9;
    }
    Some(total)
}

fn peak_of(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

fn ended(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit(')').next()?.split_whitespace().next().map(|s| s == "Z"))
        .unwrap_or(true)
}

fn watch(child: &mut Child, start: Instant) -> Result<Taken> {
    let pid = child.id();
    let mut peak = 0.0f64;
    while !ended(pid) {
        peak = peak.max(peak_of(pid).unwrap_or(0.0));
        thread::sleep(Duration::from_millis(5));
    }
    let wall = start.elapsed().as_secs_f64();
    let cpu = cpu_of(pid).or_else(|| schedstat(pid)).unwrap_or(0.0);
    let status = child.wait()?;
    ensure!(status.success(), "a measured process failed: {status}");
    Ok(Taken { cpu, wall, peak_mib: peak })
}

/// Runs a command to its end, unheard, and measures it. If it fails, what it
/// said last is in the error.
pub(crate) fn run(command: &mut Command) -> Result<Taken> {
    let mut said = tempfile::tempfile().context("making a file for messages")?;
    let taken = watched(command.stderr(said.try_clone()?));
    taken.or_else(|error| Err(error.context(last_of(&mut said)?)))
}

/// As [`run`]; errors go where the command says.
pub(crate) fn watched(command: &mut Command) -> Result<Taken> {
    command.stdout(Stdio::null()).stdin(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("starting {command:?}"))?;
    watch(&mut child, start).with_context(|| format!("measuring {command:?}"))
}

/// The end of what a process wrote.
fn last_of(said: &mut File) -> Result<String> {
    let length = said.metadata()?.len();
    said.seek(SeekFrom::Start(length.saturating_sub(SAID_BYTES)))?;
    let mut end = Vec::new();
    said.read_to_end(&mut end)?;
    Ok(format!("it said: {}", String::from_utf8_lossy(&end).trim()))
}

/// The least CPU and wall time, and the highest peak, of several runs.
pub(crate) fn least(rounds: usize, mut once: impl FnMut() -> Result<Taken>) -> Result<Taken> {
    let mut best = once()?;
    for _ in 1..rounds.max(1) {
        let taken = once()?;
        best.cpu = best.cpu.min(taken.cpu);
        best.wall = best.wall.min(taken.wall);
        best.peak_mib = best.peak_mib.max(taken.peak_mib);
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failing_program_said_is_in_the_error() {
        let error = run(Command::new("sh").args(["-c", "echo no such key >&2; exit 3"]));
        let told = format!("{:#}", error.unwrap_err());
        assert!(told.contains("no such key") && told.contains("exit status: 3"), "{told}");
    }
}

//! Where the records go: one day of all sources is held, put in order of time, numbered and written; then the next.
//! So memory stays that of a day, and record ids grow with time as on a real machine.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::clock::{DAY, DAYS, Micros, START, zeek_stamp};
use super::gaps::{Loss, gap_of};
use super::network::HOSTS;
use super::rng::Rng;
use super::zeek::{ZEEK_LOGS, header};

/// A channel of a Windows machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Sysmon,
    Security,
    System,
    PowerShell,
}

/// All channels, in the order of their files.
pub(super) const CHANNELS: [Channel; 4] =
    [Channel::Sysmon, Channel::Security, Channel::System, Channel::PowerShell];

impl Channel {
    /// The name that Windows gives it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Channel::Sysmon => "Microsoft-Windows-Sysmon/Operational",
            Channel::Security => "Security",
            Channel::System => "System",
            Channel::PowerShell => "Microsoft-Windows-PowerShell/Operational",
        }
    }
}

/// Which act of the story a record tells; handed out by the truth under construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(pub(super) usize);

/// Where a record of the story ended.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) mark: Mark,
    /// Order of telling, so that the record told first stands for the act.
    pub(super) order: u64,
    pub(super) host: String,
    pub(super) channel: String,
    pub(super) time: Micros,
    pub(super) fate: Fate,
}

/// A record is in the evidence, or is not and why.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    Written { path: String, line: u64, record_id: Option<u64> },
    Lost(&'static str),
}

/// A record before it has its number. Windows records are cut where the number goes.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) cut: Option<usize>,
}

struct Pending {
    source: usize,
    time: Micros,
    order: u64,
    line: Line,
    host: &'static str,
    mark: Option<Mark>,
}

struct Source {
    host: String,
    channel: String,
    path: String,
    next_id: u64,
    line: u64,
    writer: BufWriter<File>,
}

/// All log files of the rehearsal.
pub(super) struct Sink {
    sources: Vec<Source>,
    pending: Vec<Pending>,
    placed: Vec<Placed>,
    order: u64,
    records: u64,
}

impl Sink {
    /// Creates all files below `out`.
    pub(super) fn create(out: &Path, seed: u64) -> anyhow::Result<Self> {
        let mut sink = Sink {
            sources: Vec::new(),
            pending: Vec::new(),
            placed: Vec::new(),
            order: 0,
            records: 0,
        };
        let mut rng = Rng::fork(seed, 1, 0);
        for host in HOSTS.iter().filter(|host| host.supplies) {
            for channel in CHANNELS {
                let wanted = match channel {
                    Channel::Sysmon => host.sysmon,
                    Channel::PowerShell => host.powershell,
                    Channel::Security | Channel::System => true,
                };
                if wanted {
                    let file = channel.name().replace('/', "%4");
                    let path = format!("logs/windows/{}/{file}.jsonl", host.name);
                    let first_id = 1_000 + rng.below(400_000);
                    sink.open(out, host.name, channel.name(), path, first_id)?;
                }
            }
        }
        for log in ZEEK_LOGS {
            sink.open(out, log.sensor(), log.channel(), log.path().to_owned(), 0)?;
            let text = header(log);
            sink.raw_last(&text)?;
        }
        sink.open(out, "m365", "m365", "logs/cloud/m365-audit.jsonl".to_owned(), 0)?;
        Ok(sink)
    }

    fn open(
        &mut self,
        out: &Path,
        host: &str,
        channel: &str,
        path: String,
        next_id: u64,
    ) -> anyhow::Result<()> {
        let full: PathBuf = out.join(&path);
        if let Some(folder) = full.parent() {
            create_dir_all(folder)
                .with_context(|| format!("creating folder {}", folder.display()))?;
        }
        let file =
            File::create(&full).with_context(|| format!("creating log file {}", full.display()))?;
        let (host, channel) = (host.to_owned(), channel.to_owned());
        let writer = BufWriter::with_capacity(1 << 16, file);
        self.sources.push(Source { host, channel, path, next_id, line: 0, writer });
        Ok(())
    }

    fn raw_last(&mut self, text: &str) -> anyhow::Result<()> {
        let Some(source) = self.sources.last_mut() else {
            return Ok(());
        };
        source.line += text.lines().count() as u64;
        source.writer.write_all(text.as_bytes()).with_context(|| format!("writing {}", source.path))
    }

    /// Takes one record. `source_host` and `channel` name the log, `host` the machine that it is about.
    pub(super) fn put(
        &mut self,
        (source_host, channel): (&str, &str),
        host: &'static str,
        time: Micros,
        line: Line,
        mark: Option<Mark>,
    ) {
        self.order += 1;
        let order = self.order;
        let found = self.sources.iter().position(|s| s.host == source_host && s.channel == channel);
        if let Some(source) = found {
            self.pending.push(Pending { source, time, order, line, host, mark });
        } else if let Some(mark) = mark {
            let reason = gap_of(source_host, channel, time)
                .map_or("this machine does not collect this log", |gap| gap.reason);
            let (host, channel) = (host.to_owned(), channel.to_owned());
            self.placed.push(Placed { mark, order, host, channel, time, fate: Fate::Lost(reason) });
        }
    }

    /// Numbers and writes everything before `until`; later records wait for their day.
    pub(super) fn flush(&mut self, until: Micros) -> anyhow::Result<()> {
        let all = std::mem::take(&mut self.pending);
        let (mut due, later): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|record| record.time < until);
        self.pending = later;
        due.sort_unstable_by_key(|record| (record.source, record.time, record.order));
        for record in due {
            self.write(record)?;
        }
        Ok(())
    }

    fn write(&mut self, record: Pending) -> anyhow::Result<()> {
        let Some(source) = self.sources.get_mut(record.source) else {
            return Ok(());
        };
        let gap = gap_of(&source.host, &source.channel, record.time);
        let record_id = record.line.cut.map(|_| source.next_id);
        if gap.is_none_or(|gap| gap.loss == Loss::Hole) {
            source.next_id += 1;
        }
        let fate = if let Some(gap) = gap {
            Fate::Lost(gap.reason)
        } else {
            source.line += 1;
            self.records += 1;
            let text = &record.line.text;
            let (head, tail) =
                text.split_at_checked(record.line.cut.unwrap_or(0)).unwrap_or((text, ""));
            let id = record_id.map(|id| id.to_string()).unwrap_or_default();
            for part in [head, &id, tail, "\n"] {
                source
                    .writer
                    .write_all(part.as_bytes())
                    .with_context(|| format!("writing {}", source.path))?;
            }
            Fate::Written { path: source.path.clone(), line: source.line, record_id }
        };
        if let Some(mark) = record.mark {
            let channel = source.channel.clone();
            let (order, host, time) = (record.order, record.host.to_owned(), record.time);
            self.placed.push(Placed { mark, order, host, channel, time, fate });
        }
        Ok(())
    }

    /// Closes all files; gives the number of records and where those of the story are.
    pub(super) fn finish(mut self) -> anyhow::Result<(u64, Vec<Placed>)> {
        let end = START + DAYS * DAY;
        self.flush(end)?;
        for source in &mut self.sources {
            let tail = if source.path.ends_with(".log") {
                format!("#close\t{}\n", zeek_stamp(end))
            } else {
                String::new()
            };
            source
                .writer
                .write_all(tail.as_bytes())
                .with_context(|| format!("writing {}", source.path))?;
            source.writer.flush().with_context(|| format!("finishing {}", source.path))?;
        }
        self.placed.sort_unstable_by_key(|placed| (placed.mark.0, placed.order));
        Ok((self.records, self.placed))
    }
}

//! What is recorded where, and what of it is lost: the other half of a rehearsal. A record that happened is *made* only
//! where auditing asks for it, and *kept* only where nothing lost it; [`Logging::complete`] is the promise that nothing
//! was.

use super::estate::{Host, Role};
use crate::demo::clock::{HOUR, Micros};
use crate::demo::rng::Rng;

/// A log of a Windows machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Channel {
    Security,
    Sysmon,
    System,
    PowerShell,
}

impl Channel {
    pub(super) fn name(self) -> &'static str {
        match self {
            Channel::Security => "Security",
            Channel::Sysmon => "Microsoft-Windows-Sysmon/Operational",
            Channel::System => "System",
            Channel::PowerShell => "Microsoft-Windows-PowerShell/Operational",
        }
    }
}

/// How records come to be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Made and lost later: numbers go on, a hole is left.
    Hole,
    /// Never made: numbers go on without a hole.
    Silence,
}

/// A stretch of time that a log lacks. `channel` is `None` for all of a host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) channel: Option<Channel>,
    pub(super) from: Micros,
    pub(super) to: Micros,
    pub(super) way: Way,
}

/// How a host's records are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// As in their XML, dumped from EVTX.
    Nested,
    /// As winlogbeat writes them.
    Beat,
    /// Flat, as NXLog writes them, with the offset of the zone that the host is set to.
    Flat,
}

/// What is usual in an estate; single hosts differ from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habit {
    dialect: Dialect,
    zone_hours: i64,
    process_4688: bool,
    share_5145: bool,
    file_4663: bool,
    sysmon_percent: u64,
    forwarded: bool,
    /// How well the logs are kept: how often one has a hole, or never comes.
    loss_percent: u64,
}

impl Habit {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let dialects = [Dialect::Nested, Dialect::Beat, Dialect::Flat];
        Self {
            dialect: rng.choose(&dialects).copied().unwrap_or(Dialect::Nested),
            zone_hours: rng.choose(&[-5, -4, 0, 1, 2, 9]).copied().unwrap_or(0),
            process_4688: rng.chance(70),
            share_5145: rng.chance(75),
            file_4663: rng.chance(30),
            sysmon_percent: rng.choose(&[0, 30, 70, 100]).copied().unwrap_or(0),
            forwarded: rng.chance(50),
            loss_percent: rng.choose(&[4, 20, 45]).copied().unwrap_or(20),
        }
    }
}

/// What a host records and supplies.
#[derive(Clone, Debug)]
pub(super) struct Logging {
    /// Its logs reached us at all.
    pub(super) supplies: bool,
    pub(super) dialect: Dialect,
    pub(super) zone_hours: i64,
    /// Its clock goes wrong by so much.
    pub(super) skew: Micros,
    pub(super) sysmon: bool,
    pub(super) powershell: bool,
    pub(super) process_4688: bool,
    pub(super) share_5145: bool,
    pub(super) file_4663: bool,
    /// Forwarded by subscription: of the Security log only some ids come, so that numbers have holes.
    pub(super) forwarded: bool,
    /// Some records come twice.
    pub(super) doubled: bool,
    pub(super) outages: Vec<Outage>,
}

/// What a usual subscription does not ask for.
const NOT_FORWARDED: [u16; 4] = [4663, 4656, 4634, 5156];

impl Logging {
    /// Whether such a record is made at all.
    pub(super) fn makes(&self, channel: Channel, id: u16) -> bool {
        match (channel, id) {
            (Channel::Sysmon, _) => self.sysmon,
            (Channel::PowerShell, _) => self.powershell,
            (Channel::Security, 4688) => self.process_4688,
            (Channel::Security, 5145) => self.share_5145,
            (Channel::Security, 4663) => self.file_4663,
            _ => true,
        }
    }

    /// What loses such a record.
    pub(super) fn loses(&self, channel: Channel, id: u16, time: Micros) -> Option<Way> {
        let mut out = self.outages.iter().filter(|o| o.channel.is_none_or(|c| c == channel));
        if let Some(outage) = out.find(|o| (o.from..o.to).contains(&time)) {
            return Some(outage.way);
        }
        let cut = self.forwarded && channel == Channel::Security && NOT_FORWARDED.contains(&id);
        cut.then_some(Way::Hole)
    }

    /// Whether all records of this kind of a stretch of time are there.
    pub(super) fn complete(&self, channel: Channel, id: u16, from: Micros, to: Micros) -> bool {
        let cut = self.forwarded && channel == Channel::Security && NOT_FORWARDED.contains(&id);
        let mut of_it = self.outages.iter().filter(|o| o.channel.is_none_or(|c| c == channel));
        self.supplies
            && self.makes(channel, id)
            && !cut
            && !of_it.any(|o| o.from < to && from < o.to)
    }
}

/// Draws what a host records.
pub(super) fn host(rng: &mut Rng, habit: Habit, role: Role, start: Micros, days: i64) -> Logging {
    let dark = match role {
        Role::Directory | Role::FileServer => habit.loss_percent / 4,
        _ => habit.loss_percent / 2,
    };
    let dialects = [Dialect::Nested, Dialect::Beat, Dialect::Flat];
    let other = rng.choose(&dialects).copied().unwrap_or(Dialect::Nested);
    let mostly = |rng: &mut Rng, usual: bool| usual != rng.chance(8);
    Logging {
        supplies: !rng.chance(dark),
        dialect: if rng.chance(10) { other } else { habit.dialect },
        zone_hours: if rng.chance(15) { 0 } else { habit.zone_hours },
        skew: if rng.chance(30) {
            rng.between(-9_000_000, 9_000_000)
        } else {
            rng.between(-90_000, 90_000)
        },
        sysmon: rng.chance(habit.sysmon_percent),
        powershell: rng.chance(50),
        process_4688: mostly(rng, habit.process_4688),
        share_5145: mostly(rng, habit.share_5145),
        file_4663: mostly(rng, habit.file_4663),
        forwarded: mostly(rng, habit.forwarded),
        doubled: rng.chance(10),
        outages: outages(rng, start, days, habit.loss_percent),
    }
}

/// Draws stretches of time that are missing.
pub(super) fn outages(rng: &mut Rng, start: Micros, days: i64, percent: u64) -> Vec<Outage> {
    let mut out = Vec::new();
    while rng.chance(percent) && out.len() < 3 {
        let from = start + rng.between(0, days * 24) * HOUR + rng.between(0, HOUR);
        let length = rng.choose(&[2, 5, 12, 30]).copied().unwrap_or(2) * HOUR;
        let channels = [None, Some(Channel::Security), Some(Channel::Sysmon)];
        let channel = rng.choose(&channels).copied().flatten();
        let way = if rng.chance(50) { Way::Hole } else { Way::Silence };
        out.push(Outage { channel, from, to: from + length, way });
    }
    out
}

/// A sensor.
#[derive(Clone, Debug)]
pub(super) struct Sensor {
    /// It sees what goes on inside too, not only what crosses the edge.
    pub(super) inside: bool,
    /// Of 1000 packets so many are lost.
    pub(super) loss_per_mille: u64,
    pub(super) outages: Vec<Outage>,
}

/// Draws a sensor.
pub(super) fn sensor(rng: &mut Rng, start: Micros, days: i64) -> Sensor {
    let loss_per_mille =
        if rng.chance(25) { rng.choose(&[5, 30, 120]).copied().unwrap_or(0) } else { 0 };
    Sensor { inside: rng.chance(60), loss_per_mille, outages: outages(rng, start, days, 20) }
}

/// Whether a stretch of time holds none of the outages.
pub(super) fn whole(outages: &[Outage], from: Micros, to: Micros) -> bool {
    !outages.iter().any(|o| o.from < to && from < o.to)
}

/// The tenant's audit trail.
#[derive(Clone, Debug)]
pub(super) struct TenantLog {
    pub(super) outages: Vec<Outage>,
}

/// The trail of the cloud account.
#[derive(Clone, Debug)]
pub(super) struct TrailLog {
    /// Files with all records in one array, else one a line.
    pub(super) records_in_one: bool,
    pub(super) outages: Vec<Outage>,
}

/// A host that is none, where an estate lacks what every estate has.
pub(super) fn nowhere() -> Host {
    Host {
        name: String::new(),
        fqdn: String::new(),
        ip: "0.0.0.0".to_owned(),
        role: Role::Directory,
        log: Logging {
            supplies: false,
            dialect: Dialect::Nested,
            zone_hours: 0,
            skew: 0,
            sysmon: false,
            powershell: false,
            process_4688: false,
            share_5145: false,
            file_4663: false,
            forwarded: false,
            doubled: false,
            outages: Vec::new(),
        },
    }
}

//! What truly happened to each asset, and what the records that are left can show of it.
//!
//! *Determinable* is worked out here, from what was kept and lost, without any look at a verdict: something taken, when
//! a record of its departure is left and whose it was can be told; something opened, when a record of that is; something
//! that was not touched, when every record that a touch would have made would be there, from the first act of the first
//! intrusion to the end.

use super::Beside;
use super::assets::{self, Asset, Place};
use super::campaign::Plan;
use super::logging::Channel;
use super::scene::{FactId, Scene, Source};
use crate::demo::clock::{Micros, iso};
use crate::demo::json::{Obj, list};

/// What became of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// The intruder was nowhere near.
    Untouched,
    /// The intruder was on its machine, in its share, account or tenant, and left it alone.
    Reached,
    /// It was read, or copied within the estate; it did not leave.
    Opened,
    /// It left.
    Taken,
}

impl Fate {
    /// All of them.
    pub const ALL: [Fate; 4] = [Fate::Untouched, Fate::Reached, Fate::Opened, Fate::Taken];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Fate::Untouched => "untouched",
            Fate::Reached => "reached",
            Fate::Opened => "opened",
            Fate::Taken => "taken",
        }
    }
}

/// The truth about one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthAsset {
    /// Its id in `assets.toml`.
    pub id: String,
    /// Where it lies, in words.
    pub place: String,
    /// What became of it.
    pub fate: Fate,
    /// The gravest that the records that are left can show; `None` where they show nothing of the intruder near it.
    pub shown: Option<Fate>,
    /// Every record that a touch would have made would be there.
    pub watched: bool,
    /// The logs without which nobody can rule it out ([`LogFile::source`](super::LogFile)).
    pub needs: Vec<String>,
    /// The records that are left tell the truth about it.
    pub determinable: bool,
}

/// An act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, in microseconds since 1970.
    pub time: Micros,
    /// What.
    pub what: String,
}

/// The truth about a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// From which it was drawn.
    pub seed: u64,
    /// All assets, in the order of their declaration.
    pub assets: Vec<TruthAsset>,
    /// The intrusions.
    pub steps: Vec<Step>,
    /// What is missing, in words.
    pub gaps: Vec<String>,
    /// Records that are in the logs.
    pub kept: u64,
    /// Records that were made and lost.
    pub lost: u64,
}

pub(super) fn beside(scene: &Scene, plan: &Plan) -> Beside {
    let truth = Truth {
        seed: scene.seed,
        assets: plan.assets.iter().map(|asset| judge(scene, plan, asset)).collect(),
        steps: plan.steps.clone(),
        gaps: gaps(scene),
        kept: scene.kept,
        lost: scene.lost,
    };
    Beside { assets_toml: assets::toml(&plan.assets), seeds: plan.seeds.clone(), truth }
}

fn judge(scene: &Scene, plan: &Plan, asset: &Asset) -> TruthAsset {
    let any = |facts: &[FactId]| facts.iter().any(|fact| scene.facts.shown(*fact));
    let touched = any(&asset.touches);
    let left = touched && any(&asset.departures);
    let near = any(&asset.reaches);
    let watched = watched(scene, plan, asset);
    let shown = match asset.fate {
        Fate::Taken if left => Some(Fate::Taken),
        Fate::Taken | Fate::Opened if touched => Some(Fate::Opened),
        Fate::Untouched => None,
        _ => near.then_some(Fate::Reached),
    };
    let determinable = match asset.fate {
        Fate::Taken => left,
        Fate::Opened => touched,
        Fate::Reached => watched || near,
        Fate::Untouched => watched,
    };
    let (place, needs) = (place(&asset.place), needs(scene, &asset.place));
    let (id, fate) = (asset.id.clone(), asset.fate);
    TruthAsset { id, place, fate, shown, watched, needs, determinable }
}

/// Whether every record that a touch would have made would be there.
fn watched(scene: &Scene, plan: &Plan, asset: &Asset) -> bool {
    if scene.mixed.contains(&asset.id) {
        return false;
    }
    let (from, to) = (plan.first, scene.estate.end());
    let on_host = |host: &super::estate::Host| {
        let whole = |channel, id| scene.complete(host, (channel, id), from, to);
        whole(Channel::Security, 4624)
            && (whole(Channel::Security, 4688) || whole(Channel::Sysmon, 1))
    };
    match &asset.place {
        Place::Share(share, _) => {
            let detailed = scene.complete(&share.host, (Channel::Security, 5145), from, to);
            on_host(&share.host) && (detailed || asset.reaches.is_empty())
        }
        Place::Local(host, _) => {
            let detailed = scene.complete(host, (Channel::Security, 4663), from, to);
            on_host(host) && (detailed || asset.reaches.is_empty())
        }
        Place::Mail(owner, _) => owner.mail_audit && scene.tenant_whole(from, to),
        Place::Site(..) => scene.tenant_whole(from, to),
        Place::Bucket(bucket, _) => bucket.data_events && scene.trail_whole(from, to),
        Place::Secret(_) | Place::Snapshot(_) => scene.trail_whole(from, to),
        Place::SigningKey(_) => {
            let dc = &scene.estate.dc;
            on_host(dc) && scene.complete(dc, (Channel::Security, 4662), from, to)
        }
    }
}

/// The logs that hold what a touch would have left.
fn needs(scene: &Scene, place: &Place) -> Vec<String> {
    let of_host = |name: &str| vec![Source::Windows(name.into(), Channel::Security).name()];
    match place {
        Place::Share(share, _) => of_host(&share.host.name),
        Place::Local(host, _) => of_host(&host.name),
        Place::Mail(..) | Place::Site(..) => vec![Source::Tenant.name()],
        Place::Bucket(..) | Place::Secret(_) | Place::Snapshot(_) => vec![Source::Trail.name()],
        Place::SigningKey(_) => of_host(&scene.estate.dc.name),
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Share(share, folder) => format!(r"\\{}\{}\{folder}", share.host.name, share.name),
        Place::Local(host, folder) => format!("{folder} on {}", host.name),
        Place::Mail(account, folder) => format!("{folder} of {}", account.mail),
        Place::Bucket(bucket, prefix) => format!("s3://{}/{prefix}", bucket.name),
        Place::Site(site, folder) => format!("{site}/{folder}"),
        Place::Secret(arn) => arn.clone(),
        Place::Snapshot(id) => id.clone(),
        Place::SigningKey(name) => format!("key of {name}"),
    }
}

fn gaps(scene: &Scene) -> Vec<String> {
    let mut out = Vec::new();
    let span =
        |o: &super::logging::Outage| format!("{} to {} ({:?})", iso(o.from), iso(o.to), o.way);
    for host in &scene.estate.hosts {
        if !host.log.supplies {
            out.push(format!("{} supplies nothing", host.name));
            continue;
        }
        for (name, made) in [
            ("5145", host.log.share_5145),
            ("4663", host.log.file_4663),
            ("4688", host.log.process_4688),
            ("Sysmon", host.log.sysmon),
        ] {
            if !made {
                out.push(format!("{} makes no {name}", host.name));
            }
        }
        for outage in &host.log.outages {
            let channel = outage.channel.map_or("all logs", Channel::name);
            out.push(format!("{}, {channel}: {}", host.name, span(outage)));
        }
    }
    let tenant =
        scene.estate.tenant.iter().flat_map(|t| &t.outages).map(|o| format!("tenant: {}", span(o)));
    out.extend(tenant);
    let cloud = scene
        .estate
        .cloud
        .iter()
        .flat_map(|c| &c.log.outages)
        .map(|o| format!("trail: {}", span(o)));
    out.extend(cloud);
    match &scene.estate.sensor {
        Some(sensor) => {
            if !sensor.inside {
                out.push("the sensor sees the edge only".to_owned());
            }
            if sensor.loss_per_mille > 0 {
                out.push(format!("the sensor loses {} of 1000 packets", sensor.loss_per_mille));
            }
            out.extend(sensor.outages.iter().map(|o| format!("sensor: {}", span(o))));
        }
        None => out.push("no sensor".to_owned()),
    }
    out
}

impl Truth {
    /// As JSON, one entry a line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let assets = self.assets.iter().map(|asset| {
            Obj::new()
                .s("id", &asset.id)
                .s("place", &asset.place)
                .s("fate", asset.fate.word())
                .opt("shown", asset.shown.map(Fate::word))
                .n("watched", asset.watched)
                .n("determinable", asset.determinable)
                .end()
        });
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_by_key(|step| step.time);
        let steps = steps
            .iter()
            .map(|step| Obj::new().s("time", &iso(step.time)).s("what", &step.what).end());
        let gaps = self.gaps.iter().map(|gap| {
            let mut text = String::new();
            crate::demo::json::quote(&mut text, gap);
            text
        });
        let whole = Obj::new()
            .s("format", "sekisho-rehearsal-truth/1")
            .n("seed", self.seed)
            .n("kept", self.kept)
            .n("lost", self.lost)
            .n("assets", list(assets))
            .n("steps", list(steps))
            .n("gaps", list(gaps))
            .end();
        format!("{}\n", whole.replace("},{", "},\n{"))
    }
}

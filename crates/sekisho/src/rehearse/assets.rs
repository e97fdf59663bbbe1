//! The protected assets of a rehearsal, and how `assets.toml` declares them.

use std::fmt::Write as _;
use std::sync::Arc;

use super::estate::{Account, Bucket, Estate, Host, Kind, Role, Share};
use super::scene::FactId;
use super::truth::Fate;
use crate::demo::rng::Rng;

/// Where an asset lies.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A folder of a share.
    Share(Share, String),
    /// A folder of a person, on their workstation.
    Local(Arc<Host>, String),
    /// A folder of a mailbox.
    Mail(Arc<Account>, &'static str),
    /// What is below a prefix in a bucket.
    Bucket(Bucket, String),
    /// A folder of a site.
    Site(String, String),
    Secret(String),
    Snapshot(String),
    /// The key that signs the domain's tickets.
    SigningKey(String),
}

/// An asset, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    pub(super) id: String,
    pub(super) place: Place,
    /// Names of its files, and their sizes.
    pub(super) files: Vec<(String, u64)>,
    pub(super) fate: Fate,
    /// Facts that show what became of it: touches, and departures.
    pub(super) touches: Vec<FactId>,
    pub(super) departures: Vec<FactId>,
    /// What shows that the intruder was within reach of it.
    pub(super) reaches: Vec<FactId>,
    /// Declared with its size.
    size_said: bool,
    /// Declared by its path on the host, not by its share.
    by_path: bool,
}

impl Asset {
    pub(super) fn size(&self) -> u64 {
        self.files.iter().map(|(_, size)| size).sum()
    }

    /// On which machine it lies.
    pub(super) fn host(&self) -> Option<&Arc<Host>> {
        match &self.place {
            Place::Share(share, _) => Some(&share.host),
            Place::Local(host, _) => Some(host),
            _ => None,
        }
    }
}

const STEMS: [&str; 10] = [
    "overview",
    "Anlage",
    "figures",
    "minutes",
    "draft",
    "Prüfbericht",
    "drawing",
    "contract",
    "evaluation",
    "名簿",
];
const ENDS: [&str; 5] = ["docx", "xlsx", "pdf", "dwg", "pptx"];

fn files(rng: &mut Rng) -> Vec<(String, u64)> {
    let scale = rng.choose(&[40_000, 900_000, 12_000_000, 90_000_000]).copied().unwrap_or(1);
    (0..1 + rng.below(6))
        .map(|n| {
            let name = format!("{}-{n}.{}", rng.word(&STEMS), rng.word(&ENDS));
            (name, scale / 4 + rng.below(scale))
        })
        .collect()
}

/// Draws the assets of an estate.
pub(super) fn draw(rng: &mut Rng, estate: &Estate) -> Vec<Asset> {
    let mut places = Vec::new();
    for share in &estate.shares {
        for folder in share.folders.iter().take(3) {
            places.push(Place::Share(share.clone(), folder.clone()));
        }
    }
    let users = estate.of_kind(Kind::User);
    for (n, user) in (0_u64..).zip(&users) {
        if n < 2 || rng.chance(15) {
            let folder = format!(
                r"C:\Users\{}\Documents\{}",
                user.name,
                rng.word(&["Angebot", "Board", "Private"])
            );
            places.push(Place::Local(Arc::clone(&user.home), folder));
        }
        if estate.tenant.is_some() && n < 4 {
            places.push(Place::Mail(
                Arc::clone(user),
                rng.word(&["Inbox", "Sent Items", "Negotiation"]),
            ));
        }
    }
    if estate.tenant.is_some() {
        for site in &estate.sites {
            for folder in ["Shared Documents/Tender", "Shared Documents/Staff"] {
                places.push(Place::Site(site.clone(), folder.to_owned()));
            }
        }
    }
    if let Some(cloud) = &estate.cloud {
        for bucket in &cloud.buckets {
            places.push(Place::Bucket(
                bucket.clone(),
                format!("{}/", rng.word(&["2024", "customers", "raw"])),
            ));
        }
        let root = format!("arn:aws:secretsmanager:{}:{}:secret:", cloud.region, cloud.account);
        for name in ["prod/db-Ab3xQz", "prod/mailer-Zk8aWe"] {
            places.push(Place::Secret(format!("{root}{name}")));
        }
        for _ in 0..2 {
            places.push(Place::Snapshot(format!("snap-{:017x}", rng.next() >> 4)));
        }
    }
    if !estate.with_role(Role::Directory).is_empty() {
        places.push(Place::SigningKey(format!("krbtgt@{}", estate.suffix)));
    }
    (1..).zip(places).map(|(n, place)| asset(rng, n, place)).collect()
}

fn asset(rng: &mut Rng, n: u32, place: Place) -> Asset {
    let (size_said, by_path) = (rng.chance(50), rng.chance(40));
    Asset {
        id: format!("a{n:02}"),
        place,
        files: files(rng),
        fate: Fate::Untouched,
        touches: Vec::new(),
        departures: Vec::new(),
        reaches: Vec::new(),
        size_said,
        by_path,
    }
}

/// The declaration of all assets.
pub(super) fn toml(assets: &[Asset]) -> String {
    let mut out = String::new();
    for asset in assets {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "[[asset]]\nid = \"{}\"", asset.id);
        let file = matches!(asset.place, Place::Share(..) | Place::Local(..) | Place::Bucket(..));
        if asset.size_said && file {
            let _ = writeln!(out, "size_bytes = {}", asset.size());
        }
        let place = match &asset.place {
            Place::Share(share, folder) if asset.by_path => {
                format!("host = '{}', path = '{}\\{folder}\\**'", share.host.name, share.local)
            }
            Place::Share(share, folder) => {
                format!("share = '\\\\{}\\{}\\{folder}\\**'", share.host.name, share.name)
            }
            Place::Local(host, folder) => format!("host = '{}', path = '{folder}\\**'", host.name),
            Place::Mail(account, folder) => {
                format!("mailbox = '{}', folder = '{folder}'", account.mail)
            }
            Place::Bucket(bucket, prefix) => {
                format!("bucket = '{}', prefix = '{prefix}'", bucket.name)
            }
            Place::Site(site, folder) => format!("site = '{site}', path = '{folder}/**'"),
            Place::Secret(arn) => format!("secret = '{arn}'"),
            Place::Snapshot(id) => format!("snapshot = '{id}'"),
            Place::SigningKey(name) => format!("credential = '{name}'"),
        };
        let _ = writeln!(out, "locations = [{{ {place} }}]\n");
    }
    out
}

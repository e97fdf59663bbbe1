//! `assets.toml`.

use hashbrown::HashMap;
use toml::de::{DeTable, DeValue};

use super::location::Location;
use super::reading::{Reading, Value, document, list};
use super::{Asset, Assets, declared};
use crate::answer::Notice;
use crate::limits::{ASSETS_MAX, LOCATIONS_PER_ASSET_MAX};
use crate::names::{Name, Names};

/// The kind of notices about assets.
const KIND: &str = "asset-declaration";

const KEYS: &[&str] =
    &["id", "name", "classification", "size_bytes", "sha256", "sha1", "md5", "locations"];

pub(super) fn parse(text: &str, names: &mut Names) -> Result<(Assets, Vec<Notice>), String> {
    let text = text.trim_start_matches('\u{feff}');
    let (table, mut to) = document(text, "assets.toml", KIND)?;
    let mut top = to.section(table.get_ref());
    let mut assets = Assets::default();
    match top.take(&["asset", "assets"]) {
        None => to.say(1, "no [[asset]] is declared"),
        Some(found) => {
            for (at, value) in list(found, &to).into_iter().enumerate() {
                match value.value {
                    _ if at >= ASSETS_MAX => {
                        to.say(
                            value.line,
                            &format!("more than {ASSETS_MAX} assets; the rest was not read"),
                        );
                        break;
                    }
                    DeValue::Table(table) => {
                        assets.all.push(asset(table, at, value.line, names, &mut to))
                    }
                    other => to.say(
                        value.line,
                        &format!("an asset of type {}, expected [[asset]]", other.type_str()),
                    ),
                }
            }
        }
    }
    top.finish("assets.toml", &["asset"], &mut to);
    unique(&mut assets, &mut to);
    Ok((assets, to.finish()))
}

fn asset(
    table: &DeTable<'_>,
    at: usize,
    line: usize,
    names: &mut Names,
    to: &mut Reading,
) -> Asset {
    let mut section = to.section(table);
    let id = section.text(&["id"], to).ok().flatten().unwrap_or_else(|| {
        let id = format!("asset-{}", at + 1);
        to.say(line, &format!("an asset without an `id`; it is called `{id}`"));
        id
    });
    let whose = format!("asset `{id}`");
    let name = section.text(&["name", "title"], to).ok().flatten();
    let classification = section.text(&["classification"], to).ok().flatten();
    let size_bytes = section.take(&["size_bytes", "size"]).and_then(|v| size(v, &whose, to));
    let mut hashes = Vec::new();
    for key in ["sha256", "sha1", "md5"] {
        let (texts, _) = section.texts(&[key], to);
        for (text, line) in texts {
            hashes.extend(digest(&text, line, &whose, names, to));
        }
    }
    let mut asset =
        Asset { id, name, classification, size_bytes, hashes, line, ..Asset::default() };
    match section.take(&["locations", "location"]) {
        Some(found) => places(found, &mut asset, &whose, names, to),
        None => {
            to.say(line, &format!("{whose} has no `locations`: nothing can be determined of it"))
        }
    }
    section.finish(&whose, KEYS, to);
    if asset.locations.is_empty() && asset.unread > 0 {
        to.say(line, &format!("no place of {whose} can be used: nothing can be determined of it"));
    }
    asset
}

fn size(found: Value<'_, '_>, whose: &str, to: &mut Reading) -> Option<u64> {
    let number = found.value.as_integer().and_then(|integer| {
        u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
    });
    if number.is_none() {
        to.say(
            found.line,
            &format!("`size_bytes` of {whose} is no count of bytes; it was not used"),
        );
    }
    number
}

fn digest(
    text: &str,
    line: usize,
    whose: &str,
    names: &mut Names,
    to: &mut Reading,
) -> Option<Name> {
    let text = text.rsplit_once(':').map_or(text, |(_, hex)| hex).trim();
    let is = matches!(text.len(), 32 | 40 | 64) && text.chars().all(|c| c.is_ascii_hexdigit());
    if !is {
        to.say(
            line,
            &format!("a digest of {whose} is not 64 (40, 32) hexadecimal digits; it was not used"),
        );
    }
    is.then(|| names.of(text))
}

fn places(
    found: Value<'_, '_>,
    asset: &mut Asset,
    whose: &str,
    names: &mut Names,
    to: &mut Reading,
) {
    let all = list(found, to);
    if all.is_empty() {
        to.say(found.line, &format!("`locations` of {whose} is empty"));
    }
    for (at, value) in all.into_iter().enumerate() {
        if at >= LOCATIONS_PER_ASSET_MAX {
            asset.unread += 1;
            to.say(
                value.line,
                &format!(
                    "{whose} has more than {LOCATIONS_PER_ASSET_MAX} places; the rest was not read"
                ),
            );
            break;
        }
        match declared::place(value, whose, names, to) {
            Some(place) => {
                let text = declared::shown(value.value);
                asset.locations.push(Location { place, text });
            }
            None => asset.unread += 1,
        }
    }
}

/// Gives the second of two assets with one id another.
fn unique(assets: &mut Assets, to: &mut Reading) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let taken: hashbrown::HashSet<String> = assets.all.iter().map(|a| a.id.clone()).collect();
    for asset in &mut assets.all {
        let count = seen.entry(asset.id.clone()).or_default();
        *count += 1;
        if *count == 1 {
            continue;
        }
        let mut other = format!("{}#{count}", asset.id);
        while taken.contains(&other) {
            other.push('\'');
        }
        let said = format!("a second asset has the id `{}`; it is called `{other}`", asset.id);
        to.say(asset.line, &said);
        asset.id = other;
    }
}

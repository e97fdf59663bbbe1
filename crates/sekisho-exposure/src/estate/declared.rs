//! `estate.toml`.

use hashbrown::HashMap;
use toml::de::{DeTable, DeValue};

use super::{Declared, DeclaredHost, Held, Network, bound};
use crate::answer::Notice;
use crate::assets::Shares;
use crate::assets::reading::{Reading, Section, Value, document, list};
use crate::names::{Name, Names, address};

/// The kind of notices about the estate.
const KIND: &str = "estate-declaration";

pub(super) fn parse(text: &str, names: &mut Names) -> Result<(Declared, Vec<Notice>), String> {
    let text = text.trim_start_matches('\u{feff}');
    let (table, mut to) = document(text, "estate.toml", KIND)?;
    let mut top = to.section(table.get_ref());
    let mut declared = Declared::default();
    for (section, line) in tables(top.take(&["host", "hosts"]), "host", &mut to) {
        host(section, line, &mut declared, names, &mut to);
    }
    for (section, line) in tables(top.take(&["network", "networks"]), "network", &mut to) {
        network(section, line, &mut declared, &mut to);
    }
    for (section, _) in tables(top.take(&["trusted_egress"]), "trusted_egress", &mut to) {
        trusted(section, &mut declared, &mut to);
    }
    top.finish("estate.toml", &["host", "network", "trusted_egress"], &mut to);
    overlaps(&declared, names, &mut to);
    contradictions(&declared, &mut to);
    Ok((declared, to.finish()))
}

fn tables<'a, 'i>(
    found: Option<Value<'a, 'i>>,
    what: &str,
    to: &mut Reading,
) -> Vec<(Section<'a, 'i>, usize)> {
    let values = found.map(|found| list(found, to)).unwrap_or_default();
    let mut sections = Vec::new();
    for value in values {
        match value.value {
            DeValue::Table(table) => sections.push((to.section(table), value.line)),
            other => {
                let is = other.type_str();
                to.say(value.line, &format!("`{what}` is of type {is}, expected a table"));
            }
        }
    }
    sections
}

fn host(
    mut section: Section<'_, '_>,
    line: usize,
    declared: &mut Declared,
    names: &mut Names,
    to: &mut Reading,
) {
    let (mut texts, _) = section.texts(&["name"], to);
    texts.extend(section.texts(&["names"], to).0);
    let mut host = DeclaredHost { line, ..DeclaredHost::default() };
    for (text, line) in &texts {
        match names.host(text) {
            Some(name) => {
                host.domains.add(name, text);
                if !host.names.contains(&name) {
                    host.names.push(name);
                }
            }
            None => to.say(*line, &format!("`{text}` is no name of a host")),
        }
    }
    let whose =
        texts.first().map_or_else(|| "a host".to_owned(), |(text, _)| format!("host `{text}`"));
    if let Some(found) = section.take(&["addresses", "address"]) {
        for value in list(found, to) {
            let taken = held(value, &whose, names, to);
            host.addresses.extend(taken);
        }
    }
    if let Some(found) = section.take(&["tier"]) {
        let tier = found.value.as_integer().and_then(|i| i.as_str().parse().ok());
        if tier.is_none() {
            to.say(found.line, &format!("`tier` of {whose} is no number from 0 on"));
        }
        host.tier = tier;
    }
    host.logs = section.texts(&["logs"], to).0.iter().map(|(log, _)| names.of(log)).collect();
    if let Some(found) = section.take(&["shares"]) {
        shares(found, &whose, &mut host, to);
    }
    section.finish(&whose, &["name", "names", "addresses", "tier", "logs", "shares"], to);
    if host.names.is_empty() {
        to.say(line, "a host without a name was not used");
        return;
    }
    declared.hosts.push(host);
}

fn shares(found: Value<'_, '_>, whose: &str, host: &mut DeclaredHost, to: &mut Reading) {
    let Some(table) = found.value.as_table() else {
        to.say(
            found.line,
            &format!("`shares` of {whose} is no table like {{ Plans = 'D:\\Plans' }}"),
        );
        return;
    };
    for (share, folder) in table {
        match folder.get_ref().as_str().filter(|folder| !folder.trim().is_empty()) {
            Some(folder) if Shares::can_be(folder) => {
                host.shares.push((share.get_ref().to_string(), folder.to_owned()));
            }
            Some(folder) => to.say(
                found.line,
                &format!(
                    "the folder `{folder}` of the share `{}` of {whose} has no drive: expected one \
                     like D:\\Plans or /srv/plans",
                    share.get_ref()
                ),
            ),
            None => to.say(
                found.line,
                &format!("the share `{}` of {whose} has no folder", share.get_ref()),
            ),
        }
    }
}

/// An address, or one with the time for which it was held.
fn held(value: Value<'_, '_>, whose: &str, names: &mut Names, to: &mut Reading) -> Option<Held> {
    let (text, from, until) = match value.value {
        DeValue::Table(table) => times(table, value.line, whose, to)?,
        other => (other.as_str().map(str::to_owned), None, None),
    };
    let known = text.as_deref().and_then(address);
    let Some(known) = known else {
        to.say(value.line, &format!("an address of {whose} is none; it was not used"));
        return None;
    };
    let held =
        Held { address: names.of(known), from: bound(from, i64::MIN), to: bound(until, i64::MAX) };
    if held.from >= held.to {
        to.say(value.line, &format!("{whose} has {known} until before it has it; it was not used"));
        return None;
    }
    Some(held)
}

type Times = (Option<String>, Option<i64>, Option<i64>);

fn times(table: &DeTable<'_>, line: usize, whose: &str, to: &mut Reading) -> Option<Times> {
    let mut section = to.section(table);
    let text = section.text(&["address"], to).ok()?;
    let mut bad = false;
    let mut time = |keys: &[&str], section: &mut Section<'_, '_>, to: &mut Reading| {
        let found = section.take(keys)?;
        let time = moment(found.value);
        if time.is_none() {
            bad = true;
            to.say(found.line, &format!("a time of {whose} is none like 2024-03-01T00:00:00Z"));
        }
        time
    };
    let from = time(&["from"], &mut section, to);
    let until = time(&["to", "until"], &mut section, to);
    section.finish(&format!("an address of {whose}"), &["address", "from", "to"], to);
    if bad {
        to.say(line, &format!("an address of {whose} was not used"));
        return None;
    }
    Some((text, from, until))
}

/// Nanoseconds since 1970 of a date with or without time; in UTC where no zone
/// is said.
fn moment(value: &DeValue<'_>) -> Option<i64> {
    let parsed: toml::value::Datetime = match value {
        DeValue::Datetime(time) => *time,
        other => other.as_str()?.trim().parse().ok()?,
    };
    let date = parsed.date?;
    let days = days(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let time = parsed.time;
    let seconds = time
        .map_or(0, |t| i64::from(t.hour) * 3600 + i64::from(t.minute) * 60 + i64::from(t.second));
    let nanos = time.map_or(0, |t| i64::from(t.nanosecond));
    let zone = match parsed.offset {
        Some(toml::value::Offset::Custom { minutes }) => i64::from(minutes) * 60,
        _ => 0,
    };
    (days * 86_400 + seconds - zone).checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years are counted from March, so that a leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn network(mut section: Section<'_, '_>, line: usize, declared: &mut Declared, to: &mut Reading) {
    let (mut texts, _) = section.texts(&["cidr"], to);
    texts.extend(section.texts(&["cidrs"], to).0);
    let _ = section.take(&["name"]);
    let mut flag = |keys: &[&str], to: &mut Reading| {
        let found = section.take(keys)?;
        let said = found.value.as_bool();
        if said.is_none() {
            to.say(found.line, "expected true or false");
        }
        said
    };
    let internal = flag(&["internal", "inside"], to);
    let external = flag(&["external", "outside"], to);
    section.finish("a network", &["cidr", "name", "internal", "external"], to);
    let inside = match (internal, external) {
        (Some(a), Some(b)) if a == b => {
            to.say(line, "a network is both internal and external, or neither; it was not used");
            return;
        }
        (Some(internal), _) => internal,
        (None, external) => external != Some(true),
    };
    if texts.is_empty() {
        to.say(line, "a network without a `cidr` was not used");
    }
    for (text, line) in texts {
        match Network::parse(&text) {
            Ok(network) => declared.networks.push((network, inside)),
            Err(why) => to.say(line, &why),
        }
    }
}

fn trusted(mut section: Section<'_, '_>, declared: &mut Declared, to: &mut Reading) {
    for key in ["addresses", "networks"] {
        for (text, line) in section.texts(&[key], to).0 {
            match Network::parse(&text) {
                Ok(network) => declared.trusted.networks.push(network),
                Err(why) => to.say(line, &why),
            }
        }
    }
    for (text, line) in section.texts(&["domains"], to).0 {
        let domain = text.trim_start_matches("*.").trim_matches('.').to_lowercase();
        if domain.is_empty() || domain.contains(['*', '/', ' ']) {
            to.say(line, &format!("`{text}` is no domain"));
        } else {
            declared.trusted.domains.push(domain);
        }
    }
    section.finish("trusted_egress", &["addresses", "networks", "domains"], to);
}

/// Names one address that two hosts have at one time, and one name of two
/// hosts.
fn overlaps(declared: &Declared, names: &Names, to: &mut Reading) {
    let mut held: HashMap<Name, Vec<(Held, usize)>> = HashMap::new();
    let mut named: HashMap<Name, usize> = HashMap::new();
    for (number, host) in declared.hosts.iter().enumerate() {
        for one in &host.addresses {
            held.entry(one.address).or_default().push((*one, number));
        }
        for name in &host.names {
            let other = named.insert(*name, number).filter(|other| *other != number);
            let twice = other.and_then(|other| declared.hosts.get(other));
            // Of hosts of different domains more is said, and by name.
            if twice.is_some_and(|other| !other.domains.differ(&host.domains, *name)) {
                to.say(host.line, &format!("`{}` is the name of two hosts", names.shown(*name)));
            }
        }
    }
    let mut held: Vec<_> = held.into_values().collect();
    held.sort_by_key(|all| all.first().map(|(one, _)| one.address));
    for mut all in held {
        all.sort_by_key(|(one, _)| (one.from, one.to));
        let mut last: Option<(Held, usize)> = None;
        for (one, number) in all {
            if let Some((before, other)) = last
                && before.to > one.from
                && other != number
            {
                let line = declared.hosts.get(number).map_or(1, |host| host.line);
                let address = names.shown(one.address);
                to.say(line, &format!("{address} is declared for two hosts at one time; it is given to neither then"));
            }
            if last.is_none_or(|(before, _)| before.to <= one.to) {
                last = Some((one, number));
            }
        }
    }
}

fn contradictions(declared: &Declared, to: &mut Reading) {
    let mut said: HashMap<Network, bool> = HashMap::new();
    for (network, inside) in &declared.networks {
        if said.insert(*network, *inside).is_some_and(|other| other != *inside) {
            to.say(1, &format!("{network} is declared both internal and external; it is neither"));
        }
    }
}

//! Which realms of clouds a thing may be of, and what their logs can say of it.

use std::collections::BTreeMap;

use super::ways::Ways;
use crate::activity::{LossKind, Object, What};
use crate::assets::Place;
use crate::extract::{Class, READS, region_of};
use crate::ledger::{Hour, HourHeard};
use crate::names::Name;

/// The service by whose calls blocks of a disk's snapshot are read. They are
/// recorded as data events, or not at all.
const BLOCKS: &str = "ebs.amazonaws.com";

/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

/// Packets that a sensor may lose before its counts bound nothing.
const LOST_MOST: f64 = 0.01;

impl Ways<'_> {
    /// The realms that a thing may be of: that of the account which its name
    /// states; else those whose records name what it lies in; else all. None
    /// where its name cannot be one of that service.
    pub(super) fn realms_of(&self, place: &Place, class: Class, prefix: &str) -> Vec<Name> {
        let names = self.sweep.names;
        if prefix == "aws:" && !place.can_be_of_aws() {
            return Vec::new();
        }
        let realms = self.realms.iter().copied();
        let all: Vec<Name> =
            realms.filter(|realm| names.folded(*realm).starts_with(prefix)).collect();
        if let Some(account) = place.resource().and_then(|resource| resource.account()) {
            let is = |realm: &Name| names.folded(*realm).strip_prefix(prefix) == Some(account);
            return all.into_iter().filter(is).collect();
        }
        if all.len() < 2 {
            return all;
        }
        let named: Vec<Name> =
            all.iter().copied().filter(|realm| self.is_alive(*realm, class, place)).collect();
        if named.is_empty() { all } else { named }
    }

    /// Whether records of a class were ever made for the container of a thing.
    fn is_alive(&self, realm: Name, class: Class, place: &Place) -> bool {
        self.heard_of(realm, class, place).next().is_some()
    }

    /// The hours in which records of a class were made for the container of a
    /// thing.
    fn heard_of<'s>(
        &'s self,
        realm: Name,
        class: Class,
        place: &'s Place,
    ) -> impl Iterator<Item = &'s BTreeMap<Hour, HourHeard>> + 's {
        let alive = self.heard.alive.iter();
        let alive = alive
            .filter(move |((source, known, _), _)| source.host == Some(realm) && *known == class);
        let own = alive.filter(move |((_, _, container), _)| {
            let object = match class {
                Class::MailAccess => {
                    Object::Mail { mailbox: *container, folder: None, message: None }
                }
                Class::DocumentAccess => Object::Site { url: *container },
                _ => Object::Bucket { bucket: *container, key: None },
            };
            place.lies_in(&object, &self.view)
        });
        own.map(|(_, hours)| hours)
    }

    /// Why a realm's records of a class say nothing of a thing, if they do not:
    /// none was made for what it lies in, or none when the intruder was there.
    pub(super) fn unmade(&self, realm: Name, class: Class, place: &Place) -> Option<String> {
        let mut hours = self.heard_of(realm, class, place).peekable();
        if hours.peek().is_none() {
            return Some(format!("no record of {} was ever made for it", class.word()));
        }
        // A tenant does not choose site by site, nor mailbox by mailbox, from when
        // on it records: that any was made shows that it did.
        let at_its_time = match class {
            Class::MailAccess | Class::DocumentAccess => {
                let all = self.heard.alive.iter();
                let of_class = all.filter(|((source, known, _), _)| {
                    source.host == Some(realm) && *known == class
                });
                self.are_around(of_class.map(|(_, hours)| hours))
            }
            _ => self.are_around(hours),
        };
        (!at_its_time).then(|| {
            format!(
                "no record of {} shows that any were made when the intruder was there",
                class.word()
            )
        })
    }

    /// Why calls that manage a realm's things say nothing of a thing, if they do
    /// not: only calls that write are recorded, or not those of its region, or
    /// nobody knows where it is.
    pub(super) fn unheard(&self, realm: Name, place: &Place) -> Option<String> {
        if !self.heard_in(realm, Class::CloudManagement, READS) {
            return Some(
                "no call that only reads was recorded when the intruder was there".to_owned(),
            );
        }
        let resource = place.resource()?;
        match resource.region() {
            Some(region) => {
                let known = self.heard_in(realm, Class::CloudManagement, &region_of(region));
                if !known {
                    return Some(format!(
                        "no call in its region, {region}, was recorded when the intruder was there"
                    ));
                }
                (resource.account().is_none() && !self.is_named(realm, place)).then(nowhere)
            }
            None => (!self.is_named(realm, place)).then(nowhere),
        }
    }

    /// Whether a record of a realm names a thing: then it is there.
    fn is_named(&self, realm: Name, place: &Place) -> bool {
        let named = self.once.named(self.sweep);
        let here = named.iter().filter(|(known, _)| *known == realm);
        here.map(|(_, object)| object).any(|object| place.is(object, &self.view))
    }

    /// What has to hold besides what a realm's calls say.
    pub(super) fn unsaid(&self, realm: Name, place: &Place) -> Option<&'static str> {
        let disk = matches!(place, Place::Snapshot(snapshot) if snapshot.text().contains("snap-"));
        (disk && !self.heard_in(realm, Class::CloudData, BLOCKS)).then_some(
            "its blocks were not read one by one: such calls are data events, and none are recorded",
        )
    }

    /// Whether records of a class of a realm name a container.
    fn heard_in(&self, realm: Name, class: Class, container: &str) -> bool {
        let Some(container) = self.sweep.names.find(container) else { return false };
        let sources = self.ledger.of_host(realm).iter();
        let hours =
            sources.filter_map(|(source, _)| self.heard.alive.get(&(*source, class, container)));
        self.are_around(hours)
    }

    /// Whether something was heard in the intruder's time, or both before and
    /// after it. Where the evidence begins or ends within a day of it, nearly
    /// so.
    fn are_around<'h>(&self, hours: impl Iterator<Item = &'h BTreeMap<Hour, HourHeard>>) -> bool {
        let Some((first, last)) = self.signs else { return true };
        let early = if first - self.begin < DAY { first + DAY } else { first };
        let late = if self.end - last < DAY { last - DAY } else { last };
        let (mut before, mut after) = (false, false);
        for heard in hours.flat_map(BTreeMap::values) {
            if heard.last >= first && heard.first <= last {
                return true;
            }
            before |= heard.first <= early;
            after |= heard.last >= late;
        }
        before && after
    }

    /// Whether a sensor's counts of what a host sent are all there are: it
    /// watched that one host over the whole time, and says of nothing that it
    /// was lost.
    pub(super) fn is_counted(&self, host: Name) -> bool {
        if self.sweep.estate.has_namesakes(host) {
            return false;
        }
        let Some(hours) = self.heard.watched.get(&(host, Class::Flow)) else { return false };
        let (first, last) = (Hour::of(self.begin).0, Hour::of(self.end).0);
        let every = (first..=last).all(|hour| hours.contains_key(&Hour(hour)));
        every && !*self.sensor_lost.get_or_init(|| self.has_lost())
    }

    /// Whether sensors say that they lost something.
    fn has_lost(&self) -> bool {
        let of_sensor =
            |log: &str| ["zeek", "suricata"].iter().any(|sensor| log.starts_with(sensor));
        let named = |channel: Name| self.sweep.names.folded(channel);
        if self.heard.timeless.keys().any(|(source, _)| of_sensor(named(source.channel))) {
            return true;
        }
        self.sweep.story.activities.iter().any(|activity| {
            let log = || self.evidence.get(activity.record).map_or("", |r| named(r.channel));
            // A connection without its id is not counted.
            if matches!(&activity.what, What::Transfer(transfer) if transfer.uid.is_none()) {
                return log() == "zeek/conn";
            }
            let What::Loss(loss) = &activity.what else { return false };
            let kind =
                matches!(loss.kind, LossKind::Dropped | LossKind::Narrowed | LossKind::Stopped);
            kind && of_sensor(log())
                && loss.channel.is_none()
                && loss.share.is_none_or(|share| share > LOST_MOST)
        })
    }
}

fn nowhere() -> String {
    "nobody knows in which account and region it is: its name does not say so, and no record names it".to_owned()
}

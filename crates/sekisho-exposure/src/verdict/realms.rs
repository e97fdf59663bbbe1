//! Which realms of clouds a thing may be of, and what their logs can say of it.

use super::ways::Ways;
use crate::activity::{LossKind, What};
use crate::assets::{Asset, Place};
use crate::extract::{Class, READS, region_of};
use crate::ledger::Hour;
use crate::names::Name;

/// The service by whose calls blocks of a disk's snapshot are read. They are
/// recorded as data events, or not at all.
const BLOCKS: &str = "ebs.amazonaws.com";

/// Packets that a sensor may lose before its counts bound nothing.
const LOST_MOST: f64 = 0.01;

impl Ways<'_> {
    /// The realms that a thing may be of: that of the account which its name
    /// states; else those whose records name what it lies in; else all.
    pub(super) fn realms_of(
        &self,
        asset: &Asset,
        place: &Place,
        class: Class,
        prefix: &str,
    ) -> Vec<Name> {
        let names = self.sweep.names;
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
            all.iter().copied().filter(|realm| self.is_alive(*realm, class, asset)).collect();
        if named.is_empty() { all } else { named }
    }

    /// Why calls that manage a realm's things say nothing of a thing, if they do
    /// not: only calls that write are recorded, or not those of its region.
    pub(super) fn unheard(&self, realm: Name, place: &Place) -> Option<String> {
        if !self.heard_in(realm, Class::CloudManagement, READS) {
            return Some("no call that only reads was ever recorded".to_owned());
        }
        let region = place.resource().and_then(|resource| resource.region())?;
        let known = self.heard_in(realm, Class::CloudManagement, &region_of(region));
        (!known).then(|| format!("no call in its region, {region}, was ever recorded"))
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
        sources
            .map(|(source, _)| *source)
            .any(|source| self.heard.alive.contains_key(&(source, class, container)))
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

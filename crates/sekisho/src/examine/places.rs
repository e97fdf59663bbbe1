//! Events that correlations may cite, kept small: the names of hosts and
//! channels once each.

use hashbrown::HashMap;

use super::work::Place;

#[derive(Clone, Copy, Debug)]
struct Kept {
    source: u32,
    host: u32,
    channel: u32,
    offset: u64,
    time: i64,
    record_id: Option<u64>,
    ordinal: u32,
}

/// Numbered events.
#[derive(Debug, Default)]
pub(crate) struct Places {
    kept: Vec<Kept>,
    ids: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Places {
    /// Keeps an event; its number. An event that was added last is not kept
    /// twice.
    pub(crate) fn add(&mut self, place: &Place) -> u64 {
        let last = self.kept.len().saturating_sub(1) as u64;
        if self.get(last).as_ref() == Some(place) {
            return last;
        }
        let kept = Kept {
            source: u32::try_from(place.source).unwrap_or(u32::MAX),
            host: self.name(&place.host),
            channel: self.name(&place.channel),
            offset: place.offset,
            time: place.time,
            record_id: place.record_id,
            ordinal: place.ordinal,
        };
        self.kept.push(kept);
        self.kept.len() as u64 - 1
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.ids.insert(name.into(), id);
        self.names.push(name.into());
        id
    }

    /// The event with a number.
    pub(crate) fn get(&self, number: u64) -> Option<Place> {
        let kept = self.kept.get(usize::try_from(number).ok()?)?;
        let name = |id: u32| self.names.get(id as usize).cloned().unwrap_or_default();
        Some(Place {
            source: kept.source as usize,
            offset: kept.offset,
            time: kept.time,
            host: name(kept.host),
            channel: name(kept.channel),
            record_id: kept.record_id,
            ordinal: kept.ordinal,
        })
    }

    /// Where the event with a number stands in what was read: its source in
    /// the order in which they are listed, and its place in that. Behind all
    /// others where there is no such event.
    pub(crate) fn standing(&self, number: u64) -> (u32, u64, u32) {
        let kept = usize::try_from(number).ok().and_then(|number| self.kept.get(number));
        kept.map_or((u32::MAX, u64::MAX, u32::MAX), |k| (k.source, k.offset, k.ordinal))
    }
}

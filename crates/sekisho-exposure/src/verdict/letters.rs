//! Mail: what a rule sends on, and in which folder a message lies.

use hashbrown::HashMap;

use super::acts::Finder;
use crate::activity::{Object, Touch, TouchKind, What};
use crate::answer::Grade;
use crate::assets::{Assets, Message, Place, is_one_folder};
use crate::names::{Name, Names};
use crate::taint::Sweep;

/// In which folders declared messages were seen, by asset and place.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    folders: HashMap<(usize, usize), Vec<Name>>,
}

impl Letters {
    /// From all records, for messages that are declared without a folder.
    pub(crate) fn of(sweep: &Sweep<'_>, assets: &Assets) -> Self {
        let mut declared: Vec<((usize, usize), &Message)> = Vec::new();
        for (number, asset) in assets.all.iter().enumerate() {
            for (at, location) in asset.locations.iter().enumerate() {
                if let Place::Mail { message: Some(message), folder: None, .. } = &location.place {
                    declared.push(((number, at), message));
                }
            }
        }
        let mut letters = Self::default();
        if declared.is_empty() {
            return letters;
        }
        // A message is named again and again.
        let mut known: HashMap<Name, Vec<(usize, usize)>> = HashMap::new();
        for activity in &sweep.story.activities {
            let What::Touch(touch) = &activity.what else { continue };
            let Object::Mail { folder: Some(folder), message: Some(message), .. } = touch.object
            else {
                continue;
            };
            let text = sweep.names.folded(message);
            let places = known.entry(message).or_insert_with(|| {
                let named = declared.iter().filter(|(_, message)| message.names(text));
                named.map(|(place, _)| *place).collect()
            });
            for place in places {
                let folders = letters.folders.entry(*place).or_default();
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            }
        }
        letters
    }

    /// Whether a message lies in a folder, as far as records say.
    fn lies_in(&self, at: (usize, usize), folder: Name, names: &Names) -> Option<bool> {
        let known = self.folders.get(&at)?;
        let is = |known: &Name| is_one_folder(names.folded(*known), names.folded(folder));
        Some(known.iter().any(is))
    }
}

impl Finder<'_> {
    /// How firmly a touch is one of what is declared as this place of an asset,
    /// if it is: of most things, as firmly as it fits.
    pub(super) fn of_mail(
        &self,
        at: (usize, usize),
        place: Option<&Place>,
        touch: &Touch,
        grade: Grade,
    ) -> Option<Grade> {
        let (Some(Place::Mail { message, folder, .. }), Object::Mail { folder: seen, .. }) =
            (place, &touch.object)
        else {
            return Some(grade);
        };
        if touch.kind == TouchKind::Shared {
            // Only what comes in after it was made goes by a rule: no message that
            // was there, nothing of another folder. That mail came is not on
            // record.
            let came = message.is_none() && folder.as_ref().is_none_or(|f| f.is_inbox());
            return came.then_some(grade.min(Grade::Probable));
        }
        let (true, None, Some(seen)) = (message.is_some() && touch.whole, folder, seen) else {
            return Some(grade);
        };
        match self.letters.lies_in(at, *seen, self.sweep.names) {
            Some(true) => Some(grade),
            Some(false) => None,
            None => Some(Grade::Possible),
        }
    }
}

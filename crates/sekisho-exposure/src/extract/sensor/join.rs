//! What several records of one thing say together: the file in a share that
//! one record saw opened and another saw go over the network; the file that a
//! request carried and a record of its own describes.

use hashbrown::HashMap;

use super::super::Extraction;
use crate::activity::{Activity, FileSent, Object, Touch, TouchKind, Transfer, Via, What};
use crate::names::{Name, Names};

/// What records say of one file.
#[derive(Clone, Copy, Debug, Default)]
struct File {
    name: Option<Name>,
    sha256: Option<Name>,
    missed: u64,
    accepted: Option<bool>,
}

/// Joins what was read so far. To be called once, when all was read: records
/// come in any order.
pub(in super::super) fn join(extraction: &mut Extraction) {
    let files = known_files(&extraction.activities, &extraction.names);
    for activity in &mut extraction.activities {
        if let What::Transfer(transfer) = &mut activity.what {
            transfer.files.iter_mut().for_each(|file| complete(file, &files));
        }
    }
    let opened = opened(&extraction.activities, &extraction.names);
    let unnamed = extraction.names.of("");
    let smb = extraction.names.of("smb");
    let moved = |activity: &Activity| match &activity.what {
        What::Transfer(transfer) if transfer.protocol == smb => {
            touches(activity, transfer, &opened, unnamed)
        }
        _ => Vec::new(),
    };
    let touches: Vec<Activity> = extraction.activities.iter().flat_map(moved).collect();
    let room = crate::limits::ACTIVITIES_MAX.saturating_sub(extraction.activities.len());
    extraction.dropped += touches.len().saturating_sub(room) as u64;
    extraction.activities.extend(touches.into_iter().take(room));
}

fn known_files(activities: &[Activity], names: &Names) -> HashMap<Name, File> {
    let mut known: HashMap<Name, File> = HashMap::new();
    // Of two different names the first in the alphabet, in whatever order
    // they were read.
    let first = |a: Option<Name>, b: Option<Name>| {
        [a, b].into_iter().flatten().min_by_key(|name| names.folded(*name))
    };
    let transfers = activities.iter().filter_map(|activity| match &activity.what {
        What::Transfer(transfer) => Some(transfer),
        _ => None,
    });
    for file in transfers.flat_map(|transfer| &transfer.files) {
        let Some(id) = file.id else { continue };
        let entry = known.entry(id).or_default();
        entry.name = first(entry.name, file.name);
        entry.sha256 = first(entry.sha256, file.sha256);
        entry.missed = entry.missed.max(file.missed);
        entry.accepted = entry.accepted.max(file.accepted);
    }
    known
}

fn complete(file: &mut FileSent, known: &HashMap<Name, File>) {
    let Some(known) = file.id.and_then(|id| known.get(&id)) else { return };
    file.name = file.name.or(known.name);
    file.sha256 = file.sha256.or(known.sha256);
    file.missed = file.missed.max(known.missed);
    file.accepted = file.accepted.or(known.accepted);
}

/// Files in shares that were seen opened, by connection and path.
type Opened = HashMap<(Name, Name), (Option<Name>, Object)>;

/// Where one path was opened in two shares, the first in the alphabet.
fn opened(activities: &[Activity], names: &Names) -> Opened {
    let mut opened = Opened::new();
    for activity in activities {
        let What::Touch(touch) = &activity.what else { continue };
        let Some(connection) = activity.actor.connection else { continue };
        let Object::Shared { share, path, .. } = touch.object else { continue };
        let slot = opened.entry((connection, path)).or_insert((activity.place, touch.object));
        if let Object::Shared { share: other, .. } = slot.1
            && names.folded(share) < names.folded(other)
        {
            *slot = (activity.place, touch.object);
        }
    }
    opened
}

/// Content of files that went over a share: they were read or written, not
/// opened alone.
fn touches(
    activity: &Activity,
    transfer: &Transfer,
    opened: &Opened,
    unnamed: Name,
) -> Vec<Activity> {
    let touched = |file: &FileSent| {
        let path = file.name.filter(|_| file.bytes != Some(0))?;
        let server = transfer.server.host.or(transfer.server.address);
        let known = transfer.uid.and_then(|uid| opened.get(&(uid, path)));
        let (place, object) = known.copied().unwrap_or((
            server,
            Object::Shared { host: server, share: unnamed, path, local: None },
        ));
        let touch = Touch {
            kind: if file.upload { TouchKind::Written } else { TouchKind::Read },
            object,
            via: Via::Network,
            bytes: file.bytes,
            whole: false,
            throttled: false,
            to: None,
            sha256: file.sha256,
        };
        Some(Activity { place, what: What::Touch(Box::new(touch)), ..activity.clone() })
    };
    transfer.files.iter().filter_map(touched).collect()
}

//! What a sealed case says of each source.

use hashbrown::HashMap;
use sekisho_case::Hash;
use sekisho_case::record;

use super::collect::Collected;
use super::work::Plan;

/// A record for each source of the inventory, numbered from `first`.
pub(super) fn records(plan: &Plan, collected: &Collected, first: u32) -> Vec<record::Source> {
    let originals = originals(plan, collected);
    let numbered = (first..).zip(plan.inventory.sources.iter().zip(&collected.sources));
    numbered
        .enumerate()
        .map(|(at, (number, (source, outcome)))| {
            let hash = collected.hashes.get(source.file_number).and_then(Option::as_deref);
            let original = originals.get(&at).filter(|&&original| original < at);
            record::Source {
                number,
                path: source.path.clone(),
                sha256: hash.and_then(|hash| hash.parse::<Hash>().ok()),
                bytes: source.bytes,
                format: outcome.format.map(str::to_owned),
                records: outcome.records,
                problems: outcome.problems,
                duplicate_of: original.and_then(|&at| first.checked_add(u32::try_from(at).ok()?)),
            }
        })
        .collect()
}

/// By source: the earlier source with the same bytes. Copies of an archive
/// have the same sources in the same order.
fn originals(plan: &Plan, collected: &Collected) -> HashMap<usize, usize> {
    let mut of_file: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, source) in plan.inventory.sources.iter().enumerate() {
        of_file.entry(source.file_number).or_default().push(at);
    }
    let mut originals = HashMap::new();
    for (at, source) in plan.inventory.sources.iter().enumerate() {
        let Some(file) = collected.sources.get(at).and_then(|outcome| outcome.duplicate_of) else {
            continue;
        };
        let own = of_file.get(&source.file_number);
        let place = own.and_then(|list| list.iter().position(|&other| other == at));
        let original = place.and_then(|place| of_file.get(&file)?.get(place).copied());
        originals.extend(original.map(|original| (at, original)));
    }
    originals
}

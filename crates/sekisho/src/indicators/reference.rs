//! The plain way to find out whether an event satisfies a pattern: every
//! comparison is put anew to every value of every event, for every choice of
//! objects. Slow, and the oracle of the compiled matcher.

use sekisho_event::{EventBatch, TIME_UNKNOWN, Vocabulary};

use super::bundle::Indicator;
use super::form::{Part, Parts, extract};
use super::mapping::{Mapping, PropertyId, Source};
use super::plan::Formula;
use super::web::joined_url;

/// An object of an event: its number, and which value where each is one.
type Object = (u16, usize);

/// A value of a property of an object.
struct Told {
    kind: u16,
    object: Object,
    property: PropertyId,
    part: Part,
}

/// Which observations of an indicator an event satisfies, by their numbers.
#[must_use]
pub fn observations(
    indicator: &Indicator,
    batch: &EventBatch,
    row: usize,
    vocabulary: &Vocabulary,
) -> Vec<usize> {
    let told = told(batch, row, vocabulary);
    let time = batch.times.get(row).copied().unwrap_or(TIME_UNKNOWN);
    let mut out = Vec::new();
    for (number, observation) in indicator.plan.observations.iter().enumerate() {
        let inside = |(start, stop)| time != TIME_UNKNOWN && start <= time && time < stop;
        if observation.between.is_none_or(inside) && holds_for_some(&observation.formula, &told) {
            out.push(number);
        }
    }
    out
}

/// All that the values of an event say.
fn told(batch: &EventBatch, row: usize, vocabulary: &Vocabulary) -> Vec<Told> {
    let mapping = Mapping::get();
    let mut out = Vec::new();
    let values = |name: &str| -> Vec<String> {
        let Some(id) = vocabulary.find(name) else { return Vec::new() };
        let (Some(column), Some(values)) = (batch.column(id), vocabulary.dictionary(id)) else {
            return Vec::new();
        };
        column.values(row).map(|value| values.text(value).to_owned()).collect()
    };
    for (source, readings) in mapping.readings(&batch.shape, &|_| true) {
        let texts = match source {
            Source::One(name) => values(&name),
            Source::Joined(host, path) => {
                let (hosts, paths) = (values(&host), values(&path));
                if hosts.is_empty() && paths.is_empty() {
                    continue;
                }
                let first = |texts: &[String]| texts.first().cloned().unwrap_or_default();
                let mut url = String::new();
                let is_one = joined_url(&first(&hosts), &first(&paths), &mut url);
                if is_one { vec![url] } else { Vec::new() }
            }
        };
        for text in texts {
            // Parts of one text with the same number are one object, whatever
            // the property.
            let base = out.len();
            for reading in &readings {
                let property = mapping.properties.get(usize::from(reading.property));
                let object = mapping.objects.get(usize::from(reading.object));
                let (Some(property), Some(object)) = (property, object) else { continue };
                let mut parts = Parts::default();
                extract(property.form, reading.how, &text, &mut parts);
                for (number, part) in parts.get().iter().enumerate() {
                    let place = if object.each { 1 + base * 1_000 + number } else { 0 };
                    out.push(Told {
                        kind: object.kind,
                        object: (reading.object, place),
                        property: reading.property,
                        part: part.clone(),
                    });
                }
            }
        }
    }
    out
}

/// Whether there are objects, one of each type, for which a formula holds.
/// Where objects are chosen for the whole of it, `OR` at its top is taken
/// apart first: its sides may hold for different ones.
fn holds_for_some(formula: &Formula, told: &[Told]) -> bool {
    if let Formula::Any(parts) = formula {
        return parts.iter().any(|part| holds_for_some(part, told));
    }
    let mut kinds = Vec::new();
    kinds_of(formula, &mut kinds);
    choose(formula, &kinds, &mut Vec::new(), told)
}

fn kinds_of(formula: &Formula, out: &mut Vec<u16>) {
    match formula {
        Formula::Test(test) => {
            let known = Mapping::get().properties.get(usize::from(test.property));
            let kind = known.map_or(0, |p| p.kind);
            if !out.contains(&kind) {
                out.push(kind);
            }
        }
        Formula::All(parts) | Formula::Any(parts) => {
            parts.iter().for_each(|part| kinds_of(part, out));
        }
    }
}

fn choose(
    formula: &Formula,
    kinds: &[u16],
    chosen: &mut Vec<(u16, Object)>,
    told: &[Told],
) -> bool {
    let Some((kind, rest)) = kinds.split_first() else { return holds(formula, chosen, told) };
    let mut objects: Vec<Object> =
        told.iter().filter(|t| t.kind == *kind).map(|t| t.object).collect();
    objects.sort_unstable();
    objects.dedup();
    if objects.is_empty() {
        return choose(formula, rest, chosen, told);
    }
    objects.into_iter().any(|object| {
        chosen.push((*kind, object));
        let held = choose(formula, rest, chosen, told);
        chosen.pop();
        held
    })
}

fn holds(formula: &Formula, chosen: &[(u16, Object)], told: &[Told]) -> bool {
    match formula {
        Formula::All(parts) => parts.iter().all(|part| holds(part, chosen, told)),
        Formula::Any(parts) => parts.iter().any(|part| holds(part, chosen, told)),
        Formula::Test(test) => told.iter().any(|t| {
            t.property == test.property
                && chosen.contains(&(t.kind, t.object))
                && test.holds(&t.part)
        }),
    }
}

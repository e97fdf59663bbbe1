//! Which columns of an event carry the properties of STIX objects, as the
//! tables in `data/indicators` say.

use std::sync::OnceLock;

use hashbrown::{HashMap, HashSet};
use sekisho_event::Shape;

use super::form::{Algorithm, Form};
use super::pattern::{ObjectPath, Step};

static PROPERTIES: &str = include_str!("../../data/indicators/properties.tsv");
static COLUMNS: &str = include_str!("../../data/indicators/columns.tsv");

/// Number of a property in the tables.
pub(super) type PropertyId = u16;

/// Number of an object of an event: of its type and what it is in the event.
pub(super) type ObjectId = u16;

/// A property of STIX objects that some log carries.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: Box<str>,
    pub(super) form: Form,
    /// Number of the object's type.
    pub(super) kind: u16,
}

/// One of the objects that an event may hold.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: u16,
    /// Each value is an object of its own.
    pub(super) each: bool,
}

/// A column, or two whose values are put together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    One(Box<str>),
    /// Host and path of an address.
    Joined(Box<str>, Box<str>),
}

/// That a column carries a property of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reading {
    pub(super) property: PropertyId,
    pub(super) object: ObjectId,
    pub(super) how: How,
}

/// What of the text of a column is the property's value, where the property's
/// form does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum How {
    Plain,
    /// The text is a folder, not a file.
    Folder,
    /// The text is a command: the path of a program, arguments behind it.
    Command,
    /// The text is a key of the registry, without the name of a value.
    Key,
}

#[derive(Debug)]
struct Row {
    properties: Vec<PropertyId>,
    object: Vec<ObjectId>,
    places: Vec<Shape>,
    how: How,
    sources: Vec<Source>,
}

/// The tables.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) properties: Vec<Property>,
    by_name: HashMap<Box<str>, PropertyId>,
    pub(super) objects: Vec<Object>,
    rows: Vec<Row>,
    /// Mistakes in the tables; a test wants none.
    mistakes: Vec<String>,
}

impl Mapping {
    /// The tables as they are built in.
    pub(super) fn get() -> &'static Self {
        static MAPPING: OnceLock<Mapping> = OnceLock::new();
        MAPPING.get_or_init(|| Builder::default().read(PROPERTIES, COLUMNS))
    }

    /// The property that a path names, if some log carries it.
    pub(super) fn property(&self, path: &ObjectPath) -> Option<PropertyId> {
        self.by_name.get(canonical(path)?.as_str()).copied()
    }

    /// What is read of events of a shape, of the properties wanted: in the
    /// order of the tables.
    pub(super) fn readings(
        &self,
        shape: &Shape,
        wanted: &dyn Fn(PropertyId) -> bool,
    ) -> Vec<(Source, Vec<Reading>)> {
        let unknown = shape.is_unknown();
        let mut taken: HashSet<(PropertyId, &Source)> = HashSet::new();
        let mut out: Vec<(Source, Vec<Reading>)> = Vec::new();
        let mut place_of: HashMap<&Source, usize> = HashMap::new();
        for row in &self.rows {
            let fits = row.places.is_empty() || row.places.iter().any(|place| place.covers(shape));
            if !(fits || unknown) {
                continue;
            }
            let mut fresh = Vec::new();
            for (&property, &object) in row.properties.iter().zip(&row.object) {
                for source in row.sources.iter().filter(|_| wanted(property)) {
                    if taken.contains(&(property, source)) && !unknown {
                        continue;
                    }
                    fresh.push((property, source));
                    let at = *place_of.entry(source).or_insert_with(|| {
                        out.push((source.clone(), Vec::new()));
                        out.len() - 1
                    });
                    let reading = Reading { property, object, how: row.how };
                    if let Some((_, readings)) = out.get_mut(at)
                        && !readings.contains(&reading)
                    {
                        readings.push(reading);
                    }
                }
            }
            taken.extend(fresh);
        }
        out
    }

    /// Every column that carries one of the properties in any event.
    pub(super) fn columns(&self, wanted: &dyn Fn(PropertyId) -> bool) -> Vec<&str> {
        let mut out = Vec::new();
        for row in self.rows.iter().filter(|row| row.properties.iter().any(|&p| wanted(p))) {
            for source in &row.sources {
                match source {
                    Source::One(name) => out.push(&**name),
                    Source::Joined(host, path) => out.extend([&**host, &**path]),
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// The name of a property in the tables; `None` for a place in a list, which
/// no log carries, and for keys with signs in them.
fn canonical(path: &ObjectPath) -> Option<String> {
    let mut out = format!("{}:", path.object);
    let mut before = "";
    for (n, step) in path.steps.iter().enumerate() {
        match step {
            Step::Key(key) if key.contains(['.', '[', ':']) => return None,
            Step::Key(key) => {
                if n > 0 {
                    out.push('.');
                }
                let known = match before {
                    "hashes" => Algorithm::of(key).map(Algorithm::name),
                    _ if &**key == "binary_ref" => Some("image_ref"),
                    _ => None,
                };
                out.push_str(known.unwrap_or(key));
                before = key;
            }
            Step::Any => out.push_str("[*]"),
            Step::Index(_) => return None,
        }
    }
    Some(out)
}

/// A property's name with `.hashes.*` written out.
fn expanded(name: &str) -> Vec<String> {
    match name.strip_suffix("hashes.*") {
        Some(start) => {
            Algorithm::ALL.iter().map(|a| format!("{start}hashes.{}", a.name())).collect()
        }
        None => vec![name.to_owned()],
    }
}

#[derive(Default)]
struct Builder {
    kinds: HashMap<Box<str>, u16>,
    objects: HashMap<(u16, Box<str>), ObjectId>,
    places: HashMap<Box<str>, Vec<Shape>>,
    out: Mapping,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            properties: Vec::new(),
            by_name: HashMap::new(),
            objects: Vec::new(),
            rows: Vec::new(),
            mistakes: Vec::new(),
        }
    }
}

impl Builder {
    fn read(mut self, properties: &str, columns: &str) -> Mapping {
        for line in lines(properties) {
            if self.property(line).is_none() {
                self.out.mistakes.push(line.to_owned());
            }
        }
        for line in lines(columns) {
            if self.row(line).is_none() {
                self.out.mistakes.push(line.to_owned());
            }
        }
        self.out
    }

    fn property(&mut self, line: &str) -> Option<()> {
        let (name, form) = line.split_once('\t')?;
        for name in expanded(name) {
            let next = u16::try_from(self.kinds.len()).ok()?;
            let kind = *self.kinds.entry(name.split_once(':')?.0.into()).or_insert(next);
            let form = match (form, name.rsplit_once('.')) {
                ("hash", Some((_, last))) => match Algorithm::of(last)? {
                    Algorithm::Ssdeep => Form::Ssdeep,
                    algorithm => Form::Hash(algorithm),
                },
                _ => Form::named(form)?,
            };
            let id = PropertyId::try_from(self.out.properties.len()).ok()?;
            let name: Box<str> = name.into();
            self.out.by_name.insert(name.clone(), id);
            self.out.properties.push(Property { name, form, kind });
        }
        Some(())
    }

    fn row(&mut self, line: &str) -> Option<()> {
        if let Some(alias) = line.strip_prefix('@') {
            let (name, places) = alias.split_once('\t')?;
            let places = self.places(places)?;
            self.places.insert(name.into(), places);
            return Some(());
        }
        let mut cells = line.split('\t');
        let (properties, object) = (cells.next()?, cells.next()?);
        let (places, how, sources) = (cells.next()?, cells.next()?, cells.next()?);
        let mut row = Row {
            properties: Vec::new(),
            object: Vec::new(),
            places: if places == "-" { Vec::new() } else { self.places(places)? },
            how: match how {
                "-" => How::Plain,
                "folder" => How::Folder,
                "key" => How::Key,
                "command" => How::Command,
                _ => return None,
            },
            sources: sources.split('|').map(source).collect(),
        };
        for name in properties.split(' ').flat_map(expanded) {
            let property = *self.out.by_name.get(name.as_str())?;
            row.properties.push(property);
            let kind = self.out.properties.get(usize::from(property))?.kind;
            row.object.push(self.object(kind, object)?);
        }
        self.out.rows.push(row);
        Some(())
    }

    fn object(&mut self, kind: u16, name: &str) -> Option<ObjectId> {
        let next = ObjectId::try_from(self.out.objects.len()).ok()?;
        let id = *self.objects.entry((kind, name.into())).or_insert(next);
        if id == next {
            self.out.objects.push(Object { kind, each: name == "*" });
        }
        Some(id)
    }

    /// `product`, `product:channel`, `product:channel:1+2`, `@name`,
    /// `@name:1+2`, with spaces between.
    fn places(&self, text: &str) -> Option<Vec<Shape>> {
        let mut out = Vec::new();
        for place in text.split(' ') {
            let (shapes, ids) = match place.strip_prefix('@') {
                Some(alias) => {
                    let (name, ids) = alias.split_once(':').unwrap_or((alias, ""));
                    (self.places.get(name)?.clone(), ids)
                }
                None => {
                    let mut parts = place.splitn(3, ':');
                    let product = parts.next()?.into();
                    let channel = parts.next().unwrap_or_default().into();
                    let shape = Shape { product, channel, event_id: None };
                    (vec![shape], parts.next().unwrap_or_default())
                }
            };
            if ids.is_empty() {
                out.extend(shapes);
                continue;
            }
            for id in ids.split('+') {
                let event_id = Some(id.parse().ok()?);
                out.extend(shapes.iter().map(|shape| Shape { event_id, ..shape.clone() }));
            }
        }
        Some(out)
    }
}

fn source(text: &str) -> Source {
    match text.split_once('+') {
        Some((host, path)) => Source::Joined(host.into(), path.into()),
        None => Source::One(text.into()),
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_no_mistakes() {
        let mapping = Mapping::get();
        assert_eq!(mapping.mistakes, Vec::<String>::new());
        for (id, property) in mapping.properties.iter().enumerate() {
            let id = PropertyId::try_from(id).unwrap();
            let carried = mapping.rows.iter().any(|row| row.properties.contains(&id));
            assert!(carried, "{} is carried by no column", property.name);
        }
    }

    #[test]
    fn the_first_row_that_fits_counts() {
        let mapping = Mapping::get();
        let path = |object: &str, key: &str| ObjectPath {
            object: object.into(),
            steps: vec![Step::Key(key.into())],
        };
        let pid = mapping.property(&path("process", "pid")).unwrap();
        let shape = |channel: &str, id| Shape {
            product: "windows".into(),
            channel: channel.into(),
            event_id: Some(id),
        };
        let of = |shape: &Shape| {
            let found = mapping.readings(shape, &|p| p == pid);
            let at = found.iter().find(|(s, _)| *s == Source::One("ProcessId".into())).unwrap();
            at.1.iter().map(|r| r.object).collect::<Vec<_>>()
        };
        let (created, sysmon) =
            (shape("Security", 4688), shape("Microsoft-Windows-Sysmon/Operational", 1));
        assert_ne!(of(&created), of(&sysmon));
        assert_eq!(of(&Shape::unknown()).len(), 2);
    }
}

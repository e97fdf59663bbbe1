//! Templates. An event's record names a template and gives values for its
//! gaps; a [`Layout`] says which field each gap is. It is made once for each
//! distinct template and found again by its bytes, wherever it stands.

use hashbrown::HashMap;

use super::bytes::{offset_at, u16_at, u32_at};
use super::names::{self, Path};
use super::value;
use crate::dictionary::ValueId;
use crate::vocabulary::FieldId;

/// Bytes of a template's header: next template, GUID, size.
pub(super) const HEADER_BYTES: usize = 24;

/// Deepest element that is read here; deeper ones are left to the slow path.
const DEPTH_MAX: usize = 32;

/// Longest name that is read here, in UTF-16 units, and most bytes of names
/// that one template may refer to.
const NAME_UNITS_MAX: usize = 512;
const NAMES_BYTES_MAX: usize = 128 << 10;

/// Most variants of one template (its names standing elsewhere) that are kept.
const VARIANTS_MAX: usize = 64;

/// Memory that all layouts may take before they are forgotten, in bytes.
const STORE_BYTES_MAX: usize = 8 << 20;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From this gap of the template.
    Slot(u16),
    /// From the template itself: UTF-16 at this span of [`Layout::literals`].
    Literal(u32, u32),
    /// The element has no content.
    Nothing,
}

/// What an empty value is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// No field.
    Skip,
    /// Empty text.
    Text,
    /// A field of no value.
    Null,
}

impl Layout {
    /// Memory taken, roughly.
    fn bytes(&self) -> usize {
        let names: usize = self.leaves.iter().map(|l| 512 + 2 * l.name.len()).sum();
        512 + self.pattern.bytes() + self.literals.len() + names
    }
}

/// Where the root element of a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// It is the record itself.
    Record,
    /// In a gap right below `Event`.
    Event,
    /// In a gap below `EventData`.
    EventData,
    /// In a gap below `UserData`.
    UserData,
}

impl Place {
    /// The elements above it.
    fn path(self) -> Path<'static> {
        match self {
            Self::Record => &[],
            Self::Event => &["Event"],
            Self::EventData => &["Event", "EventData"],
            Self::UserData => &["Event", "UserData"],
        }
    }

    /// The place of a gap that is all that this element holds.
    fn below(path: Path<'_>) -> Option<Self> {
        match path {
            ["Event"] => Some(Self::Event),
            ["Event", "EventData"] => Some(Self::EventData),
            ["Event", "UserData"] => Some(Self::UserData),
            _ => None,
        }
    }
}

/// A gap of a template that another template fills.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nested {
    pub(super) slot: u16,
    pub(super) place: Place,
    /// How many leaves come before it.
    pub(super) before: usize,
}

/// What a leaf tells about the event itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    EventId,
    Channel,
    Computer,
    RecordId,
    Time,
}

/// "Depends on no gap."
pub(super) const NO_SLOT: u16 = u16::MAX;

/// One field of a template.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) name: Box<str>,
    pub(super) source: Source,
    pub(super) empty: Empty,
    /// Left out if one of these gaps is null.
    pub(super) depends: [u16; 2],
    /// Several strings in the gap are several values.
    pub(super) many: bool,
    // What follows is valid for one block and one vocabulary only.
    pub(super) field: Option<FieldId>,
    pub(super) memo: Memo,
}

/// The value that a leaf had last: its type, where it stands in the block, and
/// its id. Most values are the same from record to record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memo {
    pub(super) form: u8,
    pub(super) at: u32,
    pub(super) len: u32,
    pub(super) id: ValueId,
}

impl Memo {
    pub(super) const NONE: Self = Self { form: 0, at: 0, len: 0, id: ValueId::ABSENT };

    /// Whether this is that value.
    #[inline]
    pub(super) fn is(&self, form: u8, raw: &[u8], block: &[u8]) -> bool {
        let at = self.at as usize;
        self.form == form
            && self.len as usize == raw.len()
            && block.get(at..at + raw.len()) == Some(raw)
    }
}

/// Which field each gap of a template is.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Only the slow path can read records of this template.
    pub(super) odd: bool,
    pub(super) leaves: Vec<Leaf>,
    pub(super) literals: Vec<u8>,
    /// The gap that another template fills.
    pub(super) nested: Option<Nested>,
    /// The elements, for showing a record in full.
    pub(super) root: Option<Node>,
    pub(super) roles: [Option<Source>; 5],
    /// Numbers of the leaves that are wanted in every shape.
    pub(super) wanted: Vec<u32>,
    /// The block for which the leaves are bound; 0 for none. Then whether all
    /// of them are, or only the wanted ones.
    pub(super) bound: u64,
    pub(super) bound_whole: bool,
    pattern: Pattern,
}

/// An element of a template.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) depends: u16,
    pub(super) attributes: Vec<(String, Source)>,
    pub(super) content: Source,
    pub(super) children: Vec<Node>,
    /// The `Name` of a `Data`.
    pub(super) label: Option<String>,
    /// Not an element, but the gap that another template fills.
    pub(super) is_gap: bool,
}

impl Node {
    fn gap() -> Self {
        Self {
            name: String::new(),
            depends: NO_SLOT,
            attributes: Vec::new(),
            content: Source::Nothing,
            children: Vec::new(),
            label: None,
            is_gap: true,
        }
    }
}

/// A template's bytes, and what of them may differ from place to place.
#[derive(Clone, Debug, Default)]
struct Pattern {
    body: Vec<u8>,
    names: Vec<u8>,
    /// References to names, in order.
    refs: Vec<NameRef>,
}

/// A reference to a name in a template's body.
#[derive(Clone, Copy, Debug)]
struct NameRef {
    /// Offset of the reference within the body.
    at: usize,
    /// The name stands right behind the reference, or its bytes are at this
    /// span of [`Pattern::names`].
    elsewhere: Option<(usize, usize)>,
}

impl Pattern {
    /// Whether the template at `start` is this one.
    fn fits(&self, data: &[u8], start: usize) -> bool {
        let Some(body) = data.get(start..start + self.body.len()) else { return false };
        let mut done = 0;
        for name in &self.refs {
            if body.get(done..name.at) != self.body.get(done..name.at) {
                return false;
            }
            let after = name.at + 4;
            let Some(target) = offset_at(body, name.at) else { return false };
            let inline = target == start + after;
            done = match name.elsewhere {
                // Behind the reference: a link to another name, then the name.
                None if inline => after + 4,
                Some(span) if !inline && self.has_name(data, target, span) => after,
                _ => return false,
            };
        }
        body.get(done..) == self.body.get(done..)
    }

    fn has_name(&self, data: &[u8], target: usize, (from, to): (usize, usize)) -> bool {
        let at = target.saturating_add(6);
        self.names.get(from..to).is_some_and(|name| data.get(at..at + name.len()) == Some(name))
    }

    fn bytes(&self) -> usize {
        self.body.len() + self.names.len() + self.refs.len() * size_of::<NameRef>()
    }
}

/// All layouts that one reader has met.
#[derive(Debug, Default)]
pub(super) struct Store {
    layouts: Vec<Layout>,
    by_header: HashMap<[u8; 21], Vec<u32>>,
    bytes: usize,
    /// Those of the current chunk, by offset.
    here: Vec<(usize, u32)>,
}

impl Store {
    /// Between two blocks: forgets everything if it has grown too large.
    pub(super) fn trim(&mut self) {
        if self.bytes > STORE_BYTES_MAX {
            *self = Self::default();
        }
    }

    /// Another chunk begins.
    pub(super) fn next_chunk(&mut self) {
        self.here.clear();
    }

    pub(super) fn get(&self, index: u32) -> Option<&Layout> {
        self.layouts.get(index as usize)
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Layout> {
        self.layouts.get_mut(index as usize)
    }

    /// The layout of the template whose header is at `at`.
    pub(super) fn find(&mut self, data: &[u8], at: usize, place: Place) -> Option<u32> {
        let key = at << 2 | place as usize;
        if let Some(&(_, index)) = self.here.iter().find(|&&(k, _)| k == key) {
            return Some(index);
        }
        let index = self.find_by_bytes(data, at, place)?;
        self.here.push((key, index));
        Some(index)
    }

    fn find_by_bytes(&mut self, data: &[u8], at: usize, place: Place) -> Option<u32> {
        let start = at.checked_add(HEADER_BYTES)?;
        let mut header = [place as u8; 21];
        header.get_mut(..20)?.copy_from_slice(data.get(at + 4..start)?);
        let size = offset_at(data, at + 20)?;
        let body = data.get(start..start.checked_add(size)?)?;
        let layouts = &self.layouts;
        let variants = self.by_header.entry(header).or_default();
        let known = variants
            .iter()
            .copied()
            .find(|&i| layouts.get(i as usize).is_some_and(|l| l.pattern.fits(data, start)));
        if known.is_some() {
            return known;
        }
        let mut layout = Parser::new(data, start, size, place).parse();
        layout.pattern.body = body.to_vec();
        let index = u32::try_from(self.layouts.len()).ok()?;
        let bytes = self.bytes + layout.bytes();
        if bytes > 2 * STORE_BYTES_MAX {
            return None;
        }
        self.bytes = bytes;
        self.layouts.push(layout);
        if variants.len() >= VARIANTS_MAX {
            variants.clear();
        }
        variants.push(index);
        Some(index)
    }
}

/// Reads an element that stands in a record without a template, below `Event`:
/// what a collector adds to an event it forwards.
pub(super) fn direct(data: &[u8], start: usize, end: usize) -> Option<Layout> {
    let mut parser = Parser::new(data, start, end.checked_sub(start)?, Place::Event);
    parser.direct = true;
    let layout = parser.parse();
    let known = layout.root.as_ref().is_some_and(|root| root.name == "RenderingInfo");
    (known && !layout.odd).then_some(layout)
}

/// The content of an element or an attribute, as far as it was read.
#[derive(Clone, Copy, Debug, Default)]
struct Content {
    parts: u32,
    source: Option<Source>,
}

impl Content {
    fn add(&mut self, source: Source) {
        self.parts += 1;
        self.source = Some(source);
    }
}

/// An element that is open.
#[derive(Debug)]
struct Frame {
    name: String,
    depends: u16,
    content: Content,
    attributes: Vec<(String, Source)>,
    children: Vec<Node>,
    /// Whether a child is always there.
    firm_child: bool,
    /// The `Name` of a `Data`.
    label: Option<String>,
    /// An attribute is certainly there, or may be.
    firm_attribute: bool,
    loose_attribute: bool,
}

/// "This template is left to the slow path."
struct Odd;

struct Parser<'a> {
    data: &'a [u8],
    start: usize,
    at: usize,
    end: usize,
    place: Place,
    out: Layout,
    stack: Vec<Frame>,
    attribute: Option<(String, Content)>,
    in_start: bool,
    done: bool,
    names_bytes: usize,
    /// The gaps met so far.
    slots: Vec<u16>,
    /// Not a template but the elements themselves, which depend on nothing.
    direct: bool,
    /// What the innermost open element depends on.
    depends: [u16; 2],
    /// Of the `Data` in a container: some have a name, some have none.
    named: bool,
    unnamed: bool,
}

impl<'a> Parser<'a> {
    fn new(data: &'a [u8], start: usize, size: usize, place: Place) -> Self {
        Self {
            data,
            start,
            at: start,
            end: start + size,
            place,
            out: Layout::default(),
            stack: Vec::new(),
            attribute: None,
            in_start: false,
            done: false,
            names_bytes: 0,
            slots: Vec::new(),
            direct: false,
            depends: [NO_SLOT; 2],
            named: false,
            unnamed: false,
        }
    }

    fn parse(mut self) -> Layout {
        let complete = self.tokens().is_some_and(|r| r.is_ok()) && self.done;
        let mixed = self.named && self.unnamed;
        // A gap in two places could make much out of little.
        let slots = self.slots.len();
        self.slots.sort_unstable();
        self.slots.dedup();
        let reused = self.slots.len() < slots;
        if self.out.odd || !complete || mixed || reused || repeats(&self.out.leaves) {
            self.out.odd = true;
            self.out.leaves.clear();
        }
        self.out
    }

    /// `None` where the bytes end too soon.
    fn tokens(&mut self) -> Option<Result<(), Odd>> {
        while self.at < self.end {
            let token = *self.data.get(self.at)?;
            self.at += 1;
            let step = match token {
                0x00 => break,
                0x0f => {
                    self.at += 3;
                    Ok(())
                }
                0x01 | 0x41 => self.open(token == 0x41)?,
                0x02 => self.close_start(),
                0x03 => self.close_start().and_then(|()| self.close()),
                0x04 => self.close(),
                0x05 | 0x45 => self.literal()?,
                0x06 | 0x46 => self.attribute()?,
                0x0d | 0x0e => {
                    let slot = u16_at(self.data, self.at)?;
                    self.at += 3;
                    self.content(Source::Slot(slot))
                }
                _ => Err(Odd),
            };
            if step.is_err() {
                return Some(Err(Odd));
            }
        }
        Some(Ok(()))
    }

    /// Reads a reference to a name.
    fn name(&mut self) -> Option<Result<String, Odd>> {
        let at = self.at;
        let target = offset_at(self.data, at)?;
        self.at += 4;
        let inline = target == self.at;
        let from = target.checked_add(6)?;
        let chars = usize::from(u16_at(self.data, from)?);
        let raw = self.data.get(from..from + 2 + 2 * chars)?;
        if inline {
            self.at += 4 + 2 + 2 + 2 * chars + 2;
        }
        let names = &mut self.out.pattern.names;
        let span = (names.len(), names.len() + raw.len());
        let elsewhere = (!inline).then_some(span);
        self.names_bytes += raw.len();
        if chars > NAME_UNITS_MAX || self.names_bytes > NAMES_BYTES_MAX {
            return Some(Err(Odd));
        }
        if !inline {
            names.extend_from_slice(raw);
        }
        self.out.pattern.refs.push(NameRef { at: at - self.start, elsewhere });
        Some(value::utf16_strict(raw.get(2..)?).ok_or(Odd))
    }

    fn open(&mut self, attributes: bool) -> Option<Result<(), Odd>> {
        let mut depends = NO_SLOT;
        if !self.direct {
            depends = u16_at(self.data, self.at)?;
            self.at += 2;
        }
        // The size of the element.
        u32_at(self.data, self.at)?;
        self.at += 4;
        let Ok(name) = self.name()? else { return Some(Err(Odd)) };
        if attributes {
            self.at += 4;
        }
        if self.in_start || self.stack.len() >= DEPTH_MAX || self.done {
            return Some(Err(Odd));
        }
        self.in_start = true;
        // The root is never left out.
        let depends = if self.stack.is_empty() { NO_SLOT } else { depends };
        if let Some(parent) = self.stack.last_mut() {
            parent.firm_child |= depends == NO_SLOT;
        }
        self.stack.push(Frame {
            name,
            depends,
            content: Content::default(),
            attributes: Vec::new(),
            children: Vec::new(),
            firm_child: false,
            label: None,
            firm_attribute: false,
            loose_attribute: false,
        });
        Some(Ok(()))
    }

    fn attribute(&mut self) -> Option<Result<(), Odd>> {
        let Ok(name) = self.name()? else { return Some(Err(Odd)) };
        if !self.in_start {
            return Some(Err(Odd));
        }
        let before = self.close_attribute();
        self.attribute = Some((name, Content::default()));
        Some(before)
    }

    fn literal(&mut self) -> Option<Result<(), Odd>> {
        if *self.data.get(self.at)? != value::STRING {
            return Some(Err(Odd));
        }
        let chars = usize::from(u16_at(self.data, self.at + 1)?);
        let from = self.at + 3;
        let raw = self.data.get(from..from + 2 * chars)?;
        self.at = from + 2 * chars;
        let at = u32::try_from(self.out.literals.len()).ok()?;
        self.out.literals.extend_from_slice(raw);
        let end = u32::try_from(self.out.literals.len()).ok()?;
        Some(self.content(Source::Literal(at, end)))
    }

    fn content(&mut self, source: Source) -> Result<(), Odd> {
        if let Source::Slot(slot) = source {
            self.slots.push(slot);
            if self.direct {
                return Err(Odd);
            }
        }
        if let Some((_, content)) = &mut self.attribute {
            content.add(source);
            return Ok(());
        }
        if self.in_start {
            return Err(Odd);
        }
        if let Source::Slot(slot) = source
            && self.place == Place::Record
            && matches!(&*self.stack, [frame] if frame.name == "Event")
        {
            if let Some(event) = self.stack.last_mut() {
                event.children.push(Node::gap());
            }
            return self.nest(slot, Place::Event);
        }
        self.stack.last_mut().ok_or(Odd)?.content.add(source);
        Ok(())
    }

    fn nest(&mut self, slot: u16, place: Place) -> Result<(), Odd> {
        if self.out.nested.is_some() {
            return Err(Odd);
        }
        self.out.nested = Some(Nested { slot, place, before: self.out.leaves.len() });
        Ok(())
    }

    /// Calls `f` with the path from `Event` to the innermost open element.
    fn with_path<T>(&mut self, f: impl FnOnce(&mut Self, Path<'_>, &Frame) -> T) -> Option<T> {
        let stack = std::mem::take(&mut self.stack);
        self.set_depends(&stack);
        let above = self.place.path().iter().copied();
        let path: Vec<&str> = above.chain(stack.iter().map(|f| &*f.name)).collect();
        let result = stack.last().map(|top| f(self, &path, top));
        self.stack = stack;
        result
    }

    fn set_depends(&mut self, stack: &[Frame]) {
        let mut all = stack.iter().map(|f| f.depends).filter(|&d| d != NO_SLOT);
        self.depends = [all.next().unwrap_or(NO_SLOT), all.next().unwrap_or(NO_SLOT)];
        self.out.odd |= all.next().is_some();
    }

    fn close_attribute(&mut self) -> Result<(), Odd> {
        let Some((name, content)) = self.attribute.take() else { return Ok(()) };
        let Some(source) = content.source else { return Ok(()) };
        if content.parts > 1 {
            return Err(Odd);
        }
        let firm = match source {
            Source::Literal(a, b) => !self.literal_is_empty(a, b),
            _ => false,
        };
        let label = self.with_path(|parser, path, _| {
            if is_data(path) {
                return (name == "Name").then_some(source);
            }
            let role = match (path, &*name) {
                (["Event", "System", "TimeCreated"], "SystemTime") => Some(Role::Time),
                _ => None,
            };
            names::of_attribute(path, &name, |n| {
                parser.leaf(n, source, Empty::Skip, false);
            });
            if let Some(role) = role {
                parser.role(role, source);
            }
            None
        });
        let label = match label.flatten() {
            Some(Source::Literal(a, b)) if firm => Some(self.literal_text(a, b)),
            Some(_) => return Err(Odd),
            None => None,
        };
        let frame = self.stack.last_mut().ok_or(Odd)?;
        frame.firm_attribute |= firm;
        frame.loose_attribute |= !firm;
        if label.is_some() && frame.label.is_some() {
            return Err(Odd);
        }
        frame.label = frame.label.take().or(label);
        frame.attributes.push((name, source));
        Ok(())
    }

    fn literal_raw(&self, a: u32, b: u32) -> &[u8] {
        self.out.literals.get(a as usize..b as usize).unwrap_or_default()
    }

    fn literal_is_empty(&self, a: u32, b: u32) -> bool {
        value::fit(value::STRING, self.literal_raw(a, b)) == value::Fit::Empty
    }

    fn literal_text(&self, a: u32, b: u32) -> String {
        let mut text = String::new();
        value::utf16(self.literal_raw(a, b), &mut text);
        text
    }

    fn close_start(&mut self) -> Result<(), Odd> {
        if !self.in_start {
            return Err(Odd);
        }
        self.close_attribute()?;
        self.in_start = false;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Odd> {
        if self.in_start {
            return Err(Odd);
        }
        let result = self.with_path(|parser, path, top| parser.close_element(path, top));
        result.ok_or(Odd)??;
        let frame = self.stack.pop().ok_or(Odd)?;
        let mut node = Node {
            name: frame.name,
            depends: frame.depends,
            attributes: frame.attributes,
            content: frame.content.source.unwrap_or(Source::Nothing),
            children: frame.children,
            label: frame.label,
            is_gap: false,
        };
        let nested = self.out.nested.is_some_and(|n| node.content == Source::Slot(n.slot));
        if nested && names::is_container(&[self.place.path(), &self.path_to(&node.name)].concat()) {
            node.content = Source::Nothing;
            node.children.push(Node::gap());
        }
        match self.stack.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.out.root = Some(node),
        }
        self.done = self.stack.is_empty();
        Ok(())
    }

    fn path_to<'b>(&'b self, name: &'b str) -> Vec<&'b str> {
        self.stack.iter().map(|f| &*f.name).chain([name]).collect()
    }

    fn close_element(&mut self, path: Path<'_>, top: &Frame) -> Result<(), Odd> {
        let content = top.content;
        let data = is_data(path);
        // Such an element is rendered differently wherever it stands.
        if matches!(&*top.name, "EventData" | "UserData") && path.len() != 2 {
            return Err(Odd);
        }
        if top.children.is_empty() {
            if content.parts > 1 {
                return Err(Odd);
            }
            return self.close_leaf(path, top, content.source.unwrap_or(Source::Nothing));
        }
        // Of elements of one name, the second is called `…_1`, unless they are
        // the data of a container.
        let container = names::is_container(path);
        let mut seen: Vec<&str> = top.children.iter().map(|c| &*c.name).collect();
        seen.sort_unstable();
        let twice =
            seen.windows(2).any(|w| matches!(w, [a, b] if a == b && !(container && *a == "Data")));
        let hollow = !top.firm_child && !top.firm_attribute && names::keeps_nulls(path);
        if content.parts > 0 || twice || hollow || data {
            return Err(Odd);
        }
        Ok(())
    }

    fn close_leaf(&mut self, path: Path<'_>, top: &Frame, source: Source) -> Result<(), Odd> {
        if is_data(path) {
            self.named |= top.label.is_some();
            self.unnamed |= top.label.is_none();
            let name = top.label.as_deref().unwrap_or("Data");
            self.leaf(name, source, Empty::Text, true);
            return Ok(());
        }
        if let Source::Slot(slot) = source
            && let Some(place) = Place::below(path)
        {
            return self.nest(slot, place);
        }
        if let Some(role) = role_of(path) {
            self.role(role, source);
        }
        let empty = match names::keeps_nulls(path) {
            false => Empty::Skip,
            true if top.firm_attribute => Empty::Skip,
            true if top.loose_attribute => return Err(Odd),
            true => Empty::Null,
        };
        if source == Source::Nothing && empty == Empty::Skip {
            return Ok(());
        }
        names::of_element(path, |name| self.leaf(name, source, empty, false));
        Ok(())
    }

    fn role(&mut self, role: Role, source: Source) {
        if let Some(slot) = self.out.roles.get_mut(role as usize) {
            *slot = Some(source);
        }
    }

    fn leaf(&mut self, name: &str, source: Source, empty: Empty, many: bool) {
        self.out.leaves.push(Leaf {
            name: name.into(),
            source,
            empty,
            depends: self.depends,
            many,
            field: None,
            memo: Memo::NONE,
        });
    }
}

/// Whether the path leads to a `Data` of a container.
fn is_data(path: Path<'_>) -> bool {
    matches!(path, [.., "Data"]) && path.split_last().is_some_and(|(_, up)| names::is_container(up))
}

fn role_of(path: Path<'_>) -> Option<Role> {
    match path {
        ["Event", "System", "EventID"] => Some(Role::EventId),
        ["Event", "System", "Channel"] => Some(Role::Channel),
        ["Event", "System", "Computer"] => Some(Role::Computer),
        ["Event", "System", "EventRecordID"] => Some(Role::RecordId),
        _ => None,
    }
}

/// Whether two leaves that are not the unnamed data have one name.
fn repeats(leaves: &[Leaf]) -> bool {
    let mut names: Vec<&str> = leaves.iter().map(|l| &*l.name).filter(|&n| n != "Data").collect();
    names.sort_unstable();
    names.windows(2).any(|w| matches!(w, [a, b] if a == b))
}

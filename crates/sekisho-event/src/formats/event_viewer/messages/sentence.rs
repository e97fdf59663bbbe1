//! Messages that are sentences with the values inside.

/// A text as sentences are looked at: white space is one space, quotation
/// marks and apostrophes are the plain ones, and there is no full stop.
pub(super) struct Plain(String);

impl Plain {
    pub(super) fn of(text: &str) -> Self {
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                _ if c.is_whitespace() => {
                    if !plain.is_empty() && !plain.ends_with(' ') {
                        plain.push(' ');
                    }
                }
                '“' | '”' | '„' | '«' | '»' | '「' | '」' => plain.push('"'),
                '’' | '‘' => plain.push('\''),
                '：' => plain.push(':'),
                _ => plain.push(c),
            }
        }
        plain.truncate(plain.trim_end_matches([' ', '.', '。']).len());
        Self(plain)
    }
}

/// A sentence with places for values.
#[derive(Clone, Debug)]
pub(super) struct Sentence {
    /// What stands before a value, and the field that it is.
    places: Vec<(String, String)>,
    /// What stands behind the last one.
    end: String,
}

impl Sentence {
    /// From a pattern: `The {param1} service entered the {param2} state.`
    pub(super) fn of(pattern: &str) -> Option<Self> {
        let plain = Plain::of(pattern).0;
        let (mut places, mut rest) = (Vec::new(), plain.as_str());
        while let Some((before, more)) = rest.split_once('{') {
            let (field, more) = more.split_once('}')?;
            // Two values with nothing between them could not be told apart.
            if before.is_empty() && !places.is_empty() {
                return None;
            }
            places.push((before.to_owned(), field.to_owned()));
            rest = more;
        }
        (!places.is_empty()).then(|| Self { places, end: rest.to_owned() })
    }

    /// Says the values of a text, if it is this sentence.
    pub(super) fn read(&self, text: &Plain, emit: &mut dyn FnMut(&str, &str)) -> bool {
        let Some(values) = self.values(&text.0) else { return false };
        for ((_, field), value) in self.places.iter().zip(values) {
            emit(field, value.trim());
        }
        true
    }

    fn values<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut places = self.places.iter();
        let mut rest = text.strip_prefix(places.next()?.0.as_str())?;
        let mut values = Vec::with_capacity(self.places.len());
        for (before, _) in places {
            let (value, more) = rest.split_once(before.as_str())?;
            values.push(value);
            rest = more;
        }
        values.push(rest.strip_suffix(self.end.as_str())?);
        Some(values)
    }
}

/// What a value in quotation marks is, by how it looks.
#[derive(Clone, Debug)]
pub(super) struct Role {
    looks: Looks,
    field: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// The path of a task.
    Task,
    /// A number in braces.
    Guid,
    /// Anything else.
    Other,
}

impl Looks {
    fn of(value: &str) -> Self {
        if value.starts_with('\\') {
            Self::Task
        } else if value.starts_with('{') && value.ends_with('}') {
            Self::Guid
        } else {
            Self::Other
        }
    }
}

impl Role {
    /// From `task:TaskName`.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (looks, field) = text.split_once(':')?;
        let looks = match looks {
            "task" => Looks::Task,
            "guid" => Looks::Guid,
            "other" => Looks::Other,
            _ => return None,
        };
        Some(Self { looks, field: field.to_owned() })
    }
}

/// Says the values in quotation marks; of those that look alike, the first.
pub(super) fn quoted(text: &Plain, roles: &[Role], emit: &mut dyn FnMut(&str, &str)) -> bool {
    let mut said = Vec::new();
    for value in text.0.split('"').skip(1).step_by(2).map(str::trim) {
        let looks = Looks::of(value);
        if !said.contains(&looks)
            && let Some(role) = roles.iter().find(|role| role.looks == looks)
        {
            emit(&role.field, value);
            said.push(looks);
        }
    }
    !said.is_empty()
}

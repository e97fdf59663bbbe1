//! What kind of record an event is. Events of one shape have the same columns
//! and are looked at by the same rules.

/// The kind of record: who made it and which of its logs it is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape {
    /// In the words of Sigma's logsource: `windows`, `zeek`, `aws`, … Empty
    /// where the source does not say what it is.
    pub product: Box<str>,
    /// The channel of a Windows event, the path of a Zeek log, the service of
    /// a cloud log, in the spelling of the source. Empty where unknown.
    pub channel: Box<str>,
    /// Windows event id, where there is one.
    pub event_id: Option<u32>,
}

impl Shape {
    /// A record whose source does not say what it is.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// Whether the source did not say what this is.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.product.is_empty()
    }

    /// Whether `other` may be of what this shape states. Empty parts state
    /// nothing, and a record that does not say its channel may be of any;
    /// channels are compared without regard to ASCII case.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        (self.product.is_empty() || self.product == other.product)
            && (self.channel.is_empty()
                || other.channel.is_empty()
                || self.channel.eq_ignore_ascii_case(&other.channel))
            && (self.event_id.is_none() || self.event_id == other.event_id)
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_unknown() {
            return f.write_str("unknown log source");
        }
        f.write_str(&self.product)?;
        if !self.channel.is_empty() {
            write!(f, " {}", self.channel)?;
        }
        match self.event_id {
            Some(id) => write!(f, " {id}"),
            None => Ok(()),
        }
    }
}

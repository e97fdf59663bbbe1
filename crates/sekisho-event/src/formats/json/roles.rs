//! What a path means in a dialect: the field it is read into, and whether it
//! tells the time, the host or another thing that stands beside the fields.

/// Something that a record says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// When it was written.
    Time,
    /// The same in words of the event itself, always in UTC (Sysmon).
    UtcTime,
    Host,
    Channel,
    EventId,
    RecordId,
    Provider,
    ProviderGuid,
    ProcessId,
    ThreadId,
    Activity,
    /// Something of which a field is made that other kinds of records have
    /// as it is ([`super::made`]).
    Made0,
    Made1,
    Made2,
    Made3,
    Made4,
    Made5,
    Made6,
}

impl Role {
    /// How many there are.
    pub(super) const COUNT: usize = 18;

    /// Those of which fields are made, in order.
    pub(super) const MADE: [Self; 7] =
        [Self::Made0, Self::Made1, Self::Made2, Self::Made3, Self::Made4, Self::Made5, Self::Made6];

    /// All that Windows events have a field of their own for, with its name in
    /// Sigma.
    pub(super) const WINDOWS: [(Self, &'static str); 9] = [
        (Self::Host, "Computer"),
        (Self::Channel, "Channel"),
        (Self::EventId, "EventID"),
        (Self::RecordId, "EventRecordID"),
        (Self::Provider, "Provider_Name"),
        (Self::ProviderGuid, "Provider_Guid"),
        (Self::ProcessId, "Execution_ProcessID"),
        (Self::ThreadId, "Execution_ThreadID"),
        (Self::Activity, "Correlation_ActivityID"),
    ];
}

/// What a cell is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Of nothing: it is a field's value.
    Whole,
    /// An element that holds others; without them it says nothing.
    Container,
    /// The name of a `Data` element.
    DataName,
    /// The text of a `Data` element.
    DataText,
    /// Of a field that is put together, by the numbers of its recipe and of
    /// the part; also a field's value.
    Joined(u8, u8),
    /// It is a field's value; what escapes in it may be escaped once more.
    Doubled,
    /// Of a text as a list of bytes, where it is a number.
    Bytes,
    /// The name of a pair of name and value; also a field's value.
    PairName,
    /// The value of such a pair; also a field's value.
    PairValue,
}

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Fields that have its values.
    pub(super) names: [Option<String>; 2],
    /// The role it can play, and its rank among those that can; least is best.
    pub(super) role: Option<(Role, u8)>,
    pub(super) part: Part,
}

impl Meaning {
    /// A field of this name.
    pub(super) fn field(name: impl Into<String>) -> Self {
        Self { names: [Some(name.into()), None], role: None, part: Part::Whole }
    }

    /// A role, and no field of its own.
    pub(super) fn role(role: Role) -> Self {
        Self { names: [None, None], role: Some((role, 0)), part: Part::Whole }
    }

    /// A part of something, and no field of its own.
    pub(super) fn part(part: Part) -> Self {
        Self { names: [None, None], role: None, part }
    }

    /// Also a field of this name.
    pub(super) fn also(mut self, name: impl Into<String>) -> Self {
        let [_, second] = &mut self.names;
        *second = Some(name.into());
        self
    }

    /// Also plays a role.
    pub(super) fn with(mut self, role: Role, rank: u8) -> Self {
        self.role = Some((role, rank));
        self
    }
}

/// The role of a name in a table, and its rank: names of a role are listed
/// best first.
pub(super) fn in_table(table: &[(Role, &[&str])], name: &str) -> Option<(Role, u8)> {
    table.iter().find_map(|(role, names)| {
        let rank = names.iter().position(|n| *n == name)?;
        Some((*role, u8::try_from(rank).unwrap_or(u8::MAX - 1)))
    })
}

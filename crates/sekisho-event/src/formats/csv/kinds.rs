//! Kinds of tables, known by the names of their columns. What is known about
//! them stands in `data/csv_kinds.txt`: mostly what their columns are called
//! in the JSON form of the same records.

use super::row::{Cast, Column};

const TABLE: &str = include_str!("../../../data/csv_kinds.txt");

/// What is said of a column.
#[derive(Clone, Debug)]
struct Rule {
    /// The column's name, folded; `#` for a number.
    column: String,
    /// Where its cells go.
    path: Vec<&'static str>,
    cast: Cast,
}

/// A kind of table.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// Columns that must occur; any of the lists.
    when: Vec<Vec<String>>,
    rules: Vec<Rule>,
    /// The column that holds the whole record.
    record: Option<String>,
    /// Keys with the values that they have where no column gives one.
    pub(super) constants: Vec<(&'static str, &'static str)>,
    /// Its rows are Windows events.
    pub(super) windows: bool,
}

/// The kinds of the table, in its order.
pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for line in TABLE.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        if verb == "kind" {
            kinds.push(Kind {
                when: Vec::new(),
                rules: Vec::new(),
                record: None,
                constants: Vec::new(),
                windows: false,
            });
        } else if let Some(kind) = kinds.last_mut() {
            kind.learn(verb, rest.trim());
        }
    }
    kinds
}

/// A name as names are compared.
pub(in crate::formats) fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

impl Kind {
    fn learn(&mut self, verb: &str, rest: &'static str) {
        let cast = match verb {
            "when" => return self.when.push(rest.split(" ; ").map(folded).collect()),
            "record" => return self.record = Some(folded(rest)),
            "windows" => return self.windows = true,
            "const" => {
                let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
                return self.constants.push((key.trim(), value.trim()));
            }
            "time" => Cast::Time { utc: false },
            "utc" => Cast::Time { utc: true },
            "json" => Cast::Json,
            "splice" => Cast::Splice,
            _ => Cast::Value,
        };
        let (column, path) = rest.split_once(" > ").unwrap_or((rest, rest));
        let path = path.trim().split('.').collect();
        self.rules.push(Rule { column: folded(column), path, cast });
    }

    /// Whether a table with these columns is of this kind; if so, the columns
    /// that say it.
    fn told_by(&self, names: &[String]) -> Option<&[String]> {
        let all = |list: &&Vec<String>| list.iter().all(|name| names.contains(name));
        self.when.iter().find(all).map(Vec::as_slice)
    }

    /// The column that holds the whole record.
    pub(super) fn record(&self, names: &[String]) -> Option<usize> {
        let record = self.record.as_ref()?;
        names.iter().position(|name| folded(name) == *record)
    }

    /// Where the cells of each column go.
    pub(super) fn columns(&self, names: &[String]) -> Vec<Column> {
        let all: Vec<String> = names.iter().map(|n| folded(n)).collect();
        let telling = self.told_by(&all).unwrap_or_default();
        let mut out = Vec::new();
        for (index, (name, folded)) in names.iter().zip(&all).enumerate() {
            let said = self.rules.iter().find_map(|rule| rule.of(folded));
            let keep = telling.contains(folded);
            match said {
                Some((path, cast)) => push(index, name, path, cast, keep, &mut out),
                None => out.push(as_it_is(index, name, keep)),
            }
        }
        out
    }

    /// Columns that hold times.
    pub(super) fn times(&self, names: &[String]) -> Vec<usize> {
        let columns = self.columns(names);
        columns.iter().filter(|c| matches!(c.cast, Cast::Time { .. })).map(|c| c.index).collect()
    }
}

impl Rule {
    /// Where the cells of a column go, if the rule is about it.
    fn of(&self, name: &str) -> Option<(Vec<String>, Cast)> {
        let mut numbers = Vec::new();
        let mut rest = name;
        let mut parts = self.column.split('#');
        rest = rest.strip_prefix(parts.next()?)?;
        for part in parts {
            let len = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = rest.get(..len)?.parse().ok()?;
            numbers.push(number.checked_sub(1)?);
            rest = rest.get(len..)?.strip_prefix(part)?;
        }
        let mut numbers = numbers.into_iter();
        let step = |step: &&str| match *step {
            "#" => numbers.next().map(|n| n.to_string()),
            step => Some(step.to_owned()),
        };
        rest.is_empty().then(|| (self.path.iter().map_while(step).collect(), self.cast))
    }
}

/// A column with the path that it has in the table of kinds. A time also stays
/// as it was written.
fn push(
    index: usize,
    name: &str,
    path: Vec<String>,
    cast: Cast,
    keep: bool,
    out: &mut Vec<Column>,
) {
    if matches!(cast, Cast::Time { .. }) {
        let same = matches!(path.as_slice(), [key] if key == name.trim());
        let written =
            if same { format!("{} (as written)", name.trim()) } else { name.trim().into() };
        let as_written = if same { Cast::Unreadable } else { Cast::Value };
        out.push(Column { index, path, cast, keep });
        out.push(Column { index, path: vec![written], cast: as_written, keep: false });
        return;
    }
    out.push(Column { index, path, cast, keep });
}

/// A column that is called what its header says.
pub(in crate::formats) fn as_it_is(index: usize, name: &str, keep: bool) -> Column {
    let name = name.trim();
    let name = if name.is_empty() { format!("column {}", index + 1) } else { name.to_owned() };
    Column { index, path: vec![name], cast: Cast::Value, keep }
}

/// The number of the kind with these columns.
pub(super) fn find(kinds: &[Kind], names: &[String]) -> Option<usize> {
    let names: Vec<String> = names.iter().map(|n| folded(n)).collect();
    kinds.iter().position(|kind| kind.told_by(&names).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the kinds.
    fn called() -> Vec<&'static str> {
        TABLE.lines().filter_map(|line| line.strip_prefix("kind ")).collect()
    }

    fn names(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn the_table_can_be_read() {
        let verbs = [
            "kind", "when", "record", "windows", "const", "time", "utc", "json", "splice", "field",
        ];
        for line in TABLE.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            assert!(verbs.contains(&line.split(' ').next().unwrap()), "{line}");
        }
        let kinds = kinds();
        assert!(kinds.len() > 5 && kinds.len() < 200);
        assert!(kinds.iter().all(|kind| !kind.when.is_empty()));
    }

    #[test]
    fn columns_tell_the_kind() {
        let kinds = kinds();
        let name = |header: &str| find(&kinds, &names(header)).map(|n| called()[n]);
        for (header, expected) in [
            ("CreationDate,UserIds,Operations,AuditData", Some("m365")),
            (
                "RecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdminUnits",
                Some("m365"),
            ),
            (
                "Date (UTC),Request ID,User,Username,Application,IP address,Status",
                Some("entra-signin"),
            ),
            (
                "Date (UTC),CorrelationId,Service,Category,Activity,Result,ActorType",
                Some("entra-audit"),
            ),
            (
                "Timestamp,DeviceId,DeviceName,ActionType,FileName,ReportId",
                Some("defender-hunting"),
            ),
            (
                "RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,Computer,Payload",
                Some("evtxecmd"),
            ),
            (
                "Message,Id,Version,ProviderName,LogName,MachineName,TimeCreated",
                Some("get-winevent"),
            ),
            ("TimeGenerated [UTC],OperationName,Category", Some("log-analytics")),
            ("a,b,c", None),
        ] {
            assert_eq!(name(header), expected, "{header}");
        }
    }

    #[test]
    fn numbers_in_names_are_places_in_arrays() {
        let kinds = kinds();
        let kind = &kinds[called().iter().position(|name| *name == "entra-audit").unwrap()];
        let columns = kind.columns(&names("Target2ModifiedProperty3NewValue,Other, IPAddress "));
        let paths: Vec<String> = columns.iter().map(|c| c.path.join(".")).collect();
        assert_eq!(paths[0], "targetResources.1.modifiedProperties.2.newValue");
        assert_eq!(paths[1], "Other");
        assert_eq!(paths[2], "initiatedBy.user.ipAddress");
    }
}

//! The header of a W3C log: who wrote it, what its columns are called, and
//! what its times lack.

use memchr::memchr;

use crate::limits::W3C_HEADER_BYTES_MAX;
use crate::time::number;

/// The lines that change what the lines after them mean, by their names.
const KEYS: [&str; 5] = ["#Software:", "#Log-type:", "#Date:", "#Time Format:", "#Fields:"];
const SOFTWARE: usize = 0;
const LOG_TYPE: usize = 1;
const DATE: usize = 2;
const TIME_FORMAT: usize = 3;
const FIELDS: usize = 4;

/// The number of a line's key, and what follows it.
fn keyed(line: &[u8]) -> Option<(usize, &[u8])> {
    let at = KEYS.iter().position(|key| {
        line.get(..key.len()).is_some_and(|start| start.eq_ignore_ascii_case(key.as_bytes()))
    })?;
    let value = line.get(KEYS.get(at)?.len()..)?;
    Some((at, value.trim_ascii()))
}

/// Whether a line names columns as a W3C log does.
pub(super) fn is_fields(line: &[u8]) -> bool {
    keyed(line).is_some_and(|(key, names)| key == FIELDS && !names.is_empty())
}

/// The lines of the header that stand at a point of a source, by [`KEYS`].
#[derive(Debug, Default)]
pub(super) struct HeaderLines {
    values: [Vec<u8>; KEYS.len()],
}

impl HeaderLines {
    /// Takes a line that begins with `#`; whether it changed anything.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let changed = self.is_changed_by(line);
        if changed
            && let Some((key, value)) = keyed(line)
            && let Some(slot) = self.values.get_mut(key)
        {
            *slot = value.to_vec();
        }
        changed
    }

    /// Whether a line says something new. One over the limit says nothing.
    pub(super) fn is_changed_by(&self, line: &[u8]) -> bool {
        keyed(line).is_some_and(|(key, value)| {
            value.len() <= W3C_HEADER_BYTES_MAX
                && self.values.get(key).is_some_and(|old| old != value)
        })
    }

    /// All of them, to travel with a block.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (key, value) in KEYS.iter().zip(&self.values).filter(|(_, value)| !value.is_empty()) {
            out.extend_from_slice(key.as_bytes());
            out.push(b' ');
            out.extend_from_slice(value);
            out.push(b'\n');
        }
        out
    }
}

/// What parts the values of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Separator {
    /// Spaces, or tabs where a line has them; texts with spaces are quoted.
    #[default]
    Blank,
    /// Spaces; nothing is quoted, spaces are written `+`.
    Plain,
    /// Commas; texts with commas are quoted.
    Comma,
    /// A comma and a space, in the format that is IIS's own.
    CommaBlank,
}

/// What a column is, beyond its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    None,
    Number,
    Date,
    Time,
    /// Date and time in one.
    Moment,
    Host,
    Scheme,
    TargetHost,
    TargetPort,
    Stem,
    Query,
    /// A whole address.
    Uri,
    Extension,
    Agent,
    Action,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: Box<str>,
    pub(super) role: Role,
}

/// What the header lines say.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    pub(super) product: &'static str,
    pub(super) channel: Box<str>,
    pub(super) separator: Separator,
    pub(super) columns: Vec<Column>,
    /// The names as they are written.
    names: Vec<u8>,
    /// Times are those of the machine's zone.
    pub(super) local: bool,
    /// Year, month and day of `#Date`.
    pub(super) day: Option<(i64, i64, i64)>,
    /// Names of programs are percent-encoded.
    pub(super) encoded: bool,
    pub(super) has_extension: bool,
    pub(super) has_uri: bool,
}

/// The name under which `cs(User-Agent)` is read.
pub(super) const AGENT: &str = "cs-user-agent";

impl Header {
    /// Reads the lines of [`HeaderLines::bytes`].
    pub(super) fn parse(lines: &[u8]) -> Self {
        let mut values: [&[u8]; KEYS.len()] = [&[]; KEYS.len()];
        for (key, value) in lines.split(|&b| b == b'\n').filter_map(keyed) {
            if let Some(slot) = values.get_mut(key) {
                *slot = value;
            }
        }
        let value = |key: usize| values.get(key).copied().unwrap_or_default();
        let software = String::from_utf8_lossy(value(SOFTWARE)).to_ascii_lowercase();
        let names = value(FIELDS);
        let separator = match names {
            names if memchr(b',', names).is_some() => Separator::Comma,
            _ if software.contains("internet information") || software.contains("http api") => {
                Separator::Plain
            }
            _ => Separator::Blank,
        };
        let columns = columns(&String::from_utf8_lossy(names), separator);
        let has = |role| columns.iter().any(|c: &Column| c.role == role);
        let date = value(DATE);
        let (year, month, day) = (number(date, 0, 4), number(date, 5, 2), number(date, 8, 2));
        let mut header = Self {
            separator,
            names: names.to_vec(),
            local: value(TIME_FORMAT).eq_ignore_ascii_case(b"local"),
            day: year.zip(month).zip(day).map(|((year, month), day)| (year, month, day)),
            has_extension: has(Role::Extension),
            has_uri: has(Role::Uri),
            columns,
            ..Self::default()
        };
        header.shape(&software, &String::from_utf8_lossy(value(LOG_TYPE)));
        header
    }

    /// Of lines of IIS that have none.
    pub(super) fn headless(channel: &str, columns: Vec<Column>) -> Self {
        Self {
            product: "iis",
            channel: channel.into(),
            separator: Separator::Plain,
            has_uri: columns.iter().any(|c| c.role == Role::Uri),
            columns,
            ..Self::default()
        }
    }

    /// Who wrote it, by what it says of itself and by its columns.
    fn shape(&mut self, software: &str, log_type: &str) {
        let says = |words: &[&str]| words.iter().any(|w| software.contains(w));
        let has = |name: &str| self.columns.iter().any(|c| c.name.eq_ignore_ascii_case(name));
        let to_target = has("cs-host") || has("r-host") || has("r-ip") || has("cs-uri-scheme");
        let proxied = has("s-hierarchy")
            || has("s-supplier-name")
            || has("sc-filter-result")
            || has("r-host")
            || has("r-ip")
            || has("s-action")
            || has("cs-uri-scheme");
        let (product, channel) = match () {
            () if has("x-edge-location") => ("aws", "cloudfront"),
            () if says(&["exchange"]) => ("exchange", log_type),
            () if says(&["windows firewall"]) || (has("src-ip") && has("tcpflags")) => {
                ("windows", "firewall")
            }
            () if says(&["http api"]) => ("iis", "httperr"),
            () if says(&["internet information"]) || has("sc-win32-status") => ("iis", "w3c"),
            () if says(&["sgos", "blue coat", "bluecoat", "proxysg"]) => ("proxy", "bluecoat"),
            () if says(&["forefront", "isa server", "threat management"]) => ("proxy", "tmg"),
            () if to_target && proxied => ("proxy", "w3c"),
            () => ("web", "w3c"),
        };
        self.encoded = channel == "cloudfront";
        (self.product, self.channel) = (product, channel.into());
    }

    /// Whether a line only names the columns once more, as logs of Exchange do.
    pub(super) fn is_repeated_by(&self, line: &[u8]) -> bool {
        line == self.names.as_slice()
            || (self.names.is_empty() && line.starts_with(b"DateTime,RequestId,"))
    }
}

/// Columns of names with spaces between them.
pub(super) fn columns_of(names: &str) -> Vec<Column> {
    columns(names, Separator::Plain)
}

fn columns(names: &str, separator: Separator) -> Vec<Column> {
    let names: Vec<&str> = match separator {
        Separator::Comma => names.split(',').map(str::trim).collect(),
        // With tabs between them, names may have spaces (Forefront TMG).
        _ if names.contains('\t') => names.split('\t').map(str::trim).collect(),
        _ => names.split_ascii_whitespace().collect(),
    };
    names.into_iter().map(column).collect()
}

fn column(name: &str) -> Column {
    let name = name.trim_matches('"');
    let plain = match name.strip_suffix(')').and_then(|n| n.split_once('(')) {
        Some((who, header)) => format!("{who}-{header}").to_ascii_lowercase(),
        None => name.to_owned(),
    };
    let role = match plain.to_ascii_lowercase().as_str() {
        "date" => Role::Date,
        "time" => Role::Time,
        "date-time" | "datetime" | "x-timestamp" | "timestamp" | "x-timestamp-unix-utc" => {
            Role::Moment
        }
        "s-computername" | "server-hostname" | "serverhostname" => Role::Host,
        "cs-uri-scheme" | "cs-protocol" => Role::Scheme,
        "cs-host" | "r-host" | "urlhost" => Role::TargetHost,
        "cs-uri-port" => Role::TargetPort,
        "cs-uri-stem" | "cs-uri-path" | "urlstem" => Role::Stem,
        "cs-uri-query" | "urlquery" => Role::Query,
        "cs-uri" | "c-uri" | "x-uri" => Role::Uri,
        "cs-uri-extension" | "c-uri-extension" => Role::Extension,
        AGENT | "c-agent" | "useragent" => Role::Agent,
        "action" => Role::Action,
        "sc-status" | "sc-substatus" | "sc-win32-status" | "sc-bytes" | "cs-bytes" | "s-port"
        | "c-port" | "r-port" | "time-taken" | "src-port" | "dst-port" | "size" | "httpstatus"
        | "backendstatus" | "pid" => Role::Number,
        _ => Role::None,
    };
    let name = if role == Role::Agent && plain == AGENT { AGENT.into() } else { plain.into() };
    Column { name, role }
}

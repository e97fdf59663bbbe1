//! Windows events as JSON: nested as in their XML, as winlogbeat and the
//! Elastic agent write them, or flat as NXLog and event collectors do. All of
//! them get the field names that Sigma rules use.

use super::roles::{Meaning, Part, Role, in_table};

/// An element or attribute of an event's XML.
struct Step<'a> {
    name: &'a str,
    attribute: bool,
}

/// The steps of a path, without the keys that only say "attributes" or "text".
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut attribute = false;
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "#attributes" | "_attributes" | "$" if !last => attribute = true,
            "#text" | "_text" | "$t" | "_" if last && !steps.is_empty() => {}
            _ => {
                let (name, own) = match part.strip_prefix('@') {
                    Some(name) => (name, true),
                    None => (part, false),
                };
                let holder = part.strip_suffix("_attributes").filter(|n| !n.is_empty() && !last);
                steps.push(Step { name: holder.unwrap_or(name), attribute: own || attribute });
                attribute = holder.is_some();
            }
        }
    }
    steps
}

/// Names joined by dots, attributes by an underline.
fn joined(steps: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in steps {
        if !out.is_empty() {
            out.push(if step.attribute { '_' } else { '.' });
        }
        out.push_str(step.name);
    }
    out
}

/// Name spaces say nothing of an event, and are no fields in EVTX either.
fn is_name_space(step: &Step<'_>) -> bool {
    step.attribute && (step.name == "xmlns" || step.name.starts_with("xmlns:"))
}

/// `{"Event": {"System": …, "EventData": …}}`, with or without `Event`.
pub(super) fn nested(path: &str) -> Meaning {
    let path = path.strip_prefix("Event.").unwrap_or(path);
    let steps = steps(path);
    let (Some(first), rest) = (steps.first(), steps.get(1..).unwrap_or_default()) else {
        return Meaning::part(Part::Container);
    };
    if steps.last().is_some_and(is_name_space) {
        return Meaning::part(Part::Whole);
    }
    match (first.name, rest) {
        ("Event", []) => Meaning::part(Part::Container),
        ("Event", _) => Meaning::field(joined(&steps)),
        (_, []) if first.attribute => Meaning::field(format!("Event_{}", first.name)),
        ("System", rest) => system(rest),
        ("EventData", []) => Meaning { part: Part::Container, ..Meaning::field("Data") },
        ("EventData", [data]) if data.name == "Data" && !data.attribute => {
            Meaning::part(Part::DataText)
        }
        ("EventData", [data, name]) if data.name == "Data" && name.name == "Name" => {
            Meaning::part(Part::DataName)
        }
        ("EventData", [attribute]) if attribute.attribute => {
            Meaning::field(format!("EventData_{}", attribute.name))
        }
        ("EventData", [name]) if name.name == "UtcTime" => {
            Meaning::field("UtcTime").with(Role::UtcTime, 0)
        }
        ("EventData", rest) => below_data(rest),
        ("UserData", []) => Meaning::part(Part::Container),
        ("UserData", rest) => below_data(rest),
        ("RenderingInfo", [message]) if message.name == "Message" => {
            unless_null(Meaning::field("Message").also(joined(&steps)))
        }
        _ => unless_null(Meaning::field(joined(&steps))),
    }
}

/// Outside of `EventData` and `UserData`, an element without a value is none.
fn unless_null(meaning: Meaning) -> Meaning {
    Meaning { part: Part::Container, ..meaning }
}

/// Below `EventData` and `UserData`: the name of the leaf, and its path.
fn below_data(rest: &[Step<'_>]) -> Meaning {
    let tail = match rest {
        [.., holder, leaf] if leaf.attribute => {
            return Meaning::field(format!("{}_{}", holder.name, leaf.name));
        }
        [.., leaf] => leaf.name,
        [] => return Meaning::part(Part::Container),
    };
    match rest.len() {
        1 => Meaning::field(tail),
        _ => Meaning::field(tail).also(joined(rest)),
    }
}

fn system(rest: &[Step<'_>]) -> Meaning {
    let names: Vec<&str> = rest.iter().map(|s| s.name).collect();
    match names.as_slice() {
        ["EventID"] | ["EventID", "Value"] => Meaning::role(Role::EventId),
        ["EventID", "Qualifiers"] => Meaning::field("Qualifiers"),
        ["Provider"] | ["Provider", "Name"] => Meaning::role(Role::Provider),
        ["Provider", "Guid"] => Meaning::role(Role::ProviderGuid),
        ["TimeCreated"] | ["TimeCreated", "SystemTime"] => {
            Meaning::field("SystemTime").with(Role::Time, 0)
        }
        ["EventRecordID"] => Meaning::role(Role::RecordId),
        ["Channel"] => Meaning::role(Role::Channel),
        ["Computer"] => Meaning::role(Role::Host),
        ["Execution", "ProcessID"] => Meaning::role(Role::ProcessId),
        ["Execution", "ThreadID"] => Meaning::role(Role::ThreadId),
        ["Correlation", "ActivityID"] => Meaning::role(Role::Activity),
        ["Security", "UserID"] => Meaning::field("UserID"),
        [] | ["Security" | "Correlation" | "Execution"] => Meaning::part(Part::Container),
        names => unless_null(Meaning::field(names.join("_"))),
    }
}

/// winlogbeat, the Elastic agent, and winlogbeat before version 7.
pub(super) fn winlogbeat(path: &str) -> Meaning {
    const ROLES: &[(Role, &[&str])] = &[
        (Role::Time, &["@timestamp"]),
        (Role::Channel, &["winlog.channel", "log_name"]),
        (Role::EventId, &["winlog.event_id", "event_id", "event.code"]),
        (Role::RecordId, &["winlog.record_id", "record_id", "record_number"]),
        (Role::Host, &["winlog.computer_name", "computer_name", "host.name", "host.hostname"]),
        (Role::Provider, &["winlog.provider_name", "source_name", "event.provider"]),
        (Role::ProviderGuid, &["winlog.provider_guid", "provider_guid"]),
        (Role::ProcessId, &["winlog.process.pid", "process_id"]),
        (Role::ThreadId, &["winlog.process.thread.id", "thread_id"]),
        (Role::Activity, &["winlog.activity_id", "activity_id"]),
    ];
    const FIELDS: &[(&str, &str)] = &[
        ("winlog.version", "Version"),
        ("winlog.task", "Task"),
        ("winlog.opcode", "Opcode"),
        ("winlog.keywords", "Keywords"),
        ("winlog.user.identifier", "UserID"),
        ("message", "Message"),
    ];
    if let Some((role, rank)) = in_table(ROLES, path) {
        return Meaning::field(path).with(role, rank);
    }
    let inner = path.strip_prefix("winlog.").unwrap_or(path);
    match inner {
        "event_data" | "user_data" => return Meaning::part(Part::Container),
        "event_data.UtcTime" => return Meaning::field("UtcTime").with(Role::UtcTime, 0),
        _ => {}
    }
    if let Some(name) = inner.strip_prefix("event_data.") {
        return Meaning::field(name).also(path);
    }
    if let Some(rest) = inner.strip_prefix("user_data.") {
        return below_data(&steps(rest));
    }
    match FIELDS.iter().find(|(from, _)| *from == path) {
        Some((_, name)) => Meaning::field(*name).also(path),
        None => Meaning::field(path),
    }
}

/// Alerts and archives of Wazuh, which begins all names with a small letter.
pub(super) fn wazuh(path: &str) -> Meaning {
    const SYSTEM: &[(Role, &[&str])] = &[
        (Role::Time, &["systemTime"]),
        (Role::EventId, &["eventID"]),
        (Role::RecordId, &["eventRecordID"]),
        (Role::Channel, &["channel"]),
        (Role::Host, &["computer"]),
        (Role::Provider, &["providerName"]),
        (Role::ProviderGuid, &["providerGuid"]),
        (Role::ProcessId, &["processID"]),
        (Role::ThreadId, &["threadID"]),
    ];
    let inner = path.strip_prefix("data.").unwrap_or(path);
    let capital = |name: &str| {
        let mut letters = name.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    if let Some(name) = inner.strip_prefix("win.system.") {
        return match in_table(SYSTEM, name) {
            Some((role, rank)) => Meaning::field(path).with(role, rank),
            None => Meaning::field(capital(name)).also(path),
        };
    }
    if let Some(name) = inner.strip_prefix("win.eventdata.") {
        let field = Meaning { part: Part::Doubled, ..Meaning::field(capital(name)).also(path) };
        return if name == "utcTime" { field.with(Role::UtcTime, 0) } else { field };
    }
    match path {
        "timestamp" | "@timestamp" => Meaning::field(path).with(Role::Time, 1),
        "agent.name" => Meaning::field(path).with(Role::Host, 1),
        _ => Meaning::field(path),
    }
}

/// A text without the second escaping that Wazuh gives values: each of its
/// backslashes stands before another one or a quote. Else the text itself.
pub(super) fn halved(text: String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let escaped = if letter == '\\' { letters.next() } else { Some(letter) };
        match escaped {
            Some(c) if letter != '\\' || matches!(c, '\\' | '"') => out.push(c),
            _ => return text,
        }
    }
    out
}

/// One level of keys, as NXLog, event collectors, PowerShell and Splunk write.
pub(super) fn flat(path: &str) -> Meaning {
    const ROLES: &[(Role, &[&str])] = &[
        (
            Role::Time,
            &[
                "SystemTime",
                "EventTime",
                "TimeCreated",
                "TimeGenerated",
                "@timestamp",
                "_time",
                "timestamp",
            ],
        ),
        (Role::UtcTime, &["UtcTime"]),
        (Role::Channel, &["Channel", "LogName", "log_name"]),
        (Role::EventId, &["EventID", "EventId", "EventCode", "Id"]),
        (
            Role::Host,
            &[
                "Computer",
                "Hostname",
                "ComputerName",
                "MachineName",
                "HostName",
                "host.name",
                "host",
            ],
        ),
        (Role::RecordId, &["EventRecordID", "RecordNumber", "RecordId", "RecordID"]),
        (Role::Provider, &["Provider_Name", "SourceName", "ProviderName", "Provider"]),
        (Role::ProviderGuid, &["Provider_Guid", "ProviderGuid", "ProviderId"]),
        (Role::ProcessId, &["Execution_ProcessID", "ExecutionProcessID"]),
        (Role::ThreadId, &["Execution_ThreadID", "ExecutionThreadID", "ThreadID"]),
        (Role::Activity, &["Correlation_ActivityID", "ActivityID"]),
    ];
    match path.split('.').next() {
        Some("EventData" | "UserData" | "System" | "Event") if path.contains('.') => {
            return nested(path);
        }
        _ => {}
    }
    match in_table(ROLES, path) {
        Some((role, 0)) if role != Role::Time && role != Role::UtcTime => Meaning::role(role),
        Some((role, rank)) => Meaning::field(path).with(role, rank),
        None => Meaning::field(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(meaning: Meaning) -> String {
        let [first, second] = meaning.names;
        [first.unwrap_or_default(), second.unwrap_or_default()].join("|")
    }

    #[test]
    fn wazuh_names_are_those_of_sigma() {
        let both = "CommandLine|data.win.eventdata.commandLine";
        assert_eq!(names(wazuh("data.win.eventdata.commandLine")), both);
        assert_eq!(wazuh("data.win.system.eventID").role, Some((Role::EventId, 0)));
        assert_eq!(names(wazuh("data.win.system.keywords")), "Keywords|data.win.system.keywords");
        assert_eq!(names(wazuh("rule.level")), "rule.level|");
        for (text, expected) in [
            (r#"\"C:\\Temp\\a.exe\" /x"#, r#""C:\Temp\a.exe" /x"#),
            (r"C:\Temp\a.exe", r"C:\Temp\a.exe"),
            (r"\\\\server\\share", r"\\server\share"),
            (r"\\server\share", r"\\server\share"),
        ] {
            assert_eq!(halved(text.to_owned()), expected);
        }
    }

    #[test]
    fn nested_names_are_those_of_sigma() {
        for (path, expected) in [
            ("Event.EventData.Image", "Image|"),
            ("EventData.Image", "Image|"),
            ("Event.System.EventID.#attributes.Qualifiers", "Qualifiers|"),
            ("Event.System.EventID_attributes.Qualifiers", "Qualifiers|"),
            ("Event.System.Security.@UserID", "UserID|"),
            ("Event.System.Provider.$.EventSourceName", "Provider_EventSourceName|"),
            ("Event.System.TimeCreated._attributes.SystemTime", "SystemTime|"),
            ("Event.UserData.EventXML.Param1", "Param1|EventXML.Param1"),
            ("Event.UserData.EventXML.#attributes.Param", "EventXML_Param|"),
            ("Event.UserData.EventXML.#attributes.xmlns:auto", "|"),
            ("Event.#attributes.xmlns", "|"),
            ("Event.EventData.#attributes.Name", "EventData_Name|"),
            ("Event.EventData.A.B", "B|A.B"),
            ("Event.EventData.A.B.@C", "B_C|"),
            ("Event.RenderingInfo.Message", "Message|RenderingInfo.Message"),
            ("Event.RenderingInfo.@Culture", "RenderingInfo_Culture|"),
            ("Event.RenderingInfo.Keywords.Keyword", "RenderingInfo.Keywords.Keyword|"),
            ("Event.System.Task", "Task|"),
        ] {
            assert_eq!(names(nested(path)), expected, "{path}");
        }
        for path in ["EventID", "EventID.#text", "EventID._", "EventID.Value"] {
            let meaning = nested(&format!("Event.System.{path}"));
            assert_eq!(meaning.role, Some((Role::EventId, 0)), "{path}");
        }
        for path in ["Data.#attributes.Name", "Data.@Name", "Data.$.Name"] {
            assert_eq!(nested(&format!("Event.EventData.{path}")).part, Part::DataName);
        }
        for path in ["Data", "Data.#text", "Data._"] {
            assert_eq!(nested(&format!("Event.EventData.{path}")).part, Part::DataText);
        }
    }
}

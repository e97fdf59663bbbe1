//! The sources of Windows events: the name of the provider in EVTX, and the
//! channel, which a file of Event Viewer does not name. What is known of them
//! stands in `data/event_viewer_sources.txt`.

use hashbrown::HashMap;

const TABLE: &str = include_str!("../../../data/event_viewer_sources.txt");

struct Source {
    provider: &'static str,
    /// Of one event, or of all that are not listed.
    channels: Vec<(Option<u32>, &'static str)>,
}

/// What is known of sources.
pub(in crate::formats) struct Sources(HashMap<&'static str, Source>);

impl Default for Sources {
    fn default() -> Self {
        let mut sources = HashMap::new();
        let lines = TABLE.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
        for line in lines {
            let mut cells = line.split('|').map(str::trim);
            let names = cells.next().unwrap_or_default().split(" ; ");
            let provider = cells.next().unwrap_or_default();
            let all = cells.next().unwrap_or_default();
            let channels: Vec<_> = match all {
                "-" | "" => Vec::new(),
                all => all.split(" ; ").map(channel).collect(),
            };
            for name in names.map(str::trim).chain([provider]) {
                let source = Source { provider, channels: channels.clone() };
                sources.entry(name).or_insert(source);
            }
        }
        Self(sources)
    }
}

fn channel(text: &'static str) -> (Option<u32>, &'static str) {
    let of_event = text.split_once(':').and_then(|(id, name)| Some((id.parse().ok()?, name)));
    of_event.map_or((None, text), |(id, name)| (Some(id), name))
}

impl Sources {
    /// The provider's name in EVTX.
    pub(in crate::formats) fn provider<'a>(&self, source: &'a str) -> &'a str {
        let source = source.trim();
        self.0.get(source).map_or(source, |known| known.provider)
    }

    /// The channel of its events, or nothing.
    pub(in crate::formats) fn channel(&self, source: &str, event_id: u32) -> &'static str {
        let Some(known) = self.0.get(source.trim()) else { return "" };
        let of = |id| known.channels.iter().find(|(event, _)| *event == id).map(|(_, name)| *name);
        of(Some(event_id)).or_else(|| of(None)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_have_providers_and_channels() {
        let sources = Sources::default();
        for (source, id, provider, channel) in [
            (
                "Microsoft Windows security auditing.",
                4624,
                "Microsoft-Windows-Security-Auditing",
                "Security",
            ),
            (
                "Microsoft-Windows-Security-Auditing",
                4624,
                "Microsoft-Windows-Security-Auditing",
                "Security",
            ),
            ("Sysmon", 1, "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational"),
            ("Microsoft-Windows-Eventlog", 104, "Microsoft-Windows-Eventlog", "System"),
            ("Eventlog", 1102, "Microsoft-Windows-Eventlog", "Security"),
            ("EventLog", 6005, "EventLog", "System"),
            ("Service Control Manager", 7045, "Service Control Manager", "System"),
            (
                "Microsoft-Windows-PowerShell",
                4104,
                "Microsoft-Windows-PowerShell",
                "Microsoft-Windows-PowerShell/Operational",
            ),
            ("PowerShell", 400, "PowerShell", "Windows PowerShell"),
            ("Microsoft-Windows-PrintService", 316, "Microsoft-Windows-PrintService", ""),
            ("Some Program", 1, "Some Program", ""),
        ] {
            assert_eq!(
                (sources.provider(source), sources.channel(source, id)),
                (provider, channel),
                "{source}"
            );
        }
    }
}

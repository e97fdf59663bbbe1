//! Windows event logs: which log and event goes to whom, and of what class of
//! evidence each is.
//!
//! Texts in records are in the language of the host, so that nothing here
//! looks at names of accounts, groups or messages: SIDs, logon ids, masks,
//! codes and GUIDs are the same everywhere.

mod accounts;
mod directory;
mod event;
mod federation;
mod fields;
mod files;
mod identity;
mod kerberos;
mod known;
mod logon;
mod losses;
mod memory;
mod powershell;
mod process;
mod registry;
mod remote;
mod shares;
mod sysmon;
mod system;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use sekisho_event::Shape;

use self::event::Event;
use super::{Class, Extractor, Out, Row};
use crate::limits::COMMAND_LINE_BYTES_MAX;

pub use identity::{is_machine_account, is_service_identity};

/// All logs of Windows.
#[derive(Clone, Copy, Debug)]
pub struct Windows;

impl Extractor for Windows {
    fn fields(&self) -> &'static [&'static str] {
        fields::FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        &*shape.product == "windows"
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let shape = row.shape();
        let id = shape.event_id.map(u64::from).or_else(|| row.number("EventID"));
        let provider = row.text("Provider_Name").unwrap_or_default().to_lowercase();
        let log = Log::of(&shape.channel, &provider);
        let Some(id) = id.and_then(|id| u32::try_from(id).ok()) else {
            // It may have been any event of that log.
            if log != Log::Other {
                out.unread();
            }
            return;
        };
        let mut event = Event::new(*row, out, id);
        event.class(log.class(id));
        log.read(&mut event, &provider);
    }
}

/// Numbers of events whose classes are told apart are below this.
const EVENT_IDS: u32 = 10_000;

/// The classes of which events of a channel can be.
pub(super) fn shows(channel: &str) -> BTreeSet<Class> {
    let log = if channel.is_empty() { Log::Other } else { Log::of(channel, "") };
    if log == Log::Other {
        return BTreeSet::new();
    }
    let mut classes: BTreeSet<Class> = (0..EVENT_IDS).map(|id| log.class(id)).collect();
    classes.remove(&Class::Other);
    classes
}

/// A log whose events are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    Security,
    Federation,
    System,
    Sysmon,
    PowerShell,
    OldPowerShell,
    Tasks,
    Sessions,
    Connections,
    DesktopClient,
    Shells,
    Background,
    Defender,
    Wmi,
    Certificates,
    Capi,
    DnsClient,
    DesktopCore,
    Engine,
    Other,
}

impl Log {
    /// By the channel; where the record does not say it, by the provider (in
    /// lower case).
    fn of(channel: &str, provider: &str) -> Self {
        if provider.starts_with("ad fs") {
            return Self::Federation;
        }
        if provider == "esent" {
            return Self::Engine;
        }
        let channel = channel.to_ascii_lowercase();
        match channel.as_str() {
            "security" => return Self::Security,
            "system" => return Self::System,
            "windows powershell" => return Self::OldPowerShell,
            _ => {}
        }
        let name = if channel.is_empty() { provider } else { channel.as_str() };
        let name = name.strip_prefix("microsoft-windows-").unwrap_or(name);
        match name.split('/').next().unwrap_or(name) {
            "security-auditing" | "eventlog" => Self::Security,
            "service control manager" | "kernel-general" | "kernel-power" => Self::System,
            "sysmon" => Self::Sysmon,
            "powershell" if channel.is_empty() && provider == "powershell" => Self::OldPowerShell,
            "powershell" | "powershellcore" => Self::PowerShell,
            "taskscheduler" => Self::Tasks,
            "terminalservices-localsessionmanager" => Self::Sessions,
            "terminalservices-remoteconnectionmanager" => Self::Connections,
            "terminalservices-rdpclient" | "terminalservices-clientactivexcore" => {
                Self::DesktopClient
            }
            "winrm" => Self::Shells,
            "bits-client" => Self::Background,
            "windows defender" => Self::Defender,
            "wmi-activity" => Self::Wmi,
            "certificateservicesclient-lifecycle-system"
            | "certificateservicesclient-lifecycle-user" => Self::Certificates,
            "capi2" => Self::Capi,
            "remotedesktopservices-rdpcorets" => Self::DesktopCore,
            "dns-client" => Self::DnsClient,
            _ => Self::Other,
        }
    }

    fn class(self, id: u32) -> Class {
        match self {
            Self::Security => security_class(id),
            Self::Sysmon => sysmon_class(id),
            Self::System => match id {
                7045 | 7034..=7040 => Class::Persistence,
                _ => Class::Other,
            },
            Self::Federation => match id {
                299 | 403 | 404 | 410 | 411 | 412 | 500 | 501 | 1200..=1206 => Class::SignIn,
                _ => Class::Other,
            },
            Self::PowerShell | Self::OldPowerShell => match id {
                400 | 800 | 4103 | 4104 => Class::Script,
                _ => Class::Other,
            },
            Self::Tasks | Self::Wmi => Class::Persistence,
            Self::Background => Class::HostFlow,
            Self::DnsClient => Class::Dns,
            // They know sessions of one kind only: that they were heard does not
            // say that sessions on the host are on record.
            Self::Sessions
            | Self::Connections
            | Self::DesktopClient
            | Self::DesktopCore
            | Self::Shells => Class::Other,
            Self::Defender | Self::Certificates | Self::Capi | Self::Engine | Self::Other => {
                Class::Other
            }
        }
    }

    fn read(self, e: &mut Event<'_, '_, '_>, provider: &str) {
        match self {
            Self::Security => {
                security(e);
                known::security(e);
            }
            Self::Federation => federation::audit(e),
            Self::System => match e.id {
                7045 => system::service(e),
                _ => losses::system(e, provider),
            },
            Self::Sysmon => {
                sysmon::read(e);
                losses::sysmon(e);
                known::sysmon(e);
            }
            Self::PowerShell | Self::OldPowerShell => powershell::read(e),
            Self::Tasks => system::scheduler(e),
            Self::Sessions => remote::sessions(e),
            Self::Connections => remote::connections(e),
            Self::DesktopClient => remote::client(e),
            Self::Shells => remote::shells(e),
            Self::DesktopCore => remote::desktop_core(e),
            Self::Engine => directory::engine(e),
            Self::Background => remote::background(e),
            Self::Defender => losses::defender(e),
            Self::Wmi => system::wmi(e),
            Self::Certificates if e.id == 1007 => federation::exported(e),
            Self::Capi if e.id == 70 => federation::exported(e),
            Self::Certificates | Self::Capi | Self::DnsClient | Self::Other => {}
        }
    }
}

fn security(e: &mut Event<'_, '_, '_>) {
    match e.id {
        299 | 500 | 501 | 1200..=1206 => federation::audit(e),
        1100..=1108 | 4608 | 4612 | 4616 | 4719 | 4907 | 4912 => losses::security(e),
        4624 | 4625 | 4634 | 4647 | 4648 | 4672 | 4778 | 4779 => logon::read(e),
        4656 | 4657 | 4663 => files::read(e),
        4662 | 4876 | 4886 | 4887 | 5136..=5139 | 5141 => directory::read(e),
        4688 | 4689 | 5156 | 5157 => process::read(e),
        4697 => system::service(e),
        4698..=4702 => system::task(e),
        4768..=4777 => kerberos::read(e),
        4704 | 4705 | 4717 | 4718 | 4720..=4767 | 4781 | 4794 => accounts::read(e),
        5140 | 5142..=5145 => shares::read(e),
        _ => {}
    }
}

fn security_class(id: u32) -> Class {
    match id {
        // That a session began, only this one says: the rest must not make it
        // look as if beginnings were recorded.
        4624 => Class::Logon,
        4656..=4661 | 4663 | 4664 | 4670 => Class::FileAccess,
        4662 | 5136..=5139 | 5141 => Class::DirectoryAccess,
        4688 | 4689 | 4696 => Class::Process,
        4697..=4702 => Class::Persistence,
        4768..=4777 => Class::Kerberos,
        4704 | 4705 | 4717 | 4718 | 4720..=4767 | 4781 | 4794 | 4886..=4888 => Class::AccountChange,
        5140 | 5142..=5145 | 5168 => Class::ShareAccess,
        5156..=5159 => Class::HostFlow,
        299 | 500 | 501 | 1200..=1206 => Class::SignIn,
        _ => Class::Other,
    }
}

fn sysmon_class(id: u32) -> Class {
    match id {
        1 | 5..=8 | 10 | 25 => Class::Process,
        2 | 11 | 15 | 23 | 26..=29 => Class::FileWrite,
        3 => Class::HostFlow,
        9 => Class::FileAccess,
        12..=14 | 19..=21 => Class::Persistence,
        22 => Class::Dns,
        _ => Class::Other,
    }
}

/// A command line or script, cut at the limit.
fn cut(text: &str) -> Box<str> {
    let mut end = text.len().min(COMMAND_LINE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

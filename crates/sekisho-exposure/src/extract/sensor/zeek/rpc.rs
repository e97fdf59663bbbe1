//! Remote procedure calls of Windows: services and tasks set up from afar,
//! directories listed or replicated, logs cleared. Only the name of the call
//! is seen, not what it was given.

use super::super::ends::Ends;
use crate::activity::{
    Exec, ExecStep, Loss, LossKind, Object, Ticket, TicketKind, TicketStep, Touch, TouchKind, Via,
    What,
};
use crate::extract::{Out, Row};

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Sets up, starts or removes something of this kind.
    Exec(ExecStep, &'static str),
    /// Lists accounts, groups, rights.
    ListsDirectory,
    /// Makes or changes an account or a group.
    WritesDirectory,
    /// Lists something else of the server.
    Lists,
    /// Replicates secrets of the directory. Domain controllers do so among
    /// themselves.
    Replicates,
    /// Writes a part of the registry to a file: how the accounts of a host
    /// are read out from afar.
    SavesRegistry,
    ClearsLog,
}

/// A call.
pub(super) fn call(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = super::ends(row, out);
    let operation = row.text("operation").unwrap_or_default();
    let endpoint = row.text("endpoint").unwrap_or_default();
    let Some(does) = does(endpoint, operation) else { return };
    let what = match does {
        Does::Exec(step, label) => Some(exec(step, label, out)),
        Does::ListsDirectory => directory(TouchKind::Listed, &ends),
        Does::WritesDirectory => directory(TouchKind::Written, &ends),
        Does::Lists => {
            let service = out.names().of(endpoint);
            let id = out.names().of(operation);
            Some(touch(TouchKind::Listed, Object::Other { service, id }))
        }
        Does::Replicates | Does::SavesRegistry => Some(taken(&ends)),
        Does::ClearsLog => return cleared(operation, &ends, out),
    };
    if let Some(what) = what {
        out.push_on(ends.place(), ends.actor(), what);
    }
}

/// Which log of the server was cleared is not seen: each that intruders clear
/// may have been.
fn cleared(operation: &str, ends: &Ends, out: &mut Out<'_>) {
    for log in ["Security", "System", "Microsoft-Windows-Sysmon/Operational"] {
        let loss = Loss {
            kind: LossKind::Cleared,
            channel: Some(out.names().of(log)),
            what: Some(out.names().of(operation)),
            amount: None,
            share: None,
        };
        out.push_on(ends.place(), ends.actor(), What::Loss(loss));
    }
}

/// By interface and call; the names of calls have variants that end in `A`,
/// `W`, `2`, `Ex` and the like.
fn does(endpoint: &str, operation: &str) -> Option<Does> {
    use Does::{
        ClearsLog, Exec, Lists, ListsDirectory, Replicates, SavesRegistry, WritesDirectory,
    };
    use ExecStep::{Installed, Removed, Started};
    let begins = |words: &[&str]| words.iter().any(|word| operation.starts_with(word));
    let endpoint = endpoint.to_ascii_lowercase();
    Some(match endpoint.as_str() {
        "svcctl" if begins(&["CreateService", "RCreateService"]) => Exec(Installed, "service"),
        "svcctl" if begins(&["ChangeServiceConfig", "RChangeServiceConfig"]) => {
            Exec(Installed, "service")
        }
        "svcctl" if begins(&["StartService", "RStartService"]) => Exec(Started, "service"),
        "svcctl" if begins(&["DeleteService", "RDeleteService"]) => Exec(Removed, "service"),
        "svcctl" if begins(&["EnumServices", "REnumServices"]) => Lists,
        "atsvc" if begins(&["NetrJobAdd", "JobAdd"]) => Exec(Installed, "task"),
        "atsvc" if begins(&["NetrJobDel", "JobDel"]) => Exec(Removed, "task"),
        "itaskschedulerservice" if begins(&["SchRpcRegisterTask"]) => Exec(Installed, "task"),
        "itaskschedulerservice" if begins(&["SchRpcRun"]) => Exec(Started, "task"),
        "itaskschedulerservice" if begins(&["SchRpcDelete"]) => Exec(Removed, "task"),
        "iwbemservices" if begins(&["ExecMethod"]) => Exec(Started, "wmi"),
        "iwbemservices" if begins(&["PutInstance", "PutClass"]) => Exec(Installed, "wmi"),
        "spoolss" | "irpcasyncwinspool" | "iremotewinspool"
            if begins(&["RpcAddPrinterDriver", "AddPrinterDriver", "RpcAsyncAddPrinterDriver"]) =>
        {
            Exec(Installed, "printer driver")
        }
        "drsuapi" if begins(&["DRSGetNCChanges"]) => Replicates,
        "drsuapi" if begins(&["DRSDomainControllerInfo", "DRSGetMemberships"]) => ListsDirectory,
        "winreg" if operation.contains("SaveKey") => SavesRegistry,
        "samr" if begins(&["SamrCreate", "SamrDelete", "SamrAdd", "SamrRemove", "SamrSet"]) => {
            WritesDirectory
        }
        "samr"
            if begins(&["SamrEnumerate", "SamrQueryDisplay", "SamrGetMembers", "SamrGetAlias"]) =>
        {
            ListsDirectory
        }
        "lsarpc" if begins(&["LsarEnumerate", "LsarQueryInfo"]) => ListsDirectory,
        "srvsvc" if operation.contains("Enum") => Lists,
        "wkssvc" if operation.contains("UserEnum") => Lists,
        "eventlog" | "even" if begins(&["ElfrClear", "ElfrBackupELF"]) => ClearsLog,
        "eventlog6" | "ieventservice" | "even6" if begins(&["EvtRpcClearLog"]) => ClearsLog,
        _ => return None,
    })
}

fn exec(step: ExecStep, label: &str, out: &mut Out<'_>) -> What {
    let label = Some(out.names().of(label));
    What::Exec(Box::new(Exec { step, label, ..Exec::default() }))
}

fn touch(kind: TouchKind, object: Object) -> What {
    What::Touch(Box::new(Touch {
        kind,
        object,
        via: Via::Network,
        bytes: None,
        whole: false,
        throttled: false,
        to: None,
        sha256: None,
    }))
}

/// A directory is known by the server that was asked.
fn directory(kind: TouchKind, ends: &Ends) -> Option<What> {
    Some(touch(kind, Object::Directory { realm: ends.place()? }))
}

fn taken(ends: &Ends) -> What {
    What::Ticket(Box::new(Ticket {
        step: TicketStep::Taken,
        kind: TicketKind::Password,
        account: None,
        everyone: true,
        service: None,
        issued: None,
        from: ends.client,
        method: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_mean_something() {
        use ExecStep::{Installed, Started};
        for (endpoint, operation, expected) in [
            ("svcctl", "CreateServiceW", Some(Does::Exec(Installed, "service"))),
            ("svcctl", "CreateServiceWOW64W", Some(Does::Exec(Installed, "service"))),
            ("svcctl", "StartServiceA", Some(Does::Exec(Started, "service"))),
            ("svcctl", "OpenSCManagerW", None),
            ("ITaskSchedulerService", "SchRpcRegisterTask", Some(Does::Exec(Installed, "task"))),
            ("IWbemServices", "ExecMethod", Some(Does::Exec(Started, "wmi"))),
            ("drsuapi", "DRSGetNCChanges", Some(Does::Replicates)),
            ("drsuapi", "DRSCrackNames", None),
            ("samr", "SamrEnumerateUsersInDomain", Some(Does::ListsDirectory)),
            ("samr", "SamrCloseHandle", None),
            ("samr", "SamrCreateUser2InDomain", Some(Does::WritesDirectory)),
            ("winreg", "BaseRegSaveKeyEx", Some(Does::SavesRegistry)),
            ("epmapper", "ept_map", None),
            ("", "", None),
        ] {
            assert_eq!(does(endpoint, operation), expected, "{endpoint} {operation}");
        }
    }
}

//! PowerShell: cmdlets, methods of .NET, encoded commands.

use super::calls::Call;
use super::persist::{is_recorder, registry_value};
use super::words::{COMMA, Shell};
use super::{Asked, Found, Verb};
use crate::limits::COMMAND_LINE_BYTES_MAX;

/// Arguments of one call of a method.
const ARGUMENTS_MAX: usize = 8;

/// Calls of one method in one text.
const METHOD_CALLS_MAX: usize = 256;

pub(super) fn read(call: &Call, found: &mut Found) {
    if call.shell == Shell::Unix {
        return;
    }
    match call.program.as_str() {
        "copy-item" | "cpi" | "copyitem" => copy(call, Verb::Copy, found),
        "move-item" | "mi" => copy(call, Verb::Move, found),
        "compress-archive" => archive(call, found),
        "get-content" | "gc" | "select-string" | "sls" | "import-csv" | "import-clixml" => {
            reads(call, found)
        }
        "get-childitem" | "gci" => lists(call, found),
        "remove-item" | "ri" => removes(call, found),
        "out-file" | "set-content" | "add-content" | "tee-object" | "export-csv"
        | "export-clixml" => {
            writes(call, found);
        }
        "invoke-webrequest" | "iwr" | "invoke-restmethod" | "irm" => web(call, found),
        "curl" | "wget" if call.is_cmdlet() => web(call, found),
        "start-bitstransfer" => background(call, found),
        "send-mailmessage" => mail(call, found),
        "new-service" | "set-service" | "stop-service" => service(call, found),
        "register-scheduledtask" | "unregister-scheduledtask" | "new-scheduledtaskaction" => {
            task(call, found)
        }
        "set-itemproperty" | "sp" | "new-itemproperty" | "remove-itemproperty" => {
            registry(call, found)
        }
        "new-localuser" | "new-aduser" => account(call, Verb::AddAccount, found),
        "set-localuser" | "set-adaccountpassword" => account(call, Verb::SetPassword, found),
        "add-localgroupmember" | "add-adgroupmember" => member(call, found),
        "enter-pssession" | "etsn" | "new-pssession" | "nsn" | "new-cimsession"
        | "get-wmiobject" | "gwmi" | "invoke-wmimethod" | "invoke-cimmethod" => {
            session(call, found)
        }
        "new-smbmapping" | "new-psdrive" | "ndr" => mapping(call, found),
        "clear-eventlog" | "remove-eventlog" | "limit-eventlog" => {
            let logs = or_first(call, &["LogName"]);
            for log in logs {
                found.push(Asked::of(Verb::ClearLog).named(log));
            }
        }
        "set-mppreference" | "add-mppreference" => protection(call, found),
        _ => {}
    }
}

/// The values of a parameter, else of the first argument without one.
fn or_first(call: &Call, names: &[&str]) -> Vec<String> {
    or_at(call, names, 0)
}

fn or_at(call: &Call, names: &[&str], at: usize) -> Vec<String> {
    let named = call.parameter(names);
    if named.is_empty() { call.positional().into_iter().nth(at).unwrap_or_default() } else { named }
}

const PATHS: &[&str] = &["Path", "LiteralPath", "PSPath", "FilePath", "LP"];

fn copy(call: &Call, verb: Verb, found: &mut Found) {
    let named = call.parameter(PATHS);
    let at = usize::from(named.is_empty());
    let sources = or_first(call, PATHS);
    let targets = or_at(call, &["Destination"], at);
    // From or to another host.
    let from = call.parameter(&["FromSession"]);
    if !sources.is_empty() && from.is_empty() {
        found.push(Asked::of(verb).from(sources).to(targets));
    }
}

fn archive(call: &Call, found: &mut Found) {
    let named = call.parameter(PATHS);
    let at = usize::from(named.is_empty());
    let sources = or_first(call, PATHS);
    let targets = or_at(call, &["DestinationPath"], at);
    if !sources.is_empty() || !targets.is_empty() {
        found.push(Asked::of(Verb::Archive).from(sources).to(targets));
    }
}

fn reads(call: &Call, found: &mut Found) {
    let at =
        usize::from(call.is(&["select-string", "sls"]) && call.parameter(&["Pattern"]).is_empty());
    let sources = or_at(call, PATHS, at);
    if !sources.is_empty() {
        found.push(Asked::of(Verb::Read).from(sources));
    }
}

fn lists(call: &Call, found: &mut Found) {
    let sources = or_first(call, PATHS);
    if !sources.is_empty() {
        found.push(Asked::of(Verb::List).from(sources));
    }
}

fn removes(call: &Call, found: &mut Found) {
    let sources = or_first(call, PATHS);
    if !sources.is_empty() {
        found.push(Asked::of(Verb::Delete).from(sources));
    }
}

fn writes(call: &Call, found: &mut Found) {
    let targets = or_first(call, PATHS);
    if !targets.is_empty() {
        found.push(Asked::of(Verb::Write).to(targets));
    }
}

fn web(call: &Call, found: &mut Found) {
    let url = or_first(call, &["Uri", "Url"]).into_iter().next();
    let Some(url) = url else { return };
    let files = call.parameter(&["InFile"]);
    if !files.is_empty() {
        return found.push(Asked::of(Verb::Upload).from(files).at(url));
    }
    let method = call.parameter(&["Method", "CustomMethod"]).into_iter().next().unwrap_or_default();
    let sends = ["post", "put", "patch"].contains(&method.to_ascii_lowercase().as_str());
    let form = call.parameter(&["Form"]);
    if sends || !form.is_empty() {
        // What it sends stands in a variable.
        return found.push(Asked::of(Verb::Upload).at(url));
    }
    found.push(Asked::of(Verb::Download).to(call.parameter(&["OutFile"])).at(url));
}

fn background(call: &Call, found: &mut Found) {
    let sources = or_first(call, &["Source"]);
    let targets =
        or_at(call, &["Destination"], usize::from(call.parameter(&["Source"]).is_empty()));
    let kind = call.parameter(&["TransferType"]).into_iter().next().unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with("upload") {
        let url = targets.into_iter().next().unwrap_or_default();
        found.push(Asked::of(Verb::Upload).from(sources).at(url));
    } else if let Some(url) = sources.into_iter().next() {
        found.push(Asked::of(Verb::Download).to(targets).at(url));
    }
}

fn mail(call: &Call, found: &mut Found) {
    let files = call.parameter(&["Attachments"]);
    if files.is_empty() {
        return;
    }
    let server = call.parameter(&["SmtpServer"]).into_iter().next().unwrap_or_default();
    found.push(
        Asked::of(Verb::Upload)
            .from(files)
            .to(call.parameter(&["To"]))
            .at(format!("smtp://{server}")),
    );
}

fn service(call: &Call, found: &mut Found) {
    let Some(name) = or_first(call, &["Name"]).into_iter().next() else { return };
    if call.is(&["stop-service", "set-service"]) {
        let disabled = call
            .parameter(&["StartupType", "Status"])
            .iter()
            .any(|v| v.eq_ignore_ascii_case("disabled") || v.eq_ignore_ascii_case("stopped"));
        if is_recorder(&name) && (disabled || call.is(&["stop-service"])) {
            found.push(Asked::of(Verb::StopLog).named(name));
        }
        return;
    }
    let command = or_at(call, &["BinaryPathName"], 1);
    found.push(Asked::of(Verb::Persist).named(format!("service {name}")).from(command));
}

fn task(call: &Call, found: &mut Found) {
    if call.is(&["new-scheduledtaskaction"]) {
        return;
    }
    let Some(name) = or_first(call, &["TaskName"]).into_iter().next() else { return };
    let gone = call.is(&["unregister-scheduledtask"]);
    let verb = if gone { Verb::Unpersist } else { Verb::Persist };
    found.push(Asked::of(verb).named(format!("task {name}")));
}

fn registry(call: &Call, found: &mut Found) {
    let Some(key) = or_first(call, PATHS).into_iter().next() else { return };
    let name = or_at(call, &["Name"], 1).into_iter().next().unwrap_or_default();
    let data = or_at(call, &["Value"], 2).into_iter().next();
    let gone = call.is(&["remove-itemproperty"]);
    let verb = if gone { Verb::Unpersist } else { Verb::Persist };
    let key = key.replace(":\\", "\\").replace('/', "\\");
    registry_value(verb, &key, &name, data, found);
}

fn account(call: &Call, verb: Verb, found: &mut Found) {
    let names = or_first(call, &["SamAccountName", "Name", "Identity"]);
    if let Some(name) = names.into_iter().next() {
        found.push(Asked::of(verb).named(name));
    }
}

fn member(call: &Call, found: &mut Found) {
    let groups = or_first(call, &["Group", "Identity", "Name"]);
    let named = !call.parameter(&["Group", "Identity", "Name"]).is_empty();
    for name in or_at(call, &["Member", "Members"], usize::from(!named)) {
        found.push(Asked::of(Verb::AddMember).named(name).to(groups.clone()));
    }
}

fn session(call: &Call, found: &mut Found) {
    let mut hosts = call.parameter(&["ComputerName", "HostName", "CN"]);
    if hosts.is_empty() && call.is(&["enter-pssession", "etsn", "new-pssession", "nsn"]) {
        hosts = call.positional().into_iter().next().unwrap_or_default();
    }
    for host in hosts {
        found.push(Asked::of(Verb::Connect).on(host));
    }
}

fn mapping(call: &Call, found: &mut Found) {
    let root = call.parameter(&["RemotePath", "Root"]).into_iter().next().unwrap_or_default();
    if let Some(host) = root.strip_prefix("\\\\").and_then(|rest| rest.split('\\').next()) {
        found.push(Asked::of(Verb::Connect).on(host));
    }
}

fn protection(call: &Call, found: &mut Found) {
    let off = call.args().any(|arg| {
        let arg = arg.to_ascii_lowercase();
        arg.starts_with("-disable") || arg.starts_with("-exclusion")
    });
    if off {
        found.push(Asked::of(Verb::StopLog).named("WinDefend"));
    }
}

/// Calls of methods of .NET that move files.
pub(super) fn methods(text: &str, found: &mut Found) {
    if !text.contains('(') {
        return;
    }
    let folded = text.to_ascii_lowercase();
    let mut each = |name: &str, make: &dyn Fn(&[String]) -> Option<Asked>| {
        for (at, _) in folded.match_indices(name).take(METHOD_CALLS_MAX) {
            let rest = text.get(at + name.len()..).unwrap_or_default();
            if let Some(asked) = make(&arguments(rest)) {
                found.push(asked);
            }
        }
    };
    each("::createfromdirectory(", &|args| {
        let [source, target, ..] = args else { return None };
        Some(Asked::of(Verb::Archive).from([source]).to([target]))
    });
    for name in [".uploadfile(", ".uploadfileasync(", ".uploadfiletaskasync("] {
        each(name, &|args| {
            let (url, rest) = args.split_first()?;
            // Between them may stand the method.
            Some(Asked::of(Verb::Upload).from(rest.last()).at(url))
        });
    }
    for name in [".uploaddata(", ".uploadstring("] {
        each(name, &|args| Some(Asked::of(Verb::Upload).at(args.first()?)));
    }
    for name in [".downloadfile(", ".downloadfileasync("] {
        each(name, &|args| Some(Asked::of(Verb::Download).to(args.get(1)).at(args.first()?)));
    }
    for name in [".downloadstring(", ".downloaddata("] {
        each(name, &|args| Some(Asked::of(Verb::Download).at(args.first()?)));
    }
    for name in ["]::readallbytes(", "]::readalltext(", "]::readalllines(", "]::openread("] {
        each(name, &|args| Some(Asked::of(Verb::Read).from([args.first()?])));
    }
    for name in ["io.file]::copy(", "io.file]::move("] {
        each(name, &|args| Some(Asked::of(Verb::Copy).from([args.first()?]).to(args.get(1))));
    }
    for name in ["]::writeallbytes(", "]::writealltext("] {
        each(name, &|args| Some(Asked::of(Verb::Write).to([args.first()?])));
    }
}

/// Arguments up to the closing parenthesis; quotes are taken off.
fn arguments(text: &str) -> Vec<String> {
    let mut args: Vec<String> = vec![String::new()];
    let mut quote = None;
    let mut open = 0_usize;
    for letter in text.chars().take(4096) {
        match (quote, letter) {
            (Some(q), _) if q == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '(') => open += 1,
            (None, ')') if open == 0 => break,
            (None, ')') => open -= 1,
            (None, ',') if open == 0 => {
                if args.len() >= ARGUMENTS_MAX {
                    break;
                }
                args.push(String::new());
                continue;
            }
            _ => {}
        }
        let drop = matches!(letter, '"' | '\'') && (quote.is_none() || quote == Some(letter));
        if let Some(last) = args.last_mut().filter(|_| !drop) {
            last.push(letter);
        }
    }
    args.into_iter().map(|arg| arg.trim().to_owned()).collect()
}

/// The text of an encoded command: UTF-16 in base64.
pub(super) fn decoded(code: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in code.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
            bits &= (1 << count) - 1;
        }
        if bytes.len() > COMMAND_LINE_BYTES_MAX * 2 {
            break;
        }
    }
    let units = bytes.chunks_exact(2).filter_map(|pair| match pair {
        [low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    });
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    (!text.is_empty()).then(|| text.replace(COMMA, " "))
}

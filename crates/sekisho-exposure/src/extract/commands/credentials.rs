//! Programs that take credentials, forge them, or list the directory of
//! accounts.

use super::calls::Call;
use super::{Asked, Found, Store, Verb};

/// Words that give a tool away whatever its name: what it does.
const WORDS: &[(&str, Verb)] = &[
    ("sekurlsa::", Verb::Credentials(Store::Memory)),
    ("lsadump::dcsync", Verb::Credentials(Store::Directory)),
    ("lsadump::lsa", Verb::Credentials(Store::Local)),
    ("lsadump::sam", Verb::Credentials(Store::Local)),
    ("lsadump::secrets", Verb::Credentials(Store::Local)),
    ("lsadump::cache", Verb::Credentials(Store::Local)),
    ("lsadump::trust", Verb::Credentials(Store::Keys)),
    ("lsadump::backupkeys", Verb::Credentials(Store::Keys)),
    ("crypto::certificates", Verb::Credentials(Store::Keys)),
    ("crypto::keys", Verb::Credentials(Store::Keys)),
    ("crypto::capi", Verb::Credentials(Store::Keys)),
    ("dpapi::", Verb::Credentials(Store::Saved)),
    ("vault::cred", Verb::Credentials(Store::Saved)),
    ("vault::list", Verb::Credentials(Store::Saved)),
    ("misc::memssp", Verb::Credentials(Store::Memory)),
    ("kerberos::list", Verb::Credentials(Store::Tickets)),
    ("kerberos::golden", Verb::Forge),
    ("kerberos::silver", Verb::Forge),
    ("invoke-mimikatz", Verb::Credentials(Store::Memory)),
    ("invoke-dcsync", Verb::Credentials(Store::Directory)),
    ("invoke-ninjacopy", Verb::Credentials(Store::Directory)),
    ("get-adreplaccount", Verb::Credentials(Store::Directory)),
    ("get-addbaccount", Verb::Credentials(Store::Directory)),
    ("out-minidump", Verb::Credentials(Store::Memory)),
    ("minidumpwritedump", Verb::Credentials(Store::Memory)),
    ("invoke-kerberoast", Verb::Credentials(Store::Tickets)),
    ("export-pfxcertificate", Verb::Credentials(Store::Keys)),
    ("export-aadintadfs", Verb::Credentials(Store::Keys)),
    ("get-aadintadfs", Verb::Credentials(Store::Keys)),
    ("adfsdump", Verb::Credentials(Store::Keys)),
    ("new-aadintsaml", Verb::Forge),
    ("open-aadintoffice365portal", Verb::Forge),
    ("get-gpppassword", Verb::Credentials(Store::Directory)),
];

/// Looks for the words in the whole text.
pub(super) fn by_words(text: &str, found: &mut Found) {
    let folded = text.to_ascii_lowercase();
    for (word, verb) in WORDS {
        let Some(at) = folded.find(word) else { continue };
        let mut asked = Asked::of(*verb);
        if matches!(verb, Verb::Credentials(Store::Directory) | Verb::Forge) {
            let end = folded.get(at..).map_or(folded.len(), |rest| at + clause(rest));
            asked.name = text.get(at..end).and_then(account);
        }
        found.push(asked);
    }
}

/// Where the clause ends that begins here.
fn clause(text: &str) -> usize {
    text.find(['"', '\n', ';', '|']).unwrap_or(text.len())
}

/// `/user:krbtgt`, `-SamAccountName ann`, `-user ann`.
fn account(text: &str) -> Option<String> {
    let folded = text.to_ascii_lowercase();
    let at = ["/user:", "-user ", "-samaccountname ", "/user "]
        .iter()
        .find_map(|word| folded.find(word).map(|at| at + word.len()))?;
    let rest = text.get(at..)?.trim_start();
    let name = rest.split([' ', '\'', '"', '/']).next().unwrap_or(rest);
    (!name.is_empty() && !name.starts_with('$')).then(|| name.to_owned())
}

/// The store that a path leads to.
pub(super) fn store_of(path: &str) -> Option<Store> {
    let path = path.to_ascii_lowercase().replace('/', "\\");
    let name = path.rsplit('\\').next().unwrap_or(&path);
    let below = |part: &str| path.contains(part);
    match name {
        "ntds.dit" => return Some(Store::Directory),
        "sam" | "security" | "system" if below("\\config\\") => return Some(Store::Local),
        "shadow" | "gshadow" | "master.passwd" if below("\\etc\\") => return Some(Store::Local),
        "login data" | "cookies" | "web data" | "key4.db" | "key3.db" | "logins.json"
        | "signons.sqlite" | "local state" | "confcons.xml" | "keepass.config.xml" => {
            return Some(Store::Saved);
        }
        "id_rsa"
        | "id_ed25519"
        | "id_ecdsa"
        | "id_dsa"
        | ".pgpass"
        | ".netrc"
        | ".git-credentials"
        | ".vault-token"
        | "accesstokens.json"
        | "msal_token_cache.json" => {
            return Some(Store::Saved);
        }
        "credentials" if below("\\.aws\\") || below("\\.config\\") => return Some(Store::Saved),
        _ => {}
    }
    if name.starts_with("lsass") && name.ends_with(".dmp") {
        return Some(Store::Memory);
    }
    if name.ends_with(".kdbx") {
        return Some(Store::Saved);
    }
    let saved = ["\\microsoft\\protect\\", "\\microsoft\\credentials\\", "\\microsoft\\vault\\"];
    saved.iter().any(|part| below(part)).then_some(Store::Saved)
}

pub(super) fn read(call: &Call, found: &mut Found) {
    match call.program.as_str() {
        "procdump" | "procdump64" | "procdump64a" | "createdump" | "dumpert" | "sqldumper" => {
            dump(call, found)
        }
        "rundll32" => library(call, found),
        "reg" => registry(call, found),
        "ntdsutil" => ntdsutil(call, found),
        "secretsdump" | "impacket-secretsdump" => secretsdump(call, found),
        "certutil" if call.has(&["exportpfx"]) => keys(call, found),
        "lazagne" | "sharpdpapi" | "sharpchrome" | "seatbelt" | "vaultcmd" | "cookiemonster" => {
            found.push(Asked::of(Verb::Credentials(Store::Saved)));
        }
        "mimikatz" | "pypykatz" | "nanodump" | "gsecdump" | "wce" | "safetykatz" | "handlekatz" => {
            found.push(Asked::of(Verb::Credentials(Store::Memory)));
        }
        "pwdump" | "pwdump7" | "pwdump8" | "fgdump" | "quarkspwdump" | "samdump2" | "hashdump" => {
            found.push(Asked::of(Verb::Credentials(Store::Local)));
        }
        "rubeus" | "kekeo" | "klist" => tickets(call, found),
        "netsh" => wireless(call, found),
        // With `-i` it imports.
        "csvde" | "ldifde" if !call.has(&["i"]) => {
            found.push(Asked::of(Verb::ListDirectory).to(call.value(&["f"])));
        }
        "adfind" | "dsquery" | "dsget" | "ldapsearch" | "nltest" | "adexplorer" | "sharpview"
        | "ldapdomaindump" => directory(call, found),
        "sharphound" | "bloodhound-python" | "azurehound" | "adrecon" | "pingcastle" => {
            let target = call.values(&["zipfilename", "outputdirectory", "zip", "o"]);
            found.push(Asked::of(Verb::ListDirectory).to(target));
        }
        "net" | "net1" => lists_accounts(call, found),
        _ if is_directory_cmdlet(&call.program) => found.push(Asked::of(Verb::ListDirectory)),
        _ => {}
    }
}

fn mentions(call: &Call, word: &str) -> bool {
    call.args().any(|arg| arg.to_ascii_lowercase().contains(word))
}

fn dump(call: &Call, found: &mut Found) {
    if mentions(call, "lsass") {
        let target =
            call.plain().into_iter().find(|arg| arg.to_ascii_lowercase().ends_with(".dmp"));
        found.push(Asked::of(Verb::Credentials(Store::Memory)).to(target));
    }
}

/// `rundll32 comsvcs.dll, MiniDump PID file full`; the function also by its
/// number.
fn library(call: &Call, found: &mut Found) {
    if !mentions(call, "comsvcs") {
        return;
    }
    let by = |word: &str| mentions(call, word);
    if by("minidump") || by("#24") || by("#+24") || by("#-65512") {
        let target = call
            .plain()
            .into_iter()
            .rev()
            .find(|arg| arg.contains(['\\', '.']) && !arg.contains("comsvcs"));
        found.push(Asked::of(Verb::Credentials(Store::Memory)).to(target));
    }
}

/// `reg save hklm\sam file`.
fn registry(call: &Call, found: &mut Found) {
    let plain = call.plain();
    let [act, key, rest @ ..] = plain.as_slice() else { return };
    if !matches!(act.to_ascii_lowercase().as_str(), "save" | "export" | "copy") {
        return;
    }
    let key = key.to_ascii_lowercase();
    let key = key.rsplit_once("hklm\\").or_else(|| key.rsplit_once("hkey_local_machine\\"));
    let Some((host, hive)) = key else { return };
    if !matches!(hive.split('\\').next(), Some("sam" | "security" | "system")) {
        return;
    }
    let mut asked = Asked::of(Verb::Credentials(Store::Local)).to(rest.first().cloned());
    let host = host.trim_matches('\\');
    asked.on = (!host.is_empty()).then(|| host.to_owned());
    found.push(asked);
}

/// `ntdsutil "ac i ntds" "ifm" "create full c:\temp" q q`.
fn ntdsutil(call: &Call, found: &mut Found) {
    let text: Vec<String> = call.args().collect();
    let text = text.join(" ");
    let folded = text.to_ascii_lowercase();
    if !folded.contains("ifm") && !folded.contains("snapshot") {
        return;
    }
    let target = folded.find("full ").or_else(|| folded.find("nodefrag ")).and_then(|at| {
        let rest = text.get(at..)?.split_once(' ')?.1.trim_start();
        rest.split([' ', '"']).next().map(str::to_owned)
    });
    found.push(Asked::of(Verb::Credentials(Store::Directory)).to(target));
}

/// `secretsdump.py domain/user@host`, or of files (`LOCAL`).
fn secretsdump(call: &Call, found: &mut Found) {
    let host = call
        .plain()
        .into_iter()
        .find_map(|arg| arg.rsplit_once('@').map(|(_, host)| host.to_owned()));
    let directory = call.args().any(|arg| arg.starts_with("-just-dc") || arg == "-ntds");
    let store = if directory || host.is_some() { Store::Directory } else { Store::Local };
    let mut asked = Asked::of(Verb::Credentials(store));
    asked.on = host;
    found.push(asked);
}

fn keys(call: &Call, found: &mut Found) {
    let plain = call.plain();
    let target = plain.iter().rev().find(|arg| arg.contains('.')).cloned();
    found.push(Asked::of(Verb::Credentials(Store::Keys)).to(target));
}

fn tickets(call: &Call, found: &mut Found) {
    let Some(act) = call.arg(0).map(|act| act.to_ascii_lowercase()) else { return };
    match act.as_str() {
        "golden" | "silver" | "diamond" => {
            let mut asked = Asked::of(Verb::Forge);
            asked.name = call.value(&["user"]);
            found.push(asked);
        }
        "dump" | "triage" | "kerberoast" | "asreproast" | "monitor" | "harvest" | "tgtdeleg" => {
            let mut asked = Asked::of(Verb::Credentials(Store::Tickets));
            asked.name = call.value(&["user"]);
            found.push(asked.to(call.value(&["outfile"])));
        }
        _ => {}
    }
}

/// `netsh wlan show profile name=x key=clear`.
fn wireless(call: &Call, found: &mut Found) {
    if mentions(call, "wlan") && mentions(call, "key=clear") {
        found.push(Asked::of(Verb::Credentials(Store::Saved)));
    }
}

fn directory(call: &Call, found: &mut Found) {
    found.push(Asked::of(Verb::ListDirectory).to(call.output.clone()));
}

/// `net user /domain`, `net group "…" /domain`.
fn lists_accounts(call: &Call, found: &mut Found) {
    let act = call.arg(0).map(|act| act.to_ascii_lowercase()).unwrap_or_default();
    let lists =
        matches!(act.as_str(), "user" | "users" | "group" | "groups" | "localgroup" | "accounts");
    let changes = call.has(&["add", "delete", "del", "active"]) || call.plain().len() > 2;
    let domain = call.args().any(|arg| {
        arg.get(..4).is_some_and(|start| {
            start.eq_ignore_ascii_case("/dom") || start.eq_ignore_ascii_case("/do")
        })
    });
    if lists && domain && !changes {
        found.push(Asked::of(Verb::ListDirectory).to(call.output.clone()));
    }
}

/// Cmdlets that ask the directory for accounts.
fn is_directory_cmdlet(program: &str) -> bool {
    const NAMES: &[&str] = &[
        "get-aduser",
        "get-adcomputer",
        "get-adgroup",
        "get-adgroupmember",
        "get-adobject",
        "get-addomain",
        "get-adforest",
        "get-addomaincontroller",
        "get-domainuser",
        "get-domaincomputer",
        "get-domaingroup",
        "get-domaingroupmember",
        "get-netuser",
        "get-netcomputer",
        "get-netgroup",
        "get-netgroupmember",
        "invoke-bloodhound",
        "get-domaincontroller",
        "get-netdomain",
        "get-domain",
        "get-aduserresultantpasswordpolicy",
    ];
    NAMES.contains(&program)
}

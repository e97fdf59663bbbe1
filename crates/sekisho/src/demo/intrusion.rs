//! The one intrusion, told by log records only: a first stay of sixteen days, an eviction that missed one stolen
//! account, and a second entry weeks later. Command lines are inert: they name no tool that works and do nothing.

use super::clock::{DAY, HOUR, MINUTE, Micros, SECOND, at, iso};
use super::cloud::{Actor, REST};
use super::gaps::CLEARED;
use super::network::{
    ADM01, Account, BACKUP, BRANDT, DC01, DEPLOY, DOI, DROP_IP, FS01, Host, LAB01, PRINT, RD01,
    RETURN_IP, SATO, SECOND_DROP_IP, SQL, STAGE_IP, TANAKA, WS04,
};
use super::rules;
use super::sink::{Channel, Mark};
use super::stage::Stage;
use super::truth::{Act, Part, TruthWindow};
use super::windows::{Origin, Proc, Session};
use super::zeek::Flow;

/// Base64 of the words "rehearsal only" in UTF-16, as PowerShell would want it.
const ENCODED_WORDS: &str = "cgBlAGgAZQBhAHIAcwBhAGwAIABvAG4AbAB5AA==";
const POWERSHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
const STAGE_NAME: &str = "stage.example.net";

const FIRST_ENTRY: Micros = at(9, 8, 47);
const EVICTION: Micros = at(25, 18, 0);
const RE_ENTRY: Micros = at(44, 3, 12);

/// When the intruder was in.
pub(super) fn windows() -> Vec<TruthWindow> {
    let window = |entered, evicted: Option<Micros>, how: &str| TruthWindow {
        entered: iso(entered),
        evicted: evicted.map(iso),
        how: how.to_owned(),
    };
    vec![
        window(
            FIRST_ENTRY,
            Some(EVICTION + 40 * MINUTE),
            "a document with a macro, by mail to the travel desk",
        ),
        window(
            RE_ENTRY,
            None,
            "remote desktop with svc-deploy, stolen in the first stay and never reset",
        ),
    ]
}

/// What happens on one day of the rehearsal.
pub(super) fn day(stage: &mut Stage, day: i64) {
    match day {
        9 => first_entry(stage),
        10 => discovery(stage),
        11 => credentials(stage),
        14 => lateral(stage),
        15 => plans(stage),
        16 => departure(stage),
        17 => evaluations(stage),
        18 => {
            hidden_departure(stage);
            cleared(stage);
            cloud(stage);
        }
        19 => throttled(stage),
        25 => eviction(stage),
        44 => re_entry(stage),
        45 => second_departure(stage),
        46 => second_evaluations(stage),
        49 => cloud_again(stage),
        _ => {}
    }
    if (10..25).contains(&day) {
        beacon(stage, day);
    }
}

fn step(
    name: &'static str,
    what: &'static str,
    technique: &'static str,
    rule: Result<&'static str, &'static str>,
) -> Act {
    Act { part: Part::Step, name, what, technique, rule }
}

impl Stage {
    fn note(&mut self, act: Act, host: &'static Host, channel: &'static str, time: Micros) -> Mark {
        self.notes.act(act, (host.name, channel), time)
    }

    fn note_windows(
        &mut self,
        act: Act,
        host: &'static Host,
        channel: Channel,
        time: Micros,
    ) -> Mark {
        self.note(act, host, channel.name(), time)
    }

    /// A session known from long before, on the machine of its owner or elsewhere.
    fn session(&mut self, host: &'static Host, account: &'static Account) -> Session {
        let (logon_id, logon_guid) = (self.logon_id(), self.rng.guid());
        Session { host, account, logon_id, logon_guid, kind: 2 }
    }
}

fn origin(host: &'static Host) -> Origin<'static> {
    Origin { name: host.name, ip: host.ip }
}

/// The document arrives, the macro starts an interpreter, which calls out and takes root.
fn first_entry(stage: &mut Stage) {
    let time = FIRST_ENTRY + stage.rng.between(0, MINUTE);
    let session = stage.session(&WS04, &DOI);
    let outlook = stage
        .running(r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE", &DOI.qualified());
    let word = stage
        .running(r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", &DOI.qualified());
    let file = r"C:\Users\y.doi\AppData\Local\Microsoft\Windows\INetCache\Content.Outlook\QX3TREH1\itinerary.docm";
    let act = step(
        "phishing document",
        "a macro document reaches the travel desk",
        "T1566.001",
        Ok(rules::MAIL_MACRO),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time);
    stage.created(&WS04, &outlook, file, time, Some(mark));

    let time = time + 50 * SECOND;
    let command =
        format!("powershell.exe -NoProfile -WindowStyle Hidden -EncodedCommand {ENCODED_WORDS}");
    let act = step(
        "macro starts a shell",
        "the word processor starts PowerShell",
        "T1204.002",
        Ok(rules::OFFICE_SCRIPT),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time);
    let shell = stage.start(&session, &word, (POWERSHELL, &command), time, Some(mark));

    let text = "# rehearsal only: Invoke-WebRequest <placeholder> | iex <placeholder>";
    let act = step(
        "script fetches more",
        "the script block would fetch and run",
        "T1059.001",
        Ok(rules::SCRIPT_BLOCK),
    );
    let mark = stage.note_windows(act, &WS04, Channel::PowerShell, time + SECOND);
    stage.script_block(&WS04, text, time + SECOND, Some(mark));
    call_out(stage, &shell, time + 2 * SECOND);
    take_root(stage, &session, &shell, time + 20 * MINUTE);
}

fn call_out(stage: &mut Stage, shell: &Proc, time: Micros) {
    stage.zeek_dns(&WS04, STAGE_NAME, STAGE_IP, time);
    stage.query(&WS04, shell, (STAGE_NAME, STAGE_IP), time + 2_000);
    let act = step(
        "shell calls out",
        "PowerShell connects to the staging machine",
        "T1071.001",
        Ok(rules::SCRIPT_CONNECTS),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time + 40_000);
    stage.connect(&WS04, shell, (STAGE_IP, STAGE_NAME, 80), time + 40_000, Some(mark));
    let flow = Flow {
        from: &WS04,
        to: STAGE_IP,
        port: 80,
        service: "http",
        time: time + 41_000,
        duration: 2 * SECOND,
        sent: 310,
        received: 48_000,
    };
    let thread = stage.flow(&flow, None);
    let act = step(
        "download by script",
        "the sensor sees the download",
        "T1105",
        Ok(rules::ZEEK_SCRIPT_AGENT),
    );
    let mark = stage.note(act, &WS04, "zeek/http", flow.time);
    let agent = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-GB) WindowsPowerShell/5.1.22621.1";
    stage.zeek_http(&flow, &thread, (STAGE_NAME, "/rehearsal-only.txt", agent), Some(mark));
}

fn take_root(stage: &mut Stage, session: &Session, shell: &Proc, time: Micros) {
    let script = r"C:\Users\Public\rehearsal-only.ps1";
    let command = format!(
        "schtasks.exe /create /tn \\TravelSync /sc onlogon /tr \"powershell.exe -File {script}\""
    );
    let act = step(
        "task by command line",
        "a scheduled task is created",
        "T1053.005",
        Ok(rules::SCHTASKS),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time);
    stage.start(session, shell, (r"C:\Windows\System32\schtasks.exe", &command), time, Some(mark));

    let act = step(
        "task registered",
        "the task runs PowerShell at each logon",
        "T1053.005",
        Ok(rules::TASK),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Security, time + SECOND);
    let action = format!("powershell.exe -File {script}");
    stage.task(session, (4698, r"\TravelSync", &action), time + SECOND, Some(mark));

    let time = time + 4 * MINUTE;
    let key =
        format!(r"HKU\{}\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\TravelSync", DOI.sid());
    let act = step("run key", "a second root: a value under Run", "T1547.001", Ok(rules::RUN_KEY));
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time);
    stage.registry(&WS04, shell, (&key, r"C:\Users\Public\svchelp.exe"), time, Some(mark));
}

/// Calls home, every hour of a working day: each alone looks like any other page.
fn beacon(stage: &mut Stage, day: i64) {
    if !super::clock::is_workday(day) {
        return;
    }
    let why = "each call looks like ordinary HTTPS; only their regularity over days tells";
    let act =
        step("calls home", "hourly encrypted calls to the staging machine", "T1573.002", Err(why));
    let mark = stage.notes.lasting(act, (WS04.name, "zeek/conn"), at(day, 9, 0));
    for hour in 9..17 {
        let flow = Flow {
            from: &WS04,
            to: STAGE_IP,
            port: 443,
            service: "ssl",
            time: at(day, hour, 0) + stage.rng.between(0, 20 * SECOND),
            duration: 3 * SECOND,
            sent: 900 + stage.rng.below(60),
            received: 1_400 + stage.rng.below(90),
        };
        let thread = stage.flow(&flow, Some(mark));
        stage.zeek_ssl(&flow, &thread, STAGE_NAME, Some(mark));
    }
}

fn discovery(stage: &mut Stage) {
    let time = at(10, 10, 20) + stage.rng.between(0, 10 * MINUTE);
    let session = stage.session(&WS04, &DOI);
    let shell = stage.running(POWERSHELL, &DOI.qualified());
    let net = (r"C:\Windows\System32\net.exe", "net group \"Domain Admins\" /domain");
    let act = step(
        "domain groups listed",
        "the administrators of the domain are listed",
        "T1069.002",
        Ok(rules::DISCOVERY),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time);
    stage.start(&session, &shell, net, time, Some(mark));

    let time = time + 2 * MINUTE;
    let nltest = (r"C:\Windows\System32\nltest.exe", "nltest /dclist:example.org");
    let act = step(
        "controllers listed",
        "the domain controllers are listed",
        "T1018",
        Ok(rules::DISCOVERY),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time);
    stage.start(&session, &shell, nltest, time, Some(mark));
}

/// An administrator helps at the desk; minutes later the memory of LSASS is read.
fn credentials(stage: &mut Stage) {
    let time = at(11, 10, 20) + stage.rng.between(0, 5 * MINUTE);
    let help = stage.logon(&WS04, &TANAKA, 10, origin(&ADM01), time, None);
    stage.logon(&WS04, &DEPLOY, 3, origin(&ADM01), time + 9 * MINUTE, None);

    let theft = time + 45 * MINUTE;
    let thief = stage.running(r"C:\Users\Public\svchelp.exe", r"NT AUTHORITY\SYSTEM");
    let what = "the memory of LSASS is read: adm-tanaka and svc-deploy are stolen";
    let act = step("credentials stolen", what, "T1003.001", Ok(rules::LSASS));
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, theft);
    stage.lsass(&WS04, &thief, "0x1410", theft, Some(mark));
    stage.logoff(&help, theft + 20 * MINUTE);

    let time = theft + 35 * MINUTE;
    let act = step(
        "ticket to guess from",
        "an RC4 ticket for svc-sql is asked for",
        "T1558.003",
        Ok(rules::KERBEROAST),
    );
    let mark = stage.note_windows(act, &DC01, Channel::Security, time);
    stage.ticket(&DOI, &WS04, (SQL.name, "0x17"), time, Some(mark));
}

/// To the file server by a service, and on to the machine that nobody logs.
fn lateral(stage: &mut Stage) {
    let time = at(14, 10, 2) + stage.rng.between(0, 5 * MINUTE);
    let session = stage.session(&WS04, &DOI);
    let shell = stage.running(POWERSHELL, &DOI.qualified());
    let act = step(
        "stolen account used",
        "the shell logs on elsewhere as adm-tanaka",
        "T1078.002",
        Ok(rules::EXPLICIT),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Security, time);
    stage.explicit(&session, (&TANAKA, &FS01), &shell, time, Some(mark));

    let why = "an administrator's network logon to a server is daily work";
    let act = step("logon to file server", "adm-tanaka logs on from WS04", "T1021.002", Err(why));
    let mark = stage.note_windows(act, &FS01, Channel::Security, time + SECOND);
    let remote = stage.logon(&FS01, &TANAKA, 3, origin(&WS04), time + SECOND, Some(mark));

    let act =
        step("program copied", "a program is written to ADMIN$", "T1570", Ok(rules::ADMIN_SHARE));
    let mark = stage.note_windows(act, &FS01, Channel::Security, time + 2 * SECOND);
    stage.share_file(&remote, WS04.ip, ("ADMIN$", "rsvc.exe", true), time + 2 * SECOND, Some(mark));
    let act = step(
        "program copied, seen by sensor",
        "the sensor sees the same",
        "T1021.002",
        Ok(rules::ZEEK_ADMIN_SHARE),
    );
    let mark = stage.note(act, &WS04, "zeek/smb_files", time + 2 * SECOND);
    let flow = smb(&WS04, FS01.ip, time + SECOND, 380_000);
    let thread = stage.flow(&flow, None);
    stage.zeek_mapping(&flow, &thread, r"\\FS01\ADMIN$");
    let file = ("WRITE", r"\\FS01\ADMIN$", "rsvc.exe", 366_000);
    stage.zeek_file((&flow, &thread), file, time + 2 * SECOND, Some(mark));
    remote_service(stage, time + 4 * SECOND);
    silent_machine(stage, time + 4 * HOUR);
}

fn smb(from: &'static Host, to: &'static str, time: Micros, sent: u64) -> Flow<'static> {
    Flow { from, to, port: 445, service: "smb", time, duration: 5 * MINUTE, sent, received: 80_000 }
}

fn remote_service(stage: &mut Stage, time: Micros) {
    let act =
        step("service installed", "a service starts the program", "T1569.002", Ok(rules::SERVICE));
    let mark = stage.note_windows(act, &FS01, Channel::System, time);
    stage.service(&FS01, &TANAKA, ("RehearsalSvc", r"%SystemRoot%\rsvc.exe"), time, Some(mark));
    let controller = stage.running(r"C:\Windows\System32\services.exe", r"NT AUTHORITY\SYSTEM");
    let session = stage.session(&FS01, &TANAKA);
    let act = step(
        "service runs",
        "the service controller starts the program",
        "T1543.003",
        Ok(rules::SERVICE_CHILD),
    );
    let mark = stage.note_windows(act, &FS01, Channel::Sysmon, time + SECOND);
    let program = (r"C:\Windows\rsvc.exe", r"C:\Windows\rsvc.exe");
    stage.start(&session, &controller, program, time + SECOND, Some(mark));
}

fn silent_machine(stage: &mut Stage, time: Micros) {
    let why = "one remote desktop connection inside is ordinary to the sensor";
    let act = step(
        "desktop to laboratory",
        "WS04 opens a remote desktop to LAB01",
        "T1021.001",
        Err(why),
    );
    let mark = stage.note(act, &WS04, "zeek/conn", time);
    let flow = Flow {
        port: 3389,
        service: "rdp",
        duration: 35 * MINUTE,
        ..smb(&WS04, LAB01.ip, time, 700_000)
    };
    stage.flow(&flow, Some(mark));
    let why = "LAB01 supplies no logs";
    let act = step("logon on laboratory", "adm-tanaka logs on to LAB01", "T1021.001", Err(why));
    let mark = stage.note_windows(act, &LAB01, Channel::Security, time + SECOND);
    stage.logon(&LAB01, &TANAKA, 10, origin(&WS04), time + SECOND, Some(mark));
}

/// Reads `count` files of a share within some minutes.
fn read_share(
    stage: &mut Stage,
    session: &Session,
    from: &'static Host,
    plan: (&str, u32),
    time: Micros,
    mark: Mark,
) {
    let (share, count) = plan;
    stage.share(session, from.ip, share, time - SECOND);
    for n in 0..count {
        let file = format!(
            r"{}\{}-{n:03}.docx",
            if n % 2 == 0 { "current" } else { "review" },
            share.to_lowercase()
        );
        let when = time + 4 * SECOND * i64::from(n);
        stage.share_file(session, from.ip, (share, &file, false), when, Some(mark));
    }
    let received = 900_000_000 + u64::from(count) * 3_000_000;
    stage.flow(&Flow { received, ..smb(from, FS01.ip, time - SECOND, 300_000) }, None);
}

fn plans(stage: &mut Stage) {
    let time = at(15, 13, 15) + stage.rng.between(0, 5 * MINUTE);
    let session = stage.logon(&FS01, &TANAKA, 3, origin(&WS04), time - 2 * SECOND, None);
    let act = step("plans read", "84 files of Plans are read", "T1039", Ok(rules::MANY_FILES));
    let mark = stage.note_windows(act, &FS01, Channel::Security, time);
    read_share(stage, &session, &WS04, ("Plans", 84), time, mark);
    stage.logoff(&session, time + 12 * MINUTE);

    let time = time + 50 * MINUTE;
    let local = stage.session(&FS01, &TANAKA);
    let parent = stage.running(r"C:\Windows\rsvc.exe", r"NT AUTHORITY\SYSTEM");
    let command = r"7z.exe a C:\Windows\Temp\~rs.7z E:\Shares\Plans\*";
    let act = step(
        "plans packed",
        "Plans is packed on the file server",
        "T1560.001",
        Ok(rules::ARCHIVER),
    );
    let mark = stage.note_windows(act, &FS01, Channel::Sysmon, time);
    let packer =
        stage.start(&local, &parent, (r"C:\Windows\Temp\7z.exe", command), time, Some(mark));
    stage.created(&FS01, &packer, r"C:\Windows\Temp\~rs.7z", time + 2 * SECOND, Some(mark));
    stage.ended(&FS01, &packer, time + 9 * MINUTE);
}

fn upload(from: &'static Host, to: &'static str, time: Micros, sent: u64) -> Flow<'static> {
    Flow {
        from,
        to,
        port: 443,
        service: "ssl",
        time,
        duration: 38 * MINUTE,
        sent,
        received: 2_100_000,
    }
}

fn departure(stage: &mut Stage) {
    let time = at(16, 2, 10) + stage.rng.between(0, 5 * MINUTE);
    let act = step(
        "plans leave",
        "1.9 GB go from FS01 to an outside address",
        "T1048.002",
        Ok(rules::UPLOAD),
    );
    let mark = stage.note(act, &FS01, "zeek/conn", time);
    let flow = upload(&FS01, DROP_IP, time, 1_940_000_000 + stage.rng.below(9_000_000));
    let thread = stage.flow(&flow, Some(mark));
    stage.zeek_ssl(&flow, &thread, "drop.example.net", Some(mark));
    let program = stage.running(r"C:\Windows\rsvc.exe", r"NT AUTHORITY\SYSTEM");
    stage.connect(&FS01, &program, (DROP_IP, "drop.example.net", 443), time + 1_000, Some(mark));

    let time = time + 45 * MINUTE;
    let act = step(
        "account made",
        "svc-print is made on the domain controller",
        "T1136.002",
        Ok(rules::USER_CREATED),
    );
    let mark = stage.note_windows(act, &DC01, Channel::Security, time);
    stage.account_change(4720, &TANAKA, &PRINT, time, Some(mark));
    let act = step(
        "account made administrator",
        "svc-print joins Administrators",
        "T1098.007",
        Ok(rules::ADMIN_GROUP),
    );
    let mark = stage.note_windows(act, &DC01, Channel::Security, time + 20 * SECOND);
    stage.group_member(&TANAKA, &PRINT, time + 20 * SECOND, Some(mark));
}

fn evaluations(stage: &mut Stage) {
    let time = at(17, 20, 10) + stage.rng.between(0, 5 * MINUTE);
    let session = stage.logon(&FS01, &TANAKA, 3, origin(&WS04), time - 2 * SECOND, None);
    let act = step(
        "evaluations read",
        "70 files of Evaluations are read",
        "T1039",
        Ok(rules::MANY_FILES),
    );
    let mark = stage.note_windows(act, &FS01, Channel::Security, time);
    read_share(stage, &session, &WS04, ("Evaluations", 70), time, mark);
    stage.logoff(&session, time + 12 * MINUTE);

    let time = time + 50 * MINUTE;
    let local = stage.session(&WS04, &DOI);
    let shell = stage.running(POWERSHELL, &DOI.qualified());
    let command = r"7z.exe a C:\Users\Public\~ev.7z \\FS01\Evaluations\*";
    let act = step(
        "evaluations packed",
        "Evaluations is packed on WS04",
        "T1560.001",
        Ok(rules::ARCHIVER),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Sysmon, time);
    stage.start(&local, &shell, (r"C:\Users\Public\7z.exe", command), time, Some(mark));
}

fn hidden_departure(stage: &mut Stage) {
    let time = at(18, 2, 20) + stage.rng.between(0, 5 * MINUTE);
    let act = step(
        "evaluations leave",
        "800 MB go from WS04 while the sensor is blind",
        "T1048.002",
        Ok(rules::UPLOAD),
    );
    let mark = stage.note(act, &WS04, "zeek/conn", time);
    stage.flow(&upload(&WS04, DROP_IP, time, 803_000_000), Some(mark));
}

fn cleared(stage: &mut Stage) {
    let session = stage.session(&WS04, &TANAKA);
    let act = step(
        "security log cleared",
        "the Security log of WS04 is emptied",
        "T1685.005",
        Ok(rules::LOG_CLEARED),
    );
    let mark = stage.note_windows(act, &WS04, Channel::Security, CLEARED);
    stage.cleared(&session, Channel::Security, CLEARED, Some(mark));
    let time = CLEARED + 8 * SECOND;
    let act = step(
        "system log cleared",
        "the System log of WS04 is emptied",
        "T1685.005",
        Ok(rules::SYSTEM_LOG_CLEARED),
    );
    let mark = stage.note_windows(act, &WS04, Channel::System, time);
    stage.cleared(&session, Channel::System, time, Some(mark));
}

const DIRECTOR_FROM_DROP: Actor<'static> = Actor { account: &BRANDT, ip: DROP_IP };

fn cloud(stage: &mut Stage) {
    let director = DIRECTOR_FROM_DROP;
    let time = at(18, 9, 30) + stage.rng.between(0, 5 * MINUTE);
    let act = step(
        "consent to application",
        "the director's account lets an application read mail",
        "T1528",
        Ok(rules::CONSENT),
    );
    let mark = stage.notes.act(act, ("m365", "m365"), time);
    stage.consent(director, ("Mail Helper", "Mail.Read offline_access"), time, Some(mark));

    let time = time + 12 * MINUTE;
    let act =
        step("inbox rule", "the director's mail is forwarded", "T1114.003", Ok(rules::INBOX_RULE));
    let mark = stage.notes.act(act, ("m365", "m365"), time);
    stage.inbox_rule(director, (".", "ForwardTo", "collector@example.net"), time, Some(mark));

    let time = time + 80 * MINUTE;
    let act = step(
        "mailbox taken",
        "an application synchronises the director's folders",
        "T1114.002",
        Ok(rules::MAIL_SYNC),
    );
    let mark = stage.notes.act(act, ("m365", "m365"), time);
    for n in 0..3 {
        stage.mail_access(director, ("Sync", REST, 1, false), time + n * 40 * SECOND, Some(mark));
    }
}

fn throttled(stage: &mut Stage) {
    let time = at(19, 9, 0);
    let why =
        "the record says only that recording was throttled: what was read that day is unknown";
    let act =
        step("mailbox read unseen", "mail access beyond what is recorded", "T1114.002", Err(why));
    let mark = stage.notes.act(act, ("m365", "m365"), time);
    stage.mail_access(DIRECTOR_FROM_DROP, ("Bind", REST, 2, true), time, Some(mark));
}

fn response(name: &'static str, what: &'static str) -> Act {
    Act { part: Part::Response, name, what, technique: "", rule: Err("an act of the defenders") }
}

/// Thrown out, but for one stolen account and one consent that nobody thought of.
fn eviction(stage: &mut Stage) {
    let time = EVICTION;
    let mark = stage.note_windows(
        response("passwords reset", "stolen accounts but svc-deploy are reset"),
        &DC01,
        Channel::Security,
        time,
    );
    for (n, account) in [&DOI, &TANAKA, &SQL, &BRANDT].into_iter().enumerate() {
        let when = time + i64::try_from(n).unwrap_or(0) * 30 * SECOND;
        stage.account_change(4724, &SATO, account, when, Some(mark));
    }
    let time = time + 10 * MINUTE;
    let mark = stage.note_windows(
        response("account removed", "svc-print is deleted"),
        &DC01,
        Channel::Security,
        time,
    );
    stage.account_change(4726, &SATO, &PRINT, time, Some(mark));

    let time = time + 10 * MINUTE;
    let session = stage.logon(&FS01, &SATO, 10, origin(&ADM01), time - SECOND, None);
    let shell = stage.running(r"C:\Windows\System32\mmc.exe", &SATO.qualified());
    let mark = stage.note_windows(
        response("service removed", "RehearsalSvc is deleted"),
        &FS01,
        Channel::Sysmon,
        time,
    );
    let command = (r"C:\Windows\System32\sc.exe", "sc.exe delete RehearsalSvc");
    stage.start(&session, &shell, command, time, Some(mark));
    stage.logoff(&session, time + 9 * MINUTE);

    let time = time + 20 * MINUTE;
    let session = stage.logon(&WS04, &SATO, 10, origin(&ADM01), time - SECOND, None);
    let mark = stage.note_windows(
        response("task removed", "TravelSync is deleted"),
        &WS04,
        Channel::Security,
        time,
    );
    stage.task(&session, (4699, r"\TravelSync", "removed"), time, Some(mark));
    stage.logoff(&session, time + 9 * MINUTE);
}

/// Some guessing at the gateway, then the account that nobody reset.
fn re_entry(stage: &mut Stage) {
    let time = RE_ENTRY + stage.rng.between(0, MINUTE);
    let outside = Origin { name: "DESKTOP-1", ip: RETURN_IP };
    let act = step(
        "accounts tried",
        "stolen accounts are tried at the gateway",
        "T1110.003",
        Ok(rules::SPRAY),
    );
    let mark = stage.note_windows(act, &RD01, Channel::Security, time);
    for (n, user) in
        [&DOI, &TANAKA, &SQL, &BACKUP, &BRANDT, &DEPLOY, &DEPLOY].into_iter().enumerate()
    {
        let when = time + i64::try_from(n).unwrap_or(0) * 25 * SECOND;
        stage.failed_logon(&RD01, user.name, 10, outside, when, Some(mark));
    }
    let time = time + 5 * MINUTE;
    let act =
        step("second entry", "svc-deploy logs on from outside", "T1133", Ok(rules::REMOTE_DESKTOP));
    let mark = stage.note_windows(act, &RD01, Channel::Security, time);
    stage.tgt(&DEPLOY, &RD01, time - SECOND);
    let desk = stage.logon(&RD01, &DEPLOY, 10, outside, time, Some(mark));

    let time = time + 12 * MINUTE;
    let why = "svc-deploy logs on to servers every week";
    let act =
        step("logon to file server again", "svc-deploy logs on from RD01", "T1021.002", Err(why));
    let mark = stage.note_windows(act, &FS01, Channel::Security, time);
    let session = stage.logon(&FS01, &DEPLOY, 3, origin(&RD01), time, Some(mark));
    let act =
        step("plans read again", "66 files of Plans are read", "T1039", Ok(rules::MANY_FILES));
    let mark = stage.note_windows(act, &FS01, Channel::Security, time + 2 * SECOND);
    read_share(stage, &session, &RD01, ("Plans", 66), time + 2 * SECOND, mark);

    let time = time + 20 * MINUTE;
    let explorer = stage.running(r"C:\Windows\explorer.exe", &DEPLOY.qualified());
    let command = r"rar.exe a -r C:\ProgramData\p.rar \\FS01\Plans\current\";
    let act = step(
        "plans packed again",
        "Plans is packed on the gateway",
        "T1560.001",
        Ok(rules::ARCHIVER),
    );
    let mark = stage.note_windows(act, &RD01, Channel::Security, time);
    stage.start(&desk, &explorer, (r"C:\ProgramData\rar.exe", command), time, Some(mark));
    stage.logoff(&desk, time + HOUR);
}

fn second_departure(stage: &mut Stage) {
    let time = at(45, 1, 30) + stage.rng.between(0, 5 * MINUTE);
    let act = step(
        "plans leave again",
        "820 MB go from RD01 to an outside address",
        "T1048.002",
        Ok(rules::UPLOAD),
    );
    let mark = stage.note(act, &RD01, "zeek-dmz/conn", time);
    stage.dmz_flow(RD01.ip, &upload(&RD01, SECOND_DROP_IP, time, 820_400_000), Some(mark));
}

fn second_evaluations(stage: &mut Stage) {
    let time = at(46, 1, 40) + stage.rng.between(0, 5 * MINUTE);
    let session = stage.session(&FS01, &DEPLOY);
    let act = step(
        "evaluations read again",
        "Evaluations is read where FS01's log has its hole",
        "T1039",
        Ok(rules::MANY_FILES),
    );
    let mark = stage.note_windows(act, &FS01, Channel::Security, time);
    read_share(stage, &session, &RD01, ("Evaluations", 70), time, mark);
}

fn cloud_again(stage: &mut Stage) {
    let director = Actor { account: &BRANDT, ip: RETURN_IP };
    let time = at(49, 4, 5) + stage.rng.between(0, 5 * MINUTE);
    let why = "a sign-in with the right password from a new address looks like travel";
    let act = step(
        "cloud sign-in",
        "the director's account signs in from the intruder's address",
        "T1078.004",
        Err(why),
    );
    let mark = stage.notes.act(act, ("m365", "m365"), time);
    stage.cloud_logon(director, "Mozilla/5.0 (X11; Linux x86_64)", time, Some(mark));

    let why = "single files are downloaded every day";
    let act = step(
        "cloud files taken",
        "two files of the cloud store are downloaded",
        "T1213.002",
        Err(why),
    );
    let mark = stage.notes.act(act, ("m365", "m365"), time + 4 * MINUTE);
    for (n, file) in ["plan-overview.docx", "deficiencies.xlsx"].into_iter().enumerate() {
        let when = time + 4 * MINUTE + i64::try_from(n).unwrap_or(0) * 30 * SECOND;
        stage.cloud_file(
            director,
            ("FileDownloaded", "Shared Documents/Board", file),
            when,
            Some(mark),
        );
    }
    let act = step(
        "mailbox taken again",
        "the application that kept its consent synchronises",
        "T1114.002",
        Ok(rules::MAIL_SYNC),
    );
    let mark = stage.notes.act(act, ("m365", "m365"), time + 9 * MINUTE);
    stage.mail_access(director, ("Sync", REST, 1, false), time + 9 * MINUTE, Some(mark));
}

// The second stay begins after the first has ended, and both inside the rehearsal.
const _: () = assert!(EVICTION + DAY < RE_ENTRY);

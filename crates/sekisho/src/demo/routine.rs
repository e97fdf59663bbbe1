//! Ordinary work: people who log on, write, browse and read mail, servers that hum, backups that read everything, and
//! acts that look bad without being so. Without these, finding the intrusion would be no art.

use super::clock::{HOUR, MINUTE, Micros, SECOND, at, is_workday};
use super::cloud::{OUTLOOK, at_desk};
use super::network::{
    ADM01, AP01, Account, BACKUP, BK01, DC01, DEPLOY, EVANS, FS01, HOSTS, Host, LAB01, RD01, SATO,
    SQL, STAFF, TANAKA, VAULT_IP, WS03, WS05,
};
use super::rules;
use super::sink::Channel;
use super::stage::Stage;
use super::truth::{Act, Part};
use super::windows::{Origin, Proc, Session};
use super::zeek::Flow;

const SITES: &[(&str, &str)] = &[
    ("www.example.com", "192.0.2.80"),
    ("news.example.net", "192.0.2.81"),
    ("maps.example.com", "192.0.2.82"),
    ("weather.example.net", "192.0.2.83"),
    ("travel.example.com", "192.0.2.84"),
    ("docs.example.net", "198.51.100.40"),
    ("cdn.example.com", "198.51.100.41"),
    ("mail.example.org", "192.0.2.25"),
];

const PROGRAMS: &[(&str, &str)] = &[
    (r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", "docx"),
    (r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE", "xlsx"),
    (r"C:\Program Files\Microsoft Office\root\Office16\POWERPNT.EXE", "pptx"),
    (r"C:\Windows\System32\notepad.exe", "txt"),
    (r"C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe", "pdf"),
    (r"C:\Program Files\7-Zip\7zFM.exe", "zip"),
];

const BROWSER: &str = r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe";
const SHARES: &[&str] = &["Office", "Travel", "Projects"];
const TOPICS: &[&str] =
    &["minutes", "budget", "schedule", "report", "draft", "list", "memo", "survey"];
const SERVICES: &[&str] = &[
    "Windows Update",
    "Software Protection",
    "Background Intelligent Transfer Service",
    "Windows Modules Installer",
];
const SCRIPTS: &[&str] = &[
    "Get-Service | Where-Object Status -eq 'Stopped'",
    "Get-ADUser -Filter * -Properties PasswordLastSet | Sort-Object PasswordLastSet",
    "Get-WinEvent -LogName System -MaxEvents 50",
    "Get-ChildItem \\\\FS01\\Office -Recurse | Measure-Object Length -Sum",
];

fn decoy(name: &'static str, what: &'static str, rule: &'static str) -> Act {
    Act { part: Part::Decoy, name, what, technique: "", rule: Ok(rule) }
}

/// All ordinary work of one day.
pub(super) fn day(stage: &mut Stage, day: i64, scale: u32) {
    servers(stage, day);
    backup(stage, day);
    if is_workday(day) {
        for account in STAFF {
            person(stage, day, account, scale);
        }
        administrator(stage, day, scale);
        remote_worker(stage, day);
    }
    odd_days(stage, day);
}

fn name_of(stage: &mut Stage, ending: &str) -> String {
    format!("{}-{}.{ending}", stage.rng.word(TOPICS), 100 + stage.rng.below(900))
}

/// A working day of one person at a workstation.
fn person(stage: &mut Stage, day: i64, account: &'static Account, scale: u32) {
    let host = account.home;
    let begin = at(day, 8, 0) + stage.rng.between(0, 50 * MINUTE);
    let end = at(day, 17, 0) + stage.rng.between(0, 80 * MINUTE);
    let here = Origin { name: host.name, ip: "127.0.0.1" };
    if stage.rng.chance(12) {
        stage.failed_logon(host, account.name, 2, here, begin - 9 * SECOND, None);
    }
    stage.tgt(account, host, begin - SECOND);
    stage.ticket(account, host, (&host.machine_account(), "0x12"), begin - SECOND / 2, None);
    let session = stage.logon(host, account, 2, here, begin, None);
    let parent = stage.running(r"C:\Windows\System32\userinit.exe", &account.qualified());
    let shell = (r"C:\Windows\explorer.exe", r"C:\Windows\Explorer.EXE");
    let explorer = stage.start(&session, &parent, shell, begin + 2 * SECOND, None);
    let browser = stage.start(&session, &explorer, (BROWSER, BROWSER), begin + MINUTE, None);
    let moment = |stage: &mut Stage| stage.rng.between(begin + 5 * MINUTE, end - 20 * MINUTE);
    for _ in 0..7 * scale {
        let time = moment(stage);
        program(stage, &session, &explorer, time);
    }
    for _ in 0..12 * scale {
        let time = moment(stage);
        browse(stage, host, &browser, time);
    }
    for _ in 0..3 * scale {
        let time = moment(stage);
        open_share(stage, account, time);
    }
    mail(stage, account, (begin, end), scale);
    if stage.rng.chance(40) {
        let defender =
            r"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.26010.5-0\MsMpEng.exe";
        let defender = stage.running(defender, r"NT AUTHORITY\SYSTEM");
        let time = moment(stage);
        stage.lsass(host, &defender, "0x1410", time, None);
    }
    upkeep(stage, day, host, begin + HOUR);
    stage.ended(host, &browser, end - MINUTE);
    stage.logoff(&session, end);
}

/// What the management of machines leaves in the logs of each.
fn upkeep(stage: &mut Stage, day: i64, host: &'static Host, time: Micros) {
    let service = stage.rng.word(SERVICES);
    stage.service_state(host, service, true, time);
    stage.service_state(host, service, false, time + 4 * MINUTE);
    if day.rem_euclid(7) == 1 {
        stage.script_block(
            host,
            "Get-CimInstance Win32_OperatingSystem | Select-Object Version",
            time,
            None,
        );
    }
}

/// A program used for a while: started, a file saved, ended.
fn program(stage: &mut Stage, session: &Session, explorer: &Proc, time: Micros) {
    let Some(&(image, ending)) = stage.rng.choose(PROGRAMS) else {
        return;
    };
    let file = name_of(stage, ending);
    let path = format!(r"C:\Users\{}\Documents\{file}", session.account.name);
    let command = format!("\"{image}\" \"{path}\"");
    let proc = stage.start(session, explorer, (image, &command), time, None);
    if stage.rng.chance(60) {
        stage.created(session.host, &proc, &path, time + 40 * SECOND, None);
    }
    if stage.rng.chance(10) {
        let draft = format!(r"C:\Users\{}\AppData\Local\Temp\~{file}.tmp", session.account.name);
        stage.deleted(session.host, &proc, &draft, time + 50 * SECOND);
    }
    if stage.rng.chance(15) {
        let key = r"HKU\S-1-5-21\SOFTWARE\Microsoft\Office\16.0\Common\General\ShownFirstRunOptin";
        stage.registry(session.host, &proc, (key, "DWORD (0x00000001)"), time + 3 * SECOND, None);
    }
    let stay = stage.rng.between(2 * MINUTE, 18 * MINUTE);
    stage.ended(session.host, &proc, time + stay);
}

/// One page visited.
fn browse(stage: &mut Stage, host: &'static Host, browser: &Proc, time: Micros) {
    let Some(&(name, ip)) = stage.rng.choose(SITES) else {
        return;
    };
    stage.zeek_dns(host, name, ip, time);
    stage.query(host, browser, (name, ip), time + 2_000);
    stage.connect(host, browser, (ip, name, 443), time + 30_000, None);
    let flow = Flow {
        from: host,
        to: ip,
        port: 443,
        service: "ssl",
        time: time + 31_000,
        duration: stage.rng.between(SECOND, 90 * SECOND),
        sent: 800 + stage.rng.below(30_000),
        received: 5_000 + stage.rng.below(4_000_000),
    };
    let thread = stage.flow(&flow, None);
    stage.zeek_ssl(&flow, &thread, name, None);
    if stage.rng.chance(8) {
        let flow = Flow {
            port: 80,
            service: "http",
            time: time + SECOND,
            sent: 400,
            received: 9_000,
            ..flow
        };
        let thread = stage.flow(&flow, None);
        let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36";
        stage.zeek_http(&flow, &thread, (name, "/status.txt", agent), None);
    }
}

/// Some files of an ordinary share opened.
fn open_share(stage: &mut Stage, account: &'static Account, time: Micros) {
    let from = account.home;
    let share = match account.name {
        "h.aoki" | "s.cole" if stage.rng.chance(40) => "Plans",
        "r.evans" if stage.rng.chance(40) => "Evaluations",
        "k.fuji" if stage.rng.chance(60) => "Personnel",
        _ => stage.rng.word(SHARES),
    };
    stage.ticket(account, from, ("FS01$", "0x12"), time - SECOND / 5, None);
    let session =
        stage.logon(&FS01, account, 3, Origin { name: from.name, ip: from.ip }, time, None);
    stage.share(&session, from.ip, share, time + 20_000);
    let flow = Flow {
        from,
        to: FS01.ip,
        port: 445,
        service: "smb",
        time: time - 50_000,
        duration: stage.rng.between(MINUTE, 9 * MINUTE),
        sent: 9_000 + stage.rng.below(90_000),
        received: 30_000 + stage.rng.below(3_000_000),
    };
    let thread = stage.flow(&flow, None);
    let unc = format!(r"\\FS01\{share}");
    stage.zeek_mapping(&flow, &thread, &unc);
    for n in 0..2 + i64::try_from(stage.rng.below(3)).unwrap_or(0) {
        let file = name_of(stage, "docx");
        let when = time + SECOND + n * 7 * SECOND;
        let write = stage.rng.chance(30);
        stage.share_file(&session, from.ip, (share, &file, write), when, None);
        let size = 9_000 + stage.rng.below(900_000);
        stage.zeek_file((&flow, &thread), ("OPEN", &unc, &file, size), when + 1_000, None);
    }
    let stay = stage.rng.between(2 * MINUTE, 10 * MINUTE);
    stage.logoff(&session, time + stay);
}

/// Mail and the cloud store.
fn mail(stage: &mut Stage, account: &'static Account, (begin, end): (Micros, Micros), scale: u32) {
    let actor = at_desk(account);
    stage.cloud_logon(actor, "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", begin + 3 * MINUTE, None);
    stage.mail_access(actor, ("Sync", OUTLOOK, 1, false), begin + 4 * MINUTE, None);
    for _ in 0..4 * scale {
        let time = stage.rng.between(begin + 5 * MINUTE, end);
        let items = 1 + stage.rng.below(4);
        stage.mail_access(actor, ("Bind", OUTLOOK, items, false), time, None);
    }
    for _ in 0..scale {
        let time = stage.rng.between(begin + 5 * MINUTE, end);
        let file = name_of(stage, "docx");
        let operation = if stage.rng.chance(25) { "FileDownloaded" } else { "FileAccessed" };
        stage.cloud_file(actor, (operation, "Shared Documents", &file), time, None);
    }
    if stage.rng.chance(1) {
        stage.inbox_rule(actor, ("Newsletters", "MoveToFolder", "Newsletters"), begin + HOUR, None);
    }
}

/// The administrator's day: consoles, scripts, remote desktops to servers.
fn administrator(stage: &mut Stage, day: i64, scale: u32) {
    let account = if day % 3 == 0 { &SATO } else { &TANAKA };
    let begin = at(day, 7, 40) + stage.rng.between(0, 30 * MINUTE);
    let here = Origin { name: ADM01.name, ip: "127.0.0.1" };
    stage.tgt(account, &ADM01, begin - SECOND);
    let session = stage.logon(&ADM01, account, 2, here, begin, None);
    let explorer = stage.running(r"C:\Windows\explorer.exe", &account.qualified());
    let shell = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
    for _ in 0..4 * scale {
        let time = stage.rng.between(begin + 5 * MINUTE, at(day, 17, 0));
        let proc = stage.start(&session, &explorer, (shell, "powershell.exe -NoLogo"), time, None);
        let script = stage.rng.word(SCRIPTS);
        stage.script_block(&ADM01, script, time + 9 * SECOND, None);
        stage.ended(&ADM01, &proc, time + 6 * MINUTE);
    }
    for host in [&DC01, &FS01, &AP01] {
        if stage.rng.chance(45) {
            let time = stage.rng.between(begin + 5 * MINUTE, at(day, 16, 0));
            stage.password_check(account, &ADM01, time - SECOND);
            let remote = stage.logon(
                host,
                account,
                10,
                Origin { name: ADM01.name, ip: ADM01.ip },
                time,
                None,
            );
            let desk = stage.running(r"C:\Windows\explorer.exe", &account.qualified());
            let console =
                (r"C:\Windows\System32\mmc.exe", r"C:\Windows\System32\mmc.exe eventvwr.msc");
            stage.start(&remote, &desk, console, time + MINUTE, None);
            stage.logoff(&remote, time + 25 * MINUTE);
        }
    }
    for host in [&ADM01, &DC01, &FS01, &AP01, &RD01] {
        upkeep(stage, day, host, begin + HOUR);
    }
    let origin = Origin { name: LAB01.name, ip: LAB01.ip };
    let lab = stage.logon(&FS01, &EVANS, 3, origin, begin + 2 * HOUR, None);
    stage.share(&lab, LAB01.ip, "Projects", begin + 2 * HOUR + SECOND);
    stage.logoff(&lab, begin + 2 * HOUR + 5 * MINUTE);
    stage.logoff(&session, at(day, 17, 30));
}

/// Someone works from home through the gateway.
fn remote_worker(stage: &mut Stage, day: i64) {
    let Some(account) = stage.rng.choose(&STAFF).copied() else {
        return;
    };
    let time = at(day, 19, 0) + stage.rng.between(0, 90 * MINUTE);
    let ip = "10.20.9.21";
    stage.tgt(account, &RD01, time - SECOND);
    let session = stage.logon(&RD01, account, 10, Origin { name: "HOME", ip }, time, None);
    let flow = Flow {
        from: &RD01,
        to: RD01.ip,
        port: 3389,
        service: "rdp",
        time: time - 2 * SECOND,
        duration: 40 * MINUTE,
        sent: 900_000,
        received: 9_000_000,
    };
    stage.dmz_flow(ip, &flow, None);
    stage.logoff(&session, time + 40 * MINUTE);
}

/// The hum of the servers, day and night.
fn servers(stage: &mut Stage, day: i64) {
    for host in HOSTS.iter().copied().filter(|host| host.server && host.supplies) {
        for hour in (0..24).step_by(3) {
            let time = at(day, hour, 0) + stage.rng.between(0, 170 * MINUTE);
            let service = stage.rng.word(SERVICES);
            stage.service_state(host, service, true, time);
            stage.service_state(host, service, false, time + 3 * MINUTE);
            server_programs(stage, host, time + MINUTE);
        }
    }
    gateway(stage, day);
}

/// Services log on and start programs.
fn server_programs(stage: &mut Stage, host: &'static Host, time: Micros) {
    let account = if host.name == "AP01" { &SQL } else { &BACKUP };
    let session = stage.logon(host, account, 5, Origin { name: "-", ip: "-" }, time, None);
    let parent = stage.running(r"C:\Windows\System32\services.exe", r"NT AUTHORITY\SYSTEM");
    let command = r"C:\Windows\system32\svchost.exe -k netsvcs -p -s wuauserv";
    let proc = stage.start(
        &session,
        &parent,
        (r"C:\Windows\System32\svchost.exe", command),
        time + SECOND,
        None,
    );
    stage.ended(host, &proc, time + 40 * SECOND);
    stage.logoff(&session, time + MINUTE);
    if host.name == "AP01" {
        stage.ticket(&SQL, &AP01, ("AP01$", "0x12"), time, None);
    }
}

/// The gateway fetches its updates at night.
fn gateway(stage: &mut Stage, day: i64) {
    let time = at(day, 2, 0) + stage.rng.between(0, HOUR);
    stage.ticket(&BACKUP, &RD01, ("RD01$", "0x12"), time, None);
    let flow = Flow {
        from: &RD01,
        to: "192.0.2.123",
        port: 443,
        service: "ssl",
        time,
        duration: 3 * SECOND,
        sent: 2_000,
        received: 700_000,
    };
    stage.dmz_flow(RD01.ip, &flow, None);
}

/// The nightly backup reads the file server; on Saturdays it reads everything, on Sundays a copy leaves the house.
fn backup(stage: &mut Stage, day: i64) {
    let full = day.rem_euclid(7) == 5;
    let time = at(day, 22, 0) + stage.rng.between(0, 10 * MINUTE);
    stage.ticket(&BACKUP, &BK01, ("FS01$", "0x12"), time - SECOND, None);
    let session =
        stage.logon(&FS01, &BACKUP, 3, Origin { name: BK01.name, ip: BK01.ip }, time, None);
    let act =
        decoy("full backup", "the weekly backup reads every file of the shares", rules::MANY_FILES);
    let mark = full.then(|| stage.notes.act(act, ("FS01", Channel::Security.name()), time));
    for n in 0..if full { 90 } else { 15 } {
        let share =
            ["Plans", "Evaluations", "Personnel", "Office"].get(n % 4).copied().unwrap_or("Office");
        let file = format!("archive-{n:03}.docx");
        let when = time + SECOND + 5 * SECOND * i64::try_from(n).unwrap_or(0);
        stage.share_file(&session, BK01.ip, (share, &file, false), when, mark);
    }
    stage.logoff(&session, time + 20 * MINUTE);
    let mut flow = Flow {
        from: &FS01,
        to: BK01.ip,
        port: 445,
        service: "smb",
        time,
        duration: 19 * MINUTE,
        sent: 2_000_000_000 + stage.rng.below(500_000_000),
        received: 40_000_000,
    };
    stage.flow(&flow, None);
    if day.rem_euclid(7) == 6 {
        let act = decoy(
            "backup copy leaves the house",
            "the weekly copy goes to the rented vault",
            rules::UPLOAD,
        );
        flow = Flow {
            from: &BK01,
            to: VAULT_IP,
            port: 443,
            service: "ssl",
            time: at(day, 3, 0),
            ..flow
        };
        let mark = stage.notes.act(act, ("BK01", "zeek/conn"), flow.time);
        let thread = stage.flow(&flow, Some(mark));
        stage.zeek_ssl(&flow, &thread, "vault.example.net", None);
    }
}

/// Acts on single days which look worse than they are.
fn odd_days(stage: &mut Stage, day: i64) {
    match day {
        3 => deployment(stage, at(day, 10, 20)),
        8 | 36 => inventory(stage, at(day, 9, 5)),
        15 => updater(stage, at(day, 11, 0)),
        22 => tidy_admin(stage, at(day, 14, 10)),
        30 => notes_program(stage, at(day, 13, 30)),
        39 => personal_archive(stage, at(day, 15, 45)),
        _ => {}
    }
}

/// Software is deployed by a service in a temporary place, as remote execution tools do.
fn deployment(stage: &mut Stage, time: Micros) {
    let act = decoy(
        "software deployment",
        "the deployment tool installs its helper as a service",
        rules::SERVICE,
    );
    let mark = stage.notes.act(act, ("AP01", Channel::System.name()), time);
    let session = stage.logon(
        &AP01,
        &DEPLOY,
        3,
        Origin { name: ADM01.name, ip: ADM01.ip },
        time - SECOND,
        None,
    );
    let file = (r"ADMIN$", r"Temp\deploy-helper.exe", true);
    stage.share_file(&session, ADM01.ip, file, time - SECOND / 2, Some(mark));
    stage.service(
        &AP01,
        &DEPLOY,
        ("DeployHelper", r"C:\Windows\Temp\deploy-helper.exe"),
        time,
        Some(mark),
    );
    stage.logoff(&session, time + MINUTE);
}

/// An administrator lists groups for a report.
fn inventory(stage: &mut Stage, time: Micros) {
    let act = decoy(
        "group report",
        "an administrator lists domain groups for a report",
        rules::DISCOVERY,
    );
    let mark = stage.notes.act(act, ("ADM01", Channel::Sysmon.name()), time);
    let session = stage.logon(
        &ADM01,
        &SATO,
        2,
        Origin { name: "ADM01", ip: "127.0.0.1" },
        time - MINUTE,
        None,
    );
    let shell = stage.running(r"C:\Windows\System32\cmd.exe", &SATO.qualified());
    let command = (r"C:\Windows\System32\net.exe", "net group \"Help Desk\" /domain");
    stage.start(&session, &shell, command, time, Some(mark));
    stage.logoff(&session, time + HOUR);
}

/// A program updates itself: a service from its own folder, a task, nothing to see.
fn updater(stage: &mut Stage, time: Micros) {
    for host in [&WS03, &WS05] {
        let path = "\"C:\\Program Files\\Example Reader\\updater.exe\"";
        stage.service(host, &DEPLOY, ("ExampleReaderUpdate", path), time, None);
    }
}

/// An administrator fetches a module by script.
fn tidy_admin(stage: &mut Stage, time: Micros) {
    let act = decoy(
        "module download",
        "an administrator fetches a module by script",
        rules::SCRIPT_CONNECTS,
    );
    let mark = stage.notes.act(act, ("ADM01", Channel::Sysmon.name()), time);
    let image = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
    let shell = stage.running(image, &TANAKA.qualified());
    stage.connect(&ADM01, &shell, ("192.0.2.90", "modules.example.com", 443), time, Some(mark));
    stage.script_block(
        &ADM01,
        "Install-Module ExampleTools -Scope CurrentUser",
        time + SECOND,
        None,
    );
}

/// A note program that installs itself for one user.
fn notes_program(stage: &mut Stage, time: Micros) {
    let act = decoy("note program", "a note program starts itself at logon", rules::RUN_KEY);
    let mark = stage.notes.act(act, ("WS03", Channel::Sysmon.name()), time);
    let image = r"C:\Users\s.cole\AppData\Roaming\ExampleNotes\notes.exe";
    let proc = stage.running(image, r"EXAMPLE\s.cole");
    let key = r"HKU\S-1-5-21-1004336348-1177238915-682003330-1113\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\ExampleNotes";
    stage.registry(&WS03, &proc, (key, image), time, Some(mark));
}

/// An evaluator packs an old project folder by hand.
fn personal_archive(stage: &mut Stage, time: Micros) {
    let act = decoy("project packed", "an evaluator packs an old project folder", rules::ARCHIVER);
    let mark = stage.notes.act(act, ("WS05", Channel::Sysmon.name()), time);
    let session = stage.logon(
        &WS05,
        &EVANS,
        7,
        Origin { name: "WS05", ip: "127.0.0.1" },
        time - MINUTE,
        None,
    );
    let explorer = stage.running(r"C:\Windows\explorer.exe", &EVANS.qualified());
    let command =
        "\"C:\\Program Files\\7-Zip\\7z.exe\" a old-project.zip \\\\FS01\\Projects\\2023\\";
    stage.start(&session, &explorer, (r"C:\Program Files\7-Zip\7z.exe", command), time, Some(mark));
    stage.logoff(&session, time + HOUR);
}

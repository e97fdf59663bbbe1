//! Ordinary work: people at their desks, administrators on servers, backups that read everything, scanners, services,
//! automation in the clouds. Much of it looks like what an intruder does; that is the point of it.

use std::sync::Arc;

use super::assets::{self, Asset, Place};
use super::aws::{Call, Caller, key_id};
use super::estate::{Account, Host, Kind, Role, Share};
use super::network::Flow;
use super::scene::{Proc, Scene, Session};
use super::tenant::{By, MailRead, OUTLOOK, REST, made_guid};
use super::windows::Way;
use crate::demo::clock::{DAY, HOUR, MINUTE, Micros, SECOND, is_workday};
use crate::demo::json::Obj;
use crate::demo::rng::Rng;

const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
const SITES: [(&str, &str); 6] = [
    ("news.example.com", "198.51.100.20"),
    ("www.example.net", "198.51.100.31"),
    ("cdn.example.com", "198.51.100.44"),
    ("outlook.office365.com", "198.51.100.60"),
    ("storage.example.net", "198.51.100.77"),
    ("updates.example.org", "198.51.100.90"),
];

/// The assets of a rehearsal, always the same for a seed: ordinary work goes on in them too.
pub(super) fn assets_of(scene: &Scene) -> Vec<Asset> {
    assets::draw(&mut Rng::fork(scene.seed, 14, 0), &scene.estate)
}

/// One day of it. Rounds after the first are more of the same, for large rehearsals: people only.
pub(super) fn day(scene: &mut Scene, day: i64, round: u32) {
    let begin = scene.estate.start + day * DAY;
    let assets = assets_of(scene);
    let workday = is_workday((scene.estate.start - crate::demo::clock::START) / DAY + day);
    for account in scene.estate.of_kind(Kind::User) {
        if workday && scene.rng.chance(88) || scene.rng.chance(6) {
            person(scene, &account, begin, &assets);
        }
    }
    if round > 0 {
        return;
    }
    for host in scene.estate.hosts.clone() {
        machine(scene, &host, begin);
    }
    for account in scene.estate.of_kind(Kind::Admin) {
        if workday {
            administrator(scene, &account, begin);
        }
    }
    for account in scene.estate.of_kind(Kind::Service) {
        match account.home.role {
            Role::Backup => backup(scene, &account, begin, &assets),
            Role::Scanner if day % 3 == 1 => scan(scene, &account, begin),
            _ => {}
        }
    }
    if scene.estate.directory_sync {
        directory_sync(scene, begin);
    }
    scene.capture_loss(begin);
    cloud(scene, begin, &assets);
    archive(scene, begin);
}

/// What a share is called from outside, and where it lies.
pub(super) fn names(share: &Share) -> (String, String) {
    (share.name.clone(), share.local.clone())
}

fn person(scene: &mut Scene, account: &Arc<Account>, begin: Micros, assets: &[Asset]) {
    let host = Arc::clone(&account.home);
    let came = begin + 7 * HOUR + scene.rng.between(0, 2 * HOUR);
    let left = came + 7 * HOUR + scene.rng.between(0, 2 * HOUR);
    scene.tgt(account, &host, came - SECOND);
    let desk = scene.logon(&host, account, &Way { kind: 2, from: None, ntlm: false }, came, None);
    let userinit = scene.running(r"C:\Windows\System32\userinit.exe");
    let explorer = (r"C:\Windows\explorer.exe", r"C:\Windows\Explorer.EXE");
    let shell = scene.start(&desk, &userinit, explorer, came + SECOND, None);
    let office = r"C:\Program Files\Microsoft Office\root\Office16";
    let ip = scene.estate.office.clone();
    let session = format!("{:016x}", scene.rng.next());
    let by = By { account, ip: &ip, agent: BROWSER, session: &session, app: None };
    scene.signed_in(by, came + MINUTE, None);
    for _ in 0..2 + scene.rng.below(3) {
        let time = scene.rng.between(came + 5 * MINUTE, left - HOUR);
        match scene.rng.below(5) {
            0 => {
                let program = format!(r"{office}\EXCEL.EXE");
                let proc =
                    scene.start(&desk, &shell, (&program, &format!("\"{program}\"")), time, None);
                scene.ended(&desk, &proc, time + 20 * MINUTE);
            }
            1 => {
                let program = r"C:\Program Files\Google\Chrome\Application\chrome.exe";
                let proc =
                    scene.start(&desk, &shell, (program, &format!("\"{program}\"")), time, None);
                browse(scene, &desk, &proc, time + SECOND);
            }
            2 => mail(scene, by, time),
            3 => documents(scene, by, time, assets),
            _ => shares(scene, account, &host, time, assets),
        }
    }
    own_files(scene, &desk, &shell, came + HOUR, assets);
    scene.logoff(&desk, left);
}

fn browse(scene: &mut Scene, desk: &Session, proc: &Proc, time: Micros) {
    for n in 0..1 + scene.rng.between(0, 3) {
        let (name, ip) = scene.rng.choose(&SITES).copied().unwrap_or(("", ""));
        let at = time + n * 3 * SECOND;
        scene.dns(&desk.host, name, ip, at, None);
        scene.connect(desk, proc, (ip, name, 443), at + SECOND / 5, None);
        // Now and then somebody sends something large, as people do.
        let sent = if scene.rng.chance(4) { 20_000_000 } else { 2_000 };
        let flow = Flow {
            from: &desk.host,
            to: ip,
            port: 443,
            service: "ssl",
            time: at + SECOND / 5,
            duration: SECOND + scene.rng.between(0, 60 * SECOND),
            sent: 800 + scene.rng.below(sent),
            received: 4_000 + scene.rng.below(900_000),
        };
        let thread = scene.flow(&flow, None);
        scene.ssl(&flow, &thread, name, None);
    }
}

fn mail(scene: &mut Scene, by: By<'_>, time: Micros) {
    let sync = scene.rng.chance(30);
    let read = MailRead {
        way: if sync { "Sync" } else { "Bind" },
        client: OUTLOOK,
        folder: scene.rng.word(&["Inbox", "Sent Items", "Negotiation"]),
        items: if sync { 0 } else { 1 + scene.rng.below(4) },
        throttled: false,
    };
    scene.mail_read(by, by.account, read, time, None);
}

fn documents(scene: &mut Scene, by: By<'_>, time: Micros, assets: &[Asset]) {
    let all: Vec<_> = assets.iter().filter(|a| matches!(a.place, Place::Site(..))).collect();
    let Some(asset) = scene.rng.choose(&all).copied() else { return };
    let Place::Site(site, folder) = &asset.place else { return };
    for (file, _) in asset.files.iter().take(2) {
        let operation = if scene.rng.chance(25) { "FileDownloaded" } else { "FileAccessed" };
        scene.document(by, operation, (site, folder, file), time, None);
    }
}

fn shares(
    scene: &mut Scene,
    account: &Arc<Account>,
    host: &Arc<Host>,
    time: Micros,
    assets: &[Asset],
) {
    let all: Vec<_> = assets.iter().filter(|a| matches!(a.place, Place::Share(..))).collect();
    let Some(asset) = scene.rng.choose(&all).copied() else { return };
    let Place::Share(share, folder) = &asset.place else { return };
    let write = scene.rng.chance(20);
    scene.works_on(&asset.id, host, time);
    let ends = (account, host);
    read_share(scene, ends, share, folder, (&asset.files, write), time);
}

/// Somebody opens files of a share: all records that this makes.
fn read_share(
    scene: &mut Scene,
    (account, from): (&Arc<Account>, &Arc<Host>),
    share: &Share,
    folder: &str,
    (files, write): (&[(String, u64)], bool),
    time: Micros,
) {
    let way = Way { kind: 3, from: Some(from), ntlm: false };
    let session = scene.logon(&share.host, account, &way, time, None);
    let (name, local) = names(share);
    scene.share(&session, (&name, &local), time + SECOND / 9);
    let total: u64 = files.iter().map(|(_, size)| size).sum();
    let server = share.host.ip.clone();
    let flow = Flow {
        from,
        to: &server,
        port: 445,
        service: "gssapi,smb,krb",
        time: time - SECOND / 10,
        duration: 30 * SECOND,
        sent: if write { total } else { 9_000 },
        received: if write { 9_000 } else { total },
    };
    let thread = scene.flow(&flow, None);
    let unc = format!(r"\\{}\{name}", share.host.name);
    scene.mapping(&flow, &thread, &unc);
    let system = scene.running("System");
    for (n, (file, size)) in (1..).zip(files) {
        let at = time + n * SECOND;
        let below = format!(r"{folder}\{file}");
        scene.share_file(&session, (&name, &local), (&below, write), at, None);
        scene.object_read(&session, &format!(r"{local}\{below}"), &system, at, None);
        scene.smb_file((&flow, &thread), (&unc, &below, *size, write), at, None);
    }
    scene.logoff(&session, time + 2 * MINUTE);
}

fn own_files(scene: &mut Scene, desk: &Session, shell: &Proc, time: Micros, assets: &[Asset]) {
    let mine =
        |a: &&Asset| matches!(&a.place, Place::Local(host, _) if host.name == desk.host.name);
    for asset in assets.iter().filter(mine) {
        let Place::Local(_, folder) = &asset.place else { continue };
        for (file, _) in asset.files.iter().take(2) {
            scene.object_read(desk, &format!(r"{folder}\{file}"), shell, time, None);
        }
    }
}

/// What a machine does by itself: policies read from the domain controller, services, tasks.
fn machine(scene: &mut Scene, host: &Arc<Host>, begin: Micros) {
    let dc = Arc::clone(&scene.estate.dc);
    let system = scene.system_session(host);
    for hour in [1, 5, 9, 13, 17, 21] {
        let time = begin + hour * HOUR + scene.rng.between(0, 50 * MINUTE);
        scene.service_state(host, "Windows Update", time);
        let services = scene.running(r"C:\Windows\System32\services.exe");
        let svchost =
            (r"C:\Windows\System32\svchost.exe", r"C:\Windows\system32\svchost.exe -k netsvcs -p");
        scene.start(&system, &services, svchost, time + SECOND, None);
        if host.role != Role::Directory {
            let way = Way { kind: 3, from: Some(host), ntlm: false };
            let machine = scene.machine_account(host);
            let session = scene.logon(&dc, &machine, &way, time + MINUTE, None);
            let sysvol = ("SYSVOL", r"C:\Windows\SYSVOL\sysvol");
            scene.share(&session, sysvol, time + MINUTE + SECOND);
            let file = format!(
                r"{}\Policies\{{31B2F340-016D-11D2-945F-00C04FB984F9}}\gpt.ini",
                scene.estate.suffix
            );
            scene.share_file(&session, sysvol, (&file, false), time + MINUTE + 2 * SECOND, None);
            scene.logoff(&session, time + 2 * MINUTE);
        }
    }
    // Services log on all the time; this is what a log that is alive looks like at night.
    for n in 0..36 {
        let time = begin + n * 40 * MINUTE + scene.rng.between(0, 20 * MINUTE);
        let way = Way { kind: 5, from: None, ntlm: false };
        scene.logon(host, &system.account, &way, time, None);
    }
    let time = begin + 12 * HOUR + scene.rng.between(0, HOUR);
    if scene.rng.chance(30) {
        scene.script(host, "Get-Service | Where-Object Status -eq 'Stopped'", time, None);
    }
}

/// An administrator works on servers and desks, from where administrators work.
fn administrator(scene: &mut Scene, account: &Arc<Account>, begin: Micros) {
    let from = Arc::clone(&account.home);
    let came = begin + 8 * HOUR + scene.rng.between(0, HOUR);
    scene.tgt(account, &from, came - SECOND);
    let desk = scene.logon(&from, account, &Way { kind: 2, from: None, ntlm: false }, came, None);
    let explorer = scene.running(r"C:\Windows\explorer.exe");
    for n in 0..2 + scene.rng.between(0, 3) {
        let all = scene.estate.hosts.clone();
        let Some(to) = scene.rng.choose(&all).cloned() else { continue };
        if to.name == from.name {
            continue;
        }
        let time = came + HOUR + n * HOUR + scene.rng.between(0, 40 * MINUTE);
        match scene.rng.below(3) {
            0 => {
                let command = format!("\"C:\\Windows\\system32\\mstsc.exe\" /v:{}", to.name);
                let proc = scene.start(
                    &desk,
                    &explorer,
                    (r"C:\Windows\System32\mstsc.exe", &command),
                    time,
                    None,
                );
                scene.explicit(&desk, (account, &to), &proc, time + SECOND, None);
                let way = Way { kind: 10, from: Some(&from), ntlm: false };
                let there = scene.logon(&to, account, &way, time + 3 * SECOND, None);
                let shell = scene.running(r"C:\Windows\explorer.exe");
                let mmc = (r"C:\Windows\System32\mmc.exe", r"mmc.exe eventvwr.msc");
                scene.start(&there, &shell, mmc, time + MINUTE, None);
                scene.logoff(&there, time + 30 * MINUTE);
            }
            1 => {
                let way = Way { kind: 3, from: Some(&from), ntlm: false };
                let there = scene.logon(&to, account, &way, time, None);
                let parent = scene.running(r"C:\Windows\System32\svchost.exe");
                let host = (
                    r"C:\Windows\System32\wsmprovhost.exe",
                    r"C:\Windows\system32\wsmprovhost.exe -Embedding",
                );
                scene.start(&there, &parent, host, time + SECOND, None);
                scene.script(&to, "Get-HotFix | Sort-Object InstalledOn", time + 2 * SECOND, None);
                scene.logoff(&there, time + 5 * MINUTE);
            }
            _ => {
                let way = Way { kind: 3, from: Some(&from), ntlm: true };
                let there = scene.logon(&to, account, &way, time, None);
                scene.share(&there, ("ADMIN$", r"C:\Windows"), time + SECOND);
                scene.share_file(
                    &there,
                    ("ADMIN$", r"C:\Windows"),
                    ("inventory.exe", true),
                    time + 2 * SECOND,
                    None,
                );
                scene.service(
                    &there,
                    ("InventoryAgent", r"%SystemRoot%\inventory.exe"),
                    time + 3 * SECOND,
                    None,
                );
                scene.logoff(&there, time + MINUTE);
            }
        }
    }
    scene.logoff(&desk, came + 9 * HOUR);
}

/// The backup reads everything, every night.
fn backup(scene: &mut Scene, account: &Arc<Account>, begin: Micros, assets: &[Asset]) {
    let from = Arc::clone(&account.home);
    let mut time = begin + HOUR + scene.rng.between(0, HOUR);
    for asset in assets {
        if let Place::Share(share, folder) = &asset.place {
            scene.works_on(&asset.id, &from, time);
            read_share(scene, (account, &from), share, folder, (&asset.files, false), time);
            time += 3 * MINUTE;
        }
    }
}

/// The scanner knocks on every door.
fn scan(scene: &mut Scene, account: &Arc<Account>, begin: Micros) {
    let from = Arc::clone(&account.home);
    let mut time = begin + 3 * HOUR;
    for host in scene.estate.hosts.clone() {
        for port in [445, 135, 3_389, 5_985] {
            let ip = host.ip.clone();
            let flow = Flow {
                from: &from,
                to: &ip,
                port,
                service: "-",
                time,
                duration: SECOND / 4,
                sent: 300,
                received: 200,
            };
            scene.flow(&flow, None);
        }
        scene.failed_logon(&host, "guest", &from, time + SECOND);
        let way = Way { kind: 3, from: Some(&from), ntlm: true };
        let session = scene.logon(&host, account, &way, time + 2 * SECOND, None);
        scene.logoff(&session, time + 9 * SECOND);
        time += 20 * SECOND;
    }
}

/// A service copies the directory to a tenant: replication that is as it should be.
fn directory_sync(scene: &mut Scene, begin: Micros) {
    let dc = Arc::clone(&scene.estate.dc);
    let mut account = (*scene.system_session(&dc).account).clone();
    account.name = "MSOL_5f1c22b09ae1".to_owned();
    account.sid = format!("{}-1103", scene.estate.sid);
    let servers = scene.estate.with_role(Role::FileServer);
    let Some(from) = servers.first() else { return };
    let account = Arc::new(account);
    for hour in [0, 6, 12, 18] {
        let time = begin + hour * HOUR + 7 * MINUTE;
        let way = Way { kind: 3, from: Some(from), ntlm: false };
        let session = scene.logon(&dc, &account, &way, time, None);
        scene.replicated(&session, time + SECOND, None);
        let ip = dc.ip.clone();
        let flow = Flow {
            from,
            to: &ip,
            port: 49_667,
            service: "dce_rpc",
            time: time + SECOND,
            duration: 4 * SECOND,
            sent: 9_000,
            received: 40_000,
        };
        let thread = scene.flow(&flow, None);
        scene.rpc(&flow, &thread, ("drsuapi", "DRSGetNCChanges"), None);
        scene.logoff(&session, time + MINUTE);
    }
}

/// People and automation in the cloud account, at the office's address as well.
fn cloud(scene: &mut Scene, begin: Micros, assets: &[Asset]) {
    if scene.estate.cloud.is_none() {
        return;
    }
    let office = scene.estate.office.clone();
    let night = Caller {
        name: "nightly-export".to_owned(),
        role_session: Some("i-0c31fa77b2d09e4a1".to_owned()),
        key: key_id(&format!("nightly{begin}"), true),
        ip: "198.51.100.140".to_owned(),
        agent: "aws-sdk-java/1.12.261 Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.4".to_owned(),
    };
    let admin = Caller {
        name: "ops".to_owned(),
        role_session: None,
        key: key_id(&format!("ops{begin}"), true),
        ip: office,
        agent: "console.amazonaws.com".to_owned(),
    };
    let mut time = begin + 2 * HOUR + scene.rng.between(0, HOUR);
    for asset in assets {
        time += 20 * SECOND;
        match &asset.place {
            Place::Bucket(bucket, prefix) => {
                scene.list_objects(&night, bucket, prefix, time, None);
                for (file, size) in &asset.files {
                    time += SECOND;
                    let key = format!("{prefix}{file}");
                    scene.get_object(&night, bucket, (&key, *size), time, None);
                }
            }
            Place::Secret(arn) => {
                for hour in [0, 8, 16] {
                    scene.get_secret(&night, arn, begin + hour * HOUR + 11 * MINUTE, None);
                }
            }
            Place::Snapshot(id) => {
                let request = Obj::new().s("snapshotId", id);
                scene.call(
                    &admin,
                    Call::reads("ec2", "DescribeSnapshotAttribute", request),
                    time + 8 * HOUR,
                    None,
                );
            }
            _ => {}
        }
    }
    web(scene, begin);
    for n in 0..6 + scene.rng.between(0, 8) {
        let time = begin + 8 * HOUR + n * 40 * MINUTE;
        let (service, name) = scene
            .rng
            .choose(&[
                ("s3", "ListBuckets"),
                ("ec2", "DescribeInstances"),
                ("ec2", "DescribeSnapshots"),
                ("iam", "ListUsers"),
                ("cloudtrail", "DescribeTrails"),
            ])
            .copied()
            .unwrap_or(("s3", "ListBuckets"));
        scene.call(&admin, Call::reads(service, name, Obj::new()), time, None);
    }
}

/// The servers of the cloud account are at work day and night.
fn web(scene: &mut Scene, begin: Micros) {
    let Some(cloud) = scene.estate.cloud.clone() else { return };
    let server = Caller {
        name: "web-tier".to_owned(),
        role_session: Some("i-0a41be6620f8c7d93".to_owned()),
        key: key_id(&format!("web{begin}"), true),
        ip: "198.51.100.141".to_owned(),
        agent: "aws-sdk-go/1.50.9 (go1.22.1; linux; amd64)".to_owned(),
    };
    for n in 0..48 {
        let time = begin + n * 30 * MINUTE + scene.rng.between(0, 20 * MINUTE);
        scene.call(&server, Call::reads("ec2", "DescribeInstanceStatus", Obj::new()), time, None);
        for bucket in &cloud.buckets {
            scene.get_object(&server, bucket, ("static/logo.svg", 9_120), time + SECOND, None);
        }
    }
}

/// An application that keeps copies of all mailboxes for the law.
fn archive(scene: &mut Scene, begin: Micros) {
    if scene.estate.tenant.is_none() || !scene.seed.is_multiple_of(3) {
        return;
    }
    let mut time = begin + 4 * HOUR;
    for account in scene.estate.of_kind(Kind::User) {
        // An application of its own right acts as itself, not as the owner.
        let own = Account {
            mail: format!("ServicePrincipal_{}", made_guid("mail archive")),
            ..(*account).clone()
        };
        let by = By {
            account: &own,
            ip: "198.51.100.200",
            agent: "-",
            session: "-",
            app: Some("mail archive"),
        };
        let read =
            MailRead { way: "Sync", client: REST, folder: "Inbox", items: 0, throttled: false };
        scene.mail_read(by, &account, read, time, None);
        time += 15 * SECOND;
    }
}

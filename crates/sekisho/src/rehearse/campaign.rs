//! The intrusions of a rehearsal: which building blocks, in which order, to which assets.

use std::sync::Arc;

use sekisho_exposure::question::SaidSeed;

use super::assets::{Asset, Place};
use super::aws::{Call, Caller, key_id};
use super::blocks::{Exit, Folder, Foothold, Lateral, Outside};
use super::estate::{Account, Host, Kind, Role};
use super::logging::{Outage, Way as Lost};
use super::routine;
use super::scene::{FactId, Scene};
use super::tenant::{By, MailRead, OUTLOOK, REST, WEB};
use super::truth::{Fate, Step};
use crate::demo::clock::{HOUR, MINUTE, Micros, SECOND, iso};
use crate::demo::json::Obj;
use crate::demo::rng::Rng;

/// What was played.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) assets: Vec<Asset>,
    pub(super) seeds: Vec<SaidSeed>,
    pub(super) steps: Vec<Step>,
    /// First act of the first intrusion.
    pub(super) first: Micros,
    /// Last act of the last.
    pub(super) last: Micros,
}

impl Plan {
    fn step(&mut self, time: Micros, what: String) {
        self.first = if self.steps.is_empty() { time } else { self.first.min(time) };
        self.last = self.last.max(time);
        self.steps.push(Step { time, what });
    }

    fn asset(&mut self, at: usize) -> Option<&mut Asset> {
        self.assets.get_mut(at)
    }

    fn seed(&mut self, text: String, seed: SaidSeed) {
        self.seeds.push(SaidSeed { text, ..seed });
    }
}

/// Draws the intrusions and plays them.
pub(super) fn play(scene: &mut Scene) -> Plan {
    let mut plan = Plan { assets: routine::assets_of(scene), ..Plan::default() };
    scene.rng = Rng::fork(scene.seed, 11, 0);
    let estate = Arc::clone(&scene.estate);
    let inside = scene.rng.chance(75);
    let cloud = estate.cloud.is_some() && scene.rng.chance(45);
    let tenant = estate.tenant.is_some() && scene.rng.chance(45);
    let span = estate.end() - estate.start;
    let early = |rng: &mut Rng| estate.start + span / 8 + rng.between(0, span * 3 / 8);
    if inside || !(cloud || tenant) {
        let begin = early(&mut scene.rng);
        inside_run(scene, &mut plan, begin, estate.end());
        if scene.rng.chance(25) {
            let again = begin + (estate.end() - begin) * 3 / 5 + scene.rng.between(0, HOUR);
            inside_run(scene, &mut plan, again, estate.end());
        }
    }
    if cloud {
        let begin = early(&mut scene.rng);
        cloud_run(scene, &mut plan, begin);
    }
    if tenant {
        let begin = early(&mut scene.rng);
        tenant_run(scene, &mut plan, begin);
    }
    plan
}

/// One stay inside.
struct Run {
    footholds: Vec<Foothold>,
    outside: Outside,
    /// Accounts whose credentials the intruder has.
    accounts: Vec<Arc<Account>>,
    time: Micros,
    until: Micros,
}

impl Run {
    fn later(&mut self, scene: &mut Scene, most_minutes: i64) -> Micros {
        self.time += scene.rng.between(2, most_minutes) * MINUTE + scene.rng.between(0, MINUTE);
        self.time
    }

    fn over(&self) -> bool {
        self.time >= self.until - HOUR
    }
}

fn outside(rng: &mut Rng) -> Outside {
    let name = format!(
        "{}{}.{}",
        rng.word(&["static", "assets", "edge", "img", "portal"]),
        rng.below(90),
        rng.word(&["example.com", "example.net", "example.org"])
    );
    let port = rng.choose(&[443, 443, 443, 8_443, 4_444]).copied().unwrap_or(443);
    Outside { ip: format!("192.0.2.{}", 10 + rng.below(200)), name, port }
}

fn inside_run(scene: &mut Scene, plan: &mut Plan, begin: Micros, end: Micros) {
    let users = scene.estate.of_kind(Kind::User);
    let heard: Vec<_> = users.iter().filter(|u| u.home.log.supplies).cloned().collect();
    let from = if heard.is_empty() || scene.rng.chance(8) { &users } else { &heard };
    let Some(user) = scene.rng.choose(from).cloned() else { return };
    let out = scene.rng.chance(45);
    let until = if out { begin + (end - begin) / 2 } else { end };
    let there = outside(&mut scene.rng);
    let entry = scene.entry(&user, begin);
    plan.step(begin, format!("{} opens an attachment on {}", user.name, user.home.name));
    first_seed(scene, plan, &entry, &there);
    scene.beacon(&entry, &there, until, entry.fact);
    let accounts = vec![Arc::clone(&user)];
    let mut run = Run { footholds: vec![entry], outside: there, accounts, time: begin, until };
    if scene.rng.chance(35) {
        let (at, time) = (run.footholds.first().cloned(), run.later(scene, 30));
        if let Some(at) = at {
            scene.persist(&at, time);
        }
    }
    if scene.rng.chance(65) {
        steal(scene, plan, &mut run);
    }
    spread(scene, plan, &mut run);
    if scene.rng.chance(30) {
        replicate(scene, plan, &mut run);
    }
    collect(scene, plan, &mut run);
    if scene.rng.chance(15)
        && let Some(at) = run.footholds.last().cloned()
    {
        let time = run.later(scene, 60);
        scene.empty_log(&at.session, time);
        plan.step(time, format!("the Security log of {} is emptied", at.host().name));
    }
    for at in &run.footholds {
        scene.held.push((at.host().name.clone(), at.since, until));
    }
    reached(plan, &run);
    if out {
        evict(scene, plan, &run);
    }
}

fn first_seed(scene: &mut Scene, plan: &mut Plan, entry: &Foothold, there: &Outside) {
    let host = entry.host().name.clone();
    let program = entry.proc.image.rsplit('\\').next().unwrap_or("").to_owned();
    let process = SaidSeed {
        host: Some(host.clone()),
        process: Some(program.clone()),
        ..SaidSeed::default()
    };
    let address = SaidSeed { address: Some(there.ip.clone()), ..SaidSeed::default() };
    // An analyst who has nothing of the host's own begins with what the sensor has; who has neither, with the desk.
    let blind = !(entry.host().log.sysmon || entry.host().log.process_4688);
    let by_process = !blind && scene.rng.chance(70);
    if by_process {
        plan.seed(format!("host={host} process={program}"), process);
    } else if blind && scene.estate.sensor.is_none() {
        let account = entry.session.account.name.clone();
        let from = entry.since - 10 * MINUTE;
        let text = format!("host={host} account={account} from={}", iso(from));
        let (host, account, from) = (Some(host), Some(account), Some(from * 1_000));
        plan.seed(text, SaidSeed { host, account, from, ..SaidSeed::default() });
    }
    if !by_process || scene.rng.chance(50) {
        plan.seed(format!("address={}", there.ip), address);
    }
}

fn steal(scene: &mut Scene, plan: &mut Plan, run: &mut Run) {
    let Some(at) = run.footholds.first().cloned() else { return };
    let time = run.later(scene, 300);
    let admins = scene.estate.of_kind(Kind::Admin);
    let Some(admin) = scene.rng.choose(&admins).cloned() else { return };
    // Somebody from support came by before, and is still logged on.
    let way = super::windows::Way { kind: 10, from: Some(&admin.home), ntlm: false };
    if admin.home.name != at.host().name {
        scene.logon(at.host(), &admin, &way, time - 40 * MINUTE, None);
    }
    let fact = scene.facts.add(Some(at.fact));
    scene.read_memory(&at, time, fact);
    plan.step(time, format!("the memory of LSASS is read on {}: {}", at.host().name, admin.name));
    run.accounts.push(admin);
}

fn spread(scene: &mut Scene, plan: &mut Plan, run: &mut Run) {
    // Whoever has only an ordinary user's rights stays where that user is.
    if !run.accounts.iter().any(|a| a.is_admin()) {
        return;
    }
    for _ in 0..1 + scene.rng.below(3) {
        let time = run.later(scene, 400);
        let all = scene.estate.hosts.clone();
        let known: Vec<String> = run.footholds.iter().map(|f| f.host().name.clone()).collect();
        let new: Vec<_> =
            all.iter().filter(|h| !known.contains(&h.name) && h.role != Role::Directory).collect();
        let Some(to) = scene.rng.choose(&new).map(|h| Arc::clone(h)) else { return };
        let admins: Vec<_> = run.accounts.iter().filter(|a| a.is_admin()).cloned().collect();
        let (Some(account), Some(at)) =
            (scene.rng.choose(&admins).cloned(), run.footholds.last().cloned())
        else {
            return;
        };
        if run.over() {
            return;
        }
        let ways = [
            Lateral::Desktop,
            Lateral::Service,
            Lateral::RemoteShell,
            Lateral::Instrumentation,
            Lateral::Hash,
        ];
        let by = scene.rng.choose(&ways).copied().unwrap_or(Lateral::Service);
        let next = scene.go(&at, (&account, &to), by, time);
        plan.step(
            time,
            format!("from {} to {} as {} ({by:?})", at.host().name, to.name, account.name),
        );
        if scene.rng.chance(50) {
            let (there, until) = (run.outside.clone(), run.until);
            scene.beacon(&next, &there, until, next.fact);
        }
        run.footholds.push(next);
    }
}

fn replicate(scene: &mut Scene, plan: &mut Plan, run: &mut Run) {
    let admin = run.accounts.iter().find(|a| a.is_admin()).cloned();
    let (Some(admin), Some(at)) = (admin, run.footholds.last().cloned()) else { return };
    let time = run.later(scene, 200);
    if run.over() {
        return;
    }
    let fact = scene.facts.add(Some(at.fact));
    scene.replicate(&at, &admin, time, fact);
    plan.step(time, format!("the directory is replicated to {}", at.host().name));
    for asset in &mut plan.assets {
        if matches!(asset.place, Place::SigningKey(_)) {
            took(asset, fact);
        }
    }
}

/// One record shows both: it was touched, and it left.
fn took(asset: &mut Asset, fact: FactId) {
    asset.fate = Fate::Taken;
    asset.touches.push(fact);
    asset.departures.push(fact);
}

/// Which assets can be reached from a foothold, by their numbers.
fn near(plan: &Plan, run: &Run, at: &Foothold) -> Vec<usize> {
    let local = |host: &Arc<Host>| host.name == at.host().name;
    let own = |asset: &Asset| match &asset.place {
        Place::Share(..) => true,
        Place::Local(host, _) => {
            local(host) && (at.session.account.home.name == host.name || run.accounts.len() > 1)
        }
        _ => false,
    };
    plan.assets
        .iter()
        .enumerate()
        .filter(|(_, a)| a.fate == Fate::Untouched && own(a))
        .map(|(n, _)| n)
        .collect()
}

fn collect(scene: &mut Scene, plan: &mut Plan, run: &mut Run) {
    for at in run.footholds.clone() {
        if run.over() || !scene.rng.chance(75) {
            continue;
        }
        let mut found = near(plan, run, &at);
        let mut packed: Vec<(String, FactId)> = Vec::new();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        let most = scene.rng.below(4);
        for _ in 0..most {
            let Some(pick) = scene.rng.choose(&found).copied() else { break };
            found.retain(|n| *n != pick);
            let fact = scene.facts.add(Some(at.fact));
            let time = run.later(scene, 50);
            let take = scene.rng.chance(60);
            let Some(asset) = plan.assets.get(pick).cloned() else { break };
            let source = look(scene, run, &at, (&asset, take), time, fact);
            plan.step(
                time,
                format!(
                    "{} is {} from {}",
                    asset.id,
                    if take { "copied" } else { "opened" },
                    at.host().name
                ),
            );
            if let Some(asset) = plan.asset(pick) {
                asset.fate = Fate::Opened;
                asset.touches.push(fact);
            }
            if take {
                bytes += asset.size();
                packed.push((source, fact));
                taken.push(pick);
            }
        }
        if taken.is_empty() {
            continue;
        }
        let time = run.later(scene, 40);
        let parcel = scene.pack(&at, &packed, bytes, time);
        let time = run.later(scene, 90);
        let exits = [Exit::Put, Exit::Post, Exit::Storage, Exit::Channel, Exit::Names];
        let mut exit = scene.rng.choose(&exits).copied().unwrap_or(Exit::Channel);
        if exit == Exit::Names && parcel.bytes > 70_000 {
            exit = Exit::Channel;
        }
        if run.over() || scene.rng.chance(12) {
            plan.step(time, format!("{} stays where it is", parcel.path));
            continue;
        }
        let left = scene.facts.add(Some(at.fact));
        let there = run.outside.clone();
        scene.send(&at, &parcel, &there, exit, time, left);
        plan.step(
            time,
            format!("{} leaves {} ({exit:?}, {} bytes)", parcel.path, at.host().name, parcel.bytes),
        );
        for pick in taken {
            if let Some(asset) = plan.asset(pick) {
                asset.fate = Fate::Taken;
                asset.departures.push(left);
            }
        }
    }
}

/// The intruder opens or copies a folder; gives what the archiver is then told.
fn look(
    scene: &mut Scene,
    run: &Run,
    at: &Foothold,
    (asset, take): (&Asset, bool),
    time: Micros,
    fact: FactId,
) -> String {
    let some = if take { asset.files.len() } else { 1 };
    let files = asset.files.get(..some).unwrap_or_default();
    match &asset.place {
        Place::Share(share, folder) if share.host.name != at.host().name => {
            let account = run.accounts.last().unwrap_or(&at.session.account).clone();
            let session = scene.mount(at, &account, share, time, fact);
            let folder_read = Folder { path: folder, files, fact };
            scene.read_folder(at, &session, share, folder_read, time + SECOND);
            scene.logoff(&session, time + 4 * MINUTE);
            format!(r"\\{}\{}\{folder}\*", share.host.name, share.name)
        }
        Place::Share(share, folder) => {
            local(scene, at, (&format!(r"{}\{folder}", share.local), files, take), time, fact)
        }
        Place::Local(_, folder) => local(scene, at, (folder, files, take), time, fact),
        _ => String::new(),
    }
}

fn local(
    scene: &mut Scene,
    at: &Foothold,
    (folder, files, take): (&str, &[(String, u64)], bool),
    time: Micros,
    fact: FactId,
) -> String {
    for (n, (file, _)) in (1..).zip(files) {
        scene.object_read(
            &at.session,
            &format!(r"{folder}\{file}"),
            &at.proc,
            time + n * SECOND,
            Some(fact),
        );
    }
    if let Some((file, _)) = files.first().filter(|_| !take) {
        let command = format!(r#"notepad.exe "{folder}\{file}""#);
        scene.start(
            &at.session,
            &at.proc,
            (r"C:\Windows\System32\notepad.exe", &command),
            time,
            Some(fact),
        );
    }
    format!(r"{folder}\*")
}

/// What lay within reach of the intruder, untouched.
fn reached(plan: &mut Plan, run: &Run) {
    let shares: Vec<(String, FactId)> = plan
        .assets
        .iter()
        .filter_map(|a| match &a.place {
            Place::Share(share, _) => Some((share.host.name.clone(), *a.touches.first()?)),
            _ => None,
        })
        .collect();
    for asset in &mut plan.assets {
        let Some(host) = asset.host().map(|h| h.name.clone()) else { continue };
        let on_it = run.footholds.iter().filter(|f| f.host().name == host).map(|f| f.fact);
        let shared = matches!(asset.place, Place::Share(..));
        let mounted =
            shares.iter().filter(|(name, _)| shared && *name == host).map(|(_, fact)| *fact);
        asset.reaches.extend(on_it.chain(mounted));
        if asset.fate == Fate::Untouched && !asset.reaches.is_empty() {
            asset.fate = Fate::Reached;
        }
    }
}

/// Passwords are reset once the stay is over.
fn evict(scene: &mut Scene, plan: &mut Plan, run: &Run) {
    let admins = scene.estate.of_kind(Kind::Admin);
    let Some(admin) = admins.first().cloned() else { return };
    let dc = Arc::clone(&scene.estate.dc);
    let way = super::windows::Way { kind: 3, from: Some(&admin.home), ntlm: false };
    let session = scene.logon(&dc, &admin, &way, run.until + 10 * MINUTE, None);
    for (n, account) in (1..).zip(&run.accounts) {
        scene.reset(&session, account, run.until + 10 * MINUTE + n * 20 * SECOND);
    }
    plan.steps.push(Step {
        time: run.until,
        what: "the intruder is thrown out; passwords are reset".to_owned(),
    });
}

/// A key of the cloud account is used from where it should not be.
fn cloud_run(scene: &mut Scene, plan: &mut Plan, begin: Micros) {
    if scene.estate.cloud.is_none() {
        return;
    }
    let role = scene.rng.chance(50);
    let same = scene.rng.chance(25);
    let office = scene.estate.office.clone();
    let caller = Caller {
        name: if role { "web-tier".to_owned() } else { "deploy".to_owned() },
        role_session: role.then(|| "i-0f9a17c3bd5521e08".to_owned()),
        key: key_id(&format!("taken{begin}"), role),
        ip: if same { office } else { format!("192.0.2.{}", 10 + scene.rng.below(200)) },
        agent: scene
            .rng
            .word(&["aws-cli/2.15.30 Python/3.11.8 Linux/6.6", "Boto3/1.34.51 Python/3.12"])
            .to_owned(),
    };
    let root = scene.facts.add(None);
    let mut time = begin;
    scene.call(&caller, Call::reads("sts", "GetCallerIdentity", Obj::new()), time, Some(root));
    scene.call(
        &caller,
        Call::reads("s3", "ListBuckets", Obj::new()),
        time + 20 * SECOND,
        Some(root),
    );
    plan.step(begin, format!("a key of {} is used from {}", caller.name, caller.ip));
    if scene.rng.chance(50) {
        let seed = SaidSeed { session: Some(caller.key.clone()), ..SaidSeed::default() };
        plan.seed(format!("session={}", caller.key), seed);
    } else {
        let (account, agent) = (caller.name.clone(), caller.agent.clone());
        let text = format!("account=*{account}* agent={agent}");
        let seed = SaidSeed {
            account: Some(format!("*{account}*")),
            agent: Some(agent),
            ..SaidSeed::default()
        };
        plan.seed(text, seed);
    }
    if scene.rng.chance(15) {
        stop_trail(scene, plan, &caller, begin + 5 * MINUTE, root);
    }
    for at in 0..plan.assets.len() {
        let Some(asset) = plan.assets.get(at).cloned() else { continue };
        if !matches!(asset.place, Place::Bucket(..) | Place::Secret(_) | Place::Snapshot(_)) {
            continue;
        }
        time += scene.rng.between(20, 1_500) * SECOND;
        let fact = scene.facts.add(Some(root));
        match scene.rng.below(3) {
            0 => {
                cloud_take(scene, &caller, &asset, time, fact);
                plan.step(time, format!("{} is taken from the cloud account", asset.id));
                plan.assets.get_mut(at).into_iter().for_each(|a| took(a, fact));
            }
            1 => {
                if let Place::Bucket(bucket, prefix) = &asset.place {
                    scene.list_objects(&caller, bucket, prefix, time, Some(fact));
                }
                if let Some(asset) = plan.asset(at) {
                    asset.fate = Fate::Reached;
                    asset.reaches.push(fact);
                    asset.reaches.push(root);
                }
            }
            _ => {}
        }
    }
}

fn cloud_take(scene: &mut Scene, caller: &Caller, asset: &Asset, time: Micros, fact: FactId) {
    match &asset.place {
        Place::Bucket(bucket, prefix) => {
            scene.list_objects(caller, bucket, prefix, time - 5 * SECOND, None);
            for (n, (file, size)) in (0..).zip(&asset.files) {
                let key = format!("{prefix}{file}");
                scene.get_object(caller, bucket, (&key, *size), time + n * SECOND, Some(fact));
            }
        }
        Place::Secret(arn) => scene.get_secret(caller, arn, time, Some(fact)),
        Place::Snapshot(id) => scene.share_snapshot(caller, (id, "664418771209"), time, Some(fact)),
        _ => {}
    }
}

fn stop_trail(scene: &mut Scene, plan: &mut Plan, caller: &Caller, time: Micros, root: FactId) {
    let hours = scene.rng.between(1, 9);
    let trail = || Obj::new().s("name", "main");
    scene.call(caller, Call::writes("cloudtrail", "StopLogging", trail()), time, Some(root));
    let back = time + hours * HOUR;
    scene.call(caller, Call::writes("cloudtrail", "StartLogging", trail()), back, Some(root));
    if let Some(cloud) = Arc::make_mut(&mut scene.estate).cloud.as_mut() {
        let (from, to) = (time + SECOND, back);
        cloud.log.outages.push(Outage { channel: None, from, to, way: Lost::Silence });
    }
    plan.step(time, format!("the trail is stopped for {hours} hours"));
}

/// A token of the tenant is used by somebody else.
fn tenant_run(scene: &mut Scene, plan: &mut Plan, begin: Micros) {
    let users = scene.estate.of_kind(Kind::User);
    let Some(user) = scene.rng.choose(users.get(..users.len().min(4)).unwrap_or_default()).cloned()
    else {
        return;
    };
    let same = scene.rng.chance(25);
    let ip = if same {
        scene.estate.office.clone()
    } else {
        format!("192.0.2.{}", 10 + scene.rng.below(200))
    };
    let session = format!("{:016x}", scene.rng.next());
    let agent = scene.rng.word(&[
        "python-requests/2.31.0",
        "axios/1.6.8",
        "Mozilla/5.0 (X11; Linux x86_64; rv:115.0)",
    ]);
    let by = By { account: &user, ip: &ip, agent, session: &session, app: None };
    let root = scene.facts.add(None);
    scene.signed_in(by, begin, Some(root));
    plan.step(begin, format!("somebody signs in as {} from {ip}", user.mail));
    sign_in_seed(plan, &user.mail, &ip, same.then_some(&session));
    let mut time = begin;
    let mut app = None;
    if scene.rng.chance(30) {
        let name = scene.rng.word(&["Calendar Helper", "PDF Reader Cloud", "Sync Tools"]);
        time += 10 * MINUTE;
        scene.consent(
            by,
            (name, "Mail.Read Mail.ReadWrite offline_access Files.Read.All"),
            time,
            Some(root),
        );
        plan.step(time, format!("{name} is allowed to read mail"));
        app = Some(name);
    }
    for at in 0..plan.assets.len() {
        let Some(asset) = plan.assets.get(at).cloned() else { continue };
        time += scene.rng.between(60, 2_400) * SECOND;
        let fact = scene.facts.add(Some(root));
        match &asset.place {
            Place::Mail(owner, folder) if owner.name == user.name => {
                mailbox(scene, plan, (at, by, app), folder, time, fact);
            }
            Place::Site(site, folder) => {
                site_read(scene, plan, (at, by), (site, folder, &asset), time, fact)
            }
            _ => continue,
        }
        if let Some(asset) = plan.asset(at) {
            asset.reaches.push(root);
            if asset.fate == Fate::Untouched {
                asset.fate = Fate::Reached;
            }
        }
    }
}

/// What an analyst knows of a sign-in: the address it came from; where others
/// use that too, the session.
fn sign_in_seed(plan: &mut Plan, mail: &str, ip: &str, session: Option<&String>) {
    let account = Some(mail.to_owned());
    let seed = match session {
        Some(session) => {
            SaidSeed { account, session: Some(session.clone()), ..SaidSeed::default() }
        }
        None => SaidSeed { account, address: Some(ip.to_owned()), ..SaidSeed::default() },
    };
    let more = session.map_or_else(|| format!("address={ip}"), |s| format!("session={s}"));
    plan.seed(format!("account={mail} {more}"), seed);
}

fn mailbox(
    scene: &mut Scene,
    plan: &mut Plan,
    (at, by, app): (usize, By<'_>, Option<&str>),
    folder: &str,
    time: Micros,
    fact: FactId,
) {
    let client = if app.is_some() { REST } else { scene.rng.word(&[OUTLOOK, WEB]) };
    let by_app = By { app, ..by };
    let choice = scene.rng.below(4);
    let (way, items) = if choice == 0 { ("Sync", 0) } else { ("Bind", 1 + scene.rng.below(5)) };
    let throttled = choice < 2 && scene.rng.chance(15);
    let read = MailRead { way, client, folder, items, throttled };
    let Some(asset) = plan.asset(at) else { return };
    match choice {
        0 => {
            scene.mail_read(by_app, by.account, read, time, Some(fact));
            took(asset, fact);
            let what = format!("{} is synchronised", asset.id);
            plan.step(time, what);
        }
        1 => {
            scene.mail_read(by_app, by.account, read, time, Some(fact));
            asset.fate = Fate::Opened;
            asset.touches.push(fact);
            let what = format!("mail of {} is read", asset.id);
            plan.step(time, what);
        }
        2 if folder == "Inbox" => {
            let to = format!("desk{}@example.com", scene.rng.below(90));
            scene.inbox_rule(by, ("ForwardTo", &to), time, Some(fact));
            took(asset, fact);
            let what = format!("what comes to {} goes to {to} too", asset.id);
            plan.step(time, what);
        }
        _ => {}
    }
}

fn site_read(
    scene: &mut Scene,
    plan: &mut Plan,
    (at, by): (usize, By<'_>),
    (site, folder, asset): (&str, &str, &Asset),
    time: Micros,
    fact: FactId,
) {
    let choice = scene.rng.below(3);
    let operation = match choice {
        0 => "FileDownloaded",
        1 => "FileAccessed",
        _ => return,
    };
    for (n, (file, _)) in (0..).zip(&asset.files) {
        scene.document(by, operation, (site, folder, file), time + n * 3 * SECOND, Some(fact));
    }
    if let Some(asset) = plan.asset(at) {
        asset.fate = Fate::Opened;
        asset.touches.push(fact);
        if choice == 0 {
            took(asset, fact);
        }
    }
    plan.step(time, format!("{} is {operation}", asset.id));
}

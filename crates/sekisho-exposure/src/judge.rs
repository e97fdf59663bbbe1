//! The method, whole: what was extracted and what is asked, to an answer.

use hashbrown::{HashMap, HashSet};

use crate::answer::{
    ANSWER_VERSION, Answer, AssetVerdict, Cleared, Coverage, CoverageWord, Edge, Evicted, Grade,
    Notice, Verdict, Window,
};
use crate::assets::View;
use crate::estate::Estate;
use crate::evidence::RecordId;
use crate::extract::{Class, Extraction};
use crate::ledger::{HOST_EXPECTED, LOG_EXPECTED, Ledger};
use crate::names::{Name, Names};
use crate::people;
use crate::question::{Question, SaidSeed, Seed};
use crate::story::Story;
use crate::taint::{Entity, May, Norm, Sweep};
use crate::verdict::acts::{Acts, Finder};
use crate::verdict::callers::Callers;
use crate::verdict::cite::{Citing, stamp};
use crate::verdict::letters::Letters;
use crate::verdict::ways::Ways;
use crate::verdict::{self, Grounds, Once};
use crate::window::{self, Span};
use crate::{collect, notices};

/// Classes that show what runs on a host.
const WATCHED_BY: [Class; 2] = [Class::Logon, Class::Process];

/// Answers a question. Equal input gives an equal answer, in whatever order
/// activities were read.
#[must_use]
pub fn judge(extraction: &mut Extraction, question: &Question) -> Answer {
    extraction.join();
    let seeds = settle(extraction, &question.seeds);
    let clear: Vec<SaidSeed> =
        question.clear.iter().map(|said| by_name(extraction, said)).collect();
    let estate = Estate::learn(&question.estate, extraction);
    extraction.heard.watched_hosts(&|address, time| estate.host_at(address, time));
    let story = Story::of(extraction, &estate);
    let (names, evidence) = (&extraction.names, &extraction.evidence);
    let mut sweep = Sweep::of(&story, names, &estate);
    let norm = Norm::of(&sweep, &extraction.heard);
    let planted = sweep.plant(&seeds, &clear, evidence, &norm);
    sweep.run();
    let ledger = Ledger::of(&extraction.heard, &story, evidence, names, &estate);
    let citing = Citing { names, evidence };
    // What was seen first need not have been first: nothing is ruled out but
    // over all of the evidence's time.
    let whole = Span { begin: ledger.extent.0, end: ledger.extent.1 };
    let unwatched = unwatched(&sweep, &ledger, whole);
    let may = May::of(&sweep, whole.begin, &unwatched);
    let hosts = |host: Name| estate.canonical(host, whole.begin);
    let view = View { names, hosts: &hosts, shares: estate.shares() };
    let index = question.assets.index(&view);
    let mut finder = Finder {
        sweep: &sweep,
        may: &may,
        callers: Callers::of(&sweep),
        assets: &question.assets,
        index: &index,
        view,
        copies: HashMap::new(),
        letters: Letters::of(&sweep, &question.assets),
        owned: HashMap::new(),
        packed: Vec::new(),
    };
    let acts = finder.run();
    let ways = Ways {
        sweep: &sweep,
        may: &may,
        ledger: &ledger,
        heard: &extraction.heard,
        evidence,
        sensor_lost: std::cell::OnceCell::new(),
        acts: &acts,
        begin: whole.begin,
        end: whole.end,
        signs: signs(&sweep),
        view,
        realms: realms(&ledger, names),
        once: Once::default(),
    };
    let mut verdicts = verdicts(question, &ways, citing, !sweep.taints.is_empty());
    let collect_next = collect::next(&mut verdicts, &ledger, names);
    let window = window::of(&sweep, &ledger, &acts.all, citing);
    on_condition(&mut verdicts, &planted.cleared);
    let cleared = planted.cleared.clone();
    Answer {
        version: ANSWER_VERSION,
        sentence: sentence(&verdicts, &window),
        hosts: people::hosts(&sweep, &ledger, &may, whole, citing),
        accounts: people::accounts(&sweep, citing),
        coverage: coverage(&ledger, names),
        edges: edges(&sweep, citing),
        notices: notices::of(&sweep, &ledger, extraction, question, planted, citing),
        window,
        verdicts,
        collect_next,
        cleared,
    }
}

/// Numbers records by what they are, so that the order of reading is forgotten,
/// and gives back the seeds with the new numbers.
fn settle(extraction: &mut Extraction, seeds: &[Seed]) -> Vec<Seed> {
    let new = extraction.evidence.settle(&extraction.names);
    let of = |record: RecordId| new.get(record.index()).copied().unwrap_or(record);
    for activity in &mut extraction.activities {
        activity.record = of(activity.record);
    }
    let mut seeds = seeds.to_vec();
    for seed in &mut seeds {
        match seed {
            Seed::Detected { record, .. } => *record = of(*record),
            Seed::Said(said) => **said = by_name(extraction, said),
        }
    }
    seeds
}

/// An analyst's word, with the account's name in place of its SID.
fn by_name(extraction: &Extraction, said: &SaidSeed) -> SaidSeed {
    let sid = said.account.as_deref().and_then(|account| extraction.names.find(account));
    let account = sid.and_then(|sid| extraction.sids.account(sid));
    let account = account.map(|account| extraction.names.folded(account).to_owned());
    SaidSeed { account: account.or_else(|| said.account.clone()), ..said.clone() }
}

fn verdicts(
    question: &Question,
    ways: &Ways<'_>,
    citing: Citing<'_>,
    window: bool,
) -> Vec<AssetVerdict> {
    let Acts { tainted, policy, .. } = ways.acts;
    let each = question.assets.all.iter().enumerate().map(|(number, asset)| {
        let way = ways.to(number, asset);
        let grounds = Grounds {
            asset,
            acts: tainted.get(number).map_or(&[], |acts| acts),
            policy: policy.get(number).map_or(&[], |acts| acts),
            way: &way,
            story: ways.sweep.story,
            citing,
            on_host: people::ran_on_asset(ways, asset, citing),
            window,
        };
        verdict::of(&grounds)
    });
    each.collect()
}

/// What an analyst cleared could have made any verdict milder: each says so.
fn on_condition(verdicts: &mut [AssetVerdict], cleared: &Cleared) {
    if cleared.detections == 0 {
        return;
    }
    let condition = format!(
        "what the analyst cleared ({}) was not the intruder's",
        notices::detections(cleared.detections)
    );
    for verdict in verdicts {
        verdict.conditions.insert(0, condition.clone());
    }
}

/// Hosts of which nobody can say what ran there: of each the logons and the
/// processes were not heard over the whole time.
fn unwatched(sweep: &Sweep<'_>, ledger: &Ledger<'_>, span: Span) -> HashSet<Name> {
    let mut hosts: HashSet<Name> = HashSet::new();
    for activity in &sweep.story.activities {
        if let crate::activity::What::Session(session) = &activity.what {
            hosts.extend(activity.place);
            hosts.extend(session.from.host);
        }
    }
    hosts.retain(|host| {
        sweep.is_ours(*host) && !ledger.cover(*host, &WATCHED_BY, span.begin, span.end).whole
    });
    hosts
}

/// When the first and the last sign of the intruder are.
fn signs(sweep: &Sweep<'_>) -> Option<(i64, i64)> {
    let times = || sweep.taints.all().map(|(_, link)| link.time);
    Some((times().min()?, times().max()?))
}

/// Realms of clouds that supply logs, or should.
fn realms(ledger: &Ledger<'_>, names: &Names) -> Vec<Name> {
    let mut realms: Vec<Name> = ledger.sources().iter().filter_map(|source| source.host).collect();
    // One that the estate declares and of which nothing is there may have
    // what is asked for.
    realms.extend(ledger.lacking().iter().filter(|l| l.silent).map(|l| l.host));
    realms.retain(|realm| names.folded(*realm).contains(':'));
    realms.sort_by(|a, b| names.folded(*a).cmp(names.folded(*b)));
    realms.dedup();
    realms
}

fn coverage(ledger: &Ledger<'_>, names: &Names) -> Vec<Coverage> {
    let mut out = Vec::new();
    for source in ledger.sources() {
        for stretch in ledger.stretches(source) {
            out.push(Coverage {
                host: source
                    .host
                    .map_or_else(|| "sensor".to_owned(), |h| names.shown(h).to_owned()),
                channel: names.shown(source.channel).to_owned(),
                from: stamp(stretch.from),
                to: stamp(stretch.to),
                state: stretch.word,
                reason: stretch.reason,
            });
        }
    }
    let (from, to) = (stamp(ledger.extent.0), stamp(ledger.extent.1.saturating_add(1)));
    for lacking in ledger.lacking() {
        let missing = |channel: &str, reason: &str| Coverage {
            host: names.shown(lacking.host).to_owned(),
            channel: channel.to_owned(),
            from: from.clone(),
            to: to.clone(),
            state: CoverageWord::Missing,
            reason: reason.to_owned(),
        };
        out.extend(lacking.logs.iter().map(|log| missing(names.shown(*log), LOG_EXPECTED)));
        if lacking.silent && lacking.logs.is_empty() {
            out.push(missing("any", HOST_EXPECTED));
        }
    }
    out
}

/// The steps of the intruder between hosts, accounts and sessions: steps
/// between processes of one host, and those that are only possible, would drown
/// them.
fn edges(sweep: &Sweep<'_>, citing: Citing<'_>) -> Vec<Edge> {
    let mut links: Vec<_> = sweep
        .taints
        .all()
        .map(|(_, link)| *link)
        .filter(|link| link.grade >= Grade::Probable)
        .filter(|link| {
            let inner = |e: Entity| matches!(e, Entity::Process(_) | Entity::File(..));
            !(inner(link.to) && link.from.is_none_or(inner))
        })
        .collect();
    links.sort_by_key(|link| (link.time, people::entity(sweep, link.to, citing), link.grade));
    links
        .iter()
        .map(|link| Edge {
            from: link.from.map_or_else(|| "seed".to_owned(), |e| people::entity(sweep, e, citing)),
            to: people::entity(sweep, link.to, citing),
            how: link.how.to_owned(),
            time: stamp(link.time),
            grade: link.grade,
            evidence: citing.record(link.record, link.how).into_iter().collect(),
        })
        .collect()
}

/// One sentence for the minister.
fn sentence(verdicts: &[AssetVerdict], window: &Window) -> String {
    let count = |verdict: Verdict| verdicts.iter().filter(|v| v.verdict == verdict).count();
    let out = match window.evicted {
        Evicted::Yes => "The intruder is out.",
        Evicted::No => "The intruder was still there at the end of the evidence.",
        Evicted::NotProvable => "Whether the intruder is out cannot be shown.",
        Evicted::NoIntruder => "No intruder was seen; that is no proof that there was none.",
    };
    if verdicts.is_empty() {
        return format!("No assets were declared. {out}");
    }
    format!(
        "Of {} protected {}, {} taken, {} opened, {} within reach, {} ruled out, {} cannot be determined. {out}",
        verdicts.len(),
        if verdicts.len() == 1 { "asset" } else { "assets" },
        were(count(Verdict::Exfiltrated)),
        were(count(Verdict::Accessed)),
        are(count(Verdict::Reachable)),
        are(count(Verdict::RuledOut)),
        count(Verdict::CannotBeDetermined),
    )
}

fn were(count: usize) -> String {
    format!("{count} {}", if count == 1 { "was" } else { "were" })
}

fn are(count: usize) -> String {
    format!("{count} {}", if count == 1 { "is" } else { "are" })
}

/// A notice.
#[must_use]
pub(crate) fn notice(kind: &str, text: String) -> Notice {
    Notice { kind: kind.to_owned(), text, evidence: Vec::new() }
}

#[cfg(test)]
mod tests;

//! C2SP tlog-policy: which logs and witnesses are known, and whose signatures
//! a checkpoint needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::checkpoint::SignedCheckpoint;
use crate::error::{Malformed, decimal};
use crate::hash::shown;
use crate::key::{Algorithm, VerifyingKey, no_private_key};
use crate::limits::{POLICY_BYTES_MAX, POLICY_GROUPS_MAX, POLICY_LOGS_MAX, POLICY_WITNESSES_MAX};
use crate::note::Standing;

/// The name of the quorum that asks for nobody.
const NONE: &str = "none";

/// What a line may be.
const LINE: &str = "log KEY [URL], witness NAME KEY [URL], group NAME all|any|NUMBER NAME…, or \
    quorum NAME, with public keys";

/// A policy that was read and is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifyingKey>,
    members: Vec<Member>,
    /// Index of a member; `None` asks for nobody.
    quorum: Option<usize>,
}

/// A witness, or a group of those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Witness(VerifyingKey),
    Group { needed: usize, members: Vec<usize> },
}

/// What a policy says of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The log of the policy that signed it.
    pub log: Option<VerifyingKey>,
    /// Whether the policy names logs at all; if not, the log must be known
    /// otherwise.
    pub names_logs: bool,
    /// What each witness of the policy did, in the policy's order.
    pub witnesses: Vec<WitnessStanding>,
    /// Whose cosignatures are missing for the quorum; empty if it is reached.
    pub missing: Vec<Missing>,
}

/// What a witness did about a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessStanding {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifyingKey,
    /// Whether it cosigned.
    pub standing: Standing,
}

/// Cosignatures that are missing: so many of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub needed: usize,
    /// Of whom: witnesses, or groups with their members in brackets.
    pub of: Vec<String>,
}

impl Evaluation {
    /// Whether the quorum is reached.
    #[must_use]
    pub fn has_quorum(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether a log of the policy signed it, and the quorum is reached.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.log.is_some() && self.has_quorum()
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.needed == 1 && self.of.len() == 1 {
            return f.write_str(&self.of.join(", "));
        }
        write!(f, "{} of {}", self.needed, self.of.join(", "))
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > POLICY_BYTES_MAX {
            let what = format!("a policy of {} bytes", text.len());
            return Err(Malformed::new(what, format!("at most {POLICY_BYTES_MAX}")));
        }
        let control = |c: char| c.is_ascii_control() && c != '\t' && c != '\n';
        if text.contains(control) {
            let what = "policy: there is a control character";
            return Err(Malformed::new(what, "none but tabs and newlines"));
        }
        let Some(body) = text.strip_suffix('\n') else {
            return Err(Malformed::new("policy: the last line does not end", "a final newline"));
        };
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(body.split('\n')) {
            let words: Vec<&str> = line.split([' ', '\t']).filter(|w| !w.is_empty()).collect();
            let read = reader.line(&words);
            read.map_err(|e| e.in_part(format!("line {number} of the policy")))?;
        }
        let what = "policy: there is no quorum line";
        let quorum = reader.quorum.ok_or_else(|| Malformed::new(what, "exactly one"))?;
        Ok(Self { logs: reader.logs, members: reader.members, quorum })
    }

    /// The text of a policy that knows one log and needs all of some
    /// witnesses.
    #[must_use]
    pub fn text_needing_all(log: &VerifyingKey, witnesses: &[(String, VerifyingKey)]) -> String {
        let mut text = format!("log {log}\n");
        for (name, key) in witnesses {
            text += &format!("witness {name} {}\n", key.with_algorithm(Algorithm::CosignatureV1));
        }
        let names: Vec<&str> = witnesses.iter().map(|(name, _)| name.as_str()).collect();
        match names.as_slice() {
            [] => text + "quorum none\n",
            [name] => text + &format!("quorum {name}\n"),
            names => {
                text + &format!("group all-of-them all {}\nquorum all-of-them\n", names.join(" "))
            }
        }
    }

    /// The logs that it knows.
    #[must_use]
    pub fn logs(&self) -> &[VerifyingKey] {
        &self.logs
    }

    /// The witnesses that it knows: name in the policy, and key.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &VerifyingKey)> {
        self.members.iter().filter_map(|member| match &member.kind {
            Kind::Witness(key) => Some((member.name.as_str(), key)),
            Kind::Group { .. } => None,
        })
    }

    /// What it says of a checkpoint.
    #[must_use]
    pub fn evaluate(&self, checkpoint: &SignedCheckpoint) -> Evaluation {
        let log = self.logs.iter().find(|log| checkpoint.verify(log).is_ok());
        let (mut witnesses, mut reached) = (Vec::new(), Vec::new());
        for member in &self.members {
            reached.push(match &member.kind {
                Kind::Witness(key) => {
                    let standing = checkpoint.note().standing(key);
                    let (name, key) = (member.name.clone(), key.clone());
                    witnesses.push(WitnessStanding { name, key, standing });
                    matches!(standing, Standing::Signed(_))
                }
                Kind::Group { needed, members } => {
                    let has = |at: &&usize| reached.get(**at) == Some(&true);
                    members.iter().filter(has).count() >= *needed
                }
            });
        }
        let mut missing = Vec::new();
        if let Some(quorum) = self.quorum {
            self.find_missing(quorum, &reached, &mut missing);
        }
        Evaluation { log: log.cloned(), names_logs: !self.logs.is_empty(), witnesses, missing }
    }

    /// What a member lacks. A name is a member once at most, so that each is
    /// looked at once.
    fn find_missing(&self, at: usize, reached: &[bool], out: &mut Vec<Missing>) {
        let open = |at: &usize| reached.get(*at) != Some(&true);
        let Some(member) = self.members.get(at).filter(|_| open(&at)) else { return };
        match &member.kind {
            Kind::Witness(_) => out.push(Missing { needed: 1, of: vec![member.name.clone()] }),
            Kind::Group { needed, members } => {
                let lacking: Vec<usize> = members.iter().copied().filter(open).collect();
                let needed = needed.saturating_sub(members.len() - lacking.len());
                if needed == lacking.len() {
                    lacking.iter().for_each(|at| self.find_missing(*at, reached, out));
                } else {
                    let of = lacking.iter().map(|at| self.described(*at)).collect();
                    out.push(Missing { needed, of });
                }
            }
        }
    }

    fn described(&self, at: usize) -> String {
        let Some(member) = self.members.get(at) else { return String::new() };
        match &member.kind {
            Kind::Witness(_) => member.name.clone(),
            Kind::Group { needed, members } => {
                let names: Vec<String> = members.iter().map(|at| self.described(*at)).collect();
                format!("{} ({needed} of {})", member.name, names.join(", "))
            }
        }
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifyingKey>,
    members: Vec<Member>,
    names: BTreeMap<String, usize>,
    /// Members of groups, each of which may be one only once.
    grouped: BTreeSet<usize>,
    log_keys: BTreeSet<[u8; 32]>,
    witness_keys: BTreeSet<[u8; 32]>,
    groups: usize,
    quorum: Option<Option<usize>>,
}

impl Reader {
    fn line(&mut self, words: &[&str]) -> Result<(), Malformed> {
        match words {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => self.log(key),
            ["witness", name, key] | ["witness", name, key, _] => self.witness(name, key),
            ["group", name, needed, members @ ..] => self.group(name, needed, members),
            ["quorum", name] => self.quorum(name),
            [first, ..] => {
                no_private_key(first, LINE)?;
                let what = format!(
                    "a line that begins with {} and has {} words",
                    shown(first),
                    words.len()
                );
                Err(Malformed::new(what, LINE))
            }
        }
    }

    fn log(&mut self, key: &str) -> Result<(), Malformed> {
        let key: VerifyingKey = key.parse()?;
        at_most(self.logs.len(), POLICY_LOGS_MAX, "logs")?;
        of_kind(&key, Algorithm::Ed25519, "a log")?;
        if !self.log_keys.insert(*key.public()) {
            return Err(Malformed::new("the same log once more", "each public key once"));
        }
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str) -> Result<(), Malformed> {
        let key: VerifyingKey = key.parse()?;
        at_most(self.witness_keys.len(), POLICY_WITNESSES_MAX, "witnesses")?;
        of_kind(&key, Algorithm::CosignatureV1, "a witness")?;
        if !self.witness_keys.insert(*key.public()) {
            return Err(Malformed::new("the same witness once more", "each public key once"));
        }
        self.define(name, Kind::Witness(key))
    }

    fn group(&mut self, name: &str, needed: &str, names: &[&str]) -> Result<(), Malformed> {
        at_most(self.groups, POLICY_GROUPS_MAX, "groups")?;
        self.groups += 1;
        let mut members = Vec::new();
        for name in names {
            let at = self.known(name)?;
            if !self.grouped.insert(at) {
                let what = format!("{} is in a group already", shown(name));
                return Err(Malformed::new(what, "each name in one group only"));
            }
            members.push(at);
        }
        let needed = match needed {
            "all" => Some(members.len()),
            "any" => Some(1),
            number => decimal(number).and_then(|number| usize::try_from(number).ok()),
        };
        let needed = needed.filter(|needed| (1..=members.len()).contains(needed));
        let needed = needed.ok_or_else(|| {
            let what = format!("a group of {} with a threshold that it cannot have", members.len());
            Malformed::new(what, "all, any, or a number from 1 up to that of its members")
        })?;
        self.define(name, Kind::Group { needed, members })
    }

    fn quorum(&mut self, name: &str) -> Result<(), Malformed> {
        let quorum = if name == NONE { None } else { Some(self.known(name)?) };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err(Malformed::new("a second quorum line", "exactly one")),
        }
    }

    fn define(&mut self, name: &str, kind: Kind) -> Result<(), Malformed> {
        let at = self.members.len();
        if name == NONE || self.names.insert(name.to_owned(), at).is_some() {
            let what = format!("{} cannot be defined (again)", shown(name));
            return Err(Malformed::new(what, "a name of its own for each witness and group"));
        }
        self.members.push(Member { name: name.to_owned(), kind });
        Ok(())
    }

    fn known(&self, name: &str) -> Result<usize, Malformed> {
        self.names.get(name).copied().ok_or_else(|| {
            let what = format!("{} is not defined above", shown(name));
            Malformed::new(what, "the name of a witness or group")
        })
    }
}

fn at_most(count: usize, most: usize, what: &str) -> Result<(), Malformed> {
    if count < most {
        return Ok(());
    }
    Err(Malformed::new(format!("more than {most} {what}"), "fewer"))
}

fn of_kind(key: &VerifyingKey, algorithm: Algorithm, who: &str) -> Result<(), Malformed> {
    if key.algorithm() == algorithm {
        return Ok(());
    }
    let what = format!("{who} with a key of type {}", key.algorithm().number());
    Err(Malformed::new(what, format!("type {}", algorithm.number())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::cosignature::cosign;
    use crate::hash::Hash;
    use crate::key::SigningKey;

    fn log() -> SigningKey {
        SigningKey::from_seed("example.com/log", [1; 32]).unwrap()
    }

    fn witness(number: u8) -> SigningKey {
        SigningKey::from_seed(&format!("witness.example/{number}"), [100 + number; 32]).unwrap()
    }

    fn checkpoint(witnesses: &[u8]) -> SignedCheckpoint {
        let head = Checkpoint::new("example.com/log", 3, Hash([3; 32]));
        let mut signed = SignedCheckpoint::sign(&head, &log()).unwrap();
        for number in witnesses {
            let text = signed.note().text().to_owned();
            signed.add(cosign(&witness(*number), &text, 5).unwrap());
        }
        signed
    }

    /// The example of the specification.
    fn example() -> String {
        let w = |name: &str, n| format!("witness {name} {}\n", witness(n).cosigner_vkey());
        let xs = [w("X1", 1), w("X2", 2), w("X3", 3)].concat();
        let ys = [w("Y1", 4), w("Y2", 5), w("Y3", 6)].concat();
        format!(
            "log {}\n\n{xs}group X-witnesses 2 X1 X2 X3\n\n{ys}group Y-witnesses any Y1 Y2 Y3\n\n\
             group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
            log().vkey()
        )
    }

    fn missing(policy: &Policy, witnesses: &[u8]) -> Vec<String> {
        let evaluation = policy.evaluate(&checkpoint(witnesses));
        assert!(evaluation.log.is_some());
        assert_eq!(evaluation.is_accepted(), evaluation.missing.is_empty());
        evaluation.missing.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_missing_is_said_by_name() {
        let policy = Policy::parse(&example()).unwrap();
        assert_eq!(missing(&policy, &[]), ["2 of X1, X2, X3", "1 of Y1, Y2, Y3"]);
        assert_eq!(missing(&policy, &[2]), ["1 of X1, X3", "1 of Y1, Y2, Y3"]);
        assert_eq!(missing(&policy, &[1, 3]), ["1 of Y1, Y2, Y3"]);
        assert_eq!(missing(&policy, &[1, 2, 3, 7]), ["1 of Y1, Y2, Y3"]);
        assert_eq!(missing(&policy, &[1, 3, 6]), [""; 0]);
        let any = example().replace("X-and-Y all", "X-and-Y any");
        let policy = Policy::parse(&any).unwrap();
        let expected = ["1 of X-witnesses (2 of X1, X2, X3), Y-witnesses (1 of Y1, Y2, Y3)"];
        assert_eq!(missing(&policy, &[1]), expected);
        assert_eq!(missing(&policy, &[4]), [""; 0]);
    }

    #[test]
    fn nobody_may_be_needed() {
        let policy = Policy::parse("\t# nobody\n \nquorum\tnone\n").unwrap();
        let evaluation = policy.evaluate(&checkpoint(&[]));
        assert!(evaluation.has_quorum() && !evaluation.names_logs && !evaluation.is_accepted());
    }

    #[test]
    fn a_log_must_have_signed() {
        let policy = Policy::parse(&format!("log {}\nquorum none\n", witness(1).vkey())).unwrap();
        let evaluation = policy.evaluate(&checkpoint(&[]));
        assert!(evaluation.names_logs && evaluation.log.is_none() && !evaluation.is_accepted());
    }

    #[test]
    fn a_wrong_cosignature_does_not_count() {
        let text = Policy::text_needing_all(
            &log().verifying_key(),
            &[("partner".into(), witness(1).verifying_key())],
        );
        let policy = Policy::parse(&text).unwrap();
        let mut signed = checkpoint(&[]);
        signed.add(cosign(&witness(1), "something else\n", 5).unwrap());
        let evaluation = policy.evaluate(&signed);
        assert_eq!(evaluation.witnesses[0].standing, Standing::Wrong);
        assert_eq!(evaluation.missing[0].to_string(), "partner");
        // Nor does a plain signature by the same key.
        let mut signed = checkpoint(&[]);
        signed.add(witness(1).sign_note(signed.note().text()));
        assert!(!policy.evaluate(&signed).has_quorum());
        assert!(policy.evaluate(&checkpoint(&[1])).is_accepted());
    }

    #[test]
    fn policies_are_made() {
        let witnesses: Vec<_> =
            (1..4).map(|n| (format!("w{n}"), witness(n).verifying_key())).collect();
        for count in 0..4 {
            let log = log().verifying_key();
            let policy = Policy::parse(&Policy::text_needing_all(&log, &witnesses[..count]));
            let policy = policy.unwrap();
            assert_eq!(policy.logs(), [log]);
            assert_eq!(policy.witnesses().count(), count);
            assert_eq!(missing(&policy, &[]).len(), count);
            assert_eq!(missing(&policy, &[1, 2, 3]).len(), 0);
        }
    }

    #[test]
    fn policies_that_are_none_are_refused() {
        let good = example();
        let (log, w1, w9) = (log(), witness(1).cosigner_vkey(), witness(9).cosigner_vkey());
        let cases = [
            (String::new(), "end"),
            (good.trim_end().to_owned(), "end"),
            (good.replace("quorum X-and-Y\n", ""), "no quorum"),
            (format!("{good}quorum none\n"), "second quorum"),
            (format!("{good}quorum nobody\n"), "not defined"),
            (format!("{good}log {}\n", log.vkey()), "same log"),
            (format!("{good}log {}\n", log.with_name("other").unwrap().vkey()), "same log"),
            (format!("{good}log {}\n", witness(9).cosigner_vkey()), "type 4"),
            (format!("{good}witness a {w1}\n"), "same witness"),
            (format!("{good}witness a {}\n", log.vkey()), "type 1"),
            (format!("{good}witness X1 {w9}\n"), "again"),
            (format!("{good}witness none {w9}\n"), "cannot be defined"),
            (format!("{good}witness a {w9} url more\n"), "begins with"),
            (format!("{good}witness a\n"), "begins with"),
            (format!("{good}group a all\n"), "threshold"),
            (format!("{good}group a 0 X-and-Y\n"), "threshold"),
            (format!("{good}group a 2 X-and-Y\n"), "threshold"),
            (format!("{good}group a 01 X-and-Y\n"), "threshold"),
            (format!("{good}group a some X-and-Y\n"), "threshold"),
            (format!("{good}group a any X1\n"), "in a group already"),
            (format!("{good}group a any X-and-Y X-and-Y\n"), "in a group already"),
            (format!("{good}group a any a\n"), "not defined"),
            (format!("{good}group a any none\n"), "not defined"),
            (format!("{good}groups\n"), "begins with"),
            (format!("{good}\u{7}\n"), "control"),
            (good.replace('\n', "\r\n"), "control"),
            (format!("#{}\n", "x".repeat(POLICY_BYTES_MAX)), "bytes"),
        ];
        assert!(Policy::parse(&good).is_ok());
        for (case, reason) in cases {
            let refused = Policy::parse(&case).unwrap_err().to_string();
            assert!(refused.contains(reason), "{refused} is not about {reason}");
        }
        for line in
            ["PRIVATE+KEY+a+1+b\n", "log PRIVATE+KEY+a+1+b\n", "group g all PRIVATE+KEY+a+1+b\n"]
        {
            let refused = Policy::parse(&format!("{good}{line}")).unwrap_err().to_string();
            assert!(refused.contains("private key") && !refused.contains("a+1+b"), "{refused}");
        }
        assert!(Policy::parse(&format!("{good}log x\n")).unwrap_err().what.contains("line 15"));
    }

    #[test]
    fn many_witnesses_and_groups_are_read() {
        let mut text = String::new();
        for n in 0..32 {
            text += &format!("witness w{n} {}\n", witness(n).cosigner_vkey());
            text += &format!(
                "group g{n} any w{n}{}\n",
                if n > 0 { format!(" g{}", n - 1) } else { String::new() }
            );
        }
        let policy = Policy::parse(&format!("{text}quorum g31\n")).unwrap();
        assert!(policy.evaluate(&checkpoint(&[0])).has_quorum());
        assert!(!policy.evaluate(&checkpoint(&[40])).has_quorum());
    }
}

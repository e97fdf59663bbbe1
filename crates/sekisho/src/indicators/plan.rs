//! From the tree of a pattern to what is asked of events: comparisons that no
//! event can answer are passed over where there are alternatives to them.

use super::bundle::Why;
use super::check::{Budget, Test, Unanswered};
use super::limits::JOINED_EVENTS_MAX;
use super::pattern::{Condition, Expression, Qualifier};

/// A condition on one event.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    Test(Test),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

/// How events satisfy a pattern together; numbers are those of
/// [`Plan::observations`].
#[derive(Clone, Debug)]
pub(super) enum Joined {
    Event(u16),
    All(Vec<Joined>),
    Any(Vec<Joined>),
    Sequence(Vec<Joined>),
    Within(Box<Joined>, i64),
    Repeats(Box<Joined>, u32),
}

/// One observation.
#[derive(Clone, Debug)]
pub(super) struct Observation {
    pub(super) formula: Formula,
    /// Only events from the first time and before the second, in nanoseconds
    /// since 1970 in UTC.
    pub(super) between: Option<(i64, i64)>,
}

/// What is asked of events.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) observations: Vec<Observation>,
    /// How they are joined; `None` where any of them satisfies the pattern
    /// alone.
    pub(super) joined: Option<Joined>,
}

/// A plan, and the alternatives that were passed over.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) passed_over: Vec<Box<str>>,
}

impl Plan {
    /// Checks a pattern.
    pub(super) fn of(
        expression: &Expression,
        budget: &mut Budget,
    ) -> Result<Planned, (Why, String)> {
        let mut planner = Planner { observations: Vec::new(), passed_over: Vec::new(), budget };
        let joined = planner.expression(expression, None).map_err(|e| (Why::Invalid, e))?;
        let mut passed_over = planner.passed_over;
        passed_over.dedup();
        let Some(joined) = joined else {
            passed_over.truncate(3);
            return Err((
                Why::NotCarried,
                format!("it can never match: {}", passed_over.join("; ")),
            ));
        };
        let mut joined = joined;
        // Those of which the other side of an AND can never hold are left out.
        let mut numbers = vec![None; planner.observations.len()];
        let mut next = 0;
        renumber(&mut joined, &mut numbers, &mut next);
        let mut kept = numbers.iter();
        let mut observations = planner.observations;
        observations.retain(|_| kept.next().is_some_and(Option::is_some));
        if needed(&joined) > JOINED_EVENTS_MAX {
            let reason = format!("the pattern needs more than {JOINED_EVENTS_MAX} events together");
            return Err((Why::Limit, reason));
        }
        let joined = Some(joined).filter(|joined| !stands_alone(joined));
        Ok(Planned { plan: Self { observations, joined }, passed_over })
    }
}

fn stands_alone(joined: &Joined) -> bool {
    match joined {
        Joined::Event(_) => true,
        Joined::Any(parts) => parts.iter().all(stands_alone),
        _ => false,
    }
}

/// How many events are chosen one by one; a run of one observation is chosen
/// at once.
fn needed(joined: &Joined) -> usize {
    match joined {
        Joined::Event(_) => 1,
        Joined::All(parts) | Joined::Any(parts) | Joined::Sequence(parts) => {
            parts.iter().map(needed).fold(0, usize::saturating_add)
        }
        Joined::Within(inner, _) => needed(inner),
        Joined::Repeats(inner, _) if matches!(**inner, Joined::Event(_)) => 1,
        Joined::Repeats(inner, times) => needed(inner).saturating_mul(*times as usize),
    }
}

/// Gives the observations that are used new numbers, in their order.
fn renumber(joined: &mut Joined, numbers: &mut [Option<u16>], next: &mut u16) {
    match joined {
        Joined::Event(number) => {
            if let Some(known) = numbers.get_mut(usize::from(*number)) {
                *number = *known.get_or_insert_with(|| {
                    *next += 1;
                    *next - 1
                });
            }
        }
        Joined::All(parts) | Joined::Any(parts) | Joined::Sequence(parts) => {
            parts.iter_mut().for_each(|part| renumber(part, numbers, next));
        }
        Joined::Within(inner, _) | Joined::Repeats(inner, _) => renumber(inner, numbers, next),
    }
}

struct Planner<'a> {
    observations: Vec<Observation>,
    passed_over: Vec<Box<str>>,
    budget: &'a mut Budget,
}

type Between = Option<(i64, i64)>;

impl Planner<'_> {
    /// `None`: it can never hold.
    fn expression(
        &mut self,
        expression: &Expression,
        between: Between,
    ) -> Result<Option<Joined>, String> {
        Ok(match expression {
            Expression::Observation(condition) => {
                let Some(formula) = self.condition(condition)? else { return Ok(None) };
                let number = u16::try_from(self.observations.len())
                    .map_err(|_| "there are too many observations".to_owned())?;
                self.observations.push(Observation { formula, between });
                Some(Joined::Event(number))
            }
            Expression::Any(parts) => {
                let mut kept = Vec::new();
                for part in parts {
                    kept.extend(self.expression(part, between)?);
                }
                one_or(kept, Joined::Any)
            }
            Expression::All(parts) => self.all(parts, between)?.map(Joined::All),
            Expression::Sequence(parts) => self.all(parts, between)?.map(Joined::Sequence),
            Expression::Qualified(inner, qualifier) => {
                self.qualified(inner, *qualifier, between)?
            }
        })
    }

    fn all(
        &mut self,
        parts: &[Expression],
        between: Between,
    ) -> Result<Option<Vec<Joined>>, String> {
        let parts: Result<Vec<_>, String> =
            parts.iter().map(|part| self.expression(part, between)).collect();
        Ok(parts?.into_iter().collect())
    }

    fn qualified(
        &mut self,
        inner: &Expression,
        qualifier: Qualifier,
        between: Between,
    ) -> Result<Option<Joined>, String> {
        if let Qualifier::Between(start, stop) = qualifier {
            let (start, stop) = match between {
                Some((outer_start, outer_stop)) => (start.max(outer_start), stop.min(outer_stop)),
                None => (start, stop),
            };
            return self.expression(inner, Some((start, stop)));
        }
        let Some(inner) = self.expression(inner, between)? else { return Ok(None) };
        Ok(Some(match qualifier {
            // One event is always within a time of itself.
            Qualifier::Within(_) if stands_alone(&inner) => inner,
            Qualifier::Within(window) => Joined::Within(Box::new(inner), window),
            Qualifier::Repeats(1) | Qualifier::Between(..) => inner,
            Qualifier::Repeats(times) => Joined::Repeats(Box::new(inner), times),
        }))
    }

    fn condition(&mut self, condition: &Condition) -> Result<Option<Formula>, String> {
        Ok(match condition {
            Condition::Test(comparison) => match Test::of(comparison, self.budget) {
                Ok(test) => Some(Formula::Test(test)),
                Err(Unanswered::Never(reason)) => {
                    self.passed_over.push(reason.into());
                    None
                }
                Err(Unanswered::Wrong(reason)) => return Err(reason),
            },
            Condition::Any(parts) => {
                let mut kept = Vec::new();
                for part in parts {
                    kept.extend(self.condition(part)?);
                }
                one_or(kept, Formula::Any)
            }
            Condition::All(parts) => {
                let parts: Result<Vec<_>, String> =
                    parts.iter().map(|part| self.condition(part)).collect();
                let parts: Option<Vec<Formula>> = parts?.into_iter().collect();
                parts.map(Formula::All)
            }
        })
    }
}

fn one_or<T>(mut parts: Vec<T>, join: fn(Vec<T>) -> T) -> Option<T> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(join(parts)),
    }
}

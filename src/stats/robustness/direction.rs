//! The direction of a claim on a few cells: what the means say, without a test. Parts of a claim whose cells are not there
//! are left out, so a direction is only ever held against one of the same cells.

use super::super::claims::{CellData, Evidence, Margins, points};
use super::super::mean;
use crate::data::DatasetId;
use crate::study::claims::{CellName, Claim, Part, Predicate, REGISTRY, Statement};

/// What the means show of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Holds,
    Partly,
    Fails,
}

impl Seen {
    pub fn name(self) -> &'static str {
        match self {
            Seen::Holds => "holds",
            Seen::Partly => "holds in part",
            Seen::Fails => "fails",
        }
    }

    fn of(truths: &[bool]) -> Seen {
        match (truths.contains(&true), truths.contains(&false)) {
            (true, true) => Seen::Partly,
            (true, false) => Seen::Holds,
            (false, _) => Seen::Fails,
        }
    }
}

/// A claim with its direction.
#[derive(Clone)]
pub struct Direction {
    pub claim: &'static Claim,
    pub seen: Seen,
    /// The numbers behind it.
    pub words: String,
}

/// `left - right` over the seeds that both have; a diverged trial counts as chance.
pub fn differences(left: &CellData, right: &CellData) -> Vec<f64> {
    let of_seed = |seed| right.runs.iter().find(|r| r.seed == seed);
    left.runs.iter().filter_map(|l| Some(left.value(l)? - right.value(of_seed(l.seed)?)?)).collect()
}

/// Every claim that these cells say something about, in order of number.
pub fn directions(evidence: &Evidence, margins: &Margins) -> Vec<Direction> {
    let see = See { evidence, margins };
    REGISTRY
        .iter()
        .filter_map(|claim| {
            let (seen, words) = see.predicate(&claim.predicate)?;
            Some(Direction { claim, seen, words: words.join("; ") })
        })
        .collect()
}

struct See<'a> {
    evidence: &'a Evidence,
    margins: &'a Margins,
}

/// The difference of two cells.
struct Gap {
    mean: f64,
    /// Every seed is on the side of the mean.
    agreed: bool,
    margin: f64,
    words: String,
}

impl See<'_> {
    fn gap(&self, left: &str, right: &str) -> Option<Gap> {
        let (l, r) = self.evidence.pair(left, right)?;
        let d = differences(l, r);
        let mean = mean(&d).ok()?;
        let dataset = l.name.dataset;
        let right = r.name.to_string();
        let right = right.strip_prefix(dataset.title()).unwrap_or(&right).trim_start();
        Some(Gap {
            mean,
            agreed: d.iter().all(|v| v * mean > 0.0),
            margin: self.margins.of(dataset),
            words: format!("{} minus {right} {}", l.name, points(mean)),
        })
    }

    /// Against backpropagation.
    fn against(&self, cells: Vec<String>) -> Vec<Gap> {
        let bp = |c: &str| CellName::parse(c).map(|n| n.backpropagation());
        cells.iter().filter_map(|c| self.gap(c, &bp(c)?)).collect()
    }

    fn statement(&self, s: &Statement) -> Option<(bool, String)> {
        match s {
            Statement::Below { left, right, points } => {
                self.gap(left, right).map(|g| (g.mean < -points / 100.0, g.words))
            }
            Statement::Alike { left, right } => self.gap(left, right).map(|g| (g.mean.abs() < g.margin, g.words)),
            Statement::AlikeUpTo { ladder, right } => {
                self.statement(&Statement::Alike { left: ladder[0].clone(), right: right.clone() })
            }
            Statement::NotWorse { left, right } => self.gap(left, right).map(|g| (g.mean > -g.margin, g.words)),
            Statement::BestAlike { choices, right } => {
                let score = |c: &CellData| c.runs.iter().filter_map(|r| r.validation).sum::<f64>();
                let there = choices.iter().filter_map(|c| Some((c, self.evidence.find(c)?)));
                let (best, _) = there.max_by(|a, b| score(a.1).total_cmp(&score(b.1)))?;
                self.statement(&Statement::Alike { left: best.clone(), right: right.clone() })
            }
        }
    }

    /// Whether each part holds, of those with cells here.
    fn parts(&self, parts: Vec<Part>) -> (Vec<bool>, Vec<String>) {
        let (mut truths, mut words) = (vec![], vec![]);
        for part in parts {
            let all: Vec<(bool, String)> = part.all.iter().filter_map(|s| self.statement(s)).collect();
            if all.is_empty() {
                continue;
            }
            truths.push(all.iter().all(|(holds, _)| *holds));
            words.extend(all.into_iter().map(|(_, words)| words));
        }
        (truths, words)
    }

    /// `None` where nothing can be seen.
    fn predicate(&self, predicate: &Predicate) -> Option<(Seen, Vec<String>)> {
        let some = |(truths, words): (Vec<bool>, Vec<String>)| (!truths.is_empty()).then(|| (Seen::of(&truths), words));
        let words = |gaps: &[&Gap]| gaps.iter().map(|g| g.words.clone()).collect::<Vec<_>>();
        match predicate {
            Predicate::Parts(parts) => some(self.parts(parts())),
            Predicate::Readings(parts) => {
                let [mut d, k] = ["d", "k"].map(|r| self.parts(parts(r)));
                d.0.extend(k.0);
                d.1.extend(k.1);
                some(d)
            }
            Predicate::NoBenefit(cells) => {
                let gaps = self.against(cells());
                some((gaps.iter().map(|g| g.mean < g.margin).collect(), words(&gaps.iter().collect::<Vec<_>>())))
            }
            Predicate::AnyAbove { own, matched } => {
                let gaps = self.against(own().into_iter().chain(matched()).collect());
                // one cell of many is above by chance: its seeds must agree
                let above: Vec<&Gap> = gaps.iter().filter(|g| g.mean > 0.0 && g.agreed).collect();
                let said = match above.is_empty() {
                    true => vec![format!("none of {} cells above backpropagation in every seed", gaps.len())],
                    false => words(&above),
                };
                (!gaps.is_empty()).then(|| (Seen::of(&[!above.is_empty()]), said))
            }
            Predicate::MostlyAhead(cells) => {
                let gaps = self.against(cells());
                let ahead = gaps.iter().filter(|g| g.mean < 0.0).count();
                let said = vec![format!("backpropagation ahead of {ahead} of {} cells", gaps.len())];
                (!gaps.is_empty()).then(|| (Seen::of(&[2 * ahead > gaps.len()]), said))
            }
            Predicate::Closest { near, far } => {
                let (mut truths, mut said) = (vec![], vec![]);
                for dataset in DatasetId::ALL {
                    let gap = |cells: Vec<String>| median(self.against(cells).iter().map(|g| -g.mean).collect());
                    let (Some(a), Some(b)) = (gap(near(dataset.name())), gap(far(dataset.name()))) else { continue };
                    truths.push(a < b);
                    said.push(format!(
                        "{}: median gap {} for feedback, {} for the others",
                        dataset.title(),
                        points(a),
                        points(b)
                    ));
                }
                some((truths, said))
            }
            // orders, spreads, times and growth need all their cells, or a test; that nothing overfits, long runs
            _ => None,
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
}

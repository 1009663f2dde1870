//! The claims of the post, C1 to C24.

use super::Statement::{Alike, AlikeUpTo, Below, BestAlike, NotWorse};
use super::{CellName, Claim, Part, Predicate, Statement};

const DATASETS: [&str; 2] = ["mnist", "cifar10"];
const NETWORKS: [&str; 3] = ["1x2000", "2x800-relu", "2x800-tanh"];
const BETAS: [&str; 6] = ["1e-6", "1e-5", "1e-4", "1e-3", "1e-2", "1e-1"];
const VARIANTS: [&str; 3] = ["hl", "t", "t-gs"];
const LOCAL: [&str; 2] = ["hebb", "oja"];

fn hebbnet(dataset: &str, variant: &str, local: &str) -> String {
    let mask = if variant == "t-gs" { ",mask=top" } else { "" };
    format!("{dataset}/1x2000/hebbnet/local={local}{mask},sign=plus,variant={variant}")
}
fn sum(dataset: &str, local: &str, beta: &str) -> String {
    format!("{dataset}/1x2000/sum/beta={beta},local={local},sign=plus")
}
fn descent(dataset: &str, reading: &str, train: &str) -> String {
    // with a frozen hidden layer D and K are one cell, and its reading says nothing
    match train {
        "output" => format!("{dataset}/1x2000/hd/centre=running,train=output"),
        _ => format!("{dataset}/1x2000/hd/centre=running,reading={reading},train={train}"),
    }
}
fn bp(dataset: &str) -> String {
    format!("{dataset}/1x2000/bp")
}
fn part(name: impl Into<String>, all: Vec<Statement>) -> Part {
    Part { name: name.into(), all, beside: vec![] }
}
fn below(left: String, right: String, points: f64) -> Statement {
    Below { left, right, points }
}
fn title(dataset: &str) -> &'static str {
    if dataset == "mnist" { "MNIST" } else { "CIFAR-10" }
}

/// Rule and network of the five columns that differ: with one hidden layer direct feedback alignment is the same.
fn feedback_rules() -> Vec<(&'static str, &'static str)> {
    let two = NETWORKS.into_iter().skip(1).map(|n| ("dfa", n));
    NETWORKS.into_iter().map(|n| ("fa", n)).chain(two).collect()
}
fn kinds(scale: &str) -> [String; 4] {
    let of = |k: &str| format!("feedback={k},scale={scale}");
    ["feedback=random".into(), "feedback=random-sign".into(), of("binary"), of("binary-sign")]
}
fn blocks(scale: &str) -> Vec<Vec<String>> {
    let block = |d: &str, (rule, n): (&str, &str)| {
        kinds(scale).iter().map(|k| format!("{d}/{n}/{rule}/{k}")).collect::<Vec<_>>()
    };
    DATASETS.into_iter().flat_map(|d| feedback_rules().into_iter().map(move |r| block(d, r))).collect()
}
fn literal_feedback() -> Vec<String> {
    blocks("literal").concat()
}
fn matched_feedback() -> Vec<String> {
    blocks("matched").concat().into_iter().filter(|c| c.contains("scale")).collect()
}
fn trained_feedback() -> Vec<String> {
    let mut cells = vec![];
    for d in DATASETS {
        for n in NETWORKS {
            cells.extend(LOCAL.map(|l| match n {
                // only this network has the variants that renormalise B or start it at the transpose
                "1x2000" => format!("{d}/{n}/fa/feedback={l},renormalise=no,start=random"),
                _ => format!("{d}/{n}/fa/feedback={l}"),
            }));
            if n != "1x2000" {
                cells.push(format!("{d}/{n}/dfa/feedback=hebb"));
            }
        }
    }
    cells
}
fn all_hebbnet(dataset: &str) -> Vec<String> {
    LOCAL.into_iter().flat_map(|l| VARIANTS.map(|v| hebbnet(dataset, v, l))).collect()
}
/// The post's six bars per dataset. D stands for its Hebbian descent: K is a second reading of the same bars, which must not
/// count twice.
fn all_descent(dataset: &str) -> Vec<String> {
    let bars = ["full", "output", "hidden"].map(|t| [descent(dataset, "d", t), oja_descent(dataset, t)]);
    bars.concat()
}
fn oja_descent(dataset: &str, train: &str) -> String {
    format!("{dataset}/1x2000/hd/reading=o1,train={train}")
}
fn all_sums(betas: &[&str]) -> Vec<String> {
    let of = |d: &'static str, l: &'static str| betas.iter().map(move |b| sum(d, l, b));
    DATASETS.into_iter().flat_map(|d| LOCAL.into_iter().flat_map(move |l| of(d, l))).collect()
}
fn posts_own() -> Vec<String> {
    let first = DATASETS.into_iter().flat_map(|d| all_hebbnet(d).into_iter().chain(all_descent(d)));
    first.chain(all_sums(&["1e-1"])).chain(literal_feedback()).chain(trained_feedback()).collect()
}
/// Without those that leave a layer untrained: that saves time under any rule.
fn posts_own_whole() -> Vec<String> {
    let partial = |c: &String| c.contains("train=hidden") || c.contains("train=output");
    posts_own().into_iter().filter(|c| !partial(c)).collect()
}
fn growth(dataset: &str, local: &str) -> String {
    format!("{dataset}/1x2000/growth/local={local}")
}
fn of(dataset: &str) -> impl Fn(&String) -> bool + '_ {
    move |cell| CellName::parse(cell).is_some_and(|c| c.dataset.name() == dataset)
}

/// Every claim, in order of number.
pub static REGISTRY: &[Claim] = &[
    Claim {
        id: "C1",
        figures: &["3"],
        title: "Vanilla Hebbian learning does poorly on MNIST",
        claim: "Vanilla Hebbian learning does poorly on MNIST with either local rule, and worse than the other two variants.",
        rule: "With Hebb and with Oja at least 2 points below a linear classifier on the same inputs; and below HL+T and HL+T+GS. One half only: partly.",
        predicate: Predicate::Parts(|| {
            let weak = LOCAL.map(|l| below(hebbnet("mnist", "hl", l), "mnist/linear/bp".into(), 2.0));
            let worse = LOCAL
                .into_iter()
                .flat_map(|l| ["t", "t-gs"].map(|v| below(hebbnet("mnist", "hl", l), hebbnet("mnist", v, l), 0.0)));
            vec![part("below a linear classifier", weak.into()), part("below the other variants", worse.collect())]
        }),
        family: "figure 3",
        least_steps: 2000,
    },
    Claim {
        id: "C2",
        figures: &["3"],
        title: "On CIFAR-10 the three HebbNet variants are alike",
        claim: "On CIFAR-10 the three variants of HebbNet perform alike.",
        rule: "Pairwise equivalent within the margin, per local rule.",
        predicate: Predicate::Parts(|| {
            LOCAL
                .map(|l| {
                    let pair = |a, b| Alike { left: hebbnet("cifar10", a, l), right: hebbnet("cifar10", b, l) };
                    let name = if l == "oja" { "Oja" } else { "Hebb" };
                    part(name, vec![pair("t", "hl"), pair("t-gs", "hl"), pair("t-gs", "t")])
                })
                .into()
        }),
        family: "figure 3",
        least_steps: 2000,
    },
    Claim {
        id: "C3",
        figures: &["3"],
        title: "HebbNet's published level is not reached",
        claim: "The accuracies stay considerably below those that HebbNet's authors published.",
        rule: "Cannot be tested: the paper's table could not be read.",
        predicate: Predicate::CannotBeTested(
            "HebbNet's own table could not be obtained; the best public re-implementation reaches 92.7% on MNIST",
        ),
        family: "figure 3",
        least_steps: 2000,
    },
    Claim {
        id: "C4",
        figures: &["3"],
        title: "Oja's rule generally beats Hebb's in HebbNet",
        claim: "With HebbNet, Oja's rule generally does better than Hebb's.",
        rule: "Better in at least 4 of the 6 pairs and worse in none; better in most: partly.",
        predicate: Predicate::BetterInMost {
            pairs: || {
                let pair = |d, v| (hebbnet(d, v, "oja"), hebbnet(d, v, "hebb"));
                DATASETS.into_iter().flat_map(|d| VARIANTS.map(|v| pair(d, v))).collect()
            },
            least: 4,
        },
        family: "figure 3",
        least_steps: 2000,
    },
    Claim {
        id: "C5",
        figures: &["4"],
        title: "In the sum rule accuracy grows as beta shrinks",
        claim: "In the sum rule, the smaller beta, the better the accuracy.",
        rule: "Hebb, per dataset: no step down by more than the margin as beta shrinks, and the smallest beta better than the largest.",
        predicate: Predicate::Parts(|| {
            DATASETS
                .map(|d| {
                    let steps =
                        BETAS.windows(2).map(|w| NotWorse { left: sum(d, "hebb", w[0]), right: sum(d, "hebb", w[1]) });
                    let ends = below(sum(d, "hebb", BETAS[5]), sum(d, "hebb", BETAS[0]), 0.0);
                    part(title(d), steps.chain([ends]).collect())
                })
                .into()
        }),
        family: "figure 4",
        least_steps: 8000,
    },
    Claim {
        id: "C6",
        figures: &["4"],
        title: "The smallest beta matches backpropagation",
        claim: "With the smallest beta the sum rule matches backpropagation on both datasets.",
        rule: "Hebb: equivalent within the margin, per dataset; the largest beta up to which that holds is named.",
        predicate: Predicate::Parts(|| {
            let ladder = |d| BETAS.map(|b| sum(d, "hebb", b)).into();
            DATASETS.map(|d| part(title(d), vec![AlikeUpTo { ladder: ladder(d), right: bp(d) }])).into()
        }),
        family: "figure 4",
        least_steps: 8000,
    },
    Claim {
        id: "C7",
        figures: &["4"],
        title: "The sum rule with Oja stays near 30% on MNIST",
        claim: "On MNIST the sum rule with Oja's rule stays around 30%, whatever beta is.",
        rule: "Mean accuracy within 25% to 35% at every beta; at some: partly.",
        predicate: Predicate::InBand { cells: || BETAS.map(|b| sum("mnist", "oja", b)).into(), low: 0.25, high: 0.35 },
        family: "figure 4",
        least_steps: 2000,
    },
    Claim {
        id: "C8",
        figures: &["4"],
        title: "On CIFAR-10 the sum rule is alike with Oja and Hebb",
        claim: "On CIFAR-10 the sum rule does alike with Oja's rule and with Hebb's.",
        rule: "Equivalent within the margin at each beta.",
        predicate: Predicate::Parts(|| {
            let alike = |b| Alike { left: sum("cifar10", "oja", b), right: sum("cifar10", "hebb", b) };
            BETAS.map(|b| part(format!("beta {b}"), vec![alike(b)])).into()
        }),
        family: "figure 4",
        least_steps: 2000,
    },
    Claim {
        id: "C9",
        figures: &["4"],
        title: "The Hebbian term gives no benefit at any beta",
        claim: "Adding the Hebbian term to the gradient gives no benefit over backpropagation at any beta.",
        rule: "Simultaneous upper 95% bound of the difference below the margin at every beta; a cell above after Holm: not reproduced.",
        predicate: Predicate::NoBenefit(|| all_sums(&BETAS)),
        family: "figure 4",
        least_steps: 8000,
    },
    Claim {
        id: "C10",
        figures: &["5"],
        title: "Backpropagation beats Hebbian descent",
        claim: "Backpropagation does better than Hebbian descent on both datasets.",
        rule: "Full training below backpropagation, per dataset and for both readings of the derivative.",
        predicate: Predicate::Readings(|r| {
            DATASETS.map(|d| part(title(d), vec![below(descent(d, r, "full"), bp(d), 0.0)])).into()
        }),
        family: "figure 5",
        least_steps: 8000,
    },
    Claim {
        id: "C11",
        figures: &["5"],
        title: "Hebbian descent is close to backpropagation on MNIST",
        claim: "On MNIST Hebbian descent comes very close to backpropagation.",
        rule: "Equivalent within the margin, for both readings.",
        predicate: Predicate::Readings(|r| {
            vec![part("MNIST", vec![Alike { left: descent("mnist", r, "full"), right: bp("mnist") }])]
        }),
        family: "figure 5",
        least_steps: 8000,
    },
    Claim {
        id: "C12",
        figures: &["5"],
        title: "Training one layer costs little on MNIST, much on CIFAR-10",
        claim: "On MNIST training only one of the two layers costs little; on CIFAR-10 it clearly costs.",
        rule: "MNIST: both partial trainings equivalent to full; CIFAR-10: both at least 2 points below full; for both readings.",
        predicate: Predicate::Readings(|r| {
            let partial = ["output", "hidden"];
            let alike = |t| Alike { left: descent("mnist", r, t), right: descent("mnist", r, "full") };
            let costs = |t| below(descent("cifar10", r, t), descent("cifar10", r, "full"), 2.0);
            vec![part("MNIST", partial.map(alike).into()), part("CIFAR-10", partial.map(costs).into())]
        }),
        family: "figure 5",
        least_steps: 8000,
    },
    Claim {
        id: "C13",
        figures: &["5"],
        title: "Hebbian descent with Oja's factor falls behind",
        claim: "Hebbian descent falls behind on both datasets when Oja's factor replaces the centred input.",
        rule: "Reading O1 below reading D, both full, per dataset; D without centring, as O1 is not centred, stands beside.",
        predicate: Predicate::Parts(|| {
            let full = |d| descent(d, "d", "full");
            let uncentred = |d| format!("{d}/1x2000/hd/centre=none,reading=d,train=full");
            let falls = |d| part(title(d), vec![below(oja_descent(d, "full"), full(d), 0.0)]);
            DATASETS.map(|d| Part { beside: vec![(uncentred(d), full(d))], ..falls(d) }).into()
        }),
        family: "figure 5",
        least_steps: 8000,
    },
    Claim {
        id: "C14",
        figures: &["7", "8"],
        title: "Some feedback cells beat backpropagation",
        claim: "In several cases feedback alignment or direct feedback alignment does better than backpropagation.",
        rule: "Any cell of both figures above its backpropagation after Holm; norm-matched cells are counted apart: above among them only: partly.",
        predicate: Predicate::AnyAbove { own: literal_feedback, matched: matched_feedback },
        family: "figures 7 and 8",
        least_steps: 8000,
    },
    Claim {
        id: "C15",
        figures: &["7", "8"],
        title: "No simple pattern orders the feedback kinds",
        claim: "No simple pattern orders the kinds of feedback across networks and datasets.",
        rule: "Kendall's W of the four kinds over those of ten blocks that tell them apart (at least five), kinds within the margin sharing a rank: 95% bootstrap interval below 0.5; above 0.7: not reproduced.",
        predicate: Predicate::NoOrder {
            literal: || blocks("literal"),
            matched: || blocks("matched"),
            low: 0.5,
            high: 0.7,
        },
        family: "figures 7 and 8",
        least_steps: 8000,
    },
    Claim {
        id: "C16",
        figures: &["7", "8"],
        title: "Backpropagation does not overfit",
        claim: "Backpropagation does not overfit in these runs.",
        rule: "Test accuracy at the last epoch not worse than at the best validation epoch by the margin.",
        predicate: Predicate::LastAsBest(|| {
            DATASETS.into_iter().flat_map(|d| NETWORKS.map(|n| format!("{d}/{n}/bp"))).collect()
        }),
        family: "backpropagation",
        least_steps: 28_000,
    },
    Claim {
        id: "C17",
        figures: &["five-runs"],
        title: "Five runs of backpropagation have no spread",
        claim: "Over five runs of backpropagation (MNIST, one hidden layer) the standard deviation of train and test accuracy is zero.",
        rule: "Five seeds: standard deviation of test accuracy below 0.005 points; of train accuracy likewise, once it is above 99.99% in all runs.",
        predicate: Predicate::NoSpread { cell: "mnist/1x2000/bp", points: 0.005 },
        family: "backpropagation",
        least_steps: 10_000,
    },
    Claim {
        id: "C18",
        figures: &["11"],
        title: "Oja's rule cannot directly train B under DFA",
        claim: "Under direct feedback alignment Oja's rule cannot be used directly to train the feedback matrices, since the shapes do not fit.",
        rule: "By construction: the plain form is refused where the shapes differ; a form with shapes that fit trains.",
        predicate: Predicate::ByConstruction(
            "taken literally, Oja's decay squares the 800 activities of the layer above, but a lower feedback matrix of 2x800 is 800 x 10, so the shapes do not fit (with one hidden layer they do); Oja's rule on the synapse from the hidden layer to the output (10 x 800) fits and trains",
        ),
        family: "by construction",
        least_steps: 0,
    },
    Claim {
        id: "C19",
        figures: &["3", "4", "5", "7", "8", "9", "10", "11"],
        title: "Backpropagation wins most of the time",
        claim: "Over all experiments backpropagation is ahead most of the time.",
        rule: "Ahead after Holm in more than half of the post's own cells (of figure 4 beta = 0.1 alone).",
        predicate: Predicate::MostlyAhead(posts_own),
        family: "all cells",
        least_steps: 8000,
    },
    Claim {
        id: "C20",
        figures: &["3", "5"],
        title: "Hebbian rules match only when combined with gradients",
        claim: "Simple Hebbian rules do not match backpropagation; combined with gradient descent they nearly do.",
        rule: "Every HebbNet cell below backpropagation; Hebbian descent, full, in the reading better on validation, equivalent on MNIST.",
        predicate: Predicate::Parts(|| {
            let hebbnet = |d| all_hebbnet(d).into_iter().map(move |c| below(c, bp(d), 0.0));
            let nearly =
                BestAlike { choices: ["d", "k"].map(|r| descent("mnist", r, "full")).into(), right: bp("mnist") };
            vec![
                part("HebbNet is below backpropagation", DATASETS.into_iter().flat_map(hebbnet).collect()),
                part("Hebbian descent is alike on MNIST", vec![nearly]),
            ]
        }),
        family: "Hebbian against backpropagation",
        least_steps: 8000,
    },
    Claim {
        id: "C21",
        figures: &["growth"],
        title: "Plain Hebb's weights grow without bound",
        claim: "Under plain Hebbian learning the weights grow without bound.",
        rule: "Slope of the log of the weights' projection on the first principal component against its predicted exponent within 0.8 to 1.25, R² above 0.98.",
        predicate: Predicate::Grows(|| DATASETS.map(|d| growth(d, "hebb")).into()),
        family: "growth",
        least_steps: 500,
    },
    Claim {
        id: "C22",
        figures: &["growth"],
        title: "Oja's forgetting term cures the growth",
        claim: "Oja's forgetting term keeps the weights bounded.",
        rule: "Largest row norm under Oja below 2, while under Hebb it passes 2 and the projection grew at least fivefold.",
        predicate: Predicate::Cured(|| DATASETS.map(|d| (growth(d, "hebb"), growth(d, "oja"))).into()),
        family: "growth",
        least_steps: 500,
    },
    Claim {
        id: "C23",
        figures: &["7", "8", "3", "4", "5"],
        title: "Feedback alignment comes closest to backpropagation",
        claim: "Of all the alternatives feedback alignment comes closest to backpropagation.",
        rule: "Per dataset: median gap of the feedback cells below that of HebbNet, Hebbian descent and the sum rule with beta of 0.01 or more; bootstrap interval of the difference away from 0.",
        predicate: Predicate::Closest {
            near: |d| literal_feedback().into_iter().filter(of(d)).collect(),
            far: |d| {
                let sums = all_sums(&["1e-2", "1e-1"]).into_iter().filter(of(d));
                all_hebbnet(d).into_iter().chain(all_descent(d)).chain(sums).collect()
            },
        },
        family: "closest",
        least_steps: 8000,
    },
    Claim {
        id: "C24",
        figures: &["3", "4", "5", "7", "8"],
        title: "Some rule saves time or memory at the same accuracy",
        claim: "Biologically inspired rules save time or memory at almost the same accuracy.",
        rule: "Some rule that trains all layers, whose step takes at most 0.95 of backpropagation's time or memory, and is equivalent in accuracy.",
        predicate: Predicate::Cheaper { cells: posts_own_whole, share: 0.95 },
        family: "cost",
        least_steps: 8000,
    },
];

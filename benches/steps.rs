//! Whole training steps (gathering the batch, forward, teaching signals, update) of one thread on made-up images.
//!
//! `cargo bench` prints a table; `cargo bench -- 784-2000-10` only rows that contain the word; `-- --quick` shorter
//! measurements; `-- --threads 2` as many trainers at once; `-- --costs` every kind of rule against backpropagation on
//! the same network; `-- --serve` answers questions on standard input, one line each, for `benches/compare`.

use std::io::{BufRead, Write};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use bioprop::data::{Dataset, DatasetId, Images};
use bioprop::net::{Isa, Loss, Precision, kernels};
use bioprop::random::{self, Purpose};
use bioprop::rules::RuleSpec;
use bioprop::train::{Config, InputScaling, Inputs, Optimiser, Trainer, step_operations};

/// Name, dataset (784 or 3072 inputs), network.
const NETWORKS: [(&str, DatasetId, &str); 4] = [
    ("784-2000-10", DatasetId::Mnist, "1x2000"),
    ("784-800-800-10", DatasetId::Mnist, "2x800-relu"),
    ("3072-2000-10", DatasetId::Cifar10, "1x2000"),
    ("3072-800-800-10", DatasetId::Cifar10, "2x800-relu"),
];
const RULES: [&str; 3] = ["bp", "fa", "dfa"];
const BATCHES: [usize; 2] = [64, 128];
/// Rules whose steps differ in work, and how many times a step of backpropagation each may cost.
const COSTS: [(&str, f64); 21] = [
    ("fa/feedback=random", 1.0),
    ("fa/feedback=binary-sign", 1.0),
    ("fa/feedback=hebb", 1.5),
    ("fa/feedback=oja", 1.5),
    ("fa/feedback=oja-subspace", 1.5),
    ("fa/feedback=kolen-pollack", 1.5),
    ("dfa/feedback=random", 1.0),
    ("dfa/feedback=oja-g1", 1.5),
    ("drtp", 1.0),
    ("frozen", 1.0),
    ("sum/beta=0.01,local=hebb", 1.5),
    ("sum/beta=0.01,local=oja", 1.5),
    ("hd/reading=d", 1.5),
    ("hd/reading=k", 1.5),
    ("hd/reading=o1", 1.5),
    ("hd/reading=o2", 1.5),
    ("hebbnet/local=hebb,variant=hl", 1.5),
    ("hebbnet/local=oja,variant=hl", 1.5),
    ("hebbnet/local=oja-subspace,variant=hl", 2.5),
    ("hebbnet/local=hebb,variant=t", 2.0),
    ("hebbnet/local=hebb,variant=t-gs", 4.0),
];
/// Images that the batches are drawn from: more than the caches hold.
const IMAGES: usize = 6000;

/// One row of the table.
struct Case {
    network: &'static str,
    rule: &'static str,
    batch: usize,
    /// `f32`, or `bf16`: the fastest bf16 of this machine.
    precision: &'static str,
}

/// What a name in the table stands for on this machine.
fn precision(name: &str) -> Precision {
    if name == "bf16" { Precision::fastest_bf16() } else { Precision::F32 }
}

impl Case {
    fn all() -> Vec<Case> {
        let mut all = vec![];
        for precision in precisions() {
            for (network, ..) in NETWORKS {
                for batch in BATCHES {
                    all.extend(RULES.map(|rule| Case { network, rule, batch, precision }));
                }
            }
        }
        all
    }

    fn find(network: &str, rule: &str, batch: usize, precision: &str) -> Option<Case> {
        Case::all()
            .into_iter()
            .find(|c| c.network == network && c.rule == rule && c.batch == batch && c.precision == precision)
    }

    fn id(&self) -> DatasetId {
        NETWORKS.iter().find(|n| n.0 == self.network).expect("made from this table").1
    }

    fn config(&self) -> Config {
        let network = NETWORKS.iter().find(|n| n.0 == self.network).expect("made from this table").2;
        Config {
            network: network.parse().expect("a network of the post"),
            rule: self.rule.parse().expect("a registered rule"),
            inputs: InputScaling::Standardised,
            loss: Loss::SoftmaxCrossEntropy,
            optimiser: Optimiser::Sgd,
            zero_init: false,
            learning_rate: 0.01,
            // for the rules that have them; low enough to run for as long as one measures
            hidden_rate: Some(1e-6),
            growth: None,
            feedback_rate: Some(1e-6),
            follow_steps: None,
            batch: self.batch,
            epochs: 1,
            train_sample: 0,
            precision: precision(self.precision),
            seed: 1,
            keep_filters: false,
        }
    }

    /// Counted operations of a step.
    fn operations(&self) -> f64 {
        let config = self.config();
        step_operations(&config, &config.network.sizes(self.id().inputs(), self.id().classes()))
    }
}

/// Precisions that this machine can train in.
fn precisions() -> Vec<&'static str> {
    ["f32", "bf16"].into_iter().filter(|name| precision(name).available().is_ok()).collect()
}

/// A trainer with images of its own.
struct Bench {
    trainer: Trainer,
    inputs: Inputs,
    data: Dataset,
    order: Vec<u32>,
    batch: usize,
    next: usize,
}

impl Bench {
    fn new(case: &Case) -> Bench {
        let id = case.id();
        let mut rng = random::stream(7, Purpose::Subset, 0);
        let prototypes: Vec<u8> = (0..id.classes() * id.inputs()).map(|_| random::below(&mut rng, 200) as u8).collect();
        let labels: Vec<u8> = (0..IMAGES).map(|i| (i % id.classes()) as u8).collect();
        let pixels = labels
            .iter()
            .flat_map(|&l| &prototypes[usize::from(l) * id.inputs()..][..id.inputs()])
            .map(|&p| p + random::below(&mut rng, 56) as u8)
            .collect();
        let data = Dataset {
            id,
            train: Images { pixels, labels, inputs: id.inputs() },
            test: Images { pixels: vec![], labels: vec![], inputs: id.inputs() },
            mean_image: vec![0.5; id.inputs()],
            fingerprint: String::new(),
            origin: String::new(),
        };
        let mut order: Vec<u32> = (0..IMAGES as u32).collect();
        random::shuffle(&mut rng, &mut order);
        let config = case.config();
        Bench {
            trainer: Trainer::new(&config, id.inputs(), id.classes(), Isa::best()).expect("a registered rule"),
            inputs: Inputs::new(config.inputs, &data),
            data,
            order,
            batch: case.batch,
            next: 0,
        }
    }

    fn step(&mut self) {
        if self.next + self.batch > self.order.len() {
            self.next = 0;
        }
        let report = self.trainer.step(&self.inputs, &self.data.train, &self.order[self.next..][..self.batch]);
        assert!(report.diverged.is_none(), "made-up images train at this rate");
        self.next += self.batch;
    }

    /// Samples a second over about `time`.
    fn samples_per_s(&mut self, time: Duration) -> f64 {
        let started = Instant::now();
        let mut steps = 0;
        while started.elapsed() < time {
            (0..4).for_each(|_| self.step());
            steps += 4;
        }
        (steps * self.batch) as f64 / started.elapsed().as_secs_f64()
    }
}

/// Operations a second of the register tile: nothing on this core can be faster.
fn limit(name: &str, time: Duration) -> f64 {
    let started = Instant::now();
    let mut operations = 0.0;
    while started.elapsed() < time {
        operations += match precision(name).bf16_path() {
            None => kernels::register_limit(Isa::best(), 20_000),
            Some(path) => kernels::register_limit_bf16(path, 20_000),
        };
    }
    operations / started.elapsed().as_secs_f64()
}

/// The best of several turns, each limit beside its steps: (samples a second, limit).
fn measure(case: &Case, turns: usize, time: Duration) -> (f64, f64) {
    let mut bench = Bench::new(case);
    bench.samples_per_s(time / 4);
    let (mut best, mut top) = (0f64, 0f64);
    for _ in 0..turns {
        top = top.max(limit(case.precision, time / 4));
        best = best.max(bench.samples_per_s(time));
    }
    (best, top)
}

/// Samples a second of `threads` trainers together.
fn together(case: &Case, threads: usize, time: Duration) -> f64 {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let run = || {
            let mut bench = Bench::new(case);
            bench.samples_per_s(time / 4);
            barrier.wait();
            bench.samples_per_s(time)
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).sum()
    })
}

/// Steps of each rule and of backpropagation in turn: the median ratio of their times.
fn costs(filters: &[&String], turns: usize, time: Duration) {
    println!("{:<16} {:>5} {:<40} {:>10} {:>6} {:>6}", "network", "batch", "rule", "samples/s", "cost", "limit");
    for network in ["784-2000-10", "784-800-800-10"] {
        for (rule, allowed) in COSTS {
            let batch = 64;
            if !filters.iter().all(|f| [network, rule, "64", "f32"].iter().any(|w| w == f)) {
                continue;
            }
            let fits = rule.parse::<RuleSpec>().expect("a registered rule");
            let case = |rule| Case { network, rule, batch, precision: "f32" };
            if fits.check(&case(rule).config().network, 10).is_err() {
                continue;
            }
            let (mut bp, mut other) = (Bench::new(&case("bp")), Bench::new(&case(rule)));
            let mut turn = || (bp.samples_per_s(time), other.samples_per_s(time));
            turn();
            let pairs: Vec<(f64, f64)> = (0..turns * 2 + 1).map(|_| turn()).collect();
            let mut ratios: Vec<f64> = pairs.iter().map(|(bp, other)| bp / other).collect();
            ratios.sort_by(f64::total_cmp);
            let best = pairs.iter().map(|p| p.1).fold(0.0, f64::max);
            println!("{network:<16} {batch:>5} {rule:<40} {best:>10.0} {:>6.2} {allowed:>6.1}", ratios[turns]);
        }
    }
}

/// Questions: `NETWORK BATCH RULE PRECISION SECONDS` -> samples a second; `operations NETWORK BATCH RULE` -> operations a
/// sample; `limit PRECISION SECONDS` -> operations a second; `precisions` -> names; `kernels PRECISION` -> its code path.
fn serve() {
    let mut kept: Option<(String, Bench)> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words[..] {
            ["precisions"] => precisions().join(" "),
            ["kernels", name] => precision(name).kernels().to_string(),
            ["limit", precision, seconds] => {
                limit(precision, Duration::from_secs_f64(seconds.parse().expect("seconds"))).to_string()
            }
            ["operations", network, batch, rule] => {
                let batch: usize = batch.parse().expect("a batch");
                let case = Case::find(network, rule, batch, "f32").expect("a case of the table");
                (case.operations() / batch as f64).to_string()
            }
            [network, batch, rule, precision, seconds] => {
                let case =
                    Case::find(network, rule, batch.parse().expect("a batch"), precision).expect("a case of the table");
                let key = words[..4].join(" ");
                if kept.as_ref().is_none_or(|k| k.0 != key) {
                    let mut bench = Bench::new(&case);
                    (0..10).for_each(|_| bench.step());
                    kept = Some((key, bench));
                }
                let bench = &mut kept.as_mut().expect("just made").1;
                bench.samples_per_s(Duration::from_secs_f64(seconds.parse().expect("seconds"))).to_string()
            }
            _ => panic!("`{line}` is no question"),
        };
        println!("{answer}");
        std::io::stdout().flush().expect("somebody listens");
    }
}

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    // `cargo test --benches` asks with --test: one short row shows that it runs
    let test = words.iter().any(|w| w == "--test");
    if words.iter().any(|w| w == "--serve") {
        return serve();
    }
    let quick = test || words.iter().any(|w| w == "--quick");
    let threads = words.iter().position(|w| w == "--threads").map_or(1, |at| {
        let n = words.get(at + 1).and_then(|n| n.parse().ok()).filter(|n| *n > 0).expect("--threads N");
        words.remove(at + 1);
        n
    });
    let filters: Vec<&String> = words.iter().filter(|w| !w.starts_with("--")).collect();
    let (turns, time) = if quick { (3, Duration::from_millis(120)) } else { (5, Duration::from_millis(400)) };
    if words.iter().any(|w| w == "--costs") {
        return costs(&filters, turns, time);
    }
    let kernels: Vec<String> = precisions().iter().map(|p| format!("{p}: {}", precision(p).kernels())).collect();
    println!("kernels: {}", kernels.join(", "));
    if threads == 1 {
        println!(
            "{:<16} {:>5} {:<4} {:<5} {:>10} {:>8} {:>9} {:>6}",
            "network", "batch", "rule", "", "samples/s", "GFLOP/s", "limit", "share"
        );
    }
    for case in Case::all() {
        let name = format!("{} {} {} {}", case.network, case.batch, case.rule, case.precision);
        if !filters.iter().all(|f| name.split(' ').any(|w| w == *f)) {
            continue;
        }
        let (network, batch, rule, precision) = (case.network, case.batch, case.rule, case.precision);
        if threads > 1 {
            let (one, all) = (together(&case, 1, time), together(&case, threads, time));
            println!("{name}: {one:.0} samples/s with one thread, {all:.0} with {threads}: {:.2} times", all / one);
            continue;
        }
        let (samples, limit) = measure(&case, turns, time);
        let flops = samples * case.operations() / batch as f64;
        println!(
            "{network:<16} {batch:>5} {rule:<4} {precision:<5} {samples:>10.0} {:>8.1} {:>9.1} {:>5.0}%",
            flops / 1e9,
            limit / 1e9,
            100.0 * flops / limit
        );
        if test {
            break;
        }
    }
}

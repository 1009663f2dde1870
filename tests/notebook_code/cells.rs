// Written from the notebooks by tests/notebooks.rs: do not edit.

mod feedback_alignment {
    use bioprop as notebook;

    pub fn run() -> Result<(), bioprop::notebook::Problem> {
        use notebook::prelude::*;
        let run: Run = Experiment::new("kinds")
            .title("Feedback alignment, one hidden layer")
            .rules(&[
                "bp",
                "fa/feedback=random",
                "fa/feedback=random-sign",
                "fa/feedback=binary,scale=literal",
                "fa/feedback=binary-sign,scale=literal",
                "fa/feedback=binary,scale=matched",
                "fa/feedback=binary-sign,scale=matched",
            ])
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&run);
        super::show(&run.accuracy());
        super::show(&run.plot("angles"));
        let deep: Run = Experiment::new("deep")
            .title("Two hidden layers")
            .networks(&["2x800-tanh"])
            .rules(&["bp", "fa/feedback=random", "dfa/feedback=random"])
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&deep);
        super::show(&deep.lines("train_loss"));
        Ok(())
    }
}

mod hebbian_feedback {
    use bioprop as notebook;

    pub fn run() -> Result<(), bioprop::notebook::Problem> {
        use notebook::prelude::*;
        let run: Run = Experiment::new("learning-feedback")
            .title("Feedback that learns")
            .rules(&["bp", "fa/feedback=random", "fa/feedback=hebb", "fa/feedback=oja", "fa/feedback=kolen-pollack"])
            .seeds(3)
            .epochs(3)
            .run()?;
        super::show(&run);
        super::show(&run.accuracy());
        super::show(&run.lines("feedback_angle_1"));
        let refused: Experiment =
            Experiment::new("refused").networks(&["2x800-tanh"]).rules(&["dfa/feedback=oja"]);
        super::show(&refused.run().unwrap_err());
        let deep: Run = Experiment::new("direct")
            .title("Direct feedback that learns")
            .networks(&["2x800-tanh"])
            .rules(&["bp", "dfa/feedback=random", "dfa/feedback=hebb", "dfa/feedback=oja-g1"])
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&deep);
        Ok(())
    }
}

mod hebbian_learning {
    use bioprop as notebook;

    pub fn run() -> Result<(), bioprop::notebook::Problem> {
        use notebook::prelude::*;
        let growth: Run = Experiment::new("local")
            .title("A local rule alone")
            .rules(&["growth/local=hebb", "growth/local=oja"])
            .run()?;
        super::show(&growth.lines("weight_norm_1"));
        let hebbnet: Run = Experiment::new("hebbnet")
            .title("HebbNet")
            .rules(&[
                "bp",
                "frozen",
                "hebbnet/local=hebb,variant=hl",
                "hebbnet/local=hebb,variant=t",
                "hebbnet/local=hebb,variant=t-gs",
                "hebbnet/local=oja,variant=hl",
            ])
            .recipe("unit")
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&hebbnet);
        super::show(&hebbnet.accuracy());
        let sum: Run = Experiment::new("sum")
            .title("Gradient plus β times Hebb or Oja")
            .networks(&["1x200"])
            .rules(&[
                "bp",
                "sum/beta=1e-4,local=hebb",
                "sum/beta=1e-2,local=hebb",
                "sum/beta=0.1,local=hebb",
                "sum/beta=1e-4,local=oja",
                "sum/beta=1e-2,local=oja",
                "sum/beta=0.1,local=oja",
            ])
            .rate(0.1)
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&sum.accuracy());
        let descent: Run = Experiment::new("descent")
            .title("Hebbian descent")
            .rules(&[
                "bp",
                "hd/reading=d",
                "hd/reading=k",
                "hd/reading=o1",
                "hd/reading=d,train=output",
                "hd/reading=d,train=hidden",
            ])
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&descent);
        super::show(&descent.accuracy());
        Ok(())
    }
}

mod own_rule {
    use bioprop as notebook;

    pub fn run() -> Result<(), bioprop::notebook::Problem> {
        use notebook::prelude::*;
        struct Slopeless;

        impl Rule for Slopeless {
            fn teaching(&self, _layer: usize) -> Option<Teaching> {
                Some(Teaching { carrier: Carrier::Feedback, source: Source::LayerAbove, derivative: false })
            }

            fn feedback(&self) -> Option<Feedback> {
                Some(Feedback::from_options(Route::Layered, &OptionValues::new()))
            }
        }
        register(RuleEntry::own(
            "slopeless-fa",
            "Feedback alignment without slope",
            "δ_l = B_lᵀ δ_{l+1};  W_l ← W_l − η/N Σ δ_l h_{l−1}ᵀ",
            |_| Ok(Box::new(Slopeless)),
        ))?;
        let run: Run = Experiment::new("own")
            .title("A rule of one's own")
            .networks(&["1x500"])
            .rules(&["bp", "fa/feedback=random", "frozen", "slopeless-fa"])
            .rates(&[0.01, 0.03, 0.1])
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&run);
        super::show(&run.accuracy());
        super::show(&run.report("target/reports/own_rule"));
        Ok(())
    }
}

mod read_report {
    use bioprop as notebook;

    pub fn run() -> Result<(), bioprop::notebook::Problem> {
        use notebook::prelude::*;
        let small: Run = Experiment::new("small")
            .title("A small report")
            .datasets(&["mnist", "cifar10"])
            .networks(&["1x200"])
            .rules(&["bp", "fa/feedback=random", "fa/feedback=random-sign"])
            .rate(0.03)
            .seeds(3)
            .epochs(2)
            .run()?;
        super::show(&small.report("target/reports/small"));
        let trials: DataFrame = parquet("target/reports/small/results.parquet")?;
        super::show(&trials);
        let curves: DataFrame = parquet("target/reports/small/curves.parquet")?;
        super::show(&curves);
        use notebook::polars::prelude::*;

        /// Which test images a trial has wrong.
        fn wrong(trials: &DataFrame, row: usize) -> Result<Vec<bool>, Problem> {
            let images = trials.column("test_images")?.u32()?.get(row).unwrap_or(0) as usize;
            let bits = trials.column("test_bits")?.binary()?.get(row).unwrap_or(&[]);
            Ok((0..images).map(|i| bits[i / 8] >> (i % 8) & 1 == 0).collect())
        }

        /// The share of the second's errors that the first makes too.
        fn shared(a: &[bool], b: &[bool]) -> f64 {
            let both = a.iter().zip(b).filter(|(a, b)| **a && **b).count();
            both as f64 / b.iter().filter(|b| **b).count() as f64
        }
        let datasets: Vec<String> = texts(&trials, "dataset")?;
        let rules: Vec<String> = texts(&trials, "cell")?;
        let seeds: Vec<f64> = numbers(&trials, "seed")?.to_vec();
        let mut rows: Vec<(String, f64, f64)> = vec![];
        for row in 0..trials.height() {
            let bp: usize = (0..trials.height())
                .find(|r| rules[*r].ends_with("/bp") && datasets[*r] == datasets[row] && seeds[*r] == seeds[row])
                .ok_or_else(|| Problem::new("no backpropagation of this seed"))?;
            if bp != row {
                rows.push((rules[row].clone(), seeds[row], shared(&wrong(&trials, row)?, &wrong(&trials, bp)?)));
            }
        }
        let answer: DataFrame = df!(
            "cell" => rows.iter().map(|r| r.0.clone()).collect::<Vec<String>>(),
            "seed" => rows.iter().map(|r| r.1).collect::<Vec<f64>>(),
            "shared_errors" => rows.iter().map(|r| r.2).collect::<Vec<f64>>()
        )?;
        super::show(&answer);
        let shares: LazyFrame =
            answer.clone().lazy().group_by_stable([col("cell")]).agg([col("shared_errors").mean(), len().alias("seeds")]);
        let accuracies: LazyFrame =
            trials.clone().lazy().group_by_stable([col("cell")]).agg([col("test_accuracy").mean()]);
        let together: LazyFrame = shares.join(accuracies, [col("cell")], [col("cell")], JoinType::Inner.into());
        let together: DataFrame = together.sort(["cell"], Default::default()).collect()?;
        super::show(&together);
        let run: Run = read_report("target/reports/small")?;
        super::show(&run.accuracy());
        Ok(())
    }
}

mod study_statistics {
    use bioprop as notebook;

    pub fn run() -> Result<(), bioprop::notebook::Problem> {
        use notebook::prelude::*;
        let run: Run = Experiment::new("width")
            .title("Does width help feedback alignment?")
            .networks(&["1x50", "1x200", "1x800"])
            .rules(&["bp", "fa/feedback=random"])
            .rate(0.03)
            .seeds(5)
            .epochs(2)
            .run()?;
        super::show(&run);
        super::show(&run.accuracy());
        use notebook::ndarray::{Array1, Array2, ArrayView1};
        use notebook::ndarray_stats::{CorrelationExt, Quantile1dExt, SummaryStatisticsExt, interpolate::Linear};
        use notebook::noisy_float::types::{N64, n64};
        use notebook::polars::prelude::*;

        const NETWORKS: [&str; 3] = ["1x50", "1x200", "1x800"];

        /// Test accuracies of a cell, by seed.
        fn accuracies(trials: &DataFrame, network: &str, rule: &str) -> Result<Array1<f64>, Problem> {
            let cell: String = format!("mnist/{network}/{rule}");
            let rows: LazyFrame = trials.clone().lazy().filter(col("cell").eq(lit(cell))).sort(["seed"], Default::default());
            numbers(&rows.collect()?, "test_accuracy")
        }
        let mut differences: Array2<f64> = Array2::zeros((0, 5));
        for network in NETWORKS {
            let bp: Array1<f64> = accuracies(run.trials(), network, "bp")?;
            let fa: Array1<f64> = accuracies(run.trials(), network, "fa/feedback=random")?;
            differences.push_row((fa - bp).view())?;
        }
        println!("{differences:+.4}");
        /// Mean, standard deviation, median, and the ends of the interval.
        fn describe(values: ArrayView1<f64>) -> Result<[f64; 5], Problem> {
            let mean: f64 = SummaryStatisticsExt::mean(&*values)?;
            let deviation: f64 = values.std(1.0);
            let mut ordered: Array1<N64> = values.mapv(n64);
            let median: f64 = ordered.quantile_mut(n64(0.5), &Linear)?.raw();
            let half: f64 = 2.776445 * deviation / (values.len() as f64).sqrt();
            Ok([mean, deviation, median, mean - half, mean + half])
        }

        fn column(rows: &[[f64; 5]], i: usize) -> Vec<f64> {
            rows.iter().map(|row| row[i]).collect()
        }
        let rows: Vec<[f64; 5]> = differences.rows().into_iter().map(describe).collect::<Result<_, _>>()?;
        let table: DataFrame = df!(
            "network" => NETWORKS,
            "mean" => column(&rows, 0),
            "deviation" => column(&rows, 1),
            "median" => column(&rows, 2),
            "low" => column(&rows, 3),
            "high" => column(&rows, 4)
        )?;
        super::show(&table);
        let correlation: Array2<f64> = differences.pearson_correlation()?;
        println!("{correlation:.2}");
        Ok(())
    }
}

mod tour {
    use bioprop as notebook;

    pub fn run() -> Result<(), bioprop::notebook::Problem> {
        use notebook::prelude::*;
        let mnist: Dataset = dataset("mnist")?;
        super::show(&mnist);
        let experiment: Experiment =
            Experiment::new("tour").title("A tour").rules(&["bp", "fa/feedback=random"]).seeds(3).epochs(2);
        let run: Run = experiment.run()?;
        super::show(&run);
        super::show(&run.accuracy());
        super::show(&run.plot("curves"));
        super::show(&run.trials().select(["cell", "seed", "learning_rate", "steps", "train_accuracy", "test_accuracy"]));
        super::show(&run.lines("feedback_angle_1"));
        super::show(&Experiment::new("typo").rules(&["fa/feedback=randm"]).run().unwrap_err());
        super::show(&experiment.study());
        Ok(())
    }
}

pub const ALL: &[(&str, fn() -> Result<(), bioprop::notebook::Problem>)] = &[
    ("feedback_alignment", feedback_alignment::run),
    ("hebbian_feedback", hebbian_feedback::run),
    ("hebbian_learning", hebbian_learning::run),
    ("own_rule", own_rule::run),
    ("read_report", read_report::run),
    ("study_statistics", study_statistics::run),
    ("tour", tour::run),
];

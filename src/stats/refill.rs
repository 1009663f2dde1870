//! Stored trials from the frames of a report, every field to the bit: `report run --reuse`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr;

use polars::prelude::*;

use super::{StatsError, read_parquet};
use crate::data::DataSize;
use crate::run::StoredTrial;
use crate::study::{REVISION, Trial};
use crate::train::{EpochRow, Filters, GrowthRow, Outcome, Score, Status};

/// The trials with these keys that the Parquet files of a report hold.
///
/// # Errors
/// A file that cannot be read or lacks a column, trials of another revision, rows that do not make the trial that
/// their key names.
pub fn refill(folder: &Path, wanted: &BTreeSet<&str>) -> Result<Vec<StoredTrial>, StatsError> {
    let paths = ["results.parquet", "curves.parquet", "filters.parquet"].map(|name| folder.join(name));
    let table = |path| Ok(Table { frame: read_parquet(path)?, path });
    let [trials, curves, filters]: [Result<Table, StatsError>; 3] = paths.each_ref().map(|path| table(path));
    from_tables(&trials?, &curves?, &filters?, wanted)
}

/// A frame with the file that it came from, for errors.
struct Table<'a> {
    frame: DataFrame,
    path: &'a Path,
}

impl Table<'_> {
    fn column(&self, name: &str) -> Result<&Column, StatsError> {
        self.frame.column(name).map_err(|e| self.fail(name, e))
    }
    fn fail(&self, name: &str, source: PolarsError) -> StatsError {
        StatsError::Column { path: self.path.to_path_buf(), column: name.to_string(), source }
    }
    fn text(&self, name: &str) -> Result<StringChunked, StatsError> {
        self.column(name)?.str().cloned().map_err(|e| self.fail(name, e))
    }
    fn u32(&self, name: &str) -> Result<UInt32Chunked, StatsError> {
        self.column(name)?.u32().cloned().map_err(|e| self.fail(name, e))
    }
    fn u64(&self, name: &str) -> Result<UInt64Chunked, StatsError> {
        self.column(name)?.u64().cloned().map_err(|e| self.fail(name, e))
    }
    fn f64(&self, name: &str) -> Result<Float64Chunked, StatsError> {
        self.column(name)?.f64().cloned().map_err(|e| self.fail(name, e))
    }
    /// `stem_1`, `stem_2`, ... as far as there are any.
    fn layers(&self, stem: &str) -> Result<Vec<Float64Chunked>, StatsError> {
        let names = (1..).map(|l| format!("{stem}_{l}"));
        names.take_while(|n| self.frame.column(n).is_ok()).map(|n| self.f64(&n)).collect()
    }
}

fn from_tables(
    trials: &Table,
    curves: &Table,
    filters: &Table,
    wanted: &BTreeSet<&str>,
) -> Result<Vec<StoredTrial>, StatsError> {
    let revisions = trials.u32("revision")?;
    if let Some(found) = revisions.iter().flatten().find(|r| *r != REVISION) {
        return Err(StatsError::OtherRevision { found, wanted: REVISION });
    }
    let mut curve = epochs(curves, wanted)?;
    let mut growth_rows = growth_rows(curves, wanted)?;
    let mut filters = kept_filters(filters, wanted)?;
    let (keys, cells, recipes) = (trials.text("key")?, trials.text("cell")?, trials.text("recipe")?);
    let (precisions, data, fingerprints) =
        (trials.text("precision")?, trials.text("data")?, trials.text("data_fingerprint")?);
    let (rates, hidden) = (trials.f64("learning_rate")?, trials.f64("hidden_rate")?);
    let (growth, feedback) = (trials.f64("growth")?, trials.f64("feedback_rate")?);
    let (batch, epochs, sample) = (trials.u32("batch")?, trials.u32("epochs")?, trials.u32("train_sample")?);
    let (seeds, repeats) = (trials.u64("seed")?, trials.u32("repeat")?);
    let (status, diverged_at) = (trials.text("status")?, trials.u64("diverged_at_step")?);
    let runaway = trials.column("runaway")?.bool().cloned().map_err(|e| trials.fail("runaway", e))?;
    let steps = trials.u64("steps")?;
    let (correct, total) = (trials.u32("train_correct")?, trials.u32("train_total")?);
    let bits = trials.column("test_bits")?.binary().cloned().map_err(|e| trials.fail("test_bits", e))?;
    let (weights, commit) = (trials.text("weights_sha256")?, trials.text("commit")?);
    let (train_time, total_time) = (trials.f64("train_time_s")?, trials.f64("total_time_s")?);
    let memory = trials.u64("peak_memory_bytes")?;

    let mut out = vec![];
    for row in 0..trials.frame.height() {
        let Some(key) = keys.get(row).filter(|k| wanted.contains(k)) else { continue };
        let bad = |reason: String| StatsError::NotATrial { key: key.to_string(), reason };
        let there = |name: &str| bad(format!("`{name}` is empty"));
        let trial = Trial {
            cell: read(&cells, row).map_err(bad)?,
            recipe: read(&recipes, row).map_err(bad)?,
            learning_rate: rates.get(row).ok_or_else(|| there("learning_rate"))?,
            hidden_rate: hidden.get(row),
            growth: growth.get(row),
            feedback_rate: feedback.get(row),
            batch: batch.get(row).ok_or_else(|| there("batch"))? as usize,
            epochs: epochs.get(row).ok_or_else(|| there("epochs"))?,
            data: size(data.get(row).unwrap_or_default()).map_err(bad)?,
            data_fingerprint: fingerprints.get(row).ok_or_else(|| there("data_fingerprint"))?.to_string(),
            train_sample: sample.get(row).ok_or_else(|| there("train_sample"))? as usize,
            precision: read(&precisions, row).map_err(bad)?,
            seed: seeds.get(row).ok_or_else(|| there("seed"))?,
            repeat: repeats.get(row).ok_or_else(|| there("repeat"))?,
            revision: REVISION,
        };
        if trial.key() != key {
            return Err(bad(format!("its settings are those of trial {}", trial.key())));
        }
        let status = match (status.get(row), diverged_at.get(row)) {
            (Some("finished"), None) => Status::Finished,
            (Some("diverged"), Some(step)) => Status::Diverged { step },
            (status, step) => return Err(bad(format!("status {status:?} with step {step:?}"))),
        };
        let outcome = Outcome {
            status,
            runaway: runaway.get(row).ok_or_else(|| there("runaway"))?,
            steps: steps.get(row).ok_or_else(|| there("steps"))?,
            curve: curve.remove(key).unwrap_or_default(),
            train: correct.get(row).zip(total.get(row)).map(|(correct, total)| Score { correct, total }),
            test_bits: bits.get(row).unwrap_or_default().to_vec(),
            weights_sha256: weights.get(row).unwrap_or_default().to_string(),
            train_time_s: train_time.get(row).ok_or_else(|| there("train_time_s"))?,
            total_time_s: total_time.get(row).ok_or_else(|| there("total_time_s"))?,
            growth: growth_rows.remove(key).unwrap_or_default(),
            filters: filters.remove(key),
        };
        let followed = trial.config().follow_steps;
        if outcome.status == Status::Finished && outcome.growth.last().map(|g| g.step) != followed {
            let found = outcome.growth.len();
            return Err(bad(format!("curves.parquet has {found} of the rows of its {} steps", followed.unwrap_or(0))));
        }
        if followed.is_none()
            && outcome.status == Status::Finished
            && outcome.curve.last().map(|e| e.epoch) != Some(trial.epochs)
        {
            let found = outcome.curve.len();
            return Err(bad(format!("curves.parquet has {found} of its {} epochs", trial.epochs)));
        }
        out.push(StoredTrial {
            trial,
            outcome,
            commit: commit.get(row).map(String::from),
            peak_memory_bytes: memory.get(row),
        });
    }
    Ok(out)
}

fn read<T: FromStr<Err = String>>(column: &StringChunked, row: usize) -> Result<T, String> {
    column.get(row).unwrap_or_default().parse()
}

fn size(name: &str) -> Result<DataSize, String> {
    let all = [DataSize::Smoke, DataSize::Bundled, DataSize::Full];
    all.into_iter().find(|d| d.name() == name).ok_or_else(|| format!("unknown data `{name}`"))
}

/// The curves by key, in the order of the file.
fn epochs(curves: &Table, wanted: &BTreeSet<&str>) -> Result<BTreeMap<String, Vec<EpochRow>>, StatsError> {
    let (keys, epochs, loss) = (curves.text("key")?, curves.u32("epoch")?, curves.f64("train_loss")?);
    let counts = |name: &str| -> Result<_, StatsError> {
        Ok((curves.u32(&format!("{name}_correct"))?, curves.u32(&format!("{name}_total"))?))
    };
    let (sample, validation, test) = (counts("train_sample")?, counts("validation")?, counts("test")?);
    let (norms, largest) = (curves.layers("weight_norm")?, curves.layers("largest_weight")?);
    let (rows, silent) = (curves.layers("largest_row_norm")?, curves.layers("silent_units")?);
    let (angles, deltas) = (curves.layers("feedback_angle")?, curves.layers("delta_angle")?);
    let (angle_counts, delta_counts) = (curves.u32("feedback_angles")?, curves.u32("delta_angles")?);
    let (rank, time) = (curves.f64("stable_rank_1")?, curves.f64("epoch_time_s")?);
    let (movements, feedback) = (curves.layers("movement")?, curves.layers("feedback_norm")?);
    let (drift, change) = (curves.f64("conserved_drift")?, curves.f64("incoming_change")?);
    let mut all: BTreeMap<String, Vec<EpochRow>> = BTreeMap::new();
    for row in 0..curves.frame.height() {
        let Some(key) = keys.get(row).filter(|k| wanted.contains(k)) else { continue };
        if epochs.get(row) == Some(0) {
            continue; // a row of a growth trial
        }
        let there = |name: &str| StatsError::NotATrial {
            key: key.to_string(),
            reason: format!("`{name}` is empty in row {} of its curves", row + 1),
        };
        let score = |(correct, total): &(UInt32Chunked, UInt32Chunked), name: &str| {
            let pair = correct.get(row).zip(total.get(row));
            pair.map(|(correct, total)| Score { correct, total }).ok_or_else(|| there(name))
        };
        // a layer that a network does not have is null
        let values = |layers: &[Float64Chunked]| layers.iter().map_while(|l| l.get(row)).collect::<Vec<f64>>();
        let some = |layers: &[Float64Chunked], counts: &UInt32Chunked| {
            let n = counts.get(row).unwrap_or(0) as usize;
            layers.iter().take(n).map(|l| l.get(row)).collect::<Vec<Option<f64>>>()
        };
        all.entry(key.to_string()).or_default().push(EpochRow {
            epoch: epochs.get(row).ok_or_else(|| there("epoch"))?,
            train_loss: loss.get(row).ok_or_else(|| there("train_loss"))?,
            train_sample: score(&sample, "train_sample_correct")?,
            validation: score(&validation, "validation_correct")?,
            test: score(&test, "test_correct")?,
            weight_norms: values(&norms),
            feedback_angles: some(&angles, &angle_counts),
            largest_weights: values(&largest),
            largest_row_norms: values(&rows),
            stable_rank: rank.get(row),
            silent_units: values(&silent),
            delta_angles: some(&deltas, &delta_counts),
            movements: values(&movements),
            feedback_norms: values(&feedback),
            conserved_drift: drift.get(row),
            incoming_change: change.get(row),
            epoch_time_s: time.get(row).ok_or_else(|| there("epoch_time_s"))?,
        });
    }
    Ok(all)
}

/// Weights followed step by step, by key, in the order of the file; few reports hold any.
fn growth_rows(curves: &Table, wanted: &BTreeSet<&str>) -> Result<BTreeMap<String, Vec<GrowthRow>>, StatsError> {
    let mut all: BTreeMap<String, Vec<GrowthRow>> = BTreeMap::new();
    if curves.frame.column("growth_exponent").is_err() {
        return Ok(all);
    }
    let (keys, epochs, steps) = (curves.text("key")?, curves.u32("epoch")?, curves.u64("step")?);
    let (projection, row_norm) = (curves.f64("projection")?, curves.f64("largest_row_norm")?);
    let (norm, exponent) = (curves.f64("weight_norm_1")?, curves.f64("growth_exponent")?);
    for row in (0..curves.frame.height()).filter(|row| epochs.get(*row) == Some(0)) {
        let Some(key) = keys.get(row).filter(|k| wanted.contains(k)) else { continue };
        let of = |values: &Float64Chunked, name: &str| {
            let reason = || format!("`{name}` is empty in row {} of its curves", row + 1);
            values.get(row).ok_or_else(|| StatsError::NotATrial { key: key.to_string(), reason: reason() })
        };
        all.entry(key.to_string()).or_default().push(GrowthRow {
            step: steps.get(row).unwrap_or_default(),
            projection: of(&projection, "projection")?,
            largest_row_norm: of(&row_norm, "largest_row_norm")?,
            weight_norm: of(&norm, "weight_norm_1")?,
            exponent: of(&exponent, "growth_exponent")?,
        });
    }
    Ok(all)
}

/// First-layer weights by key, in the order of the file.
fn kept_filters(table: &Table, wanted: &BTreeSet<&str>) -> Result<BTreeMap<String, Filters>, StatsError> {
    let (keys, inputs) = (table.text("key")?, table.u32("inputs")?);
    let scales = table.column("scale")?.f32().cloned().map_err(|e| table.fail("scale", e))?;
    let values = table.column("values")?.binary().cloned().map_err(|e| table.fail("values", e))?;
    let mut all: BTreeMap<String, Filters> = BTreeMap::new();
    for row in 0..table.frame.height() {
        let Some(key) = keys.get(row).filter(|k| wanted.contains(k)) else { continue };
        let (inputs, values) = (inputs.get(row).unwrap_or(0), values.get(row).unwrap_or_default());
        if values.len() != inputs as usize {
            let reason = format!("row {} of filters.parquet has {} of its {inputs} weights", row + 1, values.len());
            return Err(StatsError::NotATrial { key: key.to_string(), reason });
        }
        let empty = Filters { inputs, scales: vec![], values: vec![] };
        let kept = all.entry(key.to_string()).or_insert(empty);
        kept.scales.push(scales.get(row).unwrap_or(0.0));
        kept.values.extend_from_slice(values);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frames::tests::{diverged, stored};
    use super::super::{curves_frame, filters_frame, trials_frame, write_parquet};
    use super::*;
    use crate::run::Store;

    /// Trials of every shape: plain, diverged, deep, with all that may be empty or not.
    fn trials() -> Vec<StoredTrial> {
        let mut full = stored("mnist/3x50-relu/dfa/feedback=random", 3, 0, &[4, 8]);
        full.trial.learning_rate = 10f64.powf(-2.5);
        (full.trial.hidden_rate, full.trial.growth, full.trial.feedback_rate) = (Some(0.1), Some(3.0), Some(1e-300));
        full.peak_memory_bytes = Some(u64::MAX);
        full.outcome.filters = Some(Filters { inputs: 2, scales: vec![0.1, -0.0], values: vec![1, 255, 128, 0] });
        for e in &mut full.outcome.curve {
            e.weight_norms = vec![1.5, -0.0, 0.1 + 0.2, 1e300];
            e.feedback_angles = vec![Some(90.0), None, None];
            e.largest_weights = vec![0.25; 4];
            e.largest_row_norms = vec![f64::MIN_POSITIVE; 4];
            e.stable_rank = Some(1.0 / 3.0);
            e.silent_units = vec![0.0, 0.5, 1.0];
            e.delta_angles = vec![None, None, Some(45.5)];
            e.movements = vec![0.1; 4];
            e.feedback_norms = vec![1.0, 2.0, 0.3];
            (e.conserved_drift, e.incoming_change) = (Some(1e-300), None);
        }
        let mut none = diverged("mnist/1x2000/bp", 4);
        none.outcome.curve.clear();
        none.commit = None;
        let mut plain = stored("mnist/1x2000/bp", 1, 0, &[4, 8]);
        plain.outcome.curve.iter_mut().for_each(|e| e.feedback_angles.clear());
        let mut followed = stored("mnist/1x2000/growth/local=hebb", 2, 0, &[8]);
        (followed.outcome.curve, followed.outcome.steps) = (vec![], 20);
        followed.outcome.growth = [0, 10, 20]
            .map(|step| GrowthRow {
                step,
                projection: 0.1 * step as f64,
                largest_row_norm: 1e-300,
                weight_norm: 1.0 / 3.0,
                exponent: -0.0,
            })
            .to_vec();
        vec![plain, stored("mnist/1x2000/bp", 1, 1, &[8]), full, diverged("cifar10/1x2000/bp", 2), none, followed]
    }

    fn written(trials: &[StoredTrial]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        write_parquet(&trials_frame(trials).unwrap(), &dir.path().join("results.parquet")).unwrap();
        write_parquet(&curves_frame(trials).unwrap(), &dir.path().join("curves.parquet")).unwrap();
        write_parquet(&filters_frame(trials).unwrap(), &dir.path().join("filters.parquet")).unwrap();
        dir
    }

    #[test]
    fn a_store_comes_back_from_its_parquet_files_byte_for_byte() {
        let trials = trials();
        let keys: Vec<String> = trials.iter().map(|t| t.trial.key()).collect();
        let wanted: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
        let dir = written(&trials);
        let back = refill(dir.path(), &wanted).unwrap();
        assert_eq!(back.len(), trials.len());
        let [a, b] = ["a", "b"].map(|n| Store::open(&dir.path().join(n)).unwrap());
        trials.iter().for_each(|t| drop(a.save(t).unwrap()));
        back.iter().for_each(|t| drop(b.save(t).unwrap()));
        for key in &keys {
            assert_eq!(std::fs::read(a.path(key)).unwrap(), std::fs::read(b.path(key)).unwrap());
        }
        assert!(trials_frame(&back).unwrap().equals_missing(&trials_frame(&trials).unwrap()));
        assert!(curves_frame(&back).unwrap().equals_missing(&curves_frame(&trials).unwrap()));
        // only what is wanted
        assert_eq!(refill(dir.path(), &BTreeSet::from([keys[0].as_str()])).unwrap(), trials[..1]);
    }

    #[test]
    fn what_cannot_be_trusted_is_refused() {
        let mut other = stored("mnist/1x2000/bp", 1, 0, &[8]);
        other.trial.revision += 1;
        let e = refill(written(&[other]).path(), &BTreeSet::new()).unwrap_err();
        assert!(matches!(e, StatsError::OtherRevision { .. }) && e.to_string().contains("train anew"), "{e}");

        let trial = stored("mnist/1x2000/bp", 1, 0, &[4, 8]);
        let key = trial.trial.key();
        let wanted = BTreeSet::from([key.as_str()]);
        let dir = written(std::slice::from_ref(&trial));
        let path = dir.path().join("results.parquet");
        let mut frame = read_parquet(&path).unwrap();
        frame.with_column(Column::new("seed".into(), [2u64])).unwrap();
        write_parquet(&frame, &path).unwrap();
        let e = refill(dir.path(), &wanted).unwrap_err().to_string();
        assert!(e.contains("its settings are those of trial"), "{e}");
        write_parquet(&frame.drop("train_correct").unwrap(), &path).unwrap();
        assert!(refill(dir.path(), &wanted).unwrap_err().to_string().contains("`train_correct`"));

        let dir = written(std::slice::from_ref(&trial));
        let curves = dir.path().join("curves.parquet");
        write_parquet(&read_parquet(&curves).unwrap().head(Some(1)), &curves).unwrap();
        assert!(refill(dir.path(), &wanted).unwrap_err().to_string().contains("1 of its 2 epochs"));
    }

    /// The files of [`trials`] with one of them replaced; what reading says, unless it takes the file as whole.
    fn said_of(good: &Path, name: &str, bytes: &[u8]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        for other in ["results.parquet", "curves.parquet", "filters.parquet"] {
            std::fs::copy(good.join(other), dir.path().join(other)).unwrap();
        }
        std::fs::write(dir.path().join(name), bytes).unwrap();
        let keys: Vec<String> = trials().iter().map(|t| t.trial.key()).collect();
        refill(dir.path(), &keys.iter().map(String::as_str).collect()).err().map(|e| e.to_string())
    }

    #[test]
    fn files_that_are_no_parquet_at_all_are_named() {
        let good = written(&trials());
        for name in ["results.parquet", "curves.parquet", "filters.parquet"] {
            let bytes = std::fs::read(good.path().join(name)).unwrap();
            let footer = |length: u32| [&bytes[..bytes.len() - 8], &length.to_le_bytes(), b"PAR1"].concat();
            let cases = [
                vec![],
                b"PAR1".to_vec(),
                b"PAR1PAR1".to_vec(),
                b"key,cell\nx,y\n".to_vec(),
                bytes[..bytes.len() / 2].to_vec(),
                bytes[..bytes.len() - 1].to_vec(),
                footer(0),
                footer(u32::MAX),
                vec![0; 4096],
            ];
            for (i, case) in cases.iter().enumerate() {
                let said = said_of(good.path(), name, case);
                assert!(said.as_ref().is_some_and(|s| s.contains(name)), "{name}, case {i}: {said:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        /// Damage anywhere ends in an error that names the file or the trial, or in values that a reader may doubt; never
        /// in a panic.
        #[test]
        fn damaged_parquet_files_are_errors_not_panics(
            file in 0usize..3, at: prop::sample::Index, near_the_end: bool,
            with in prop::collection::vec(any::<u8>(), 1..8), cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let good = written(&trials());
            let name = ["results.parquet", "curves.parquet", "filters.parquet"][file];
            let mut bytes = std::fs::read(good.path().join(name)).unwrap();
            // the footer describes everything else: half of the damage is done there
            let from = if near_the_end { bytes.len() - bytes.len() / 4 } else { 0 };
            let at = from + at.index(bytes.len() - from);
            for (byte, with) in bytes[at..].iter_mut().zip(with) {
                *byte = with;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Some(said) = said_of(good.path(), name, &bytes) {
                prop_assert!(said.contains(".parquet") || said.contains("trial") || said.contains("curves"), "{}", said);
            }
        }
    }
}

//! Where results come from: machine, code, data, command. Written as `provenance.json`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::plan::{Datasets, Request};

/// Everything about a run that is not a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    pub profile: String,
    pub recipe: String,
    pub precision: String,
    pub figures: Vec<String>,
    /// The only cells that were asked for (canonical); empty: every cell of the figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
    /// Whether the robustness tables were asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub robustness: bool,
    /// Text of the user's own study file, if one was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<String>,
    /// The rate table that was searched for that study (`rates.toml`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<String>,
    pub seeds: Vec<u64>,
    /// The command that makes this report.
    pub command: String,
    /// Version of this program.
    pub version: String,
    /// Git commit of the code, if it was run from a checkout.
    pub commit: Option<String>,
    /// Whether tracked files differed from that commit.
    pub dirty: Option<bool>,
    pub compiler: String,
    pub operating_system: String,
    pub cpu: String,
    pub cores: usize,
    pub threads: usize,
    /// SIMD path of the kernels.
    pub kernels: String,
    /// UTC, RFC 3339.
    pub started: String,
    pub wall_time_s: f64,
    pub trials: usize,
    /// Of these trained in this sitting; the others were already in the folder.
    pub trained_now: usize,
    /// Taken from the Parquet files of an earlier report (`--reuse`).
    #[serde(default)]
    pub reused: usize,
    pub diverged: usize,
    /// Per dataset: name -> (origin, fingerprint, training images, test images).
    pub data: BTreeMap<String, DataProvenance>,
    /// Library versions that matter: name -> version.
    pub libraries: BTreeMap<String, String>,
}

/// Which images were used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataProvenance {
    pub origin: String,
    pub fingerprint: String,
    pub train_images: usize,
    pub test_images: usize,
}

/// Library versions that can touch a number or a figure.
const LIBRARIES: [&str; 11] = [
    "indicatif",
    "ndarray",
    "ndarray-stats",
    "plotters",
    "polars",
    "rand_chacha",
    "resvg",
    "serde_json",
    "sha2",
    "statrs",
    "tera",
];

/// What only the run itself knows.
pub struct Sitting<'a> {
    /// Seeds of the trials (`five-runs` has its own number).
    pub seeds: Vec<u64>,
    pub threads: usize,
    pub started: std::time::SystemTime,
    pub wall_time_s: f64,
    pub trials: usize,
    pub trained_now: usize,
    pub reused: usize,
    pub diverged: usize,
    pub data: &'a BTreeMap<String, DataProvenance>,
}

/// Gathers everything about a run that is not a result.
pub fn collect(request: &Request, sitting: Sitting) -> Provenance {
    let (commit, dirty) = git();
    Provenance {
        profile: request.profile.to_string(),
        recipe: request.recipe.to_string(),
        precision: request.precision.name().to_string(),
        figures: request.figures.iter().map(|f| f.id.to_string()).collect(),
        cells: request.cells.iter().flatten().map(|c| c.to_string()).collect(),
        robustness: request.robustness,
        study: request.study.as_ref().map(|s| s.text.clone()),
        rates: request.rates.as_ref().map(|r| r.to_text()),
        seeds: sitting.seeds,
        command: request.command(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        commit,
        dirty,
        compiler: format!("{} ({})", env!("BIOPROP_COMPILER"), env!("BIOPROP_BUILD")),
        operating_system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: cpu(),
        cores: cores(),
        threads: sitting.threads,
        kernels: request.precision.kernels().to_string(),
        started: rfc3339(sitting.started),
        wall_time_s: sitting.wall_time_s,
        trials: sitting.trials,
        trained_now: sitting.trained_now,
        reused: sitting.reused,
        diverged: sitting.diverged,
        data: sitting.data.clone(),
        libraries: libraries(),
    }
}

/// Which images a run used.
pub fn data_provenance(datasets: &Datasets) -> BTreeMap<String, DataProvenance> {
    let of = |d: &crate::data::Dataset| DataProvenance {
        origin: d.origin.clone(),
        fingerprint: d.fingerprint.clone(),
        train_images: d.train.len(),
        test_images: d.test.len(),
    };
    datasets.values().map(|d| (d.id.name().to_string(), of(d))).collect()
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

/// Git commit of the checkout that the program was built from, if it is still there and has the `git` program; with
/// `-dirty` behind it where tracked files differ from it.
pub fn commit() -> Option<String> {
    let (commit, dirty) = git();
    Some(commit? + if dirty == Some(true) { "-dirty" } else { "" })
}

/// As it was when first asked for, before anything was trained: a checkout may move on while a run goes.
fn git() -> (Option<String>, Option<bool>) {
    static CODE: OnceLock<(Option<String>, Option<bool>)> = OnceLock::new();
    CODE.get_or_init(ask_git).clone()
}

fn ask_git() -> (Option<String>, Option<bool>) {
    let folder = env!("CARGO_MANIFEST_DIR");
    // `.git` must be this package's own: a copy inside some other repository has no commit to name
    if !Path::new(folder).join(".git").exists() {
        return (None, None);
    }
    let run = |args: &[&str]| -> Option<String> {
        let output = Command::new("git").arg("-C").arg(folder).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let dirty = run(&["status", "--porcelain", "--untracked-files=no"]).map(|s| !s.is_empty());
    (run(&["rev-parse", "HEAD"]), dirty)
}

fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find(|l| l.starts_with("model name")).and_then(|l| l.split_once(':'));
    name.map_or_else(|| "unknown".to_string(), |(_, n)| n.trim().to_string())
}

fn libraries() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        #[serde(default)]
        dependencies: Vec<String>,
    }
    let lock: Lock = toml::from_str(include_str!("../../Cargo.lock")).expect("cargo writes this file");
    let own = lock.package.iter().find(|p| p.name == env!("CARGO_PKG_NAME")).map_or(&[][..], |p| &p.dependencies);
    // `name`, or `name version` where the tree holds several
    let ours = |p: &Package| own.iter().any(|d| *d == p.name || *d == format!("{} {}", p.name, p.version));
    let wanted = lock.package.iter().filter(|p| LIBRARIES.contains(&p.name.as_str()) && ours(p));
    wanted.map(|p| (p.name.clone(), p.version.clone())).collect()
}

/// `2026-01-31T23:59:59Z`.
pub fn rfc3339(time: std::time::SystemTime) -> String {
    let seconds = time.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // days since 1970 to a date, counting from 1 March of year 0 so that the leap day comes last (Hinnant's method)
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn dates_are_right_around_leap_days() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_000_000_000, "2001-09-09T01:46:40Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn every_library_is_found() {
        assert_eq!(libraries().into_keys().collect::<Vec<_>>(), LIBRARIES);
    }
}

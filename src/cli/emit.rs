//! `report plan --emit`: a launcher of a few lines for engines that exist; each of its tasks is one `report run --shard`.
//!
//! Shards are cut by counted operations, so that every machine cuts alike; the launcher lists those that miss trials.
//! A task may safely run twice (Slurm requeues it when a node dies, while the first copy may still run): a trial's
//! file appears whole under its name or not at all, and twice the same trial is twice the same bits.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::output::{count, duration};
use crate::run::plan::{Plan, Planned, Request};

/// Engines that run the shards.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// A Slurm job array
    Slurm,
    /// GNU parallel, on this machine or over ssh
    Parallel,
}

/// Operations of a shard: about half an hour of one core, long against a scheduler's second or two.
const OPERATIONS: f64 = 2e14;

/// Slurm allows 1001 array indices unless told otherwise.
const MOST: usize = 1000;

/// Shards where the user does not say how many.
pub fn default_shards(plan: &Plan) -> usize {
    ((plan.operations() / OPERATIONS).ceil() as usize).clamp(1, plan.trials.len().clamp(1, MOST))
}

/// What a launcher needs to know.
pub struct Launch<'a> {
    pub request: &'a Request,
    pub plan: &'a Plan,
    /// Trials that are still to be trained, with their seconds on one thread of this machine.
    pub missing: &'a [(&'a Planned, f64)],
    pub shards: usize,
    pub study: Option<&'a Path>,
    pub data: Option<&'a Path>,
    pub out: &'a Path,
    /// Bytes that one task needs.
    pub memory: f64,
}

impl Launch<'_> {
    /// Shards that miss trials, and the seconds of the longest.
    fn wanted(&self) -> (BTreeSet<usize>, f64) {
        let (mut wanted, mut longest) = (BTreeSet::new(), 0f64);
        for index in 0..self.shards {
            let part = self.plan.shard(index, self.shards);
            let keys: BTreeSet<&str> = part.trials.iter().map(|t| t.key.as_str()).collect();
            let left = self.missing.iter().filter(|(t, _)| keys.contains(t.key.as_str()));
            let seconds: Vec<f64> = left.map(|(_, s)| *s).collect();
            if !seconds.is_empty() {
                wanted.insert(index);
                longest = longest.max(seconds.iter().sum());
            }
        }
        (wanted, longest)
    }

    /// The command of one shard, whose number is the shell text `index`.
    fn command(&self, index: &str) -> String {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("report"));
        let mut text = self.request.command();
        if let (Some(path), Some(study)) = (self.study, &self.request.study) {
            let named = format!("--study {}.toml", study.figure.id);
            text = text.replace(&named, &format!("--study {}", quoted(&absolute(path))));
        }
        let text = text.strip_prefix("report").unwrap_or(&text);
        let mut command = format!("{}{text}", quoted(&program));
        if let Some(data) = self.data {
            let _ = write!(command, " --data {}", quoted(&absolute(data)));
        }
        let of = self.shards;
        command + &format!(" --shard {index}/{of} --threads 1 --out {}", quoted(&absolute(self.out)))
    }

    /// The launcher, ready for `bash` or `sbatch`.
    pub fn launcher(&self, engine: Engine) -> String {
        let (wanted, longest) = self.wanted();
        let total: f64 = self.missing.iter().map(|m| m.1).sum();
        let head = format!(
            "#!/usr/bin/env bash\n# {}\n# {} still to train in {} of {}; about {:.1} core-hours at this machine's speed, {} the longest shard\n",
            self.request.command(),
            count(self.missing.len(), "trial"),
            wanted.len(),
            count(self.shards, "shard"),
            total / 3600.0,
            duration(longest),
        );
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("report"));
        let render = format!("{} render {}", quoted(&program), quoted(&absolute(self.out)));
        if wanted.is_empty() {
            return format!("{head}# nothing is missing\n{render}\n");
        }
        match engine {
            Engine::Slurm => {
                // other nodes may be slower, and a limit that is met kills the shard
                let limit = ((3.0 * longest / 60.0).ceil() as u64 + 10).max(15);
                let memory = (self.memory / 1e6).ceil() as u64 + 500;
                format!(
                    "{head}# submit: mkdir -p {out} && sbatch FILE; then, when all have ended, well or not (`afterok` would wait for ever\n# after one failure): sbatch --dependency=afterany:JOB --wrap {wrap}\n#SBATCH --job-name=bioprop\n#SBATCH --array={array}\n#SBATCH --cpus-per-task=1\n#SBATCH --mem={memory}M\n#SBATCH --time={}:{:02}:00\n#SBATCH --requeue\n#SBATCH --open-mode=append\n#SBATCH --output={log}\nexec {}\n",
                    limit / 60,
                    limit % 60,
                    self.command("\"$SLURM_ARRAY_TASK_ID\""),
                    out = quoted(&absolute(self.out)),
                    log = quoted(&absolute(self.out).join("slurm-%a.out")),
                    wrap = quoted(Path::new(&render)),
                    array = ranges(&wanted),
                )
            }
            Engine::Parallel => {
                let list = wanted.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
                format!(
                    "{head}# over several machines that share this folder and the program: SSHLOGIN=host1,host2 bash FILE\nset -u\nmkdir -p {out}\nparallel --jobs \"${{JOBS:-100%}}\" ${{SSHLOGIN:+--sshlogin \"$SSHLOGIN\"}} --joblog {log} \\\n  {} ::: {list}\nfailed=$?\n{render}\nexit \"$failed\"\n",
                    quoted_once(&self.command("{}")),
                    out = quoted(&absolute(self.out)),
                    log = quoted(&absolute(self.out).join("parallel.log")),
                )
            }
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// For the shell, as it stands.
fn quoted(path: &Path) -> String {
    quoted_once(&path.display().to_string())
}

fn quoted_once(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=,:+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// `0-3,7`.
fn ranges(numbers: &BTreeSet<usize>) -> String {
    let mut parts: Vec<(usize, usize)> = vec![];
    for &n in numbers {
        match parts.last_mut() {
            Some(last) if last.1 + 1 == n => last.1 = n,
            _ => parts.push((n, n)),
        }
    }
    let text = |(a, b): (usize, usize)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    parts.into_iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_slurms() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8].into()), "0-2,5,7-8");
        assert_eq!(ranges(&[3].into()), "3");
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted_once("/a/b-c_1.0"), "/a/b-c_1.0");
        assert_eq!(quoted_once("it's a b"), r"'it'\''s a b'");
        assert_eq!(quoted_once(""), "''");
    }
}

//! `report data`: look after the datasets. TEMPORARY until the data room lands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::misuse;

#[derive(Args)]
pub struct DataArgs {
    #[command(subcommand)]
    pub action: Action,
    /// Folder with your own copy, or to fetch into [default: the cache folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Action {
    /// What is here, bundled and full
    Status,
    /// Fetch the full datasets
    Fetch,
    /// Check every file against its checksum
    Verify,
}

pub fn run(_args: &DataArgs) -> anyhow::Result<()> {
    Err(misuse("not there yet".into()))
}

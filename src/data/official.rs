//! The official files: names, sizes, checksums, and how one becomes images or labels.

use std::path::Path;

use super::raw::sha256_hex;
use super::{DataError, DatasetId, Images, cifar, idx};

/// Sides of an MNIST image.
pub(crate) const MNIST_SIDE: u32 = 28;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// idx images.
    Images,
    /// idx labels.
    Labels,
    /// CIFAR-10 records.
    Records,
}

/// The two halves of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    Train,
    Test,
}

/// One file of a full dataset, under its official name.
#[derive(Debug, PartialEq, Eq)]
pub struct OfficialFile {
    pub id: DatasetId,
    /// Name of the unpacked file.
    pub name: &'static str,
    pub split: Split,
    pub content: Content,
    /// Items (images, labels or records).
    pub count: usize,
    /// SHA-256 of the unpacked file, hexadecimal.
    pub sha256: &'static str,
}

impl OfficialFile {
    /// Bytes of the unpacked file.
    pub fn bytes(&self) -> u64 {
        let count = self.count as u64;
        match self.content {
            Content::Images => 16 + count * self.id.inputs() as u64,
            Content::Labels => 8 + count,
            Content::Records => count * cifar::RECORD as u64,
        }
    }

    /// Refuses `bytes` (unpacked) that are not of the format, sizes and count of this file.
    ///
    /// # Errors
    /// Those of the readers.
    pub(crate) fn structure(&self, bytes: &[u8], path: &Path) -> Result<(), DataError> {
        match self.content {
            Content::Images => {
                let images = idx::parse_images(bytes, path)?;
                idx::expect_images(images, path, self.count, MNIST_SIDE, MNIST_SIDE).map(drop)
            }
            Content::Labels => idx::expect_count(path, self.count, idx::parse_labels(bytes, path)?.len()),
            Content::Records => cifar::parse_records(bytes, path, self.count).map(drop),
        }
    }

    /// Refuses `bytes` (unpacked) whose checksum is not the official one; `hint` is the way out.
    ///
    /// # Errors
    /// `Checksum`.
    pub(crate) fn check(&self, bytes: &[u8], path: &Path, hint: &'static str) -> Result<(), DataError> {
        let found = sha256_hex(bytes);
        match found == self.sha256 {
            true => Ok(()),
            false => Err(DataError::Checksum { path: path.into(), expected: self.sha256.into(), found, hint }),
        }
    }
}

const fn mnist(split: Split, content: Content, name: &'static str, count: usize, sha256: &'static str) -> OfficialFile {
    OfficialFile { id: DatasetId::Mnist, name, split, content, count, sha256 }
}

const fn cifar(split: Split, name: &'static str, sha256: &'static str) -> OfficialFile {
    OfficialFile { id: DatasetId::Cifar10, name, split, content: Content::Records, count: 10_000, sha256 }
}

const MNIST: [OfficialFile; 4] = {
    use Content::*;
    use Split::*;
    [
        mnist(
            Train,
            Images,
            "train-images-idx3-ubyte",
            60_000,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        mnist(
            Train,
            Labels,
            "train-labels-idx1-ubyte",
            60_000,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        mnist(
            Test,
            Images,
            "t10k-images-idx3-ubyte",
            10_000,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        mnist(
            Test,
            Labels,
            "t10k-labels-idx1-ubyte",
            10_000,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ]
};

const CIFAR10: [OfficialFile; 6] = {
    use Split::*;
    [
        cifar(Train, "data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
        cifar(Train, "data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
        cifar(Train, "data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
        cifar(Train, "data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
        cifar(Train, "data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
        cifar(Test, "test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
    ]
};

/// The official files of a dataset, in the order in which their images are numbered.
pub fn official_files(id: DatasetId) -> &'static [OfficialFile] {
    match id {
        DatasetId::Mnist => &MNIST,
        DatasetId::Cifar10 => &CIFAR10,
    }
}

/// [`fingerprint`](super::fingerprint) of the full set, so that trials can be named where its files are not.
pub fn full_fingerprint(id: DatasetId) -> &'static str {
    match id {
        DatasetId::Mnist => "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16",
        DatasetId::Cifar10 => "32e5966899bde482c0ef7d076bf69809b4b1488c806f657a814cfca4646ec493",
    }
}

/// Images of the full set: (training, test).
pub fn full_sizes(id: DatasetId) -> (usize, usize) {
    let of = |split| {
        let images = |f: &&OfficialFile| f.split == split && f.content != Content::Labels;
        official_files(id).iter().filter(images).map(|f| f.count).sum()
    };
    (of(Split::Train), of(Split::Test))
}

/// One half of MNIST from the unpacked content of its image file and its label file (paths name them in errors).
///
/// # Errors
/// Those of the idx reader; `UnexpectedCount`, `WrongDimension`, `LabelCount`.
pub(crate) fn join_mnist(files: [(&[u8], &Path); 2], count: usize) -> Result<Images, DataError> {
    let [(image_bytes, image_path), (label_bytes, label_path)] = files;
    let images = idx::parse_images(image_bytes, image_path)?;
    let images = idx::expect_images(images, image_path, count, MNIST_SIDE, MNIST_SIDE)?;
    let labels = idx::parse_labels(label_bytes, label_path)?;
    if labels.len() != images.count {
        return Err(DataError::LabelCount { path: label_path.into(), images: images.count, labels: labels.len() });
    }
    Ok(Images { pixels: images.pixels, labels, inputs: DatasetId::Mnist.inputs() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up_to_the_datasets() {
        for id in DatasetId::ALL {
            assert!(official_files(id).iter().all(|f| f.id == id && f.sha256.len() == 64));
        }
        assert_eq!(full_sizes(DatasetId::Mnist), (60_000, 10_000));
        assert_eq!(full_sizes(DatasetId::Cifar10), (50_000, 10_000));
        assert_eq!(official_files(DatasetId::Mnist)[0].bytes(), 47_040_016);
        assert_eq!(official_files(DatasetId::Cifar10)[5].bytes(), 30_730_000);
    }

    #[test]
    fn damage_is_named_by_what_the_reader_finds() {
        let (image_file, label_file) = (&official_files(DatasetId::Mnist)[2], &official_files(DatasetId::Mnist)[3]);
        let path = Path::new("file");
        let labels = idx::encode_labels(&[1, 2], 2);
        assert!(matches!(image_file.structure(&labels, path), Err(DataError::WrongMagic { .. })));
        assert!(matches!(label_file.structure(&labels, path), Err(DataError::UnexpectedCount { .. })));
        let whole = idx::encode_labels(&vec![3; 10_000], 10_000);
        assert!(label_file.structure(&whole, path).is_ok());
        let record = &official_files(DatasetId::Cifar10)[5];
        assert!(record.structure(&vec![0; 10_000 * cifar::RECORD], path).is_ok());
        let mut bad = vec![0; 10_000 * cifar::RECORD];
        bad[3 * cifar::RECORD] = 11;
        assert!(matches!(record.structure(&bad, path), Err(DataError::BadLabel { .. })));
    }

    #[test]
    fn labels_of_another_split_are_refused() {
        let images = idx::encode_images(&[0; 2 * 784], 2, 28, 28);
        let labels = idx::encode_labels(&[1], 1);
        let (a, b) = (Path::new("images"), Path::new("labels"));
        let error = join_mnist([(&images, a), (&labels, b)], 2).err().unwrap();
        assert!(matches!(error, DataError::LabelCount { images: 2, labels: 1, .. }));
    }
}

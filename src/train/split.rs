//! Which images train, which validate, in which order: drawn by the seed, the same for every cell.

use crate::data::Images;
use crate::random::{self, Purpose};

/// Rows of the training set by use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Trained on.
    pub train: Vec<u32>,
    /// A stratified random tenth: every choice is made here.
    pub validation: Vec<u32>,
    /// A fixed stratified part of `train` whose accuracy is followed each epoch.
    pub train_sample: Vec<u32>,
}

impl Split {
    /// Draws the split of a seed; `sample` images (or all, if fewer) are followed.
    pub fn draw(images: &Images, classes: usize, sample: usize, seed: u64) -> Split {
        let all: Vec<u32> = (0..images.len() as u32).collect();
        let (validation, train) = stratified(images, classes, &all, images.len() / 10, seed, Purpose::Split);
        let (train_sample, _) =
            stratified(images, classes, &train, sample.min(train.len()), seed, Purpose::TrainSample);
        Split { train, validation, train_sample }
    }
}

/// Draws `count` of `rows` with the classes in their proportions (largest remainders), and the rest; both ascending.
fn stratified(
    images: &Images,
    classes: usize,
    rows: &[u32],
    count: usize,
    seed: u64,
    purpose: Purpose,
) -> (Vec<u32>, Vec<u32>) {
    let mut by_class = vec![Vec::new(); classes];
    for &row in rows {
        by_class[usize::from(images.labels[row as usize])].push(row);
    }
    // quotas: whole parts first, then one each to the largest remainders (ties to the lower class)
    let total = rows.len().max(1);
    let mut quotas: Vec<usize> = by_class.iter().map(|c| c.len() * count / total).collect();
    let mut order: Vec<usize> = (0..classes).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(by_class[c].len() * count % total), c));
    let missing = count - quotas.iter().sum::<usize>();
    order.iter().take(missing).for_each(|&c| quotas[c] += 1);
    let (mut taken, mut rest) = (Vec::new(), Vec::new());
    for (class, rows) in by_class.iter_mut().enumerate() {
        random::shuffle(&mut random::stream(seed, purpose, class as u32), rows);
        taken.extend_from_slice(&rows[..quotas[class]]);
        rest.extend_from_slice(&rows[quotas[class]..]);
    }
    taken.sort_unstable();
    rest.sort_unstable();
    (taken, rest)
}

/// The order of `train` in an epoch (0-based), reshuffled each time.
pub fn epoch_order(train: &[u32], seed: u64, epoch: u32) -> Vec<u32> {
    let mut order = train.to_vec();
    random::shuffle(&mut random::stream(seed, Purpose::Order, epoch), &mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(n: usize) -> Images {
        Images { pixels: vec![0; n], labels: (0..n).map(|i| ((i * i + i / 7) % 10) as u8).collect(), inputs: 1 }
    }

    #[test]
    fn a_split_is_a_stratified_partition() {
        let images = images(6007);
        let split = Split::draw(&images, 10, 200, 3);
        assert_eq!((split.validation.len(), split.train.len(), split.train_sample.len()), (600, 5407, 200));
        let mut all = [split.train.clone(), split.validation.clone()].concat();
        all.sort();
        assert_eq!(all, (0..6007).collect::<Vec<_>>());
        assert!(split.train_sample.iter().all(|r| split.train.binary_search(r).is_ok()));
        for class in 0..10u8 {
            let share = |rows: &[u32]| {
                rows.iter().filter(|&&r| images.labels[r as usize] == class).count() as f64 / rows.len() as f64
            };
            let whole = images.labels.iter().filter(|&&l| l == class).count() as f64 / 6007.0;
            assert!((share(&split.validation) - whole).abs() <= 1.0 / 600.0);
            assert!((share(&split.train_sample) - whole).abs() <= 1.0 / 200.0 + 1.0 / 600.0);
        }
    }

    #[test]
    fn seeds_differ_and_repeat() {
        let images = images(1000);
        assert_eq!(Split::draw(&images, 10, 50, 1), Split::draw(&images, 10, 50, 1));
        assert_ne!(Split::draw(&images, 10, 50, 1), Split::draw(&images, 10, 50, 2));
        let train: Vec<u32> = (0..500).collect();
        assert_eq!(epoch_order(&train, 1, 0), epoch_order(&train, 1, 0));
        assert_ne!(epoch_order(&train, 1, 0), epoch_order(&train, 1, 1));
        let mut sorted = epoch_order(&train, 1, 1);
        sorted.sort();
        assert_eq!(sorted, train);
    }
}

//! A training step allocates nothing: counted by an allocator of our own.
#![allow(unsafe_code)] // an allocator cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bioprop::data::{Dataset, DatasetId, Images};
use bioprop::net::{Isa, Loss, Precision};
use bioprop::train::{Config, InputScaling, Inputs, Optimiser, Trainer};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed to the system's allocator; the counter is a plain number of this thread
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|c| c.set(c.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        unsafe { System.dealloc(p, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(f: impl FnOnce()) -> usize {
    let before = COUNT.get();
    f();
    COUNT.get() - before
}

#[test]
fn a_step_allocates_nothing() {
    let images = |n: usize| Images {
        pixels: (0..n * 61).map(|i| (i * 31 % 251) as u8).collect(),
        labels: (0..n).map(|i| (i % 10) as u8).collect(),
        inputs: 61,
    };
    let data = Dataset {
        id: DatasetId::Mnist,
        train: images(40),
        test: images(0),
        mean_image: vec![0.5; 61],
        fingerprint: String::new(),
        origin: String::new(),
    };
    let rows: Vec<u32> = (0..33).collect();
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))), 1, "the counter counts");
    for precision in Precision::ALL.into_iter().filter(|p| p.available().is_ok()) {
        for network in ["1x70", "2x50-tanh"] {
            for rule in ["bp", "fa/feedback=random", "fa/feedback=random-sign", "dfa/feedback=binary-sign"] {
                for loss in [Loss::SoftmaxCrossEntropy, Loss::SigmoidBinaryCrossEntropy] {
                    for optimiser in [Optimiser::Sgd, Optimiser::RmsProp { alpha: 0.99, eps: 1e-8 }] {
                        let config = Config {
                            network: network.parse().unwrap(),
                            rule: rule.parse().unwrap(),
                            inputs: InputScaling::Standardised,
                            loss,
                            optimiser,
                            zero_init: false,
                            learning_rate: 0.001,
                            hidden_rate: None,
                            growth: None,
                            feedback_rate: None,
                            follow_steps: None,
                            batch: 33,
                            epochs: 1,
                            train_sample: 1,
                            precision,
                            seed: 1,
                            keep_filters: false,
                        };
                        let inputs = Inputs::new(config.inputs, &data);
                        let mut trainer = Trainer::new(&config, 61, 10, Isa::best()).unwrap();
                        let count = allocations(|| {
                            for _ in 0..3 {
                                trainer.step(&inputs, &data.train, &rows);
                            }
                            trainer.flush();
                        });
                        assert_eq!(count, 0, "{precision} {network} {rule} {loss:?} {optimiser:?}");
                    }
                }
            }
        }
    }
}

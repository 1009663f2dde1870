//! Networks small enough to compute a step by hand.

use crate::data::{Dataset, DatasetId, Images};
use crate::net::{Activation, Architecture, Isa, Loss, Matrix, Precision};
use crate::train::{Config, InputScaling, Inputs, Optimiser, Trainer};

/// Rate 0.1, one image a batch, one epoch.
pub fn config(network: Architecture, rule: &str) -> Config {
    Config {
        network,
        rule: rule.parse().unwrap(),
        inputs: InputScaling::Unit,
        loss: Loss::SoftmaxCrossEntropy,
        optimiser: Optimiser::Sgd,
        zero_init: false,
        learning_rate: 0.1,
        hidden_rate: None,
        growth: None,
        feedback_rate: None,
        follow_steps: None,
        batch: 1,
        epochs: 1,
        train_sample: 1,
        precision: Precision::F32,
        seed: 1,
        keep_filters: false,
    }
}

/// One step (rate 0.1, one image, x = (1, 0.2), class 1 of 2) of `2-2-2` (depth 1) or `2-1-1-2` (depth 2), ReLU.
pub fn tiny(rule: &str, depth: usize, prepare: impl Fn(&mut Trainer)) -> Trainer {
    let width = if depth == 1 { 2 } else { 1 };
    let config = config(Architecture { depth, width, activation: Activation::Relu, last: None }, rule);
    let images = Images { pixels: vec![255, 51], labels: vec![1], inputs: 2 };
    let data = Dataset {
        id: DatasetId::Mnist,
        train: images.clone(),
        test: images,
        mean_image: vec![0.0; 2],
        fingerprint: String::new(),
        origin: String::new(),
    };
    let mut net = Trainer::new(&config, 2, 2, Isa::best()).unwrap();
    let weights: &[(&[&[f32]], &[f32])] = if depth == 1 {
        &[(&[&[0.5, -1.0], &[-0.5, 1.0]], &[0.0, 0.1]), (&[&[1.0, 2.0], &[-1.0, 0.5]], &[0.0, 0.0])]
    } else {
        &[(&[&[0.5, -1.0]], &[0.0]), (&[&[2.0]], &[0.0]), (&[&[1.0], &[-1.0]], &[0.0, 0.0])]
    };
    for (l, (w, b)) in weights.iter().enumerate() {
        net.set_weights(l + 1, &Matrix::from_fn(w.len(), w[0].len(), |r, c| w[r][c]));
        net.set_bias(l + 1, b);
    }
    prepare(&mut net);
    let report = net.step(&Inputs::new(InputScaling::Unit, &data), &data.train, &[0]);
    assert!(report.diverged.is_none() && net.flush());
    net
}

/// Weights and bias of a layer, to the digits that were computed by hand.
pub fn assert_close(net: &Trainer, layer: usize, w: &[f32], b: &[f32]) {
    let near = |got: f32, want: f32| (got - want).abs() < 1e-6;
    assert!(
        net.weights(layer).values().zip(w).all(|(g, &w)| near(g, w)),
        "{:?}",
        net.weights(layer).values().collect::<Vec<_>>()
    );
    assert!(net.bias(layer).iter().zip(b).all(|(&g, &w)| near(g, w)), "{:?}", net.bias(layer));
}

//! The products of a step in the precision that was asked for.

use crate::net::kernels::{self, Bf16, Waiting};
use crate::net::{Isa, Matrix, Precision};

/// Where the products of training steps are computed.
pub(super) enum Products {
    F32(Isa),
    Bf16(Box<Bf16>),
}

impl Products {
    /// For layers of up to `units` units.
    ///
    /// # Panics
    /// If this machine does not have it: [`Precision::available`] tells before.
    pub fn new(precision: Precision, isa: Isa, units: usize, batch: usize) -> Products {
        let Some(path) = precision.bf16_path() else { return Products::F32(isa) };
        Products::Bf16(Box::new(Bf16::new(path, units, batch).unwrap_or_else(|e| panic!("{e}"))))
    }

    pub fn update(&mut self, w: &mut Matrix, waiting: &Waiting) -> bool {
        match self {
            Products::F32(isa) => kernels::update(*isa, w, waiting),
            Products::Bf16(path) => path.update(w, waiting),
        }
    }

    pub fn forward(&mut self, w: &mut Matrix, bias: &[f32], input: &Matrix, out: &mut Matrix) {
        match self {
            Products::F32(isa) => kernels::forward(*isa, w, bias, input, out),
            Products::Bf16(path) => path.forward(w, bias, input, out),
        }
    }

    pub fn update_forward(
        &mut self,
        w: &mut Matrix,
        waiting: &Waiting,
        bias: &[f32],
        input: &Matrix,
        out: &mut Matrix,
    ) -> bool {
        match self {
            Products::F32(isa) => kernels::update_forward(*isa, w, waiting, bias, input, out),
            Products::Bf16(path) => path.update_forward(w, waiting, bias, input, out),
        }
    }

    pub fn backward(&mut self, m: &Matrix, signal: &Matrix, out: &mut Matrix) {
        match self {
            Products::F32(isa) => kernels::backward(*isa, m, signal, out),
            Products::Bf16(path) => path.backward(m, signal, out),
        }
    }
}

#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod tests {
    use crate::data::{Dataset, DatasetId, Images};
    use crate::net::kernels::amx_emulator::with_amx;
    use crate::net::{Isa, Precision};
    use crate::rules::test_support::config;
    use crate::train::{Config, InputScaling, Inputs, Trainer};

    /// All weights after some steps on made-up images.
    fn trained(precision: Precision, network: &str, rule: &str) -> Vec<f32> {
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
        let config = Config {
            inputs: InputScaling::Standardised,
            learning_rate: 0.01,
            batch: 33,
            precision,
            ..config(network.parse().unwrap(), rule)
        };
        let inputs = Inputs::new(config.inputs, &data);
        let mut net = Trainer::new(&config, 61, 10, Isa::best()).unwrap();
        let rows: Vec<u32> = (0..33).collect();
        for _ in 0..5 {
            assert!(net.step(&inputs, &data.train, &rows).diverged.is_none());
        }
        assert!(net.flush());
        let layers = if network.starts_with('2') { 3 } else { 2 };
        (1..=layers).flat_map(|l| net.weights(l).values().collect::<Vec<_>>()).collect()
    }

    #[test]
    fn steps_on_amx_follow_those_in_f32_and_repeat_their_bits() {
        if Precision::Bf16.available().is_err() {
            return;
        }
        for network in ["1x70", "2x50-relu", "2x50-tanh"] {
            for rule in ["bp", "fa/feedback=random", "dfa/feedback=binary-sign", "hebbnet", "sum"] {
                let at = |precision| trained(precision, network, rule);
                let (f32, avx512) = (at(Precision::F32), at(Precision::Bf16));
                let (amx, again) = with_amx(|| (at(Precision::Bf16Amx), at(Precision::Bf16Amx)));
                let bits = |w: &[f32]| w.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&amx), bits(&again), "{network} {rule}");
                assert_ne!(bits(&amx), bits(&f32), "{network} {rule}");
                let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                let rounding = distance(&avx512, &f32);
                assert!(
                    distance(&amx, &avx512) < 0.5 * rounding,
                    "{network} {rule}: {} of {rounding}",
                    distance(&amx, &avx512)
                );
            }
        }
    }
}

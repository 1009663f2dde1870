//! How fast this core can go at all: the register tile of the products without any memory traffic, for benchmarks.
//!
//! # Safety
//! As `simd.rs`: the vector type's instructions must exist. No pointers from outside.

use super::simd::Simd;

/// `rounds` times `R x V` independent fused multiply-adds on registers; the sum keeps them from being left out.
#[inline(always)]
pub unsafe fn multiply_adds<S: Simd, const R: usize, const V: usize>(rounds: usize, seed: f32) -> f32 {
    unsafe {
        let x: [S::V; V] = std::array::from_fn(|v| S::splat(seed + v as f32 * 1e-3));
        let mut acc = [[S::splat(0.0); V]; R];
        for _ in 0..rounds {
            let w = S::splat(std::hint::black_box(seed));
            for acc in &mut acc {
                for v in 0..V {
                    acc[v] = S::fma(w, x[v], acc[v]);
                }
            }
        }
        let mut sum = S::splat(0.0);
        for acc in &acc {
            for v in 0..V {
                sum = S::add(sum, acc[v]);
            }
        }
        let mut lanes = [0.0f32; 16];
        S::store(lanes.as_mut_ptr(), sum);
        lanes.iter().sum()
    }
}

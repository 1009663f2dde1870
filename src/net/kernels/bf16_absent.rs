//! Stands for `bf16.rs` where there is neither AVX-512-BF16 nor AMX.

use super::{Bf16Path, Waiting};
use crate::net::Matrix;

/// Never made here.
#[derive(Clone)]
pub enum Bf16 {}

impl Bf16Path {
    pub fn detect(self) -> Result<(), String> {
        Err(super::no_bf16("avx512_bf16"))
    }
}

impl Bf16 {
    pub fn new(path: Bf16Path, _: usize, _: usize) -> Result<Bf16, String> {
        Err(path.detect().unwrap_err())
    }
    pub fn update(&mut self, _: &mut Matrix, _: &Waiting) -> bool {
        match *self {}
    }
    pub fn forward(&mut self, _: &mut Matrix, _: &[f32], _: &Matrix, _: &mut Matrix) {
        match *self {}
    }
    pub fn update_forward(&mut self, _: &mut Matrix, _: &Waiting, _: &[f32], _: &Matrix, _: &mut Matrix) -> bool {
        match *self {}
    }
    pub fn backward(&mut self, _: &Matrix, _: &Matrix, _: &mut Matrix) {
        match *self {}
    }
}

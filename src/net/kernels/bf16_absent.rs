//! Stands for `bf16.rs` where there is no AVX-512-BF16 at all.

use super::Waiting;
use crate::net::Matrix;

/// Never made here.
#[derive(Clone)]
pub enum Bf16 {}

impl Bf16 {
    pub fn new(_: usize, _: usize) -> Result<Bf16, String> {
        Err(super::no_bf16("avx512_bf16"))
    }
    pub fn detect() -> Result<(), String> {
        Err(super::no_bf16("avx512_bf16"))
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

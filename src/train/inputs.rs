//! From bytes to what the network sees.

use crate::data::{Dataset, Images};
use crate::net::Matrix;
use crate::net::kernels::{self, CHUNK, Panels};

/// Scaling of the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputScaling {
    /// `(pixel/255 - mean image) / pixel standard deviation`.
    Standardised,
    /// `pixel/255`.
    Unit,
}

/// `x[k] = byte * scale + offset[k]`, for one dataset.
#[derive(Clone)]
pub struct Inputs {
    scaling: InputScaling,
    scale: f32,
    offset: Vec<f32>,
    /// Mean of what the network sees.
    mean: Vec<f32>,
}

impl Inputs {
    pub fn new(scaling: InputScaling, data: &Dataset) -> Inputs {
        match scaling {
            InputScaling::Standardised => {
                let std = data.id.pixel_std();
                Inputs {
                    scaling,
                    scale: (1.0 / (255.0 * std)) as f32,
                    offset: data.mean_image.iter().map(|&m| (-f64::from(m) / std) as f32).collect(),
                    mean: vec![0.0; data.train.inputs],
                }
            }
            InputScaling::Unit => Inputs {
                scaling,
                scale: 1.0 / 255.0,
                offset: vec![0.0; data.train.inputs],
                mean: data.mean_image.clone(),
            },
        }
    }

    pub fn scaling(&self) -> InputScaling {
        self.scaling
    }

    /// The mean image of the training set as the network sees it: zero where it was subtracted.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// Packs the images at `rows` into `panels`; samples beyond them become zero.
    pub fn gather(&self, images: &Images, rows: &[u32], panels: &mut Panels) {
        assert!(rows.len() <= panels.samples() && images.inputs == panels.units(), "gathering another shape");
        for n in 0..panels.samples() {
            let image = rows.get(n).map(|&row| images.image(row as usize));
            for chunk in 0..panels.units().div_ceil(CHUNK) {
                let slot = panels.slot_mut(chunk, n);
                match image {
                    Some(image) => {
                        let from = chunk * CHUNK;
                        let bytes = &image[from..image.len().min(from + CHUNK)];
                        for ((x, &byte), offset) in slot.iter_mut().zip(bytes).zip(&self.offset[from..]) {
                            *x = f32::from(byte) * self.scale + offset;
                        }
                    }
                    None => slot.fill(0.0),
                }
            }
        }
    }

    /// [`gather`](Inputs::gather), then one row per input unit: `inputs x samples`.
    pub fn gather_transposed(&self, images: &Images, rows: &[u32], panels: &mut Panels, out: &mut Matrix) {
        self.gather(images, rows, panels);
        kernels::unpack(panels, out);
    }
}

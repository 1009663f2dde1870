//! A dense network in plain `f64` loops: the oracle that the engine's steps are checked against. It shares no code
//! with the engine.

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Act {
    Relu,
    Tanh,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Out {
    Softmax,
    Sigmoid,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Teach {
    Bp,
    Fa,
    Dfa,
}

pub type Mat = Vec<Vec<f64>>;

#[derive(Clone)]
pub struct Net {
    pub w: Vec<Mat>,
    pub b: Vec<Vec<f64>>,
    pub act: Act,
    pub out: Out,
}

pub struct Signals {
    /// `h[l][n][unit]`, layer 0 is the input, the last one the output.
    pub h: Vec<Mat>,
    /// `delta[l][n][unit]` for layers 1..=L at index `l - 1`.
    pub delta: Vec<Mat>,
    pub loss: f64,
}

/// Gradient of the mean loss (under FA and DFA: what stands in for it).
pub struct Gradient {
    pub w: Vec<Mat>,
    pub b: Vec<Vec<f64>>,
}

impl Net {
    fn depth(&self) -> usize {
        self.w.len()
    }

    pub fn forward(&self, x: &Mat, labels: &[usize]) -> (Vec<Mat>, f64) {
        let mut h = vec![x.clone()];
        let mut loss = 0.0;
        for l in 0..self.depth() {
            let top = l + 1 == self.depth();
            let mut next = Vec::new();
            for (n, below) in h[l].iter().enumerate() {
                let a: Vec<f64> = self.w[l]
                    .iter()
                    .zip(&self.b[l])
                    .map(|(row, b)| b + row.iter().zip(below).map(|(w, x)| w * x).sum::<f64>())
                    .collect();
                next.push(match (top, self.out, self.act) {
                    (false, _, Act::Relu) => a.iter().map(|a| a.max(0.0)).collect(),
                    (false, _, Act::Tanh) => a.iter().map(|a| a.tanh()).collect(),
                    (true, Out::Softmax, _) => {
                        let m = a.iter().cloned().fold(f64::MIN, f64::max);
                        let s: f64 = a.iter().map(|a| (a - m).exp()).sum();
                        loss += s.ln() + m - a[labels[n]];
                        a.iter().map(|a| (a - m).exp() / s).collect::<Vec<_>>()
                    }
                    (true, Out::Sigmoid, _) => {
                        for (c, a) in a.iter().enumerate() {
                            let t = if c == labels[n] { 1.0 } else { 0.0 };
                            loss += a.max(0.0) - a * t + (-a.abs()).exp().ln_1p();
                        }
                        a.iter().map(|a| 1.0 / (1.0 + (-a).exp())).collect()
                    }
                });
            }
            h.push(next);
        }
        (h, loss / x.len() as f64)
    }

    /// `feedback[l - 1]` feeds hidden layer `l`, in the shape of the forward path it replaces.
    pub fn signals(&self, x: &Mat, labels: &[usize], teach: Teach, feedback: &[Mat]) -> Signals {
        let (h, loss) = self.forward(x, labels);
        let top = self.depth();
        let error: Mat = h[top]
            .iter()
            .zip(labels)
            .map(|(y, &t)| y.iter().enumerate().map(|(c, y)| y - if c == t { 1.0 } else { 0.0 }).collect())
            .collect();
        let mut delta = vec![Vec::new(); top];
        delta[top - 1] = error.clone();
        for l in (1..top).rev() {
            let (matrix, source) = match teach {
                Teach::Bp => (&self.w[l], delta[l].clone()),
                Teach::Fa => (&feedback[l - 1], delta[l].clone()),
                Teach::Dfa => (&feedback[l - 1], error.clone()),
            };
            delta[l - 1] = source
                .iter()
                .zip(&h[l])
                .map(|(d, h)| {
                    h.iter()
                        .enumerate()
                        .map(|(j, &h)| {
                            let carried: f64 = d.iter().zip(matrix).map(|(d, row)| d * row[j]).sum();
                            carried
                                * match self.act {
                                    Act::Relu => f64::from(u8::from(h > 0.0)),
                                    Act::Tanh => 1.0 - h * h,
                                }
                        })
                        .collect()
                })
                .collect();
        }
        Signals { h, delta, loss }
    }

    pub fn gradient(&self, s: &Signals) -> Gradient {
        let samples = s.h[0].len() as f64;
        let mut g = Gradient { w: Vec::new(), b: Vec::new() };
        for l in 0..self.depth() {
            let mut w = vec![vec![0.0; self.w[l][0].len()]; self.w[l].len()];
            let mut b = vec![0.0; self.b[l].len()];
            for (d, h) in s.delta[l].iter().zip(&s.h[l]) {
                for (r, d) in d.iter().enumerate() {
                    b[r] += d / samples;
                    for (k, h) in h.iter().enumerate() {
                        w[r][k] += d * h / samples;
                    }
                }
            }
            g.w.push(w);
            g.b.push(b);
        }
        g
    }

    pub fn descend(&mut self, g: &Gradient, rate: f64) {
        for l in 0..self.depth() {
            for (row, g) in self.w[l].iter_mut().zip(&g.w[l]) {
                row.iter_mut().zip(g).for_each(|(w, g)| *w -= rate * g);
            }
            self.b[l].iter_mut().zip(&g.b[l]).for_each(|(b, g)| *b -= rate * g);
        }
    }
}

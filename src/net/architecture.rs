//! The shape of a dense network: hidden widths and activations.

use std::fmt;
use std::str::FromStr;

/// Non-linearity of a hidden layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Activation {
    Relu,
    Tanh,
}

impl Activation {
    pub fn name(self) -> &'static str {
        match self {
            Activation::Relu => "relu",
            Activation::Tanh => "tanh",
        }
    }
}

/// Hidden layers of a dense network: `depth` layers of `width` units with one activation.
///
/// Without a hidden layer it is a linear classifier, written `linear`. Otherwise written as `1x2000`, `2x800-relu`, `2x800-tanh`; one hidden layer without a suffix is ReLU, as in the post.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Architecture {
    pub depth: usize,
    pub width: usize,
    pub activation: Activation,
}

/// Largest sizes that are accepted: a typing error should not ask for all the memory.
const MAX_DEPTH: usize = 100;
const MAX_WIDTH: usize = 20_000;

impl Architecture {
    /// The three networks of the post.
    pub fn of_the_post() -> [Architecture; 3] {
        [
            Architecture { depth: 1, width: 2000, activation: Activation::Relu },
            Architecture { depth: 2, width: 800, activation: Activation::Relu },
            Architecture { depth: 2, width: 800, activation: Activation::Tanh },
        ]
    }

    /// No hidden layer: a linear classifier.
    pub const LINEAR: Architecture = Architecture { depth: 0, width: 0, activation: Activation::Relu };

    /// Layer sizes `n_0 ..= n_L` from `inputs` to `classes`.
    pub fn sizes(&self, inputs: usize, classes: usize) -> Vec<usize> {
        let mut sizes = vec![inputs];
        sizes.extend(std::iter::repeat_n(self.width, self.depth));
        sizes.push(classes);
        sizes
    }

    /// Words for plots: `1 × 2000 ReLU`.
    pub fn title(&self) -> String {
        if self.depth == 0 {
            return "linear".into();
        }
        let name = match self.activation {
            Activation::Relu => "ReLU",
            Activation::Tanh => "tanh",
        };
        format!("{} × {} {name}", self.depth, self.width)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.depth == 0 {
            return f.write_str("linear");
        }
        write!(f, "{}x{}", self.depth, self.width)?;
        if self.depth == 1 && self.activation == Activation::Relu {
            return Ok(());
        }
        write!(f, "-{}", self.activation.name())
    }
}

impl FromStr for Architecture {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "unknown network `{s}`; write DEPTHxWIDTH-relu or -tanh (depth 1-{MAX_DEPTH}, width 1-{MAX_WIDTH}), such as 1x2000, 2x800-relu, 2x800-tanh, or linear"
            )
        };
        if s == "linear" {
            return Ok(Architecture::LINEAR);
        }
        let (shape, activation) = match s.split_once('-') {
            Some((shape, "relu")) => (shape, Activation::Relu),
            Some((shape, "tanh")) => (shape, Activation::Tanh),
            Some(_) => return Err(bad()),
            None => (s, Activation::Relu),
        };
        let (depth, width) = shape.split_once('x').ok_or_else(bad)?;
        let depth: usize = depth.parse().map_err(|_| bad())?;
        let width: usize = width.parse().map_err(|_| bad())?;
        if !(1..=MAX_DEPTH).contains(&depth) || !(1..=MAX_WIDTH).contains(&width) {
            return Err(bad());
        }
        Ok(Architecture { depth, width, activation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for s in ["linear", "1x2000", "2x800-relu", "2x800-tanh", "1x30-tanh", "3x7-relu"] {
            assert_eq!(s.parse::<Architecture>().unwrap().to_string(), s);
        }
        assert_eq!("1x2000-relu".parse::<Architecture>().unwrap().to_string(), "1x2000");
    }

    #[test]
    fn nonsense_is_refused_with_the_range() {
        for s in ["", "x", "0x3", "1x0", "1x2000-gelu", "1x99999999", "2x", "-1x3", "1x2000-"] {
            assert!(s.parse::<Architecture>().unwrap_err().contains("DEPTHxWIDTH"), "{s}");
        }
    }
}

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

/// Hidden layers of a dense network: `depth` layers of `width` units with one activation, or with another one in the
/// last of them.
///
/// Without a hidden layer it is a linear classifier, written `linear`. Otherwise written as `1x2000`, `2x800-relu`,
/// `2x800-tanh`, `2x800-relu-tanh` (ReLU, and tanh in the last hidden layer); one hidden layer without a suffix is ReLU,
/// as in the post.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Architecture {
    pub depth: usize,
    pub width: usize,
    pub activation: Activation,
    /// Of the last hidden layer, where it is another one (two hidden layers or more).
    pub last: Option<Activation>,
}

/// Largest sizes that are accepted: a typing error should not ask for all the memory.
const MAX_DEPTH: usize = 100;
const MAX_WIDTH: usize = 20_000;

impl Architecture {
    /// The three networks of the post.
    pub fn of_the_post() -> [Architecture; 3] {
        [
            Architecture { depth: 1, width: 2000, activation: Activation::Relu, last: None },
            Architecture { depth: 2, width: 800, activation: Activation::Relu, last: None },
            Architecture { depth: 2, width: 800, activation: Activation::Tanh, last: None },
        ]
    }

    /// No hidden layer: a linear classifier.
    pub const LINEAR: Architecture = Architecture { depth: 0, width: 0, activation: Activation::Relu, last: None };

    /// Activation of hidden layer `layer` (1-based).
    pub fn activation_of(&self, layer: usize) -> Activation {
        self.last.filter(|_| layer == self.depth).unwrap_or(self.activation)
    }

    /// Whether every hidden layer has this activation.
    pub fn is_all(&self, activation: Activation) -> bool {
        (1..=self.depth).all(|l| self.activation_of(l) == activation)
    }

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
        let name = |activation| match activation {
            Activation::Relu => "ReLU",
            Activation::Tanh => "tanh",
        };
        let last = self.last.map_or(String::new(), |a| format!(", then {}", name(a)));
        format!("{} × {} {}{last}", self.depth, self.width, name(self.activation))
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
        write!(f, "-{}", self.activation.name())?;
        self.last.map_or(Ok(()), |a| write!(f, "-{}", a.name()))
    }
}

impl FromStr for Architecture {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "unknown network `{s}`; write DEPTHxWIDTH-relu or -tanh (depth 1-{MAX_DEPTH}, width 1-{MAX_WIDTH}), such as 1x2000, 2x800-relu, 2x800-tanh, with another activation in the last hidden layer 2x800-relu-tanh, or linear"
            )
        };
        if s == "linear" {
            return Ok(Architecture::LINEAR);
        }
        let (shape, activation, last) = match s.split_once('-') {
            Some((shape, "relu")) => (shape, Activation::Relu, None),
            Some((shape, "tanh")) => (shape, Activation::Tanh, None),
            Some((shape, "relu-tanh")) => (shape, Activation::Relu, Some(Activation::Tanh)),
            Some((shape, "tanh-relu")) => (shape, Activation::Tanh, Some(Activation::Relu)),
            Some(_) => return Err(bad()),
            None => (s, Activation::Relu, None),
        };
        let (depth, width) = shape.split_once('x').ok_or_else(bad)?;
        let depth: usize = depth.parse().map_err(|_| bad())?;
        let width: usize = width.parse().map_err(|_| bad())?;
        let least = if last.is_some() { 2 } else { 1 };
        if !(least..=MAX_DEPTH).contains(&depth) || !(1..=MAX_WIDTH).contains(&width) {
            return Err(bad());
        }
        Ok(Architecture { depth, width, activation, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for s in [
            "linear",
            "1x2000",
            "2x800-relu",
            "2x800-tanh",
            "1x30-tanh",
            "3x7-relu",
            "2x800-relu-tanh",
            "3x5-tanh-relu",
        ] {
            assert_eq!(s.parse::<Architecture>().unwrap().to_string(), s);
        }
        assert_eq!("1x2000-relu".parse::<Architecture>().unwrap().to_string(), "1x2000");
    }

    #[test]
    fn the_last_hidden_layer_may_have_another_activation() {
        let mixed: Architecture = "3x7-relu-tanh".parse().unwrap();
        assert_eq!([1, 2, 3].map(|l| mixed.activation_of(l).name()), ["relu", "relu", "tanh"]);
        assert!(!mixed.is_all(Activation::Relu) && !mixed.is_all(Activation::Tanh));
        assert_eq!(mixed.title(), "3 × 7 ReLU, then tanh");
    }

    #[test]
    fn nonsense_is_refused_with_the_range() {
        for s in [
            "",
            "x",
            "0x3",
            "1x0",
            "1x2000-gelu",
            "1x99999999",
            "2x",
            "-1x3",
            "1x2000-",
            "1x9-relu-tanh",
            "2x9-relu-relu",
        ] {
            assert!(s.parse::<Architecture>().unwrap_err().contains("DEPTHxWIDTH"), "{s}");
        }
    }
}

//! Cells by name, as the claims speak of them: a text that says only what matters, such as
//! `mnist/1x2000/sum/beta=1e-4,local=hebb`, found among cells that write out every option.

use std::collections::BTreeMap;
use std::fmt;

use crate::data::DatasetId;

/// A cell's name taken apart, without asking which rules exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellName {
    pub dataset: DatasetId,
    pub network: String,
    pub rule: String,
    pub options: BTreeMap<String, String>,
}

impl CellName {
    /// `None` if the text is not `dataset/network/rule/key=value,...`.
    pub fn parse(text: &str) -> Option<CellName> {
        let mut parts = text.splitn(4, '/');
        let (dataset, network, rule) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        let pairs = parts.next().unwrap_or("").split(',').filter(|p| !p.is_empty());
        let options =
            pairs.map(|p| p.split_once('=').map(|(k, v)| (k.to_string(), v.to_string()))).collect::<Option<_>>()?;
        Some(CellName { dataset, network: network.into(), rule: rule.into(), options })
    }

    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.get(key).map(String::as_str)
    }

    /// Whether `cell` is what this name speaks of: same dataset, network and rule, and every option that is named
    /// here; numbers are compared as numbers (`1e-2` is `0.01`).
    pub fn speaks_of(&self, cell: &CellName) -> bool {
        self.dataset == cell.dataset
            && self.network == cell.network
            && self.rule == cell.rule
            && self.options.iter().all(|(k, v)| cell.option(k).is_some_and(|w| same(v, w)))
    }

    /// Backpropagation on the same dataset and network.
    pub fn backpropagation(&self) -> String {
        format!("{}/{}/bp", self.dataset, self.network)
    }
}

fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// In a sentence: `MNIST HL+T, Oja`, `CIFAR-10 2x800-relu FA, random`.
impl fmt::Display for CellName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option = |key| self.option(key).unwrap_or_default();
        let local = match option("local") {
            "hebb" => "Hebb",
            "oja" => "Oja",
            other => other,
        };
        write!(f, "{} ", self.dataset.title())?;
        if self.network == "linear" {
            return f.write_str("linear classifier");
        }
        if self.network != "1x2000" {
            write!(f, "{} ", self.network)?;
        }
        match self.rule.as_str() {
            "bp" => f.write_str("backpropagation"),
            "frozen" => f.write_str("frozen hidden layer"),
            "hebbnet" => {
                let variant = option("variant").to_uppercase().replace('-', "+");
                if variant == "HL" { write!(f, "HL {local}") } else { write!(f, "HL+{variant} {local}") }
            }
            "sum" => write!(f, "sum rule {local} beta {}", option("beta")),
            "hd" => {
                let train = match option("train") {
                    "output" => "hidden frozen",
                    "hidden" => "output frozen",
                    other => other,
                };
                // with a frozen hidden layer D and K are one cell
                let reading = match (option("reading"), option("train")) {
                    ("d" | "k" | "", "output") => String::new(),
                    (reading, _) => format!(" {}", reading.to_uppercase()),
                };
                write!(f, "Hebbian descent{reading} {train}")?;
                if option("centre") == "none" && option("reading") != "o1" {
                    f.write_str(" without centring")?;
                }
                Ok(())
            }
            rule => {
                write!(f, "{}", rule.to_uppercase())?;
                for key in ["feedback", "local", "scale"] {
                    if self.options.contains_key(key) {
                        write!(f, " {}", option(key))?;
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaks(a: &str, b: &str) -> bool {
        CellName::parse(a).unwrap().speaks_of(&CellName::parse(b).unwrap())
    }

    #[test]
    fn options_that_are_not_named_do_not_count_and_numbers_are_numbers() {
        assert!(speaks("mnist/1x2000/sum/beta=1e-2,local=hebb", "mnist/1x2000/sum/beta=0.01,local=hebb,sign=plus"));
        assert!(!speaks("mnist/1x2000/sum/beta=1e-2,local=hebb", "mnist/1x2000/sum/beta=0.001,local=hebb,sign=plus"));
        assert!(!speaks("mnist/1x2000/bp", "cifar10/1x2000/bp"));
        assert!(!speaks("mnist/1x2000/fa/scale=literal", "mnist/1x2000/fa/feedback=random"));
        assert!(CellName::parse("mnist/1x2000").is_none() && CellName::parse("mnist/1x2000/fa/x").is_none());
    }

    #[test]
    fn names_read_as_words() {
        let text = |s: &str| CellName::parse(s).unwrap().to_string();
        assert_eq!(text("mnist/1x2000/hebbnet/local=oja,variant=t-gs"), "MNIST HL+T+GS Oja");
        assert_eq!(text("mnist/linear/bp"), "MNIST linear classifier");
        let descent = |options| text(&format!("mnist/1x2000/hd/{options}"));
        assert_eq!(descent("centre=running,reading=k,train=full"), "MNIST Hebbian descent K full");
        assert_eq!(descent("centre=running,reading=d,train=output"), "MNIST Hebbian descent hidden frozen");
        assert_eq!(descent("reading=o1,train=output"), "MNIST Hebbian descent O1 hidden frozen");
        assert_eq!(descent("centre=none,reading=d,train=full"), "MNIST Hebbian descent D full without centring");
        assert_eq!(text("cifar10/2x800-relu/fa/feedback=random"), "CIFAR-10 2x800-relu FA random");
    }
}

//! Figure 1: the literature that the post groups in three topics.

use super::{arrow, node};
use crate::report::palette::{INK, MUTED};
use crate::report::plots::layer::{Type, draw};
use crate::report::plots::{PlotError, WIDTH};
use crate::report::section::Section;
use crate::report::tables::{self, Table};

/// A paper that the post's text cites.
struct Paper {
    short: &'static str,
    reference: &'static str,
    /// Address without `https://`; empty for a book.
    at: &'static str,
}

/// A method with its papers.
struct Method {
    name: &'static str,
    papers: &'static [Paper],
}

struct Topic {
    name: &'static str,
    under: &'static str,
    methods: &'static [Method],
}

const TOPICS: [Topic; 3] = [
    Topic {
        name: "Alternatives to backpropagation",
        under: "what the post examines",
        methods: &[
            Method {
                name: "Hebbian learning",
                papers: &[
                    Paper {
                        short: "Hebb 1949",
                        reference: "D. O. Hebb, The Organization of Behavior, Wiley, 1949",
                        at: "",
                    },
                    Paper {
                        short: "Oja 1982",
                        reference: "E. Oja, Simplified neuron model as a principal component analyzer, Journal of Mathematical Biology 15, 1982",
                        at: "doi.org/10.1007/BF00275687",
                    },
                    Paper {
                        short: "Markram et al. 1997",
                        reference: "H. Markram et al., Regulation of synaptic efficacy by coincidence of postsynaptic APs and EPSPs, Science 275, 1997",
                        at: "doi.org/10.1126/science.275.5297.213",
                    },
                    Paper {
                        short: "Melchior and Wiskott 2019",
                        reference: "J. Melchior and L. Wiskott, Hebbian-Descent, 2019",
                        at: "arxiv.org/abs/1905.10585",
                    },
                    Paper {
                        short: "Gupta et al. 2021",
                        reference: "M. Gupta, A. Ambikapathi and S. Ramasamy, HebbNet: a simplified Hebbian learning framework to do biologically plausible learning, ICASSP 2021",
                        at: "doi.org/10.1109/ICASSP39728.2021.9414241",
                    },
                ],
            },
            Method {
                name: "Feedback alignment",
                papers: &[
                    Paper {
                        short: "Lillicrap et al. 2016",
                        reference: "T. P. Lillicrap et al., Random synaptic feedback weights support error backpropagation for deep learning, Nature Communications 7, 2016",
                        at: "doi.org/10.1038/ncomms13276",
                    },
                    Paper {
                        short: "Nøkland 2016",
                        reference: "A. Nøkland, Direct feedback alignment provides learning in deep neural networks, NIPS 2016",
                        at: "arxiv.org/abs/1609.01596",
                    },
                ],
            },
            Method {
                name: "Hebbian feedback",
                papers: &[
                    Paper {
                        short: "Detorakis et al. 2019",
                        reference: "G. Detorakis, T. Bartley and E. Neftci, Contrastive Hebbian learning with random feedback weights, Neural Networks 114, 2019",
                        at: "arxiv.org/abs/1806.07406",
                    },
                    Paper {
                        short: "Song et al. 2021",
                        reference: "G. Song, R. Xu and J. Lafferty, Convergence and alignment of gradient descent with random backpropagation weights, NeurIPS 2021",
                        at: "arxiv.org/abs/2106.06044",
                    },
                ],
            },
        ],
    },
    Topic { name: "Alternatives to the architecture", under: "named as a topic only", methods: &[] },
    Topic { name: "Activations and attention", under: "named as a topic only", methods: &[] },
];

const HEIGHT: f64 = 546.0;
const LINE: f64 = 26.0;

pub fn section() -> Result<Section, PlotError> {
    let alt = "A map from the post's three topics to methods and the papers cited for them. Alternatives to backpropagation: Hebbian learning, feedback alignment, Hebbian feedback. The other two topics are named only. The table below holds every reference.";
    let plot = draw("figure-1-literature", alt.into(), (WIDTH, HEIGHT), |pen| {
        pen.heading("The literature in three topics", "Topics, methods and papers that the post's text names")?;
        for (x, title) in [(24.0, "Topic"), (390.0, "Method"), (690.0, "Cited papers")] {
            pen.text(title, (x, 80.0), Type::new(12.0, MUTED).bold())?;
        }
        let mut y = 98.0;
        for topic in &TOPICS {
            let lines: usize = topic.methods.iter().map(|m| m.papers.len()).sum();
            let height = (lines as f64 * LINE + topic.methods.len().saturating_sub(1) as f64 * 14.0).max(50.0);
            node(pen, [24.0, y, 270.0, height.min(64.0)], topic.name, topic.under)?;
            let mut at = y;
            for method in topic.methods {
                let tall = method.papers.len() as f64 * LINE;
                let middle = at + tall / 2.0;
                node(pen, [390.0, middle - 17.0, 190.0, 34.0], method.name, "")?;
                let from = y + height.min(64.0) / 2.0;
                arrow(pen, &[(294.0, from), (342.0, from), (342.0, middle), (390.0, middle)], MUTED, false)?;
                for (i, paper) in method.papers.iter().enumerate() {
                    let line = at + LINE * (i as f64 + 0.5);
                    pen.line(&[(580.0, middle), (635.0, middle), (635.0, line), (680.0, line)], MUTED, 1.0)?;
                    pen.text(paper.short, (690.0, line), Type::new(13.0, INK))?;
                }
                at += tall + 14.0;
            }
            y += height + 22.0;
        }
        Ok(())
    })?;
    Ok(Section {
        slug: "figure-1",
        heading: "Figure 1: The literature in three topics".into(),
        paragraphs: vec![
            "The post condenses a literature search into one picture, which could not be recovered. This map holds what its text names. It then narrows to alternatives to backpropagation, and so does this report. For efficiency at nearly the same accuracy it cites Crafton et al. (2019), Han et al. (2021) and Lagani et al. (2021).".into(),
        ],
        plots: vec![(plot, "Our own drawing of what the post's text names.".into())],
        tables: vec![references()],
        note: String::new(),
    })
}

fn references() -> Table {
    let rows = TOPICS.iter().flat_map(|t| t.methods).flat_map(|m| {
        m.papers
            .iter()
            .map(|p| vec![p.short.to_string(), m.name.to_string(), p.reference.to_string(), p.at.to_string()])
    });
    tables::plain(
        "figure-1-references",
        "Every paper of the map.",
        &["Cited as", "Method", "Reference", "Address"],
        rows.collect(),
    )
}

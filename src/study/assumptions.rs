//! What the post leaves open and what this project chose: numbered, with reasons, printed in every report.

/// One choice that the post does not state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// `A1` to `A25`; figures refer to these.
    pub id: &'static str,
    pub title: &'static str,
    /// What was chosen.
    pub what: &'static str,
    /// Why this and not something else.
    pub why: &'static str,
}

/// Every assumption, in order of number.
pub static REGISTRY: &[Assumption] = &[
    Assumption {
        id: "A1",
        title: "Input scaling",
        what: "From every pixel the mean image of the full training set is subtracted, then all are divided by one number, the standard deviation of all raw training pixels.",
        why: "Centred inputs are the common choice and one scale keeps the images as they look. The mean image includes the images later held out for validation, but no labels, so nothing about the answers leaks.",
    },
    Assumption {
        id: "A2",
        title: "Optimiser and learning rate",
        what: "Plain stochastic gradient descent at a constant rate. The rate is searched for backpropagation on validation images, per dataset and network; feedback alignment and direct feedback alignment use the same rate.",
        why: "A learning rule shows most clearly without momentum or adaptive scaling. Sharing backpropagation's rate follows Nøkland (2016) and gives the alternatives no tuning of their own, which may cost them accuracy. Searches are short and favour quick rates: on CIFAR-10 with two hidden layers and all images, one of 12 epochs takes half a decade less for backpropagation, which gains it about a point with ReLU (data/rates/README.md); what is above backpropagation there has to be read with that.",
    },
    Assumption {
        id: "A3",
        title: "Loss",
        what: "Softmax outputs with cross-entropy.",
        why: "The usual loss for one label out of ten; its error at the output is simply prediction minus target, which is what the feedback matrices carry.",
    },
    Assumption {
        id: "A4",
        title: "Batch size",
        what: "64 images, reshuffled every epoch; an incomplete last batch is left out.",
        why: "The value of the published feedback-alignment experiments closest to the post. Leaving out the rest makes every step the same size.",
    },
    Assumption {
        id: "A5",
        title: "Initialisation",
        what: "Weights and biases are drawn uniformly from ±1/√(inputs of the layer).",
        why: "PyTorch's default for dense layers, and what Nøkland (2016) used for backpropagation and for ReLU networks.",
    },
    Assumption {
        id: "A6",
        title: "Scale of the feedback matrices",
        what: "Random kinds are uniform in ±1/√n for a hidden layer of n units. Binary kinds run twice: with entries of ±1, and norm-matched with entries of ±1/√(3n).",
        why: "Entries of ±1 have √(3n) times the norm of the random kind and so act as a larger learning rate for the hidden layers. The matched pair separates that effect from the direction of the feedback.",
    },
    Assumption {
        id: "A7",
        title: "Epochs where none are given",
        what: "300 epochs for figures 9 to 11, 200 for figures 4 and 5, in the full profile.",
        why: "The post states 300 epochs for the feedback figures and HebbNet's setting is 200; the remaining figures share those networks.",
    },
    Assumption {
        id: "A8",
        title: "Validation split",
        what: "A tenth of the training images, the same share of each class, drawn by the seed, is kept for validation and never trained on.",
        why: "Rates and best epochs must be chosen somewhere; choosing them on test images would flatter the result.",
    },
    Assumption {
        id: "A9",
        title: "Which accuracy is shown",
        what: "Test accuracy after the last epoch. The test accuracy at the epoch with the best validation accuracy is stored beside it.",
        why: "The last epoch needs no choice. Where a rule collapses late, the two differ and both can be read in the data files.",
    },
    Assumption {
        id: "A10",
        title: "Sign of the Hebbian term in the sum rule",
        what: "The Hebbian term is added to the weights, so that it reinforces.",
        why: "Read literally, the post's formula would subtract it along with the gradient and make it anti-Hebbian, the opposite of Hebb's rule. The robustness tables hold the literal sign beside it.",
    },
    Assumption {
        id: "A11",
        title: "Threshold in HebbNet",
        what: "The threshold that activity products must pass is their mean over the past.",
        why: "Two public re-implementations of HebbNet agree on this; the paper's own text was not available, and the post gives no formula.",
    },
    Assumption {
        id: "A12",
        title: "Mask of gradient sparsity",
        what: "The 30% of updates with the largest size are kept in each step.",
        why: "The post gives the share but not how it is picked; public re-implementations of HebbNet pick by size. A random mask belongs to the robustness runs.",
    },
    Assumption {
        id: "A13",
        title: "Sign of HebbNet's update",
        what: "Hidden weights grow with the product of input and activity (Hebbian, not anti-Hebbian).",
        why: "Only this sign shows the runaway growth of weights that the post had to work around.",
    },
    Assumption {
        id: "A14",
        title: "Oja's factor in Hebbian descent",
        what: "The centred input is replaced by the input minus the unit's activity times its weights, with the output of the layer as activity.",
        why: "Of the readings that fit the shapes it changes the published update least.",
    },
    Assumption {
        id: "A15",
        title: "Derivative in the hidden layer of Hebbian descent",
        what: "Both readings are run: the derivative of the activation dropped as in the published rule, and kept in the hidden layer.",
        why: "The published rule is for one layer. With two, dropping or keeping the hidden derivative moves the accuracy by points.",
    },
    Assumption {
        id: "A16",
        title: "Sign feedback under direct feedback alignment",
        what: "With two hidden layers the lower matrix takes its signs from the product of the forward matrices above it.",
        why: "No single forward matrix has the shape of that feedback matrix; the product is the path which the feedback replaces.",
    },
    Assumption {
        id: "A17",
        title: "Activities that train the feedback matrices",
        what: "A trained feedback matrix uses the activities of the two layers that it connects, as seen in the forward pass.",
        why: "These are the quantities that are present where the matrix acts; the post names no others.",
    },
    Assumption {
        id: "A18",
        title: "Figures 9 and 10",
        what: "Figure 9 is taken to be MNIST, figure 10 CIFAR-10.",
        why: "The text introduces two figures for the same experiment and treats the datasets in that order everywhere else.",
    },
    Assumption {
        id: "A19",
        title: "How the largest beta is written",
        what: "The example value of beta, written as ten times a power of ten, is read as 0.1.",
        why: "This is what the notation says arithmetically; the neighbouring value 0.01 is in the grid as well.",
    },
    Assumption {
        id: "A20",
        title: "Margins and least steps",
        what: "Two accuracies count as alike within 1 point on MNIST and 2 points on CIFAR-10. A statement is judged only after a stated least number of training steps.",
        why: "Words such as close need a number before the results are seen. Short runs cannot speak about the end of long training.",
    },
    Assumption {
        id: "A21",
        title: "Grid of beta",
        what: "Six values, from one millionth to one tenth in steps of ten.",
        why: "The post's text gives one example value and no list; whole decades cover a wide range below it.",
    },
    Assumption {
        id: "A22",
        title: "Top layer of the sum rule",
        what: "At the output layer the activity in the Hebbian term is the softmax output.",
        why: "All layers are to follow one rule, and the softmax output is that layer's activity.",
    },
    Assumption {
        id: "A23",
        title: "Two networks with two hidden layers",
        what: "One has ReLU in both hidden layers, the other tanh in both.",
        why: "The post names both activations for two hidden layers; a network that mixes them is possible but less likely and belongs to the robustness runs.",
    },
    Assumption {
        id: "A24",
        title: "Biases",
        what: "All networks of these figures have biases, the one with a single hidden layer too.",
        why: "The post mentions biases for the two-layer networks only; one convention keeps the networks comparable.",
    },
    Assumption {
        id: "A25",
        title: "Rate of trained feedback",
        what: "The rate of B is searched on validation images beside backpropagation's rate, per dataset, network and rule of B. Where a trial is longer than the search was, the rate is divided by as much.",
        why: "A B that grows is a hidden learning rate that grows. With the quotient B changes about as much in all as in the search; with the undivided rate it goes on growing until training falls apart (data/rates/README.md).",
    },
];

/// The assumption called `id`.
pub fn assumption(id: &str) -> Option<&'static Assumption> {
    REGISTRY.iter().find(|a| a.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::figures;

    #[test]
    fn numbered_without_gaps() {
        for (i, a) in REGISTRY.iter().enumerate() {
            assert_eq!(a.id, format!("A{}", i + 1));
        }
        assert_eq!(REGISTRY.len(), 25);
    }

    #[test]
    fn figures_refer_to_known_ones() {
        for figure in figures::REGISTRY.iter() {
            for id in figure.assumptions {
                assert!(assumption(id).is_some(), "figure {} names {id}", figure.id);
            }
        }
    }
}

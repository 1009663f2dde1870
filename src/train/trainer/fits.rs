//! What a rule may not ask of the trainer: combinations that would silently do something else than they say.

use crate::rules::{Centring, Gate, Pre, Rate, Rule};
use crate::train::Optimiser;

/// Why a rule cannot run with this optimiser on `top` layers; `None` if it can.
pub(super) fn refuses(rule: &dyn Rule, optimiser: Optimiser, top: usize) -> Option<String> {
    (1..=top).find_map(|l| of_layer(rule, optimiser, l, top).or_else(|| of_feedback(rule, l, top)))
}

fn of_layer(rule: &dyn Rule, optimiser: Optimiser, l: usize, top: usize) -> Option<String> {
    let term = rule.update(l, top)?;
    let rms = matches!(optimiser, Optimiser::RmsProp { .. });
    if term.gate != Gate::None && term.rate == Rate::Learning && rms {
        return Some(format!(
            "layer {l} has a gate and takes the learning rate, but RMSprop's steps know no gate; let it take the hidden rate"
        ));
    }
    if term.gate != Gate::None && term.bias {
        return Some(format!("layer {l} has a gate, which lets no bias change; set bias to false"));
    }
    if l < top && term.post.needs_delta() && rule.teaching(l).is_none() {
        return Some(format!(
            "hidden layer {l} changes by its teaching signal, but nothing teaches it; return a Teaching, or a Post of activities"
        ));
    }
    None
}

/// `B_l` that learns takes `h_l` as layer `l + 1` packed it for its own update.
fn of_feedback(rule: &dyn Rule, l: usize, top: usize) -> Option<String> {
    let learns = rule.feedback().is_some_and(|f| f.update().is_some());
    if !learns || l >= top {
        return None;
    }
    let above = l + 1;
    match rule.update(above, top) {
        None => Some(format!(
            "B_{l} learns from what layer {above} takes in, but that layer is frozen; let it learn, or keep B fixed"
        )),
        Some(term) if term.pre != Pre::Input || rule.centring() == Centring::Running => Some(format!(
            "B_{l} learns from the activities that layer {above} takes in, but there they are centred or a residual; keep B fixed"
        )),
        Some(_) => None,
    }
}

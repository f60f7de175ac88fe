//! Finds the value of each output binding in the worker's answer.

use super::envelope_response::EnvelopeResponse;
use crate::{app::Function, net_json::Json};

/// The binding name that takes the return value.
pub(super) const RETURN: &str = "$return";

/// The value of an out binding. A `ReturnValue` object overrides `Outputs` member by member unless a binding is
/// named `$return`.
pub(super) fn value<'a>(
    function: &Function,
    answer: &'a EnvelopeResponse,
    binding: &str,
) -> Option<&'a Json> {
    if binding == RETURN {
        return Some(&answer.return_value);
    }
    let merged = || overridden(function, answer, binding);
    let own = || answer.outputs.as_ref()?.iter().find(|(name, _)| name == binding).map(|(_, value)| value);
    merged().or_else(own)
}

/// The member of `ReturnValue` that takes the place of an output.
pub(super) fn overridden<'a>(
    function: &Function,
    answer: &'a EnvelopeResponse,
    binding: &str,
) -> Option<&'a Json> {
    let taken = function.outputs.iter().any(|output| output.binding == RETURN);
    if taken { None } else { answer.return_value.get(binding) }
}

//! `retry` of a function.json: how often and when [a failed run of a timer is tried again][retries].
//!
//! [retries]: https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages#retries

use std::time::Duration;

use serde_json::Value;

use crate::time_span::TimeSpan;

/// A retry policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// Tries after the first one; none for as many as it takes.
    pub max_retries: Option<u32>,
    /// The pause between two tries.
    pub delay: RetryDelay,
}

/// How long the pause between two tries is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetryDelay {
    /// `fixedDelay`: always the same.
    Fixed(Duration),
    /// `exponentialBackoff`: twice the one before, within limits.
    Exponential {
        /// `minimumInterval`.
        min: Duration,
        /// `maximumInterval`.
        max: Duration,
    },
}

impl RetryPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// One sentence that names the member.
    pub fn read(policy: &Value) -> Result<Self, String> {
        let time = |name: &str| {
            let text = policy.get(name).and_then(Value::as_str);
            text.and_then(TimeSpan::parse)
                .and_then(TimeSpan::duration)
                .ok_or_else(|| format!("retry.{name} must be a time span like \"00:00:10\""))
        };
        let max_retries = match policy.get("maxRetryCount").and_then(Value::as_i64) {
            Some(-1) => None,
            Some(count) => Some(u32::try_from(count).map_err(|_| COUNT)?),
            None => return Err(COUNT.to_owned()),
        };
        let strategy = policy.get("strategy").and_then(Value::as_str).unwrap_or_default();
        let delay = match strategy.to_ascii_lowercase().as_str() {
            "fixeddelay" => RetryDelay::Fixed(time("delayInterval")?),
            "exponentialbackoff" => {
                RetryDelay::Exponential { min: time("minimumInterval")?, max: time("maximumInterval")? }
            }
            _ => return Err("retry.strategy must be \"fixedDelay\" or \"exponentialBackoff\"".to_owned()),
        };
        Ok(Self { max_retries, delay })
    }

    /// The pause before the next try, after `failed` tries; none when it was the last.
    #[must_use]
    pub fn delay_after(&self, failed: u32) -> Option<Duration> {
        if self.max_retries.is_some_and(|max_retries| failed > max_retries) {
            return None;
        }
        Some(match self.delay {
            RetryDelay::Fixed(delay) => delay,
            RetryDelay::Exponential { min, max } => {
                min.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1))).min(max)
            }
        })
    }
}

const COUNT: &str = "retry.maxRetryCount must be a whole number, or -1 for unlimited retries";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fixed_pause_stays_and_ends_with_the_last_try() {
        let policy = json!({ "strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "00:00:03" });
        let retry = RetryPolicy::read(&policy).unwrap();
        let second = Some(Duration::from_secs(3));
        assert_eq!(
            [retry.delay_after(1), retry.delay_after(2), retry.delay_after(3)],
            [second, second, None]
        );
    }

    #[test]
    fn a_growing_pause_doubles_up_to_its_limit() {
        let policy = json!({
            "strategy": "exponentialBackoff", "maxRetryCount": -1,
            "minimumInterval": "00:00:02", "maximumInterval": "00:00:05",
        });
        let retry = RetryPolicy::read(&policy).unwrap();
        let pauses = [1, 2, 3, 99].map(|failed| retry.delay_after(failed).unwrap().as_secs());
        assert_eq!(pauses, [2, 4, 5, 5]);
    }

    #[test]
    fn a_wrong_policy_is_told_by_its_member() {
        let wrong = [
            (json!({ "strategy": "fixedDelay", "delayInterval": "00:00:03" }), "maxRetryCount"),
            (json!({ "strategy": "fixedDelay", "maxRetryCount": 1 }), "delayInterval"),
            (json!({ "strategy": "always", "maxRetryCount": 1 }), "strategy"),
        ];
        for (policy, member) in wrong {
            assert!(RetryPolicy::read(&policy).unwrap_err().contains(member));
        }
    }
}

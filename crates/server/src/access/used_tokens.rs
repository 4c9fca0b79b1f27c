use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many ids are kept until their tokens expire. Above it, no further token that admits once is
/// accepted.
const MAX_IDS: usize = 100_000;

/// The ids of tokens that admit one participant only, and have done so.
#[derive(Debug, Default)]
pub(crate) struct UsedTokens(Mutex<HashMap<String, u64>>);

impl UsedTokens {
    /// Notes the use of a token until it can't be used any more; returns whether it is the first.
    /// Times are in seconds since 1970.
    pub(crate) fn is_first_use(&self, id: &str, usable_until: u64, now: u64) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.contains_key(id) {
            return false;
        }
        if used.len() >= MAX_IDS {
            used.retain(|_, until| *until >= now);
        }
        if used.len() >= MAX_IDS {
            return false;
        }
        used.insert(id.to_owned(), usable_until);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_used_once_and_expired_ones_make_space() {
        let used = UsedTokens::default();
        assert!(used.is_first_use("a", 10, 5));
        assert!(!used.is_first_use("a", 10, 5));
        for number in 1..MAX_IDS {
            assert!(used.is_first_use(&number.to_string(), 10, 5));
        }
        assert!(!used.is_first_use("b", 20, 10), "no space is left");
        assert!(used.is_first_use("b", 20, 11));
        assert!(!used.is_first_use("b", 20, 11));
    }
}

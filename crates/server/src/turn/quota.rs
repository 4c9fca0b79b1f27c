use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::turn::config::TurnLimits;

/// Counts the allocations of all users.
#[derive(Clone)]
pub(crate) struct Quota {
    limits: TurnLimits,
    used: Arc<Mutex<HashMap<String, usize>>>,
}

/// The permission to have one allocation, until it is dropped.
#[must_use]
pub(crate) struct Permit {
    quota: Quota,
    user: String,
}

/// Why a user can't have one more allocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exceeded {
    User,
    Server,
}

impl Quota {
    pub(crate) fn new(limits: TurnLimits) -> Self {
        Self {
            limits,
            used: Arc::default(),
        }
    }

    pub(crate) fn take(&self, user: &str) -> Result<Permit, Exceeded> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.values().sum::<usize>() >= self.limits.allocations {
            return Err(Exceeded::Server);
        }
        let own = used.entry(user.to_owned()).or_default();
        if *own >= self.limits.allocations_per_user {
            return Err(Exceeded::User);
        }
        *own += 1;
        Ok(Permit {
            quota: self.clone(),
            user: user.to_owned(),
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut used = self
            .quota
            .used
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = used.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                used.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota() -> Quota {
        Quota::new(TurnLimits {
            allocations: 5,
            allocations_per_user: 3,
            ..TurnLimits::default()
        })
    }

    #[test]
    fn limits_each_user_and_all() {
        let quota = quota();
        let ann: Vec<_> = (0..3).filter_map(|_| quota.take("ann").ok()).collect();
        assert_eq!(quota.take("ann").err(), Some(Exceeded::User));
        let bob: Vec<_> = (0..2).filter_map(|_| quota.take("bob").ok()).collect();
        assert_eq!((ann.len(), bob.len()), (3, 2));
        assert_eq!(quota.take("bob").err(), Some(Exceeded::Server));
    }

    #[test]
    fn an_ended_allocation_counts_no_more() {
        let quota = quota();
        for _ in 0..100 {
            drop(quota.take("ann"));
        }
        assert!(quota.used.lock().unwrap().is_empty());
    }
}

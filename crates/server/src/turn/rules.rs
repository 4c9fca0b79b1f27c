use crate::ice::TurnSecret;
use crate::turn::config::TurnLimits;
use crate::turn::quota::Quota;
use crate::turn::reach::Reach;

/// What all sessions of a TURN server have in common.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) secret: TurnSecret,
    pub(crate) reach: Reach,
    pub(crate) quota: Quota,
    pub(crate) limits: TurnLimits,
}

impl Rules {
    /// The realm of all credentials (RFC 8489 section 9.2). Clients only repeat it.
    pub(crate) const REALM: &'static str = "videocalls";
}

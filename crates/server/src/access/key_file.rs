use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;
use tracing::{info, warn};

use super::keys::AccessKey;

/// How often the file is looked at, at most.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A file with a key set (JWKS, RFC 7517 section 5), which is read again when it changes, so that
/// keys can be rotated while the server runs. Clones share what was read.
#[derive(Clone)]
pub struct KeyFile {
    path: Arc<Path>,
    state: Arc<Mutex<State>>,
}

struct State {
    keys: Arc<[NamedKey]>,
    /// When the file was changed last.
    changed: Option<SystemTime>,
    checked: Instant,
}

/// A key with its `kid`.
pub(super) struct NamedKey {
    pub(super) name: Option<String>,
    pub(super) key: AccessKey,
}

/// Why a file is not a [`KeyFile`].
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It can't be read.
    Unreadable(io::Error),
    /// It is not a key set.
    NotAKeySet,
    /// It has no key that can verify tokens.
    NoUsableKey,
}

impl KeyFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It can't be read, is not a key set, or has no public key of RSA, P-256 or Ed25519.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, KeyFileError> {
        let path = path.into();
        let state = State {
            changed: changed(&path),
            keys: read(&path)?,
            checked: Instant::now(),
        };
        Ok(Self {
            path: path.into(),
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// The keys as the file has them now. A file that is broken at the moment leaves the keys as
    /// they were.
    pub(super) fn keys(&self) -> Arc<[NamedKey]> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.checked.elapsed() >= CHECK_INTERVAL {
            state.checked = Instant::now();
            self.refresh(&mut state);
        }
        Arc::clone(&state.keys)
    }

    fn refresh(&self, state: &mut State) {
        let changed = changed(&self.path);
        if changed == state.changed {
            return;
        }
        match read(&self.path) {
            Ok(keys) => {
                info!(keys = keys.len(), "read the access keys again");
                state.keys = keys;
                state.changed = changed;
            }
            Err(error) => warn!(%error, "the access keys stay as they were"),
        }
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

fn read(path: &Path) -> Result<Arc<[NamedKey]>, KeyFileError> {
    let text = fs::read(path).map_err(KeyFileError::Unreadable)?;
    parse(&text)
}

/// Reads a key set. Keys of unknown kinds are ignored, as RFC 7517 section 5 demands.
fn parse(text: &[u8]) -> Result<Arc<[NamedKey]>, KeyFileError> {
    let set: Value = serde_json::from_slice(text).map_err(|_| KeyFileError::NotAKeySet)?;
    let keys = set["keys"].as_array().ok_or(KeyFileError::NotAKeySet)?;
    let keys: Arc<[_]> = keys.iter().filter_map(named).collect();
    match keys.is_empty() {
        true => Err(KeyFileError::NoUsableKey),
        false => Ok(keys),
    }
}

fn named(key: &Value) -> Option<NamedKey> {
    let jwk = Jwk::deserialize(key).ok()?;
    let key = AccessKey::from_jwk(&jwk)?;
    let name = jwk.common.key_id;
    Some(NamedKey { name, key })
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFile({})", self.path.display())
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::NotAKeySet => f.write_str("not a JSON Web Key Set"),
            Self::NoUsableKey => f.write_str("no public key of RSA, P-256 or Ed25519 in it"),
        }
    }
}

impl std::error::Error for KeyFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::body::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};

/// The built files. A build with debug assertions reads them from the disk at each request.
#[derive(RustEmbed)]
#[folder = "../../dist"]
#[allow_missing = true]
struct Dist;

/// The files that a server serves, by path, each with its `.br` and `.gz` form beside it.
#[derive(Clone)]
pub struct Assets(Source);

#[derive(Clone)]
enum Source {
    Embedded,
    Memory(Arc<HashMap<String, Bytes>>),
}

/// One file, with a hash of its content.
pub(crate) struct Asset {
    pub(crate) bytes: Bytes,
    pub(crate) mark: String,
}

impl Assets {
    /// The files that `cargo xtask build` made before this program was compiled, if it was run.
    pub fn embedded() -> Self {
        Self(Source::Embedded)
    }

    /// Other files, each by its path without a leading `/`.
    pub fn from_files<P, B>(files: impl IntoIterator<Item = (P, B)>) -> Self
    where
        P: Into<String>,
        B: Into<Bytes>,
    {
        let files = files.into_iter();
        let files = files.map(|(path, bytes)| (path.into(), bytes.into()));
        Self(Source::Memory(Arc::new(files.collect())))
    }

    pub(crate) fn read(&self, path: &str) -> Option<Asset> {
        match &self.0 {
            Source::Embedded => Dist::get(path).map(Asset::from),
            Source::Memory(files) => files.get(path).cloned().map(Asset::from),
        }
    }
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Embedded => "Assets(embedded)",
            Source::Memory(_) => "Assets(memory)",
        })
    }
}

impl From<EmbeddedFile> for Asset {
    fn from(file: EmbeddedFile) -> Self {
        let hash = file.metadata.sha256_hash();
        let mark = hash.iter().take(16).map(|byte| format!("{byte:02x}"));
        Self {
            mark: mark.collect(),
            bytes: match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            },
        }
    }
}

impl From<Bytes> for Asset {
    fn from(bytes: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Self {
            mark: format!("{:016x}", hasher.finish()),
            bytes,
        }
    }
}

//! The strongest compression: files are downloaded more often than they are built.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cache::{self, Fingerprint};
use crate::workspace::Workspace;

/// A file in both compressed forms.
pub(crate) struct Compressed {
    pub(crate) brotli: Vec<u8>,
    pub(crate) gzip: Vec<u8>,
}

/// Compresses `content` by brotli 11 and gzip 9. Results are cached, since brotli is slow.
pub(crate) fn compress(workspace: &Workspace, content: &[u8]) -> Result<Compressed> {
    let name = Fingerprint::new("brotli 11, gzip 9").with(content).name();
    let folder = workspace.target("xtask/compressed");
    Ok(Compressed {
        brotli: cached(&folder.join(format!("{name}.br")), || brotli(content))?,
        gzip: cached(&folder.join(format!("{name}.gz")), || gzip(content))?,
    })
}

fn cached(file: &Path, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    if file.is_file() {
        return cache::read(file);
    }
    let made = make()?;
    cache::write(file, &made)?;
    Ok(made)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters)
        .context("compressing with brotli")?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(9));
    encoder
        .write_all(content)
        .context("compressing with gzip")?;
    encoder.finish().context("compressing with gzip")
}

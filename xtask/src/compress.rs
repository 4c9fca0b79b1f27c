//! Compression as strong as it gets: visitors download more often than we build.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cache::{self, Fingerprint};
use crate::workspace::Workspace;

/// One content, compressed both ways.
pub(crate) struct Compressed {
    pub(crate) brotli: Vec<u8>,
    pub(crate) gzip: Vec<u8>,
}

/// Brotli 11 and gzip 9 of `content`, kept in the target folder since brotli is slow.
pub(crate) fn compress(workspace: &Workspace, content: &[u8]) -> Result<Compressed> {
    let name = Fingerprint::new("brotli 11, gzip 9").with(content).name();
    let folder = workspace.target("xtask/compressed");
    Ok(Compressed {
        brotli: kept(&folder.join(format!("{name}.br")), || brotli(content))?,
        gzip: kept(&folder.join(format!("{name}.gz")), || gzip(content))?,
    })
}

fn kept(file: &Path, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
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

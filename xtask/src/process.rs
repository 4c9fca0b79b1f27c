//! Other programs: run, read, watched while they print.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a program that prints for itself.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("starting {}", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a program whose output matters only when it fails.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a program and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", line(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed ({})\n{text}{errors}",
            line(command),
            output.status
        );
    }
    Ok(text)
}

/// What a program said that was watched to its end.
pub(crate) struct Watched {
    pub(crate) success: bool,
    pub(crate) output: String,
}

/// Runs a program, shows its output as it comes and keeps it too.
pub(crate) fn watch(command: &mut Command) -> Result<Watched> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", line(command)))?;
    let output = match child.stdout.take() {
        Some(stdout) => echo(stdout)?,
        None => String::new(),
    };
    let success = child.wait()?.success();
    Ok(Watched { success, output })
}

/// Runs a program and keeps its output.
pub(crate) fn keep(command: &mut Command) -> Result<Watched> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {}", line(command)))?;
    Ok(Watched {
        success: output.status.success(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}

fn echo(stdout: impl Read) -> Result<String> {
    let mut reader = BufReader::new(stdout);
    let mut output = String::new();
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        let text = String::from_utf8_lossy(&bytes);
        print!("{text}");
        output.push_str(&text);
        bytes.clear();
    }
    Ok(output)
}

/// Whether this runs as root.
pub(crate) fn is_root() -> Result<bool> {
    let id = output(Command::new("id").arg("-u"))?;
    Ok(id.trim() == "0")
}

/// The first of `names` on PATH.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let candidates = names.iter().flat_map(|name| {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        folders.iter().map(move |folder| folder.join(&file))
    });
    candidates.into_iter().find(|candidate| candidate.is_file())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

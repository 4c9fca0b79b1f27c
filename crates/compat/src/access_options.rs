//! The options of access control, and the command that makes tokens.

use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use videocalls_protocol::{DisplayName, Grant, Grants, InvalidName};
use videocalls_server::{Access, AccessKey, InvalidKey, KeyFile, SigningKey, TokenRequest};

/// Who may join rooms
#[derive(Args)]
pub(crate) struct AccessOptions {
    /// The secret of access tokens (HS256), 32 bytes or more
    #[arg(long, env = "VIDEOCALLS_AUTH_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true)]
    auth_secret: Option<AccessKey>,

    /// A file with the public key of access tokens in PEM: RSA (RS256), P-256 (ES256) or Ed25519
    /// (EdDSA)
    #[arg(long, env = "VIDEOCALLS_AUTH_KEY", value_name = "FILE")]
    auth_key: Option<PathBuf>,

    /// A file with the public keys of access tokens (JWKS); it is read again when it changes
    #[arg(long, env = "VIDEOCALLS_AUTH_JWKS", value_name = "FILE")]
    auth_jwks: Option<PathBuf>,

    /// What the `aud` of access tokens has to name
    #[arg(long, env = "VIDEOCALLS_AUTH_AUDIENCE", value_name = "NAME")]
    auth_audience: Option<String>,

    /// By how many seconds the clock of whoever makes the tokens may be wrong
    #[arg(long, env = "VIDEOCALLS_AUTH_LEEWAY", value_name = "SECONDS")]
    #[arg(default_value = "10", value_parser = clap::value_parser!(u32).range(0..=300))]
    auth_leeway: u32,

    /// Let anyone join on purpose: no warning that there is no key
    #[arg(long, env = "VIDEOCALLS_OPEN")]
    open: bool,

    /// Let newcomers wait in the lobby of each room until a moderator admits them
    #[arg(long, env = "VIDEOCALLS_LOBBY")]
    pub(crate) lobby: bool,
}

impl AccessOptions {
    /// Reads the keys.
    pub(crate) fn access(&self) -> io::Result<Access> {
        let mut access = Access::default();
        access.keys.extend(self.auth_secret.clone());
        if let Some(path) = &self.auth_key {
            let key = fs::read(path).and_then(|pem| {
                AccessKey::from_pem(&pem).map_err(|error| io::Error::other(error.to_string()))
            });
            access
                .keys
                .push(key.map_err(|error| named("--auth-key", &error))?);
        }
        if let Some(path) = &self.auth_jwks {
            let file = KeyFile::open(path).map_err(|error| named("--auth-jwks", &error))?;
            access.key_file = Some(file);
        }
        access.audience.clone_from(&self.auth_audience);
        if self.lobby && access.is_open() {
            let missing = "--lobby: without a key there are no moderators to admit anyone";
            return Err(io::Error::other(missing));
        }
        access.leeway = Duration::from_secs(self.auth_leeway.into());
        Ok(access)
    }

    /// What to say about a server without a key, if others than this machine can reach it.
    pub(crate) fn warning(&self, access: &Access, address: SocketAddr) -> Option<&'static str> {
        let is_private = is_loopback(address.ip()) || self.open;
        (access.is_open() && !is_private).then_some(OPEN_WARNING)
    }
}

const OPEN_WARNING: &str = "\
WARNING: anyone who can reach this server can join every room whose name they know.
         Give it a key: --auth-secret, --auth-key or --auth-jwks (docs/tokens.md).
         If that is what you want, say so by --open.
";

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn named(option: &str, error: &dyn std::error::Error) -> io::Error {
    io::Error::other(format!("{option}: {error}"))
}

/// Makes an access token and prints it
#[derive(Args)]
pub(crate) struct TokenOptions {
    /// The secret of the server (HS256)
    #[arg(long, env = "VIDEOCALLS_AUTH_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true, required_unless_present = "sign_key")]
    #[arg(conflicts_with = "sign_key")]
    auth_secret: Option<String>,

    /// A file with the private key in PEM: RSA, P-256 (PKCS #8) or Ed25519
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,

    /// The room; `*` stands for any number of characters
    #[arg(long)]
    room: String,

    /// Who the bearer is, for example a user id
    #[arg(long)]
    identity: Option<String>,

    /// The name that the others see
    #[arg(long)]
    name: Option<String>,

    /// For how many seconds the token is valid
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    ttl: u64,

    /// What the bearer may do; can be repeated, replaces the default
    #[arg(long = "grant", value_enum, default_values = ["join", "publish"])]
    grants: Vec<GrantName>,

    /// Whom the token is for, see --auth-audience
    #[arg(long)]
    audience: Option<String>,

    /// Admit one participant only
    #[arg(long)]
    once: bool,
}

/// The name of a grant.
#[derive(Clone, Copy, ValueEnum)]
enum GrantName {
    Join,
    /// All sources
    Publish,
    PublishMicrophone,
    PublishCamera,
    PublishScreen,
    Moderate,
    BypassLobby,
}

impl GrantName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Join => Grant::Join.as_str(),
            Self::Publish => "publish",
            Self::PublishMicrophone => Grant::PublishMicrophone.as_str(),
            Self::PublishCamera => Grant::PublishCamera.as_str(),
            Self::PublishScreen => Grant::PublishScreen.as_str(),
            Self::Moderate => Grant::Moderate.as_str(),
            Self::BypassLobby => Grant::BypassLobby.as_str(),
        }
    }
}

impl TokenOptions {
    /// Prints the token, as the only line of standard output.
    pub(crate) fn run(&self) -> ExitCode {
        match self.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn print(&self) -> io::Result<()> {
        let key = self.key()?;
        let name = DisplayName::optional(self.name.as_deref());
        let request = TokenRequest {
            room: self.room.clone(),
            identity: self.identity.clone(),
            name: name.map_err(|error: InvalidName| named("--name", &error))?,
            lifetime: Duration::from_secs(self.ttl),
            grants: Grants::from_names(self.grants.iter().map(|grant| grant.as_str())),
            audience: self.audience.clone(),
            once: self.once,
        };
        let token = key.sign(&request);
        let token = token.ok_or_else(|| io::Error::other("the key can't sign"))?;
        writeln!(io::stdout(), "{token}")
    }

    fn key(&self) -> io::Result<SigningKey> {
        let invalid = |option| move |error: InvalidKey| named(option, &error);
        match (&self.auth_secret, &self.sign_key) {
            (_, Some(path)) => {
                let pem = fs::read(path).map_err(|error| named("--sign-key", &error))?;
                SigningKey::from_pem(&pem).map_err(invalid("--sign-key"))
            }
            (Some(secret), None) => {
                SigningKey::from_secret(secret).map_err(invalid("--auth-secret"))
            }
            (None, None) => Err(io::Error::other("a key is missing")),
        }
    }
}

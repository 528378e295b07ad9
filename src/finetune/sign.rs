//! Keys and signatures as minisign makes them, so that a board can tell whose model it is given.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, bail};
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};

use crate::model::{beside::beside, file, replace::write_atomically, signature};

/// Environment variable that holds the password of a secret key, where nobody is there to be asked.
pub const PASSWORD_VARIABLE: &str = "VGGCAM_KEY_PASSWORD";

/// Files of a pair of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// The secret key, for the computer that signs.
    pub secret: PathBuf,
    /// The public key, for boards.
    pub public: PathBuf,
    /// The line of the public key.
    pub line: String,
}

/// Makes a pair of keys: `out` with `.key` and `.pub` added. The secret one is encrypted with a password unless `open`. Errs where
/// either file is there already.
pub fn keygen(out: &Path, open: bool) -> anyhow::Result<KeyFiles> {
    let (secret, public) = (beside(out, ".key"), beside(out, ".pub"));
    for path in [&secret, &public] {
        if path.exists() {
            bail!("{} is there already, and boards may trust it; name another --out", path.display());
        }
    }
    let pair = match open {
        true => KeyPair::generate_unencrypted_keypair(),
        false => KeyPair::generate_encrypted_keypair(password()),
    };
    let KeyPair { pk, sk } = pair.context("cannot make a key")?;
    let (text, public_text) = (sk.to_box(None)?.into_string(), pk.to_box()?.into_string());
    let written = File::options().create_new(true).write(true).mode(0o600).open(&secret).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write {}", secret.display()))?;
    fs::write(&public, public_text).with_context(|| format!("cannot write {}", public.display()))?;
    Ok(KeyFiles { secret, public, line: pk.to_base64() })
}

/// Signs `model` with the secret key in `key`; gives the signature's file, which lies beside the model, and the model's name.
pub fn sign(model: &Path, key: &Path) -> anyhow::Result<(PathBuf, String)> {
    let metadata = file::open(model)?.metadata.with_context(|| {
        format!("{} carries no labels, so no board can use it; make a model with `finetune train`", model.display())
    })?;
    let secret = read_secret(key).with_context(|| format!("cannot use the key {}", key.display()))?;
    let public = PublicKey::from_secret_key(&secret)?;
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    // Fields as minisign writes them, and what the model calls itself.
    let fields =
        [format!("timestamp:{seconds}"), format!("file:{name}"), "hashed".into(), format!("model:{}", metadata.name)];
    let comment = fields.map(|field| field.replace(|c: char| c.is_control(), " ")).join("\t");
    let bytes = File::open(model).with_context(|| format!("cannot read {}", model.display()))?;
    let signed = minisign::sign(Some(&public), &secret, bytes, Some(&comment), None);
    let signed = signed.with_context(|| format!("cannot sign {}", model.display()))?;
    let path = signature::path_for(model);
    write_atomically(&path, &signed.to_bytes())?;
    Ok((path, metadata.name))
}

/// The secret key in a file; asks for its password where it has one.
fn read_secret(path: &Path) -> anyhow::Result<SecretKey> {
    let text = fs::read_to_string(path)?;
    let key = |text: &str| SecretKeyBox::from_string(text);
    // A key without a password says so itself; of one with a password this fails.
    if let Ok(secret) = key(&text)?.into_unencrypted_secret_key() {
        return Ok(secret);
    }
    Ok(key(&text)?.into_secret_key(password())?)
}

/// The password in the environment; without it, minisign's code asks at the terminal.
fn password() -> Option<String> {
    std::env::var(PASSWORD_VARIABLE).ok()
}

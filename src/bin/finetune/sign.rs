//! `finetune keygen` and `finetune sign`

use std::path::PathBuf;

use clap::Args;
use vggcam::{finetune::sign, message::print};

#[derive(Args)]
pub struct KeygenArgs {
    /// Writes FILE.key, which stays secret, and FILE.pub, for boards
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Leave the secret key without a password; whoever reads the file can sign
    #[arg(long)]
    no_password: bool,
}

#[derive(Args)]
pub struct SignArgs {
    /// Model file
    model: PathBuf,
    /// Secret key, of `keygen` or of minisign
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Makes a pair of keys, and says what each is for.
pub fn keygen(args: KeygenArgs) -> anyhow::Result<()> {
    let sign::KeyFiles { secret, public, line } = sign::keygen(&args.out, args.no_password)?;
    print(&format!(
        "✓ secret key   {}; keep it on this computer, and a copy where nobody finds it\n\
         ✓ public key   {}; on each board, in /etc/vggcam/vggcam.toml: model_key = \"{line}\"\n",
        secret.display(),
        public.display()
    ))
}

/// Signs a model.
pub fn sign(args: SignArgs) -> anyhow::Result<()> {
    let (signature, name) = sign::sign(&args.model, &args.key)?;
    print(&format!("✓ signed       {name}, in {}\n", signature.display()))
}

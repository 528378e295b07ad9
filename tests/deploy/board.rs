//! A board as `ssh` sees it: an `sshd` on this machine, whose sessions have a home folder with an awkward name, programs of their
//! own, and a folder for models.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use assert_cmd::cargo::CommandCargoExt;
use vggcam::runtime::update::{examine::examine, installed};

use crate::common;

const SSHD: &str = "/usr/sbin/sshd";

const SFTP: &str = "/usr/lib/openssh/sftp-server";

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A board, and the models `a.onnx` and `b.onnx` beside it.
pub struct Board {
    pub sshd: Child,
    port: u16,
    pub user: String,
    pub root: tempfile::TempDir,
}

impl Board {
    /// A board with `vggcam` on it and nothing installed.
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for key in ["host_key", "user_key"] {
            done(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at(key)));
        }
        fs::copy(at("user_key.pub"), at("authorized_keys")).unwrap();
        for folder in ["board's home", "bin", "tmp"] {
            fs::create_dir(at(folder)).unwrap();
        }
        let session = format!(
            "#!/bin/sh\nexport HOME=\"{0}/board's home\" PATH=\"{0}/bin:/usr/bin:/bin\" VGGCAM_STATE=\"{0}/state\"\n\
             cd \"$HOME\" || exit 1\nexec sh -c \"$SSH_ORIGINAL_COMMAND\"\n",
            root.path().display()
        );
        write_program(&at("session"), &session);
        // Of this machine, neither the rights nor the services are the board's.
        for name in ["sudo", "systemctl", "pgrep"] {
            write_program(&at("bin").join(name), "#!/bin/sh\nexit 1\n");
        }
        symlink(env!("CARGO_BIN_EXE_vggcam"), at("bin/vggcam")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host_key = fs::read_to_string(at("host_key.pub")).unwrap();
        fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let lines = [
            format!("Port {port}"),
            "ListenAddress 127.0.0.1".into(),
            format!("HostKey {}", at("host_key").display()),
            format!("AuthorizedKeysFile {}", at("authorized_keys").display()),
            format!("ForceCommand {}", at("session").display()),
            format!("Subsystem sftp {SFTP}"),
            "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes".into(),
            "LogLevel VERBOSE\nMaxStartups 100\n".into(),
        ];
        fs::write(at("sshd_config"), lines.join("\n")).unwrap();
        // Its own user's privileges are parted in this folder; without root's rights none is needed.
        let _ = fs::create_dir_all("/run/sshd");
        let log = fs::File::create(at("log")).unwrap();
        let mut sshd = Command::new(SSHD);
        let sshd = sshd.args(["-D", "-e", "-f"]).arg(at("sshd_config")).stdin(Stdio::null()).stderr(log);
        let sshd = sshd.spawn().expect("openssh-server is installed");
        let user = String::from_utf8(done(Command::new("id").arg("-un")).stdout).unwrap().trim().to_string();
        common::write_tested_model(&at("a.onnx"), 1, &["ant", "bee"]);
        common::write_tested_model(&at("b.onnx"), 2, &["owl", "elk", "yak"]);
        let board = Board { sshd, port, user, root };
        wait_for("the ssh server", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        board
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.path("board's home")
    }

    /// Puts a program in front of those of the system.
    pub fn fake(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        // It may be a link to a program that is needed elsewhere.
        let _ = fs::remove_file(&path);
        write_program(&path, &format!("#!/bin/sh\n{script}\n"));
    }

    pub fn command(&self, model: &str, more: &[&str]) -> Command {
        self.finetune("deploy", &[&["--model", model], more].concat())
    }

    /// A command of `finetune` that goes to the board.
    pub fn finetune(&self, name: &str, more: &[&str]) -> Command {
        let mut command = Command::cargo_bin("finetune").unwrap();
        command.current_dir(self.root.path()).env("TMPDIR", self.path("tmp"));
        command.args([name, &format!("{}@127.0.0.1", self.user), "--port", &self.port.to_string()]);
        for (option, file) in [("IdentityFile", "user_key"), ("UserKnownHostsFile", "known_hosts")] {
            command.arg("--ssh-option").arg(format!("{option}={}", self.path(file).display()));
        }
        command.args(["--ssh-option", "IdentitiesOnly=yes", "--ssh-option", "StrictHostKeyChecking=yes"]).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn deploys(&self, model: &str, more: &[&str]) -> String {
        let output = self.command(model, more).output().unwrap();
        assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
        self.is_clean();
        text(&output.stdout)
    }

    /// Fails with one line that says `why`; the model in use stays, and nothing else.
    pub fn refuses(&self, model: &str, more: &[&str], why: &str) {
        let before = self.in_use();
        let output = self.command(model, more).output().unwrap();
        self.refused(output, why);
        assert_eq!(self.in_use(), before);
        self.is_clean();
    }

    pub fn refused(&self, output: Output, why: &str) {
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with("error: ") && error.contains(why) && error.lines().count() == 1, "{error}");
    }

    /// Name of the model that the board uses, which is whole and passes its test; `None` for the bundled one.
    pub fn in_use(&self) -> Option<String> {
        let state = self.path("state");
        let current = installed::read(&state).unwrap().current?;
        let settings = vggcam::engine::open::Settings::plain(1);
        let path = installed::model_path(&state, &current);
        examine(&path, &path, settings, &mut |_, _| ()).unwrap();
        Some(current.name)
    }

    /// Waits until nothing is left on the board, or here, of what was under way.
    pub fn is_clean(&self) {
        wait_for("the board to remove its folder", || none_in(&self.home().join(".cache/vggcam")));
        wait_for("the private folder to be removed", || none_in(&self.path("tmp")));
    }

    pub fn connections(&self) -> usize {
        fs::read_to_string(self.path("log")).unwrap().matches("Accepted publickey").count()
    }

    /// Kills every process of the server but the one that listens; what runs in the sessions goes on.
    pub fn cut_connections(&self) {
        let is_server =
            |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("sshd"));
        for pid in children(self.sshd.id()) {
            let mut inner = children(pid);
            inner.retain(is_server);
            inner.into_iter().chain([pid]).for_each(|pid| signal("KILL", pid));
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.cut_connections();
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

pub fn write_program(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

pub fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    output
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn none_in(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(0, |entries| entries.count()) == 0
}

pub fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

pub fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

pub fn signal(name: &str, pid: u32) {
    // It may have ended.
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
}

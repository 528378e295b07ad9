//! `finetune deploy` over the real `ssh` and `scp` to a real `sshd` on this machine, whose sessions see a board: a home
//! folder with an awkward name, programs of its own, and a folder for models.
//!
//! `.ci/run` asks for it by name, as it needs OpenSSH's server.
#![cfg(feature = "finetune")]

mod common;

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
use common::Noise;
use vggcam::runtime::update::{examine::examine, installed};

const SSHD: &str = "/usr/sbin/sshd";
const SFTP: &str = "/usr/lib/openssh/sftp-server";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A board, and the models `a.onnx` and `b.onnx` beside it.
struct Board {
    sshd: Child,
    port: u16,
    user: String,
    root: tempfile::TempDir,
}

impl Board {
    /// A board with `vggcam` on it and nothing installed.
    fn new() -> Self {
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

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn home(&self) -> PathBuf {
        self.path("board's home")
    }

    /// Puts a program in front of those of the system.
    fn fake(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        // It may be a link to a program that is needed elsewhere.
        let _ = fs::remove_file(&path);
        write_program(&path, &format!("#!/bin/sh\n{script}\n"));
    }

    fn command(&self, model: &str, more: &[&str]) -> Command {
        self.finetune("deploy", &[&["--model", model], more].concat())
    }

    /// A command of `finetune` that goes to the board.
    fn finetune(&self, name: &str, more: &[&str]) -> Command {
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

    fn deploys(&self, model: &str, more: &[&str]) -> String {
        let output = self.command(model, more).output().unwrap();
        assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
        self.is_clean();
        text(&output.stdout)
    }

    /// Fails with one line that says `why`; the model in use stays, and nothing else.
    fn refuses(&self, model: &str, more: &[&str], why: &str) {
        let before = self.in_use();
        let output = self.command(model, more).output().unwrap();
        self.refused(output, why);
        assert_eq!(self.in_use(), before);
        self.is_clean();
    }

    fn refused(&self, output: Output, why: &str) {
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with("error: ") && error.contains(why) && error.lines().count() == 1, "{error}");
    }

    /// Name of the model that the board uses, which is whole and passes its test; `None` for the bundled one.
    fn in_use(&self) -> Option<String> {
        let state = self.path("state");
        let current = installed::read(&state).unwrap().current?;
        let settings = vggcam::engine::open::Settings::plain(1);
        let path = installed::model_path(&state, &current);
        examine(&path, &path, settings, &mut |_, _| ()).unwrap();
        Some(current.name)
    }

    /// Waits until nothing is left on the board, or here, of what was under way.
    fn is_clean(&self) {
        wait_for("the board to remove its folder", || none_in(&self.home().join(".cache/vggcam")));
        wait_for("the private folder to be removed", || none_in(&self.path("tmp")));
    }

    fn connections(&self) -> usize {
        fs::read_to_string(self.path("log")).unwrap().matches("Accepted publickey").count()
    }

    /// Kills every process of the server but the one that listens; what runs in the sessions goes on.
    fn cut_connections(&self) {
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

fn write_program(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn none_in(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(0, |entries| entries.count()) == 0
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn signal(name: &str, pid: u32) {
    // It may have ended.
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
}

#[test]
#[ignore = "needs an ssh server"]
fn a_model_is_brought_tested_and_used() {
    let board = Board::new();
    assert_eq!(board.in_use(), None);
    let said = board.deploys("a.onnx", &[]);
    let steps: Vec<_> = said.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(
        steps,
        ["model", "board", "program", "copied", "origin", "model", "self-test", "installed", "service"],
        "{said}"
    );
    assert!(said.contains("4 reference pictures answered as where it was made"), "{said}");
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
    // A name that ssh and scp might read as something else.
    fs::rename(board.path("b.onnx"), board.path("-b:1 's.onnx")).unwrap();
    board.deploys("./-b:1 's.onnx", &[]);
    assert_eq!(board.in_use().as_deref(), Some("owl/elk/yak"));
    // Whatever has to be asked is asked once.
    assert_eq!(board.connections(), 2);
    let rolled_back =
        Command::new(board.path("bin/vggcam")).arg("rollback").env("VGGCAM_STATE", board.path("state")).output();
    assert!(rolled_back.unwrap().status.success());
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_signature_goes_along_and_a_board_with_a_key_wants_one() {
    let board = Board::new();
    let done = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("finetune").unwrap();
        done(command.current_dir(board.root.path()).args(arguments));
    };
    done(&["keygen", "--out", "owner", "--no-password"]);
    let settings = board.path("settings.toml");
    fs::write(&settings, format!("model_key = '{}'\n", board.path("owner.pub").display())).unwrap();
    let program = format!("VGGCAM_CONFIG='{}' exec '{}' \"$@\"", settings.display(), env!("CARGO_BIN_EXE_vggcam"));
    board.fake("vggcam", &program);
    board.refuses("a.onnx", &[], "is not signed");
    done(&["sign", "a.onnx", "--key", "owner.key"]);
    let said = board.deploys("a.onnx", &[]);
    assert!(said.contains("copied       signature") && said.contains("signed with the pinned key"), "{said}");
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_model_that_answers_otherwise_there_is_not_used() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    common::change_expected_answers(&board.path("b.onnx"));
    board.refuses("b.onnx", &[], "this processor's answers differ");
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_board_that_cannot_take_it_is_told_before_anything_is_copied() {
    let board = Board::new();
    board.fake("uname", "echo riscv64");
    board.refuses("a.onnx", &[], "riscv64");
    board.fake("uname", "case $1 in -m) echo aarch64;; *) echo Linux 6.6;; esac");
    board.refuses("a.onnx", &["--with-program", env!("CARGO_BIN_EXE_vggcam")], "--target aarch64-unknown-linux-gnu");
    fs::remove_file(board.path("bin/uname")).unwrap();
    board.fake("getconf", "case $1 in LONG_BIT) echo 64;; *) echo glibc 2.1;; esac");
    board.refuses("a.onnx", &["--with-program", env!("CARGO_BIN_EXE_vggcam")], "and the board has 2.1");
    fs::remove_file(board.path("bin/getconf")).unwrap();
    board.fake("grep", "echo 'MemAvailable:  20000 kB'");
    board.refuses("a.onnx", &[], "20 MB are available");
    fs::remove_file(board.path("bin/grep")).unwrap();
    board.fake("df", "echo '/dev/mmcblk0p2 9 8 1 99% /'");
    board.refuses("a.onnx", &[], "/dev/mmcblk0p2");
    fs::remove_file(board.path("bin/df")).unwrap();
    board.refuses("a.onnx", &["--with-program", "a.onnx"], "no Linux program");
    assert!(!board.path("state").exists());
}

#[test]
#[ignore = "needs an ssh server"]
fn a_board_without_the_program_gets_it() {
    let board = Board::new();
    board.fake("vggcam", "[ \"$1\" = --version ] && echo vggcam 0.0.1");
    board.refuses("a.onnx", &[], "too old to install models (vggcam 0.0.1)");
    fs::remove_file(board.path("bin/vggcam")).unwrap();
    board.refuses("a.onnx", &[], "there is no vggcam on");
    let program = ["--with-program", env!("CARGO_BIN_EXE_vggcam")];
    board.deploys("a.onnx", &program);
    let placed = board.home().join(".local/bin/vggcam");
    assert_eq!(fs::read(&placed).unwrap(), fs::read(env!("CARGO_BIN_EXE_vggcam")).unwrap());
    // From then on it is found, and another one takes its place.
    assert!(board.deploys("b.onnx", &[]).contains("home/.local/bin/vggcam"));
    write_program(&placed, "#!/bin/sh\nexit 1\n");
    common::change_expected_answers(&board.path("a.onnx"));
    board.refuses("a.onnx", &program, "nothing is changed there");
    assert!(fs::read(&placed).unwrap().starts_with(b"#!/bin/sh"));
    board.deploys("b.onnx", &program);
    assert!(!fs::read(&placed).unwrap().starts_with(b"#!/bin/sh"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_full_card_changes_nothing() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    for (folder, why) in [("board's home/.cache/vggcam", "cannot copy"), ("state/models", "make room")] {
        let folder = board.path(folder);
        let kept: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let aside = board.path("aside");
        fs::create_dir_all(&aside).unwrap();
        for file in &kept {
            fs::copy(file, aside.join(file.file_name().unwrap())).unwrap();
        }
        // What is there, in the pages that a card in memory has, and two more: less than a model needs.
        let pages: u64 = kept.iter().map(|file| file.metadata().unwrap().len().div_ceil(4096)).sum();
        let size = format!("size={}k", (pages + 2) * 4);
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: a full card needs the right to mount one");
            return;
        }
        for file in fs::read_dir(&aside).unwrap().map(|entry| entry.unwrap().path()) {
            fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
        let before = board.in_use();
        let honest = board.command("b.onnx", &[]).output().unwrap();
        // A card that is said to have room, and is full when it comes to it.
        board.fake("df", "echo 'card 99999999 1 99999998 1% /'");
        let believed = board.command("b.onnx", &[]).output().unwrap();
        fs::remove_file(board.path("bin/df")).unwrap();
        let after = board.in_use();
        board.is_clean();
        done(Command::new("umount").arg(&folder));
        board.refused(honest, "are needed");
        board.refused(believed, why);
        assert_eq!((after.as_deref(), before.as_deref()), (Some("ant/bee"), Some("ant/bee")));
    }
    board.deploys("b.onnx", &[]);
}

#[test]
#[ignore = "needs an ssh server"]
fn a_lost_connection_leaves_nothing_behind() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    // At the hash, the model is on the board; at the installation, all is said.
    for (name, arguments) in
        [("sha256sum", ""), ("vggcam", "[ \"$1\" = install ] && [ \"$2\" = --state ] || exec real \"$@\"")]
    {
        let reached = board.path("reached");
        symlink(env!("CARGO_BIN_EXE_vggcam"), board.path("bin/real")).unwrap();
        board.fake(name, &format!("{arguments}\ntouch '{}'\nexec sleep 60", reached.display()));
        let lost = board.command("b.onnx", &[]).spawn().unwrap();
        wait_for("the board to be at work", || reached.exists());
        board.cut_connections();
        board.refused(lost.wait_with_output().unwrap(), "was lost");
        board.is_clean();
        assert_eq!(board.in_use().as_deref(), Some("ant/bee"));

        fs::remove_file(&reached).unwrap();
        let stopped = board.command("b.onnx", &[]).spawn().unwrap();
        wait_for("the board to be at work", || reached.exists());
        signal("INT", stopped.id());
        board.refused(stopped.wait_with_output().unwrap(), "stopped");
        board.is_clean();
        assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
        fs::remove_file(&reached).unwrap();
        fs::remove_file(board.path("bin").join(name)).unwrap();
        fs::remove_file(board.path("bin/real")).unwrap();
    }
}

#[test]
#[ignore = "needs an ssh server"]
fn killed_at_any_instant_the_board_uses_the_old_or_the_new_model() {
    let board = Board::new();
    let start = Instant::now();
    board.deploys("a.onnx", &[]);
    let whole = start.elapsed();
    let kills = std::env::var("VGGCAM_KILLS").map_or(15, |kills| kills.parse().expect("VGGCAM_KILLS is a number"));
    let mut noise = Noise(3);
    let mut switched = 0;
    for round in 0..kills {
        let before = board.in_use().unwrap();
        let (file, name) = if before == "ant/bee" { ("b.onnx", "owl/elk/yak") } else { ("a.onnx", "ant/bee") };
        let mut child = board.command(file, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole.mul_f32(noise.value().abs() * 1.1));
        // Every third time it is the connection that goes.
        if round % 3 == 2 {
            board.cut_connections();
        } else {
            let _ = child.kill();
        }
        child.wait().unwrap();
        wait_for("the board to be idle", || children(board.sshd.id()).is_empty());
        wait_for("the board to remove its folder", || none_in(&board.home().join(".cache/vggcam")));
        // An installation that had begun goes on without the connection.
        wait_for("the installation to end", || installed::Changing::start(&board.path("state")).is_ok());
        let after = board.in_use().unwrap();
        assert!(after == before || after == name, "round {round}: {after} after {name} over {before}");
        switched += usize::from(after == name);
    }
    eprintln!("{kills} interruptions, {switched} of them after the switch");
    fs::remove_dir_all(board.path("tmp")).unwrap();
    fs::create_dir(board.path("tmp")).unwrap();
    board.deploys("a.onnx", &[]);
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_service_takes_the_new_model_or_gets_the_old_one_back() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    let restarts = board.path("restarts");
    let log = format!("[ \"$1\" = restart ] && echo x >>'{}'", restarts.display());
    board.fake("sudo", "[ \"$1\" = -n ] && shift && exec \"$@\"");
    board.fake("systemctl", &format!("{log}\nexit 0"));
    assert!(board.deploys("b.onnx", &[]).contains("restarted, and it stays up"));
    assert_eq!(fs::read_to_string(&restarts).unwrap(), "x\n");
    // It is active until it is restarted with a model that it does not like, and again with the one before.
    let odd = format!("{log} && exit 0\n[ \"$(wc -l <'{}')\" != 2 ]", restarts.display());
    board.fake("systemctl", &odd);
    let output = board.command("a.onnx", &[]).output().unwrap();
    board.refused(output, "went back to the one before");
    assert_eq!(board.in_use().as_deref(), Some("owl/elk/yak"));
    assert_eq!(fs::read_to_string(&restarts).unwrap(), "x\nx\nx\n");
    // It runs, but has gone back by itself.
    let withdraw = "s/^{/{\"withdrawn\": {\"name\": \"new\", \"reason\": \"odd\"},/";
    let list = board.path("state/installed.json");
    board.fake("systemctl", &format!("[ \"$1\" != restart ] || sed -i '{withdraw}' '{}'", list.display()));
    let output = board.command("a.onnx", &[]).output().unwrap();
    board.refused(output, "gave the new model up by itself");
    // It ends before it is ready, and so do two more starts, after which it has gone back by itself.
    let crashes = format!(
        "[ \"$1\" = restart ] || exec [ ! -e crashed ]\ntouch crashed\nsed -i '{withdraw}' '{}'\nexit 1",
        list.display()
    );
    board.fake("systemctl", &crashes);
    let output = board.command("b.onnx", &[]).output().unwrap();
    board.refused(output, "gave the new model up by itself");
    // Whoever may not restart it is told that it runs on.
    board.fake("systemctl", "[ \"$1\" != restart ]");
    assert!(board.deploys("a.onnx", &[]).contains("it runs on with the old model"));
    board.fake("sudo", "exit 1");
    if board.user != "root" {
        board.fake("systemctl", "exit 0");
        assert!(board.deploys("a.onnx", &[]).contains("sudo systemctl restart vggcam"));
    }
}

#[test]
#[ignore = "needs an ssh server"]
fn a_board_that_cannot_be_reached_is_told_with_the_next_step() {
    let board = Board::new();
    fs::write(board.path("authorized_keys"), "").unwrap();
    board.refuses("a.onnx", &[], "ssh-copy-id");
    fs::write(board.path("known_hosts"), "").unwrap();
    board.refuses("a.onnx", &[], "to look at its key");
    let nowhere = board.command("a.onnx", &["--port", "1"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2), "a port is given once");
    let mut other = Command::cargo_bin("finetune").unwrap();
    other.args(["deploy", "-oProxyCommand=touch /tmp/x", "--model", "a.onnx"]);
    assert_eq!(other.output().unwrap().status.code(), Some(2));
}

#[test]
#[ignore = "needs an ssh server"]
fn kept_pictures_are_fetched_once_and_removed_where_that_is_asked() {
    let board = Board::new();
    let folder = board.path("state of the board/kept");
    let pull = |more: &[&str]| {
        let mut arguments = vec!["--out", "pulled", "--folder", folder.to_str().unwrap()];
        arguments.extend(more);
        let output = board.finetune("pull", &arguments).output().unwrap();
        board.is_clean();
        output
    };
    let says = |output: &Output, what: &str| {
        assert!(text(&output.stdout).contains(what) || text(&output.stderr).contains(what), "{output:?}");
        output.status.code()
    };
    assert_eq!(says(&pull(&[]), "there is no"), Some(1));
    fs::create_dir_all(&folder).unwrap();
    assert_eq!(says(&pull(&[]), "no new pictures"), Some(0));
    let keep = |name: &str| fs::write(folder.join(name), name).unwrap();
    for name in ["00000008-1-cat-050.jpg", "00000010-2-unknown-099.jpg", "00000011-3-cat-050.jpg.part", "notes.txt"] {
        keep(name);
    }
    assert_eq!(says(&pull(&[]), "2 pictures are new in pulled"), Some(0));
    let here = |path: &str| fs::read_to_string(board.path("pulled").join(path)).unwrap();
    assert_eq!(here("cat/00000008-1-cat-050.jpg"), "00000008-1-cat-050.jpg");
    assert_eq!(here("unknown/00000010-2-unknown-099.jpg"), "00000010-2-unknown-099.jpg");
    keep("00000012-4-dog-070.jpg");
    assert_eq!(says(&pull(&["--remove"]), "1 picture is new in pulled, 2 were there already"), Some(0));
    let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["00000011-3-cat-050.jpg.part", "notes.txt"]);
}

//! What boards answer, and what is made of it.

use super::*;

const ANSWERS: &str = "Welcome to the board\n\
    board.machine aarch64\n\
    board.system Linux 6.6.51+rpt-rpi-v8\n\
    board.user pi\n\
    board.bits 64\n\
    board.glibc glibc 2.36\n\
    board.memory MemAvailable:    3332040 kB\n\
    board.home_storage /dev/mmcblk0p2  60669148 9012844 49134720      16% /\n\
    board.sudo yes\n\
    board.state /var/lib/vggcam\n\
    board.state_storage /dev/mmcblk0p2  60669148 9012844 49134720      16% /\n\
    board.state_access absent\n\
    board.program /home/pi/my tools/vggcam\n\
    board.version vggcam 0.1.0\n\
    board.installs yes\n";

fn parse(text: &str) -> Result<Board, String> {
    let lines = text.lines().map(|line| line.trim_end().to_string()).collect();
    Board::parse(&Ended { code: Some(0), lines, complaints: vec![] })
}

#[test]
fn the_answers_of_a_raspberry_pi_are_read() {
    let board = parse(ANSWERS).unwrap();
    let storage = Storage { device: "/dev/mmcblk0p2".into(), free: 49_134_720 << 10 };
    let expected = Board {
        machine: "aarch64".into(),
        system: "Linux 6.6.51+rpt-rpi-v8".into(),
        user: "pi".into(),
        architecture: Some(Architecture::Aarch64),
        glibc: Some((2, 36)),
        memory: Some(3_332_040 << 10),
        home: Some(storage.clone()),
        state: State { folder: "/var/lib/vggcam".into(), access: Access::Absent, storage: Some(storage) },
        sudo: true,
        program: Some(Found {
            path: "/home/pi/my tools/vggcam".into(),
            version: "vggcam 0.1.0".into(),
            installs: true,
        }),
    };
    assert_eq!(board, expected);
    let words = "Linux 6.6.51+rpt-rpi-v8, 64-bit ARM, glibc 2.36, 3412 MB of memory and 50314 MB of storage free";
    assert_eq!(board.in_words(), words);
}

#[test]
fn a_board_need_not_tell_everything() {
    let few = "board.machine aarch64\nboard.system Linux\nboard.user root\nboard.bits \nboard.glibc \nboard.memory \n\
        board.home_storage \nboard.state /v\nboard.state_access writable\n";
    let board = parse(few).unwrap();
    assert_eq!((board.glibc, board.memory, &board.home, &board.program), (None, None, &None, &None));
    assert!(!board.sudo);
    assert_eq!(board.has_memory(u64::MAX), Ok(()));
    assert_eq!(board.has_room(u64::MAX, 0), Ok(()));
    assert_eq!(board.in_words(), "Linux, 64-bit ARM");
    assert!(parse("").unwrap_err().contains("machine"));
    assert!(parse(&few.replace("writable", "odd")).unwrap_err().contains("odd"));
}

#[test]
fn what_is_too_little_is_told_with_both_figures() {
    let board = parse(ANSWERS).unwrap();
    assert_eq!(board.has_memory(1 << 30), Ok(()));
    let error = board.has_memory(4_000_000_000).unwrap_err();
    assert!(error.contains("4000 MB") && error.contains("3412 MB"), "{error}");
    assert_eq!(board.has_room(25_000_000_000, 25_000_000_000), Ok(()));
    // Both go onto one card.
    let error = board.has_room(26_000_000_000, 25_000_000_000).unwrap_err();
    assert!(error.contains("51000 MB") && error.contains("/dev/mmcblk0p2"), "{error}");
    let mut board = board;
    board.state.storage = Some(Storage { device: "tmpfs".into(), free: 1_500_000 });
    let error = board.has_room(26_000_000_000, 2_600_000).unwrap_err();
    assert!(error.contains("2.6 MB are needed in /var/lib/vggcam") && error.contains("1.5 MB"), "{error}");
}

#[test]
fn only_a_program_built_for_the_board_is_taken() {
    let board = parse(ANSWERS).unwrap();
    let program = |architecture, glibc| Program { architecture, glibc };
    assert_eq!(board.takes(&program(Architecture::Aarch64, Some((2, 31)))), Ok(()));
    assert_eq!(board.takes(&program(Architecture::Aarch64, None)), Ok(()));
    let error = board.takes(&program(Architecture::X86_64, None)).unwrap_err();
    assert!(error.contains("64-bit x86") && error.contains("--target aarch64-unknown-linux-gnu"), "{error}");
    let error = board.takes(&program(Architecture::Aarch64, Some((2, 41)))).unwrap_err();
    assert!(error.contains("needs glibc 2.41") && error.contains("has 2.36"), "{error}");
    let old = parse(&ANSWERS.replace("aarch64", "armv6l")).unwrap();
    assert!(old.architecture().unwrap_err().contains("armv6l"));
}

#[test]
fn file_systems_with_odd_names_are_read() {
    for (line, device, free) in [
        ("//nas/my files 1000 400 600 40% /mnt/my files", "//nas/my files", 600 << 10),
        ("overlay 100 90 10 90% /", "overlay", 10 << 10),
    ] {
        assert_eq!(storage(line), Some(Storage { device: device.into(), free }));
    }
    for line in ["", "none", "none - - - - /", "40% /", "600 40% /"] {
        assert_eq!(storage(line), None, "{line}");
    }
}

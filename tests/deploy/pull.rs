//! `finetune pull`: pictures that the board has kept.

use std::{fs, process::Output};

use crate::board::{Board, text};

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
    // Pictures may come and go while they are packed, which tar tells by its exit code.
    board.fake("tar", "/bin/tar \"$@\"; exit 1");
    // What cannot be listed is not removed, and that is said.
    board.fake("ls", "exit 2");
    assert_eq!(says(&pull(&["--remove"]), "stay on"), Some(1));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 5);
    for name in ["ls", "tar"] {
        fs::remove_file(board.path("bin").join(name)).unwrap();
    }
    assert_eq!(says(&pull(&["--remove"]), "no new pictures, 3 were there already"), Some(0));
    let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["00000011-3-cat-050.jpg.part", "notes.txt"]);
}

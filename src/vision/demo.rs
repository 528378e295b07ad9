//! The photographs that are built into the program.

/// Name and bytes of each; `models/demo/README.md` says whose they are.
pub const PICTURES: [(&str, &[u8]); 3] = [
    ("demo/cat-chelsea.jpg", include_bytes!("../../models/demo/cat-chelsea.jpg")),
    ("demo/dog-bicycle.jpg", include_bytes!("../../models/demo/dog-bicycle.jpg")),
    ("demo/coffee.jpg", include_bytes!("../../models/demo/coffee.jpg")),
];

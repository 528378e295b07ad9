//! Times a camera frame's way to the network's input: `cargo bench --bench pixels -- FILE WIDTH HEIGHT ITERATIONS`.
//!
//! A file that ends in `.jpg` is one MJPG frame, any other one YUYV frame. Prints the median in milliseconds.

use std::{error::Error, hint::black_box, time::Instant};

use vggcam::{
    model::metadata::Fit,
    vision::{
        frame::{Frame, PixelFormat, YuvColour},
        scaled::frame_to_input,
    },
};

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, width, height, iterations] = &arguments[..] else {
        println!("usage: pixels FILE WIDTH HEIGHT ITERATIONS");
        return Ok(());
    };
    let (width, height, iterations): (u32, u32, usize) = (width.parse()?, height.parse()?, iterations.parse()?);
    let jpeg = file.ends_with(".jpg");
    let frame = Frame {
        format: if jpeg { PixelFormat::Mjpg } else { PixelFormat::Yuyv },
        colour: YuvColour::default(),
        width,
        height,
        stride: if jpeg { 0 } else { 2 * width as usize },
        bytes: std::fs::read(file)?,
        captured_at: Instant::now(),
        sequence: 0,
        name: file.clone(),
    };
    let mut times = vec![];
    for _ in 0..=iterations {
        let start = Instant::now();
        black_box(frame_to_input(&frame, 224, Fit::Squash)?);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    // The first one fills the caches.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    println!("{:.3}", times[times.len() / 2]);
    Ok(())
}

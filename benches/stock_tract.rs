//! Times plain tract on an ONNX file, as tract reads it: `cargo bench --bench stock_tract -- FILE THREADS ITERATIONS`.
//!
//! Prints the median in milliseconds. For a quantized file the answer is not to be trusted, since tract reads only the first
//! of the scales of each tensor; its time is.

use std::time::Instant;

use tract_onnx::prelude::{
    multithread::{Executor, multithread_tract_scope},
    *,
};

fn main() -> TractResult<()> {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, threads, iterations] = &arguments[..] else {
        println!("usage: stock_tract FILE THREADS ITERATIONS");
        return Ok(());
    };
    let (threads, iterations): (usize, usize) = (threads.parse()?, iterations.parse()?);
    let model = tract_onnx::onnx().with_ignore_value_info(true).model_for_path(file)?;
    let plan = model.into_optimized()?.into_runnable()?;
    let fact = plan.model().input_fact(0)?;
    let shape: Vec<usize> = fact.shape.as_concrete().map(Into::into).unwrap_or_default();
    let picture = Tensor::zero_dt(fact.datum_type, &shape)?;
    let executor = if threads > 1 { Executor::multithread(threads) } else { Executor::SingleThread };
    let mut times = vec![];
    for _ in 0..=iterations {
        let start = Instant::now();
        multithread_tract_scope(executor.clone(), || plan.run(tvec![picture.clone().into()]))?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    // The first one allocates.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    println!("{:.3}", times[times.len() / 2]);
    Ok(())
}

//! What to do with the model.

use std::path::Path;

use serde::Serialize;

use crate::finetune::report::{
    render::{Section, render},
    text::{file_name, shell},
};

/// Commands that use the model file.
pub fn section(model: &Path) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        argument: String,
        name: String,
    }
    let data = Data { argument: shell(model), name: shell(Path::new(&file_name(model))) };
    let body = render("next", include_str!("next.html"), data)?;
    Ok(Section { id: "next", heading: "What next", short: "Next", body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_model_as_a_shell_takes_it() {
        let body = section(Path::new("out dir/model.onnx")).unwrap().body;
        assert!(body.contains("--model &#x27;out dir&#x2f;model.onnx&#x27; PHOTO"), "{body}");
        assert!(body.contains("vggcam run --model model.onnx<"), "{body}");
    }
}

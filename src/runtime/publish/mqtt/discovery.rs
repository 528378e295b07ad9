//! What Home Assistant is told about the board (its documentation under "MQTT discovery"), a message for each entity.

use serde_json::{Map, Value, json};

use super::device::Device;
use crate::runtime::publish::record::Facts;

/// Labels up to which Home Assistant is told all of them.
const OPTIONS: usize = 100;

/// Topic and payload of each entity; none where it is not to be told, or before there is a model.
pub fn messages(device: &Device, facts: &Facts) -> Vec<(String, String)> {
    let Some(prefix) = &device.discovery else { return Vec::new() };
    if facts.model.labels.is_empty() {
        return Vec::new();
    }
    let about = json!({
        "identifiers": [device.id()],
        "name": device.name,
        "manufacturer": "vggcam",
        "model": facts.model.name,
        "sw_version": env!("CARGO_PKG_VERSION"),
    });
    let message = |entity: Entity| {
        let topic = format!("{prefix}/{}/{}/{}/config", entity.component, device.id(), entity.key);
        (topic, Value::Object(entity.payload(device, &about)).to_string())
    };
    entities(facts).into_iter().map(message).collect()
}

/// Something that Home Assistant shows.
struct Entity {
    component: &'static str,
    key: &'static str,
    name: &'static str,
    /// Of what is seen, and gone while no label counts; else of the health.
    is_answer: bool,
    more: Value,
}

impl Entity {
    fn payload(self, device: &Device, about: &Value) -> Map<String, Value> {
        let (topic, key) = (if self.is_answer { device.state() } else { device.health() }, self.key);
        let mut availability = vec![json!({"topic": device.availability()})];
        if self.is_answer {
            availability.push(json!({"topic": device.label_availability()}));
        }
        let base = json!({
            "name": self.name,
            "unique_id": format!("{}_{key}", device.id()),
            "state_topic": topic,
            "value_template": format!("{{{{ value_json.{key} }}}}"),
            "availability": availability,
            "availability_mode": "all",
            "device": about,
            "origin": {"name": "vggcam", "sw_version": env!("CARGO_PKG_VERSION")},
        });
        let parts = [base, self.more].into_iter().filter_map(|part| match part {
            Value::Object(part) => Some(part),
            _ => None,
        });
        parts.flatten().collect()
    }
}

/// What this board has to show.
fn entities(facts: &Facts) -> Vec<Entity> {
    let answer = |key, name, more| Entity { component: "sensor", key, name, is_answer: true, more };
    let sensor = |key, name, mut more: Value| {
        more["entity_category"] = "diagnostic".into();
        Entity { component: "sensor", key, name, is_answer: false, more }
    };
    let problem = |key, name| {
        let more = json!({"device_class": "problem", "entity_category": "diagnostic"});
        Entity { component: "binary_sensor", key, name, is_answer: false, more }
    };
    let mut label = json!({"icon": "mdi:image-search"});
    if facts.model.labels.len() <= OPTIONS {
        label["device_class"] = "enum".into();
        label["options"] = facts.model.possible_labels().collect();
    }
    let confidence = json!({
        "value_template": "{{ (value_json.confidence * 100) | round(1) if value_json.confidence is number else none }}",
        "unit_of_measurement": "%",
        "state_class": "measurement",
        "icon": "mdi:percent",
    });
    let camera = json!({"device_class": "connectivity", "entity_category": "diagnostic"});
    let age = json!({"device_class": "duration", "unit_of_measurement": "s", "state_class": "measurement"});
    let growing = || json!({"state_class": "total_increasing"});
    let mut entities = vec![
        answer("label", "Label", label),
        answer("confidence", "Confidence", confidence),
        Entity { component: "binary_sensor", key: "camera", name: "Camera", is_answer: false, more: camera },
        sensor("frame_age_s", "Frame age", age),
        sensor("answers_per_second", "Answers per second", json!({"state_class": "measurement"})),
        sensor("frames_lost", "Frames lost", growing()),
        sensor("camera_losses", "Camera losses", growing()),
        sensor("model_id", "Model hash", json!({"icon": "mdi:fingerprint"})),
    ];
    let health = &facts.health;
    if health.temperature_c.is_some() {
        let more = json!({"device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement"});
        entities.push(sensor("temperature_c", "Temperature", more));
    }
    entities.extend(health.under_voltage.map(|_| problem("under_voltage", "Under-voltage")));
    entities.extend(health.throttled.map(|_| problem("throttled", "Slowed down")));
    entities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{
        health::{Condition, Health},
        publish::{mqtt::Settings, record::tests::begun},
    };

    fn told(facts: &Facts) -> Vec<(String, Value)> {
        let settings = Settings { name: Some("Door".into()), ..Settings::default() };
        let device = Device::new(&settings, "/nowhere".as_ref());
        let messages = messages(&device, facts).into_iter();
        messages.map(|(topic, payload)| (topic, serde_json::from_str(&payload).unwrap())).collect()
    }

    #[test]
    fn every_entity_has_what_home_assistant_asks_for() {
        let mut facts = begun().facts();
        let never = Some(Condition::default());
        facts.health = Health { temperature_c: Some(50.0), under_voltage: never, throttled: never, frequency: None };
        let told = told(&facts);
        let mut ids: Vec<&str> = told.iter().map(|(_, payload)| payload["unique_id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), told.len()), (11, 11));
        for (topic, payload) in &told {
            assert!(topic.starts_with("homeassistant/") && topic.ends_with("/config"), "{topic}");
            assert_eq!(payload["device"]["identifiers"], json!(["door"]), "{topic}");
            assert_eq!(payload["availability"][0]["topic"], "vggcam/door/availability");
            assert!(payload["state_topic"].is_string() && payload["value_template"].is_string());
        }
        let (_, label) = told.iter().find(|(topic, _)| topic == "homeassistant/sensor/door/label/config").unwrap();
        assert_eq!(label["options"], json!(["cat", "dog \"x\"", "unknown"]));
        assert_eq!(label["availability"][1]["topic"], "vggcam/door/label/availability");
        assert_eq!(label["value_template"], "{{ value_json.label }}");
    }

    #[test]
    fn what_a_board_does_not_tell_is_no_entity() {
        let mut facts = begun().facts();
        assert_eq!(told(&facts).len(), 8);
        facts.model.labels = (0..500).map(|i| i.to_string()).collect();
        assert!(told(&facts)[0].1.get("options").is_none());
        facts.model.labels.clear();
        assert!(told(&facts).is_empty());
    }
}

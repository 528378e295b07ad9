//! The newest message of each topic, kept until it has been sent, in the order in which they were left.

/// As many messages as there are topics; a newer one replaces the one that still waits.
#[derive(Debug, Default)]
pub struct Outbox {
    messages: Vec<Message>,
    dropped: u64,
}

#[derive(Debug)]
struct Message {
    topic: String,
    payload: String,
    waits: bool,
}

impl Outbox {
    /// Leaves a message; nothing is sent where the topic holds the same already.
    pub fn put(&mut self, topic: String, payload: String) {
        if let Some(index) = self.messages.iter().position(|message| message.topic == topic) {
            let Message { payload: before, waits, .. } = &self.messages[index];
            if !waits && *before == payload {
                return;
            }
            self.dropped += u64::from(*waits && *before != payload);
            self.messages.remove(index);
        }
        self.messages.push(Message { topic, payload, waits: true });
    }

    /// Lets every message wait again.
    pub fn again(&mut self) {
        self.messages.iter_mut().for_each(|message| message.waits = true);
    }

    /// The topic and the payload of the first message that waits.
    pub fn first(&self) -> Option<(&str, &str)> {
        let message = self.messages.iter().find(|message| message.waits)?;
        Some((&message.topic, &message.payload))
    }

    /// The first message that waits has been sent.
    pub fn sent(&mut self) {
        if let Some(message) = self.messages.iter_mut().find(|message| message.waits) {
            message.waits = false;
        }
    }

    /// Messages that were replaced before they could be sent.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_topic_is_kept() {
        let mut outbox = Outbox::default();
        for payload in 0..1000 {
            outbox.put("a".into(), payload.to_string());
        }
        outbox.put("b".into(), "x".into());
        assert_eq!((outbox.dropped(), outbox.messages.len()), (999, 2));
        assert_eq!(outbox.first(), Some(("a", "999")));
        outbox.sent();
        assert_eq!(outbox.first(), Some(("b", "x")));
        outbox.sent();
        outbox.put("b".into(), "x".into());
        assert_eq!(outbox.first(), None, "the topic holds it already");
        outbox.again();
        assert_eq!((outbox.first(), outbox.dropped()), (Some(("a", "999")), 999));
    }

    #[test]
    fn what_was_left_last_is_sent_last() {
        let mut outbox = Outbox::default();
        ["label", "online"].iter().for_each(|topic| outbox.put(topic.to_string(), "1".into()));
        outbox.put("label".into(), "2".into());
        assert_eq!(outbox.first(), Some(("online", "1")));
        ["label", "online"].iter().for_each(|topic| outbox.put(topic.to_string(), "2".into()));
        let mut sent = vec![];
        while let Some((topic, payload)) = outbox.first() {
            sent.push(format!("{topic} {payload}"));
            outbox.sent();
        }
        assert_eq!(sent, ["label 2", "online 2"]);
        // All of it once more, in another order.
        outbox.again();
        outbox.put("label".into(), "2".into());
        assert_eq!((outbox.first(), outbox.dropped()), (Some(("online", "2")), 2));
    }
}

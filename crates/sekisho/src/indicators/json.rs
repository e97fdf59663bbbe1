//! What an indicator is, for detections.

use serde_json::{Map, Value, json};

use super::bundle::{Indicator, Stamp};

impl Indicator {
    /// `{"indicator":{"id":…,"name":…,"pattern":…,…}}`, without the members
    /// that it does not have.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| {
            out.insert(name.to_owned(), value);
        };
        let texts = |list: &[Box<str>]| json!(list.iter().map(|text| &**text).collect::<Vec<_>>());
        put("id", json!(&*self.id));
        if !self.name.is_empty() {
            put("name", json!(&*self.name));
        }
        put("pattern", json!(&*self.pattern));
        let stamps = [
            ("valid_from", &self.valid_from),
            ("valid_until", &self.valid_until),
            ("modified", &self.modified),
        ];
        for (name, stamp) in stamps {
            if let Some(Stamp { text, .. }) = stamp {
                put(name, json!(&**text));
            }
        }
        let lists = [
            ("indicator_types", &self.types),
            ("labels", &self.labels),
            ("object_marking_refs", &self.markings),
            ("passed_over", &self.passed_over),
        ];
        for (name, list) in lists {
            if !list.is_empty() {
                put(name, texts(list));
            }
        }
        if let Some(confidence) = self.confidence {
            put("confidence", json!(confidence));
        }
        json!({ "indicator": out })
    }
}

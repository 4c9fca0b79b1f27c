use crate::Source;

/// What the tracks of a description's sender show: the source of each media section that they send
/// by, under the section's `mid` (RFC 8843).
///
/// It says nothing of the tracks that the recipient sends by the same sections.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrackSources {
    /// In the order of the texts of their `mid`s.
    sections: Vec<(String, Source)>,
}

impl TrackSources {
    /// How many media sections can have a source. Others are ignored.
    pub const MAX_SECTIONS: usize = 64;
    /// The length of the longest `mid`, in bytes. Sections with longer ones are ignored.
    pub const MAX_MID: usize = 16;

    /// Whether no section has a source: the sender does not name them.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The source of a media section's track.
    pub fn of(&self, mid: &str) -> Option<Source> {
        let named = self.sections.iter().find(|(known, _)| known == mid);
        named.map(|(_, source)| *source)
    }

    /// Names a section. Of two names for the same section, the last counts.
    fn insert(&mut self, mid: String, source: Source) {
        let place = self.sections.iter().position(|(known, _)| *known >= mid);
        let place = place.unwrap_or(self.sections.len());
        let fits = mid.len() <= Self::MAX_MID && self.sections.len() < Self::MAX_SECTIONS;
        match self.sections.get_mut(place) {
            Some((known, before)) if *known == mid => *before = source,
            _ if fits => self.sections.insert(place, (mid, source)),
            _ => {}
        }
    }

    /// Each named media section with its source.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Source)> {
        let sections = self.sections.iter();
        sections.map(|(mid, source)| (mid.as_str(), *source))
    }
}

impl FromIterator<(String, Source)> for TrackSources {
    fn from_iter<T: IntoIterator<Item = (String, Source)>>(sections: T) -> Self {
        let mut named = Self::default();
        for (mid, source) in sections {
            named.insert(mid, source);
        }
        named
    }
}

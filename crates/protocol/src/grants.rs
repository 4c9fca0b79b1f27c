/// Something that a participant may do in a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grant {
    /// Joins the room.
    Join,
    /// Sends the sound of a microphone.
    PublishMicrophone,
    /// Sends the picture of a camera.
    PublishCamera,
    /// Sends a screen, and its sound.
    PublishScreen,
    /// Moderates the room.
    Moderate,
    /// Joins without waiting in the lobby.
    BypassLobby,
}

impl Grant {
    /// All grants.
    pub const ALL: [Self; 6] = [
        Self::Join,
        Self::PublishMicrophone,
        Self::PublishCamera,
        Self::PublishScreen,
        Self::Moderate,
        Self::BypassLobby,
    ];

    /// The name of the grant in tokens, on the wire and in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::PublishMicrophone => "publish-microphone",
            Self::PublishCamera => "publish-camera",
            Self::PublishScreen => "publish-screen",
            Self::Moderate => "moderate",
            Self::BypassLobby => "bypass-lobby",
        }
    }

    fn is_source(self) -> bool {
        use Grant::{PublishCamera, PublishMicrophone, PublishScreen};
        matches!(self, PublishMicrophone | PublishCamera | PublishScreen)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a participant may do in a room.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Grants(u8);

impl Grants {
    /// Whether this is among them.
    pub fn has(self, grant: Grant) -> bool {
        self.0 & grant.bit() != 0
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, grant: Grant) -> Self {
        Self(self.0 | grant.bit())
    }

    /// The grants, in the order of [`Grant::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Grant> {
        Grant::ALL.into_iter().filter(move |grant| self.has(*grant))
    }

    /// Reads names. `publish` stands for all sources; an unknown name grants nothing.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let named = |name: &'a str| {
            let all = Grant::ALL.into_iter();
            all.filter(move |grant| {
                grant.as_str() == name || (name == "publish" && grant.is_source())
            })
        };
        names.into_iter().flat_map(named).collect()
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        grants.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for grant in Grant::ALL {
            let grants = Grants::from_names([grant.as_str()]);
            assert_eq!(grants.iter().collect::<Vec<_>>(), [grant]);
        }
        assert_eq!(Grants::from_names(["fly", "", "Join"]), Grants::default());
    }

    #[test]
    fn publish_stands_for_all_sources() {
        let sources = Grants::from_names(["publish"]);
        let names: Vec<_> = sources.iter().map(Grant::as_str).collect();
        let expected = ["publish-microphone", "publish-camera", "publish-screen"];
        assert_eq!(names, expected);
    }
}

/// Separates the packets of a body in Engine.IO 4.
const SEPARATOR: char = '\x1e';

/// The version of Engine.IO that a client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    /// Of Socket.IO 1 and 2. The client pings, and the server connects it to the namespace `/`.
    V3,
    /// Of Socket.IO 3 and 4. The server pings, and the client connects to the namespace.
    V4,
}

/// The body of a request can't be split into packets.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct MalformedBody;

impl Version {
    /// Reads the parameter `EIO` of a request.
    pub(super) fn read(parameter: Option<&str>) -> Option<Self> {
        match parameter? {
            "3" => Some(Self::V3),
            "4" => Some(Self::V4),
            _ => None,
        }
    }

    /// Joins packets to the body of a response.
    pub(super) fn join(self, packets: &[String]) -> String {
        match self {
            Self::V3 => packets
                .iter()
                .map(|packet| format!("{}:{packet}", packet.encode_utf16().count()))
                .collect(),
            Self::V4 => packets.join(&SEPARATOR.to_string()),
        }
    }

    /// Splits the body of a request into packets.
    pub(super) fn split(self, body: &str) -> Result<Vec<&str>, MalformedBody> {
        match self {
            Self::V3 => split_by_length(body),
            Self::V4 => Ok(body.split(SEPARATOR).collect()),
        }
    }
}

/// Splits `6:packet…`, where the length counts UTF-16 code units, as JavaScript does.
fn split_by_length(mut body: &str) -> Result<Vec<&str>, MalformedBody> {
    let mut packets = Vec::new();
    while !body.is_empty() {
        let (length, rest) = body.split_once(':').ok_or(MalformedBody)?;
        let length = length.parse::<usize>().map_err(|_| MalformedBody)?;
        let (packet, rest) = rest
            .split_at_checked(byte_length(rest, length).ok_or(MalformedBody)?)
            .ok_or(MalformedBody)?;
        packets.push(packet);
        body = rest;
    }
    Ok(packets)
}

/// The number of bytes of the first `length` UTF-16 code units of a text.
fn byte_length(text: &str, length: usize) -> Option<usize> {
    let (mut units, mut bytes) = (0, 0);
    for letter in text.chars() {
        if units >= length {
            break;
        }
        units += letter.len_utf16();
        bytes += letter.len_utf8();
    }
    (units == length).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_3_counts_utf16_code_units() {
        let packets = ["4é😀", "2", ""].map(String::from);
        let body = Version::V3.join(&packets);
        assert_eq!(body, "4:4é😀1:20:");
        assert_eq!(Version::V3.split(&body), Ok(vec!["4é😀", "2", ""]));
        for malformed in [
            "2",
            "x:2",
            "2:2",
            "-1:2",
            "2:😀2",
            ":",
            "1:😀",
            "99999999999999999999:2",
        ] {
            let split = Version::V3.split(malformed);
            if malformed == "2:😀2" {
                assert_eq!(split, Err(MalformedBody), "the rest is no packet");
            } else {
                assert_eq!(split, Err(MalformedBody), "{malformed}");
            }
        }
    }

    #[test]
    fn version_4_separates_packets() {
        let packets = ["4é", "2"].map(String::from);
        let body = Version::V4.join(&packets);
        assert_eq!(body, "4é\u{1e}2");
        assert_eq!(Version::V4.split(&body), Ok(vec!["4é", "2"]));
    }
}

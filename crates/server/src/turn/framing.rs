//! STUN messages and channel data in a stream (RFC 8656 sections 3.1 and 12.5).

use bytes::{Bytes, BytesMut};

/// The longest message that is read, including its header. Browsers send packets of one MTU.
pub(crate) const MAX_FRAME_BYTES: usize = 4 * 1024;
const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;

/// What a client sends is no TURN.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct NotTurn;

/// Takes the first message out of what has been received, if it is complete.
pub(crate) fn take(received: &mut BytesMut) -> Result<Option<Bytes>, NotTurn> {
    let &[first, _, high, low, ..] = &received[..] else {
        return Ok(None);
    };
    let content = usize::from(u16::from_be_bytes([high, low]));
    let length = match first >> 6 {
        0 => STUN_HEADER + content,
        1 => CHANNEL_HEADER + content,
        _ => return Err(NotTurn),
    };
    let padded = length.next_multiple_of(4);
    if padded > MAX_FRAME_BYTES {
        return Err(NotTurn);
    }
    if received.len() < padded {
        return Ok(None);
    }
    let mut frame = received.split_to(padded).freeze();
    frame.truncate(length);
    Ok(Some(frame))
}

/// Adds the padding that a message has in a stream.
pub(crate) fn pad(mut message: Vec<u8>) -> Vec<u8> {
    message.resize(message.len().next_multiple_of(4), 0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(bytes: &[u8]) -> BytesMut {
        BytesMut::from(bytes)
    }

    #[test]
    fn splits_a_stream_into_messages() {
        let stun = [&[0, 1, 0, 4][..], &[7; 20]].concat();
        let channel = [0x40, 0, 0, 3, b'a', b'b', b'c'];
        let mut stream = received(&[&stun[..], &channel, &[0], &stun].concat());
        assert_eq!(take(&mut stream).unwrap().unwrap(), stun);
        assert_eq!(take(&mut stream).unwrap().unwrap(), channel[..]);
        assert_eq!(take(&mut stream).unwrap().unwrap(), stun);
        assert_eq!(take(&mut stream), Ok(None));
    }

    #[test]
    fn waits_for_the_rest_of_a_message_and_its_padding() {
        let padded = pad(vec![0x40, 0, 0, 5, 1, 2, 3, 4, 5]);
        assert_eq!(padded.len(), 12);
        for length in 0..padded.len() {
            assert_eq!(take(&mut received(&padded[..length])), Ok(None), "{length}");
        }
        assert_eq!(take(&mut received(&padded)).unwrap().unwrap().len(), 9);
    }

    #[test]
    fn refuses_what_is_no_turn_or_too_long() {
        assert_eq!(take(&mut received(b"GET / HTTP/1.1")), Err(NotTurn));
        assert_eq!(take(&mut received(&[0x80, 0, 0, 0])), Err(NotTurn));
        assert_eq!(take(&mut received(&[0x40, 0, 0xff, 0xff])), Err(NotTurn));
    }
}

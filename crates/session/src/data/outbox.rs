use std::rc::Rc;

use videocalls_protocol::data::{Content, Message};

/// How much may wait for the acknowledgement of one participant.
const MAX_MESSAGES: usize = 1024;
const MAX_BYTES: usize = 1024 * 1024;

/// The numbered messages that a participant has not acknowledged, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: Vec<Entry>,
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    message: Rc<Message>,
    /// Whether a channel has carried it.
    was_sent: bool,
}

impl Entry {
    fn number(&self) -> u32 {
        match *self.message {
            Message::Numbered { number, .. } => number,
            _ => 0,
        }
    }

    fn is_direct(&self) -> bool {
        matches!(
            *self.message,
            Message::Numbered {
                is_direct: true,
                ..
            }
        )
    }

    fn len(&self) -> usize {
        match &*self.message {
            Message::Numbered {
                content: Content::Text(text),
                ..
            } => text.len(),
            Message::Numbered {
                content: Content::Payload(payload),
                ..
            } => payload.len(),
            _ => 0,
        }
    }
}

impl Outbox {
    /// Whether a message of this length fits.
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.entries.len() < MAX_MESSAGES && self.bytes + bytes <= MAX_BYTES
    }

    /// Adds the newest message. If there is no room for it, the oldest are dropped.
    pub(crate) fn push(&mut self, message: Rc<Message>) {
        let entry = Entry {
            message,
            was_sent: false,
        };
        while !self.entries.is_empty() && !self.has_room_for(entry.len()) {
            self.remove(0);
        }
        self.bytes += entry.len();
        self.entries.push(entry);
    }

    /// Drops what is acknowledged.
    pub(crate) fn acknowledge(&mut self, number: u32) {
        self.retain(|entry| entry.number() > number);
    }

    /// Drops what another page of the participant may have received.
    pub(crate) fn drop_sent(&mut self) {
        self.retain(|entry| !entry.was_sent);
    }

    /// Adds those messages to everyone that another outbox has, in order, none twice.
    pub(crate) fn take_over(&mut self, other: &Self) {
        for entry in other.entries.iter().filter(|entry| !entry.is_direct()) {
            let number = entry.number();
            let later = self.entries.iter().rev();
            let later = later.take_while(|it| it.number() > number).count();
            let at = self.entries.len() - later;
            let is_known = self.entries[..at]
                .last()
                .is_some_and(|it| it.number() == number);
            if !is_known {
                self.entries.insert(at, entry.clone());
            }
        }
        self.bytes = self.entries.iter().map(Entry::len).sum();
    }

    /// Returns all messages, and counts them as sent.
    pub(crate) fn send_all(&mut self) -> Vec<Rc<Message>> {
        let entries = self.entries.iter_mut();
        let sent = entries.map(|entry| {
            entry.was_sent = true;
            entry.message.clone()
        });
        sent.collect()
    }

    /// Takes out all messages.
    pub(crate) fn take_all(&mut self) -> Vec<Rc<Message>> {
        let messages = self.send_all();
        *self = Self::default();
        messages
    }

    fn remove(&mut self, index: usize) {
        self.bytes -= self.entries.remove(index).len();
    }

    fn retain(&mut self, keeps: impl Fn(&Entry) -> bool) {
        self.entries.retain(keeps);
        self.bytes = self.entries.iter().map(Entry::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: u32, is_direct: bool, length: usize) -> Rc<Message> {
        Rc::new(Message::Numbered {
            number,
            is_direct,
            content: Content::Text("x".repeat(length)),
        })
    }

    fn numbers(outbox: &mut Outbox) -> Vec<u32> {
        outbox.send_all();
        outbox.entries.iter().map(Entry::number).collect()
    }

    #[test]
    fn acknowledged_messages_are_dropped() {
        let mut outbox = Outbox::default();
        for number in [1, 4, 6] {
            outbox.push(text(number, false, 1));
        }
        outbox.acknowledge(4);
        assert_eq!(numbers(&mut outbox), [6]);
    }

    #[test]
    fn oldest_are_dropped_when_there_is_no_room() {
        let mut outbox = Outbox::default();
        for number in 1..=3 {
            outbox.push(text(number, false, MAX_BYTES / 2));
        }
        assert_eq!(numbers(&mut outbox), [2, 3]);
        assert!(!outbox.has_room_for(1));
        for number in 4..2_000 {
            outbox.push(text(number, false, 0));
        }
        assert_eq!(numbers(&mut outbox).len(), MAX_MESSAGES);
    }

    #[test]
    fn messages_for_all_are_taken_over_in_order_and_once() {
        let (mut outbox, mut other) = (Outbox::default(), Outbox::default());
        outbox.push(text(3, false, 1));
        outbox.push(text(5, true, 1));
        other.push(text(2, true, 1));
        other.push(text(1, false, 1));
        other.push(text(3, false, 1));
        outbox.take_over(&other);
        assert_eq!(numbers(&mut outbox), [1, 3, 5]);
        assert_eq!(outbox.bytes, 3);
    }

    #[test]
    fn another_page_gets_only_what_no_channel_has_carried() {
        let mut outbox = Outbox::default();
        outbox.push(text(1, false, 1));
        outbox.send_all();
        outbox.push(text(2, false, 1));
        outbox.drop_sent();
        assert_eq!(numbers(&mut outbox), [2]);
    }
}

//! What lies in a module's memory when it starts: numbers and texts, in segments. To close the gaps that
//! erasing leaves would move what is still needed; zeros take no room once all is compressed.

use std::collections::HashSet;
use std::ops::Range;

use walrus::ir::Value;
use walrus::{ConstExpr, Data, DataId, DataKind, Module};

pub(super) struct Memory {
    segments: Vec<Segment>,
}

struct Segment {
    id: DataId,
    start: u32,
    bytes: Vec<u8>,
}

impl Memory {
    pub(super) fn of(module: &Module) -> Self {
        let segment = |data: &Data| match data.kind {
            DataKind::Active {
                offset: ConstExpr::Value(Value::I32(start)),
                ..
            } => Some(Segment {
                id: data.id(),
                start: start.cast_unsigned(),
                bytes: data.value.clone(),
            }),
            _ => None,
        };
        Self {
            segments: module.data.iter().filter_map(segment).collect(),
        }
    }

    pub(super) fn write_back(self, module: &mut Module) {
        for segment in self.segments {
            module.data.get_mut(segment.id).value = segment.bytes;
        }
    }

    /// Every aligned place and the word there.
    pub(super) fn words(&self) -> impl Iterator<Item = (u32, u32)> {
        let places = self.segments.iter().flat_map(|segment| {
            let end = segment.start + segment.bytes.len() as u32;
            (segment.start.next_multiple_of(4)..end).step_by(4)
        });
        places.filter_map(|place| Some((place, self.word(place)?)))
    }

    /// Erases where in which file it panicked.
    pub(super) fn erase_locations(&mut self) {
        for (place, name) in self.locations() {
            self.erase(place..place + 16);
            self.erase(name);
        }
    }

    /// Erases the texts that are among these constants, unless they are still `mentioned`.
    pub(super) fn erase_texts(&mut self, said: &[Vec<u32>], mentioned: &HashSet<u32>) {
        for said in said {
            let lengths = said.iter().skip(1).map(Some).chain([None]);
            for (start, length) in said.iter().zip(lengths) {
                for text in self.texts(*start, length.copied()) {
                    if !text.clone().any(|place| mentioned.contains(&place)) {
                        self.erase(text);
                    }
                }
            }
        }
    }

    /// The places of all `core::panic::Location`, each with that of its text: the name of a source file
    /// and its length, a line, a column.
    fn locations(&self) -> Vec<(u32, Range<u32>)> {
        let location = |(place, name): (u32, u32)| {
            let [length, line, column] = [4, 8, 12].map(|offset| self.word(place + offset));
            let name = name..name.checked_add(length?)?;
            let text = self.bytes(&name)?;
            let is_name = text.ends_with(b".rs") && text.iter().all(u8::is_ascii_graphic);
            let is_place = matches!((line?, column?), (1..100_000, 1..1000));
            (is_name && is_place).then_some((place, name))
        };
        self.words().filter_map(location).collect()
    }

    /// What may be a text that begins here.
    fn texts(&self, start: u32, length: Option<u32>) -> Vec<Range<u32>> {
        // As `core::fmt::Arguments` has it, a text that is all there is to say has the length twice and one.
        let lengths = [length, length.map(|length| length / 2)];
        let ranges = lengths.map(|length| Some(start..start.checked_add(length?)?));
        let sentences = ranges.map(|range| range.filter(|range| self.is_sentence(range)));
        let all = sentences.into_iter().chain([self.template(start)]);
        all.flatten().collect()
    }

    fn is_sentence(&self, range: &Range<u32>) -> bool {
        let bytes = self.bytes(range);
        let text = bytes.and_then(|bytes| str::from_utf8(bytes).ok());
        text.is_some_and(|text| text.len() > 4 && !text.contains(char::is_control))
    }

    /// The other form of `core::fmt::Arguments`: parts of a text, each after its length, and bytes that
    /// stand for a value, up to a zero.
    fn template(&self, start: u32) -> Option<Range<u32>> {
        const VALUE: u8 = 0xc0;
        let mut place = start;
        loop {
            match *self.bytes(&(place..place.checked_add(1)?))?.first()? {
                0 => return Some(start..place),
                VALUE => place += 1,
                length @ 1..0x80 => {
                    let part = place + 1..place + 1 + u32::from(length);
                    str::from_utf8(self.bytes(&part)?).ok()?;
                    place = part.end;
                }
                _ => return None,
            }
        }
    }

    fn word(&self, place: u32) -> Option<u32> {
        let bytes = self.bytes(&(place..place.checked_add(4)?))?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn bytes(&self, range: &Range<u32>) -> Option<&[u8]> {
        let mut found = self.segments.iter().filter_map(|segment| {
            let [start, end] = [range.start, range.end].map(|place| segment.place(place));
            segment.bytes.get(start?..end?)
        });
        found.next()
    }

    fn erase(&mut self, range: Range<u32>) {
        for segment in &mut self.segments {
            if let [Some(start), Some(end)] =
                [range.start, range.end].map(|place| segment.place(place))
                && let Some(bytes) = segment.bytes.get_mut(start..end)
            {
                bytes.fill(0);
            }
        }
    }
}

impl Segment {
    fn place(&self, address: u32) -> Option<usize> {
        usize::try_from(address.checked_sub(self.start)?).ok()
    }
}

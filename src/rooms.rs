//! Names for rooms nobody has named.

/// How many random bytes a [`suggestion`] takes.
pub const RANDOM_BYTES: usize = 6;

/// Makes a name that can be said aloud out of random bytes.
///
/// Each two bytes are a word of five letters, consonants and vowels by turns (proquints,
/// <https://arxiv.org/html/0901.4016>). 48 bits: who has not been told the name does not guess it.
pub fn suggestion(random: [u8; RANDOM_BYTES]) -> String {
    random
        .chunks_exact(2)
        .map(word)
        .collect::<Vec<_>>()
        .join("-")
}

fn word(pair: &[u8]) -> String {
    let bits = pair
        .iter()
        .fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte));
    let consonant = |shift: usize| CONSONANTS[bits >> shift & 15];
    let vowel = |shift: usize| VOWELS[bits >> shift & 3];
    let letters = [
        consonant(12),
        vowel(10),
        consonant(6),
        vowel(4),
        consonant(0),
    ];
    letters.iter().map(|&letter| char::from(letter)).collect()
}

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

#[cfg(test)]
mod tests {
    use videocalls_client::RoomName;

    use super::*;

    #[test]
    fn suggestions_are_those_of_the_paper() {
        assert_eq!(suggestion([127, 0, 0, 1, 63, 84]), "lusab-babad-gutih");
    }

    #[test]
    fn a_suggestion_is_a_room_name() {
        for byte in [0, 1, 85, 128, 255] {
            let name = suggestion([byte; RANDOM_BYTES]);
            assert_eq!(RoomName::new(&name).unwrap().as_str(), name);
        }
    }
}

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, PoisonError};

/// More locks than there are processors that could wait for them.
const SHARDS: usize = 16;

/// A room of a [`RoomMap`].
pub(crate) trait Room: Default {
    /// Whether nobody is there, so that the room can be removed.
    fn is_empty(&self) -> bool;
}

/// A room that is a list of its members, in order of arrival.
impl<M> Room for Vec<M> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

/// Rooms by name. A room exists while somebody is there.
///
/// Every change to a room happens under one lock, so that all members receive its events in the
/// same order. Nothing under the lock blocks: a message is queued, never written.
pub(crate) struct RoomMap<K, R> {
    shards: [Mutex<HashMap<K, R>>; SHARDS],
    hasher: RandomState,
}

impl<K: Clone + Eq + Hash, R: Room> RoomMap<K, R> {
    pub(crate) fn new() -> Self {
        Self {
            shards: [(); SHARDS].map(|()| Mutex::default()),
            hasher: RandomState::new(),
        }
    }

    /// Runs `work` on one room, which is created and removed as needed.
    pub(crate) fn with<T>(&self, name: &K, work: impl FnOnce(&mut R) -> T) -> T {
        let mut rooms = self
            .shard(name)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(room) = rooms.get_mut(name) else {
            let mut room = R::default();
            let result = work(&mut room);
            if !room.is_empty() {
                rooms.insert(name.clone(), room);
            }
            return result;
        };
        let result = work(room);
        if room.is_empty() {
            rooms.remove(name);
        }
        result
    }

    /// How many rooms there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let count = |shard: &Mutex<HashMap<_, _>>| shard.lock().unwrap().len();
        self.shards.iter().map(count).sum()
    }

    fn shard(&self, name: &K) -> &Mutex<HashMap<K, R>> {
        let hash = self.hasher.hash_one(name);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_removed_with_its_last_member() {
        let registry = RoomMap::<_, Vec<_>>::new();
        let name = "standup";
        registry.with(&name, |_| ());
        assert_eq!(registry.len(), 0);
        registry.with(&name, |room| room.push(1));
        registry.with(&name, |room| room.push(2));
        assert_eq!(registry.len(), 1);
        registry.with(&name, Vec::clear);
        assert_eq!(registry.len(), 0);
    }
}

import type { Participant } from './events.js';

/** The participants of a call: the same array, and the same objects in it, until something changes. */
export class ParticipantList {
  #streamOf: (id: string) => MediaStream | null;
  #list: readonly Participant[] = Object.freeze([]);

  constructor(streamOf: (id: string) => MediaStream | null) {
    this.#streamOf = streamOf;
  }

  update(current: readonly Omit<Participant, 'stream'>[]): readonly Participant[] {
    const known = new Map(this.#list.map((participant) => [participant.id, participant]));
    const list = current.map((one) => {
      const participant = { ...one, stream: this.#streamOf(one.id) };
      const before = known.get(one.id);
      return before && isEqual(before, participant) ? before : Object.freeze(participant);
    });
    const isSame = list.length === this.#list.length && list.every((one, index) => one === this.#list[index]);
    if (!isSame) this.#list = Object.freeze(list);
    return this.#list;
  }
}

function isEqual(a: Participant, b: Participant): boolean {
  const { notReceiving: listA, ...restA } = a;
  const { notReceiving: listB, ...restB } = b;
  const keys = Object.keys(restB) as (keyof typeof restB)[];
  return keys.every((key) => restA[key] === restB[key]) && listA.join() === listB.join();
}

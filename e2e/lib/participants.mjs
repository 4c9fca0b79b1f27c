// The participants of the tests. Each sends a picture with a number of their own, and a tone of their own in Hz.

export const ann = { name: 'Ann', number: 0x1a, tone: 440 };
export const bob = { name: 'Bob', number: 0x2b, tone: 660 };
export const cat = { name: 'Cat', number: 0x3c, tone: 880 };
export const dan = { name: 'Dan', number: 0x4d, tone: 1100 };

let rooms = 0;

/** The name of a room that nobody has used yet. */
export function freshRoom() {
  rooms += 1;
  return `room-${process.pid}-${rooms}`;
}

// Who can be seen and heard in the tests: each has a number in the picture and a tone of their own.

export const ann = { name: 'Ann', person: 0x1a, tone: 440 };
export const bob = { name: 'Bob', person: 0x2b, tone: 660 };
export const cat = { name: 'Cat', person: 0x3c, tone: 880 };
export const dan = { name: 'Dan', person: 0x4d, tone: 1100 };

let rooms = 0;

/** The name of a room that nobody has been in. */
export function freshRoom() {
  rooms += 1;
  return `room-${process.pid}-${rooms}`;
}

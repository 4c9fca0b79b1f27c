// What a call survives, and in what time: each test of a fault measures itself, and writes down what
// it has measured where VIDEOCALLS_FAULTS says, one JSON object to a line.

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';

/**
 * Holds a fault of the table to its budget: `measure` causes it, waits for the outcome, and gives the
 * milliseconds in between. `what` says which outcome it is. Only a run that is written down is held to
 * the budget itself: the others tell whether it works, on machines that are busy with other things.
 */
export async function within(budget, { row, browser, what }, measure) {
  let ms = null;
  try {
    ms = Math.round(await measure());
    const limit = process.env.VIDEOCALLS_FAULTS ? budget : 3 * budget + 1000;
    assert.ok(ms <= limit, `${row}, ${what}: ${ms} ms, and the budget is ${budget} ms`);
  } finally {
    record({ row, browser, what, ms, budget, passed: ms !== null && ms <= budget });
  }
  return ms;
}

function record(line) {
  const file = process.env.VIDEOCALLS_FAULTS;
  if (file) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

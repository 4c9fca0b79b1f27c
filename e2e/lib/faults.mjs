// Budgets: how fast a call recovers from a fault.
//
// `cargo xtask faults` sets VIDEOCALLS_FAULTS to a file, holds each test to its budgets, and writes what was measured to
// that file, one JSON object per line. In all other runs the outcome counts: there a limit is several times the budget,
// because other programs on the machine can make a browser late.

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';

const FILE = process.env.VIDEOCALLS_FAULTS;
const LENIENCE = 5;

/** The time limit in milliseconds for a budget in this run. */
export function limit(budget) {
  return FILE ? budget : LENIENCE * budget;
}

/**
 * Holds a row of the fault matrix to its budget. `measure` causes the fault, waits for the outcome and returns the
 * milliseconds between; `what` names the outcome.
 */
export async function within(budget, { row, browser, what }, measure) {
  let ms = null;
  try {
    ms = Math.round(await measure());
    assert.ok(ms <= limit(budget), `${row}, ${what}: ${ms} ms, limit ${limit(budget)} ms, budget ${budget} ms`);
  } finally {
    record({ row, browser, what, ms, budget, passed: ms !== null && ms <= budget });
  }
  return ms;
}

function record(line) {
  if (FILE) appendFileSync(FILE, `${JSON.stringify(line)}\n`);
}

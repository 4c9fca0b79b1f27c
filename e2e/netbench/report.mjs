// The results: a table for the terminal, and the same as JSON.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { median, quantile, table } from '../bench/table.mjs';
import { CASES } from './cases.mjs';

/** The figures of a case with one pair, over all runs. A missing value is `null`; one failed run fails all figures. */
export function summary({ name, pair, runs, lenience }) {
  return Object.entries(CASES[name].figures).map(([figure, { row, budget, unit = 'ms' }]) => {
    const values = runs.map(({ figures }) => round(figures[figure]));
    const known = values.filter((value) => value !== null);
    const failures = runs.map(({ failure }) => failure).filter(Boolean);
    const p95 = known.length ? round(quantile(known, 0.95)) : null;
    return {
      row,
      case: name,
      figure,
      pair,
      unit,
      runs: values,
      median: known.length ? round(median(known)) : null,
      p95,
      budget,
      passed: failures.length === 0 && p95 <= lenience * budget,
      failures,
      measured: Math.floor(Date.now() / 1000),
    };
  });
}

/** Writes figures to a file. They replace those of the same case and pair; others stay. */
export function store(file, figures) {
  const name = (figure) => JSON.stringify([figure.case, figure.pair, figure.figure]);
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const all = new Map([...known, ...figures].map((figure) => [name(figure), figure]));
  writeFileSync(file, `${JSON.stringify([...all.values()], null, 2)}\n`);
}

export function report(figures) {
  const cell = (value) => (value === null ? '–' : String(value));
  const rows = figures.map(({ row, case: name, figure, pair, unit, runs, median, p95, budget, passed }) => [
    `${name}, ${figure} (${unit})`,
    row,
    pair,
    `${runs.filter((value) => value !== null).length}/${runs.length}`,
    cell(median),
    cell(p95),
    String(budget),
    passed ? 'pass' : 'FAIL',
  ]);
  return table([['', 'row', 'pair', 'runs', 'median', 'p95', 'budget', ''], ...rows]);
}

function round(value) {
  return value === undefined ? null : Math.round(value * 10) / 10;
}

// The claims of docs/economics.md: that the page shows what the script computes, and that closed forms and draws by chance agree.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as economics from '../../bench/economics.mjs';
import * as contract from '../contracts/support/model.mjs';
import { ROOT } from './support.mjs';

const FLOORS = [0.001, 0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1];
const LEAST = 2 * (1 - 1 / Math.E);
const least = (a, b) => (a < b ? a : b);
const near = (actual, expected, within) => assert.ok(Math.abs(actual - expected) <= within, `${actual} is not within ${within} of ${expected}`);

it('the page holds the tables of the script', () => {
  const page = readFileSync(join(ROOT, 'docs/economics.md'), 'utf8');
  assert.equal(economics.written(page), page, 'run node bench/economics.mjs --write');
});

it('the page holds the figures that its text names', () => {
  const page = readFileSync(join(ROOT, 'docs/economics.md'), 'utf8');
  const first = (q) => economics.sampledCheat(q).convicted;
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const floor = economics.PUBLIC.floorPpm / 1e6;
  const named = [
    `up to \`q\` = ${percent(economics.crossing((q) => economics.bound(1, first(q)), 1))} and a lone cheat up to ${percent(economics.crossing((q) => 2 * first(q), 1))}`,
    `two rounds carry full exposure to ${percent(economics.crossing((q) => economics.bound(1, (1 - q) * economics.twoRounds(q).convictsGuilty), 1))}`,
    `two rounds leave ${economics.twoRounds(0.2).convictsHonest.toExponential(1)} of cases`,
    `below \`q\` = ${Math.floor(100 * economics.falseAccusation(0.01))} % (\`f\` = 1 %; ${Math.floor(100 * economics.falseAccusation(0.1))} % at \`f\` = 10 %)`,
    `ratio of ${economics.patient(floor, 1).toFixed(2)} or more`,
  ];
  for (const text of named) assert.ok(page.includes(text), `the page does not say "${text}"`);
});

describe('simultaneous cheats', () => {
  it('lose more than they gain at every floor, number and price', () => {
    for (const f of FLOORS) assert.ok(economics.worst(f).ratio > LEAST, `floor ${f}`);
    near(economics.worst(0.001).ratio, LEAST, 1e-3);
  });

  it('are worst at the largest price, where the closed form holds', () => {
    for (const f of [0.01, 0.1, 0.5]) {
      for (const n of [1, economics.most(f)]) near(economics.ratio(f, n), (2 * (1 - (1 - f) ** n)) / (n * f), 1e-12);
    }
  });

  it('never fall below the bound at their exposure', () => {
    for (const f of FLOORS) {
      for (const share of [0.1, 0.35, 0.7, 1]) {
        const n = economics.most(f, share);
        assert.ok(economics.ratio(f, n, share) >= economics.bound(n * share * f), `floor ${f}, price ${share}`);
      }
    }
  });

  it('lose as much when drawn by chance, through the integer rules of the contract', () => {
    for (const floorPpm of [1_000, 10_000, 100_000, 300_000, 1_000_000]) assert.ok(economics.play(floorPpm, 4000, 7) > LEAST, `floor ${floorPpm}`);
  });

  it('are what one turn of the capital is, but not two', () => {
    near(economics.turnover(0.1, 1), economics.ratio(0.1, 10), 0.03);
    assert.ok(economics.turnover(0.1, 2) < 1);
  });

  it('never pay within one turn, however patient, and one turn is all that the deployment of the page leaves', () => {
    for (const f of FLOORS) assert.ok(economics.patient(f, 1) > 1 && economics.turnover(f, 1, 2000) > 1, `floor ${f}`);
    assert.equal(economics.turnsBeforeAccusation(economics.PUBLIC), 1);
  });

  it('one at a time, lose what the closed form says', () => {
    const [f, episodes, next] = [0.1, 20_000, economics.random(3)];
    let gained = 0;
    for (let i = 0; i < episodes; i++) {
      do gained += f / 2;
      while (next() >= f);
      gained += (1 - f) / 2;
    }
    near(episodes / gained, economics.patient(f, 1), 0.02);
  });
});

it('the rules are those that the contract is tested with', () => {
  const p = { floorPpm: 70_000, recordNumerator: 3, recordOffset: 2, accuserPpm: 100_000, keeperPart: 0n };
  const [bond, maxPrice] = [10_000_000n, 123_457n];
  assert.equal(economics.slashDown(bond, maxPrice, 70_000n), least(bond, contract.slashDown(p, { maxPrice, exact: true })));
  for (const clean of [0, 1, 5, 41, 500]) near(economics.rate(0.07, clean, 3, 2) * 1e6, Number(contract.rate(p, clean)), 1);
  for (const exact of [true, false]) {
    const price = 1_000_000n;
    const amount = contract.slashDown({ ...p, floorPpm: 100_000 }, { maxPrice: price, exact });
    const { compensation, accuserReward } = contract.slash(p, { amount, maxPrice: price });
    const ours = economics.selfConviction(0.1, exact);
    assert.deepEqual([ours.slash, ours.compensation, ours.accuser].map((prices) => Math.round(prices * 1e6)), [amount, compensation, accuserReward].map(Number));
  }
});

describe('collusion', () => {
  it('ends every sampled cheat in one of three ways', () => {
    for (const q of [0, 0.1, 0.5, 1]) {
      for (const absent of [0, 0.3, 1]) {
        const { confirmed, unchecked, accused } = economics.sampledCheat(q, absent);
        near(confirmed + unchecked + accused, 1, 1e-12);
      }
    }
  });

  it('convicts as often as draws by chance', () => {
    const [q, absent, tries] = [0.2, 0.3, 200_000];
    const next = economics.random(11);
    let convicted = 0;
    for (let i = 0; i < tries; i++) {
      let accused = false;
      for (let pick = 0; pick < 3; pick++) {
        if (next() < q) break;
        if (next() >= absent) {
          accused = true;
          break;
        }
      }
      if (accused && next() >= q && next() >= q && next() >= q) convicted++;
    }
    near(convicted / tries, economics.sampledCheat(q, absent).convicted, 0.005);
  });
});

it('the deployment of the page breaks no bound, and the check notices each that is broken', () => {
  const { PUBLIC, contradictions } = economics;
  assert.deepEqual(contradictions(PUBLIC), []);
  const broken = { floorPpm: 0, recordOffset: 0, epochBlocks: 129, minRoster: 11, checkWindow: PUBLIC.reviewWindow - 1, verdictWindow: 9000, unbondingDelay: 86_400, accuserPpm: 100_001 };
  for (const [name, value] of Object.entries(broken)) assert.equal(contradictions({ ...PUBLIC, [name]: value })[0], name);
});

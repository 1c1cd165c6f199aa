// The numbers of docs/economics.md: what cheating costs under the rules of contracts/libraries, and the check of a public deployment's parameters.
// Usage: node bench/economics.mjs [--write]
//   --write  puts the tables into the page; tests/runtime/economics.test.mjs fails while they differ.
// Money is in shares of the bond B where nothing else is said; f is the sampling floor, v a max price, q the colluding share of the roster.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

const PAGE = new URL("../docs/economics.md", import.meta.url);
const PPM = 1_000_000n;

/** A generator of numbers in [0, 1) that repeats itself from its seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const range = (count, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const choose = (n, k) => range(k).reduce((product, i) => (product * (n - i)) / (i + 1), 1);

/** Chance of at least `least` hits in `n` tries of chance `p`. */
export const atLeast = (least, n, p) => sum(range(n - least + 1, least).map((k) => choose(n, k) * p ** k * (1 - p) ** (n - k)));

// The rules, as contracts/libraries has them, in whole units of the token.
export const admits = (bond, exposure, maxPrice, floorPpm) => 2n * maxPrice * PPM <= floorPpm * bond && 2n * (exposure + maxPrice) <= bond;
export const slashDown = (bond, maxPrice, floorPpm) => least(bond, (2n * maxPrice * PPM) / floorPpm);
const least = (a, b) => (a < b ? a : b);

/** Sampling rate after `clean` confirmed checks. */
export const rate = (f, clean, c = 1, a = 1) => Math.min(1, Math.max(f, c / (clean + a)));

/** Expected slash over gain for n simultaneous cheats of one price; `share` is that price over the largest admitted, f * B / 2. Exact, by the binomial. */
export function ratio(f, n, share = 1, conviction = 1) {
  const caught = f * conviction;
  let probability = (1 - caught) ** n;
  let loss = 0;
  for (let k = 1; k <= n; k++) {
    probability *= caught === 1 ? 0 : ((n - k + 1) / k) * (caught / (1 - caught));
    loss += probability * Math.min(1, k * share);
  }
  if (caught === 1) loss = Math.min(1, n * share);
  return loss / ((n * share * f) / 2);
}

/** The lower bound of every such ratio at an exposure of s * B / 2, s at most 1. */
export const bound = (s, conviction = 1) => (2 * -Math.expm1(-s * conviction)) / s;

/** The most cheats of one price that admission lets in at once. */
export const most = (f, share = 1) => Math.floor(1 / (f * share) + 1e-9);

/** The least ratio for a floor, over every number of cheats and prices in steps of a twentieth of the largest. */
export function worst(f) {
  let found = { ratio: Infinity };
  for (const step of range(20, 1)) {
    const share = step / 20;
    const last = most(f, share);
    // Falls with n, but the check is of all of them where that is cheap.
    for (const n of last > 200 ? [1, Math.floor(last / 2), last] : range(last, 1)) {
      const one = ratio(f, n, share);
      if (one < found.ratio) found = { ratio: one, n, share };
    }
  }
  return found;
}

/** Plays `rounds` sets of simultaneous cheats of random prices through the contract's integer rules; the mean slash over the mean gain. */
export function play(floorPpm, rounds, seed) {
  const next = random(seed);
  const [bond, floor] = [10_000_000_000n, BigInt(floorPpm)];
  const largest = (floor * bond) / (2n * PPM);
  let [lost, gained] = [0n, 0n];
  for (let round = 0; round < rounds; round++) {
    let [left, exposure] = [bond, 0n];
    const smallest = 0.1 + 0.9 * next();
    for (;;) {
      const price = (largest * BigInt(Math.floor((smallest + (1 - smallest) * next()) * 1000))) / 1000n;
      if (!admits(bond, exposure, price, floor)) break;
      exposure += price;
      if (next() * 1e6 < floorPpm) left -= slashDown(left, price, floor);
    }
    gained += exposure;
    lost += bond - left;
  }
  return Number(lost) / Number(gained);
}

/** Chances of what becomes of one wrong result that is sampled, in the first form; `absent` is the share of honest operators that do not answer. */
export function sampledCheat(q, absent = 0) {
  const silent = (1 - q) * absent;
  const picks = 1 + silent + silent ** 2;
  const accused = (1 - q) * (1 - absent) * picks;
  return { confirmed: q * picks, unchecked: silent ** 3, accused, convicted: accused * (1 - q) ** 3 };
}

/** A case about a result, by what its seats are: `against` is the share of seats that vote against the truth together. */
export function firstForm(against) {
  const [right, wrong] = [(1 - against) ** 3, against ** 3];
  return { right, wrong, open: 1 - right - wrong };
}

/** The same with the second round: a split and every appeal go to seven seats, six of which convict. */
export function twoRounds(against) {
  const first = firstForm(against);
  const again = first.open + first.right; // a guilty operator always appeals
  return { convictsGuilty: again * atLeast(6, 7, 1 - against), convictsHonest: (first.open + first.wrong) * atLeast(6, 7, against) };
}

/** Where a decreasing function crosses a level, by bisection on [0, 1]. */
export function crossing(decreasing, level) {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (decreasing(middle) > level) low = middle;
    else high = middle;
  }
  return low;
}

/** Mean slash over mean gain of an operator that cheats at full exposure until a cheat is sampled, and then goes on until it has turned its capital over
 * `turns` times before the accusation pledges the stake. What it does later it does on a bond that is its own. */
export function turnover(f, turns, episodes = 10_000, seed = 1) {
  const next = random(seed);
  const dust = f / 50;
  let [lost, gained] = [0, 0];
  for (let episode = 0; episode < episodes; episode++) {
    let [exposure, owed] = [0, 0];
    for (let left = turns; left > 0; ) {
      const prices = [];
      let open = exposure;
      for (let price; (price = Math.min(f / 2, 1 / 2 - open)) > dust; open += price) prices.push(price);
      if (prices.length === 0) break;
      gained += sum(prices);
      for (const price of prices.filter(() => next() < f)) {
        exposure += price;
        owed += (2 * price) / f;
      }
      if (owed > 0) left--;
    }
    lost += Math.min(1, owed);
  }
  return lost / gained;
}

/** The same of one that cheats once at a time, at the largest price, until that is sampled and its whole bond forfeit, and then fills its exposure in every turn. */
export const patient = (f, turns) => 2 / (turns + 1 - f);

/** What a record costs to build, in expectation: jobs, and prices paid above the floor. A check is `1 / rate` jobs away. */
export function newcomer(f, c = 1, a = 1) {
  const levels = range(Math.ceil(c / f - a - 1e-9)).map((clean) => rate(f, clean, c, a));
  return { checks: levels.length, jobs: sum(levels.map((r) => 1 / r)), fees: sum(levels.map((r) => 1 - f / r)) };
}

/** The share of the price that a cheat under `tolerance` must save to pay at the floor: pay, penalty and three seats are at stake, and the record. */
export const toleranceSaving = (f, record) => f * (5 + record);

/** What a ring of operator, client and accuser loses by convicting itself, in prices: slash and three foreign seats, less what comes back. */
export function selfConviction(f, exact, accuserShare = 0.1) {
  const slash = exact ? 2 / f : 1;
  const compensation = Math.min(1, 0.4 * slash);
  const accuser = Math.min(accuserShare * slash, slash / 2 - compensation);
  return { slash, compensation, accuser, ring: slash - compensation - accuser + 3 };
}

/** The colluding share from which false accusations earn: what three dishonest seats bring against what three honest ones cost. */
export const falseAccusation = (f, accuserShare = 0.1) => crossing((q) => 3 * (1 - q) ** 3 - q ** 3 * ((2 * accuserShare) / f + 3), 0);

const [MINUTE, HOUR, DAY, TOKEN] = [60, 3600, 86_400, 1_000_000];
export const BLOCK_SECONDS = 2;

/** A public deployment on a chain with blocks of two seconds and a token of six decimals. The page gives the reasons. */
export const PUBLIC = {
  floorPpm: 200_000, recordNumerator: 1, recordOffset: 1, epochBlocks: 64, minRoster: 30, maxRunWindow: HOUR, reviewWindow: 2 * HOUR, checkWindow: 2 * HOUR,
  longReview: 9 * HOUR, openWindow: 6 * HOUR, commitWindow: 90 * MINUTE, revealWindow: 30 * MINUTE, verdictWindow: 8 * HOUR, appealVerdictWindow: 8 * HOUR,
  appealWindow: 12 * HOUR,
  unbondingDelay: 7 * DAY, noShowPpm: 200_000, noShowsToJail: 3, seatPenaltyPpm: 500_000, accuserPpm: 100_000,
  firstSeats: 3, secondSeats: 7, convictQuorum: 6, clearQuorum: 4, minBond: 5_000 * TOKEN, keeperPart: 20_000,
  epochSeconds: 2 * MINUTE, randomness: 1,
};

/** The names of the parameters that contradict contracts/libraries/Bounds.sol, in its order. */
export function contradictions(p) {
  const million = 1_000_000;
  const life = p.maxRunWindow + p.longReview + p.openWindow + p.verdictWindow + p.appealWindow + p.appealVerdictWindow;
  const rules = [
    ["floorPpm", p.floorPpm > 0 && p.floorPpm <= million],
    ["recordOffset", p.recordOffset > 0],
    ["recordNumerator", p.recordNumerator >= p.recordOffset],
    ["epochBlocks", p.epochBlocks > 0 && p.epochBlocks <= 128],
    ["firstSeats", p.firstSeats >= 3 && p.firstSeats <= 15],
    ["secondSeats", p.secondSeats >= p.firstSeats && p.secondSeats <= 15],
    ["convictQuorum", p.convictQuorum >= p.clearQuorum && p.convictQuorum <= p.secondSeats],
    ["clearQuorum", 2 * p.clearQuorum > p.secondSeats],
    ["minRoster", p.minRoster >= 2 + p.firstSeats + p.secondSeats],
    ["maxRunWindow", p.maxRunWindow > 0],
    ["checkWindow", p.checkWindow > 0 && p.checkWindow >= p.reviewWindow],
    ["longReview", p.longReview >= p.reviewWindow + 3 * p.checkWindow],
    ["openWindow", p.openWindow > 0],
    ["commitWindow", p.commitWindow > 0],
    ["revealWindow", p.revealWindow > 0],
    ["verdictWindow", p.verdictWindow > p.commitWindow + 2 * p.revealWindow],
    ["appealVerdictWindow", p.appealVerdictWindow > p.commitWindow + 2 * p.revealWindow],
    ["unbondingDelay", p.unbondingDelay > life],
    ["noShowPpm", p.noShowPpm <= million],
    ["noShowsToJail", p.noShowsToJail > 0],
    ["seatPenaltyPpm", p.seatPenaltyPpm <= million],
    ["accuserPpm", p.accuserPpm <= million / 10],
    ["minBond", p.minBond > 0],
    ["keeperPart", p.keeperPart < 2 ** 72],
    ["epochSeconds", p.randomness === 0 || (p.epochSeconds >= 3 && p.epochSeconds <= DAY)],
    ["verdictWindow", p.randomness === 0 || p.verdictWindow > p.commitWindow + 2 * p.revealWindow + 2 * p.epochSeconds],
    ["appealVerdictWindow", p.randomness === 0 || p.appealVerdictWindow > p.commitWindow + 2 * p.revealWindow + 2 * p.epochSeconds],
  ];
  return rules.filter(([, holds]) => !holds).map(([name]) => name);
}

const epochs = (p, count) => count * p.epochBlocks * BLOCK_SECONDS;

/** Seconds from a result to its accusation: as soon as a re-execution of the longest job allows, and, the result kept closed, not in the first half of its review. */
export const accusedAfter = (p) => Math.max(epochs(p, 2) + p.maxRunWindow, p.reviewWindow / 2);

/** How often an operator of short jobs has turned its capital over when the accusation pledges its stake, the first turn included. */
export const turnsBeforeAccusation = (p) => 1 + Math.floor(accusedAfter(p) / p.reviewWindow);

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const small = (share) => (share === 0 ? "0" : share < 1e-3 ? share.toExponential(1) : percent(share, share < 0.01 ? 2 : 1));
const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
const FLOORS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1];
const TURNS = [1, 2, 3];
const SHARES = [0, 0.01, 0.05, 0.1, 0.2, 0.3];

/** The tables by name. */
export function tables() {
  return {
    simultaneous: table(
      ["f", "most cheats at once", "1 cheat", "half of them", "all", "least over equal prices", "at"],
      FLOORS.map((f) => {
        const [n, { ratio: minimum, n: at, share }] = [most(f), worst(f)];
        return [percent(f, 0), n, ...[1, Math.ceil(n / 2), n].map((count) => ratio(f, count).toFixed(3)), minimum.toFixed(4), `${at} of ${share === 1 ? "" : `${share.toFixed(2)} `}fB/2`];
      }),
    ),
    exposure: table(
      ["exposure / (B/2)", "least ratio", "outside gain g / v that still deters"],
      [0.1, 0.25, 0.5, 0.75, 1].map((s) => [s, bound(s).toFixed(3), (bound(s) - 1).toFixed(2)]),
    ),
    turnover: table(
      ["f", "cheats", ...TURNS.map((turns) => `${turns} turn${turns === 1 ? "" : "s"}`)],
      [0.01, 0.1, 0.2, 0.3, 0.5].flatMap((f) => [
        [percent(f, 0), "at full exposure", ...TURNS.map((turns) => turnover(f, turns).toFixed(2))],
        [percent(f, 0), "one at a time", ...TURNS.map((turns) => patient(f, turns).toFixed(2))],
      ]),
    ),
    collusion: table(
      ["q", "pick confirms", "convicted, given sampled", "ratio, full exposure", "ratio, one cheat", "with two rounds: convicted", "ratio, full exposure"],
      SHARES.map((q) => {
        const [{ confirmed, convicted }, later] = [sampledCheat(q), (1 - q) * twoRounds(q).convictsGuilty];
        return [percent(q, 0), percent(confirmed, 0), percent(convicted), bound(1, convicted).toFixed(2), (2 * convicted).toFixed(2), percent(later), bound(1, later).toFixed(2)];
      }),
    ),
    absence: table(
      ["honest operators absent", "paid unchecked, q = 0", "convicted, q = 0", "pick confirms, q = 10 %", "convicted, q = 10 %"],
      [0, 0.1, 0.3, 0.5].map((absent) => {
        const [none, some] = [sampledCheat(0, absent), sampledCheat(0.1, absent)];
        return [percent(absent, 0), small(none.unchecked), percent(none.convicted), percent(some.confirmed), percent(some.convicted)];
      }),
    ),
    cases: table(
      ["dishonest", "undecided", "honest operator convicted", "the same with two rounds", "per job at f = 10 %", "per job of a newcomer"],
      SHARES.slice(1).map((q) => {
        const { open, wrong } = firstForm(q);
        return [percent(q, 0), percent(open), small(wrong), small(twoRounds(q).convictsHonest), small(0.1 * q * wrong), small(q * wrong)];
      }),
    ),
    tolerance: table(
      ["f", "saving that pays, record counted", "record bought back with dust", "the same, q = 10 %"],
      [0.01, 0.05, 0.1, 0.15, 0.2, 0.3].map((f) => {
        const shown = (saving) => (saving >= 1 ? "none" : `above ${percent(saving, 0)}`);
        const convicted = sampledCheat(0.1).convicted;
        return [percent(f, 0), shown(toleranceSaving(f, newcomer(f).fees)), shown(toleranceSaving(f, 0)), shown(convicted * toleranceSaving(f, 0))];
      }),
    ),
    self: table(
      ["comparison", "f", "slash", "to the client", "to the accuser", "the ring loses"],
      [["exact", 0.05], ["exact", 0.1], ["exact", 0.2], ["tolerance", 0.1]].map(([comparison, f]) => {
        const { slash, compensation, accuser, ring } = selfConviction(f, comparison === "exact");
        return [comparison, percent(f, 0), ...[slash, compensation, accuser, ring].map((prices) => `${prices.toFixed(1)} v`)];
      }),
    ),
    newcomer: table(
      ["f", "clean checks to the floor", "jobs", "prices paid above the floor", "of those jobs' pay"],
      [0.01, 0.05, 0.1, 0.2].map((f) => {
        const { checks, jobs, fees } = newcomer(f);
        return [percent(f, 0), checks, Math.round(jobs), fees.toFixed(1), percent(fees / jobs, 0)];
      }),
    ),
  };
}

const between = (name, text) => `<!-- ${name} -->\n${text}\n<!-- end -->`;

/** The page with these tables in their places. */
export function written(page) {
  return Object.entries(tables()).reduce((text, [name, rows]) => {
    const place = new RegExp(`<!-- ${name} -->\\n[^]*?<!-- end -->`);
    if (!place.test(text)) throw new Error(`the page has no place for the table ${name}`);
    return text.replace(place, () => between(name, rows));
  }, page);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values: options } = parseArgs({ options: { write: { type: "boolean" } } });
  for (const [name, text] of Object.entries(tables())) console.log(`${name}\n\n${text}\n`);
  console.log(`false accusations earn from q = ${[0.01, 0.1, 0.2].map((f) => `${percent(falseAccusation(f))} (f = ${percent(f, 0)})`).join(", ")}`);
  console.log(`full exposure deters up to q = ${percent(crossing((q) => bound(1, sampledCheat(q).convicted), 1))}, one cheat up to ${percent(crossing((q) => 2 * sampledCheat(q).convicted, 1))}`);
  console.log(`with two rounds up to q = ${percent(crossing((q) => bound(1, (1 - q) * twoRounds(q).convictsGuilty), 1))}`);
  console.log(`public deployment contradicts ${contradictions(PUBLIC).join(", ") || "no bound"}`);
  console.log(`turns before the accusation: ${turnsBeforeAccusation(PUBLIC)}, ratio one at a time ${patient(PUBLIC.floorPpm / 1e6, turnsBeforeAccusation(PUBLIC)).toFixed(2)}`);
  if (options.write) await writeFile(PAGE, written(await readFile(PAGE, "utf8")));
}

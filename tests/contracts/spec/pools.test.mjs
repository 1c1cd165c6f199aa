// What a batch of releases does to the pools, and where its keeper finds its part.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { keccak256 } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { Book, Outcome, Reason, State } from "../support/words.mjs";

let world, veteran, p;
beforeEach(async () => {
  world = await fixture();
  [, veteran] = world.operators;
  p = world.parameters;
});

const other = keccak256("0xbad0");
const send = (name, ...args) => world.send(world.stranger, name, ...args);
const lines = (events, reason) => events.filter(({ eventName, args }) => eventName === "LedgerMoved" && args.reason === reason).map(({ args }) => args);

async function donate(book, amount) {
  await world.toToken(world.stranger, "mint", world.stranger.address, amount);
  await world.toToken(world.stranger, "approve", world.escrow, amount);
  await send("donate", book, amount);
}

/** Fees of each job in, its check out as far as both pools hold, one job after the other. */
function afterReleasing(pools, jobs) {
  let [checks, insurance] = pools;
  const pays = [];
  for (const { record, units, checked } of jobs) {
    const price = model.price({ ...record, units });
    checks += record.fee - p.keeperPart + model.recordFee(p, record.ratePpm, price);
    const [fromChecks, fromInsurance] = checked ? model.fill([checks, insurance], price) : [0n, 0n];
    checks -= fromChecks;
    insurance -= fromInsurance;
    if (fromChecks + fromInsurance > 0n) pays.push(fromChecks + fromInsurance);
  }
  return { pools: [checks, insurance], pays };
}

/** Releases them in one batch and holds the batch against the model; returns what the model says. */
async function releasedTogether(jobs, keeper = world.stranger) {
  const described = await Promise.all(jobs.map(async (job) => ({ record: await world.recordOf(job.id), units: job.opening.units, checked: job.check !== undefined })));
  const before = await world.read("pools");
  const expected = afterReleasing(before, described);
  const { events } = await world.send(keeper, "release", await Promise.all(jobs.map((job) => world.releaseItem(job, job.check))));
  assert.equal(events.filter(({ eventName }) => eventName === "RewardReleased").length, jobs.length);
  const changes = [Book.CheckPool, Book.InsurancePool].map((book, i) => [book, expected.pools[i] - before[i], expected.pools[i]]);
  assert.deepEqual(lines(events, Reason.Checks).map((line) => [line.book, line.amount, line.balance]), changes.filter(([, amount]) => amount !== 0n));
  for (const line of lines(events, Reason.Checks)) assert.deepEqual([line.job, line.account], [model.ZERO32, world.escrow]);
  assert.deepEqual(lines(events, Reason.CheckPay).map((line) => line.amount), expected.pays);
  assert.deepEqual(lines(events, Reason.KeeperPart).map((line) => line.amount), [BigInt(jobs.length) * p.keeperPart]);
  assert.deepEqual(await world.read("pools"), expected.pools);
  await world.checkBooks();
  return expected;
}

async function checked(options) {
  const job = await world.decided({ sampled: true, ...options });
  return { ...job, check: await world.check(job) };
}

describe("a batch of releases", () => {
  it("brings the fees of jobs that are not sampled in one line", async () => {
    const jobs = [];
    for (let i = 0; i < 4; i++) jobs.push(await world.decided({ operator: veteran, sampled: false, units: BigInt(10 * i), client: world.clients[i % 2] }));
    await world.passReview(jobs[3]);
    const { pays } = await releasedTogether(jobs);
    assert.deepEqual(pays, []);
  });

  it("writes no line where fees and checks are even", async () => {
    // A newcomer that earns its max price: a tenth of fee and nine tenths of record pay the check.
    const job = await checked({ units: 40n });
    await world.passReview(job);
    const before = await world.read("pools");
    const { pools, pays } = await releasedTogether([job]);
    assert.deepEqual([pools, pays], [before, [40n * USD]]);
  });

  it("pays checks from fees, then from insurance, then what is left, one after the other", async () => {
    await donate(Book.InsurancePool, 40n * USD);
    const jobs = [];
    for (let i = 0; i < 3; i++) jobs.push(await checked({ operator: veteran }));
    await world.passReview(jobs[2]);
    const { pools, pays } = await releasedTogether(jobs);
    // Nine are in the pool and each job brings four; insurance has forty for the first two checks.
    assert.deepEqual([pools, pays], [[0n, 0n], [30n * USD, 27n * USD, 4n * USD]]);
  });

  it("is booked in its own order: what came in earlier pays what comes after, and not the other way round", async () => {
    const rich = { ...(await world.decided({ operator: world.operators[2] })), check: undefined };
    const poor = [await checked({ operator: veteran }), await checked({ operator: veteran })];
    await world.passReview(rich, p.longReview);
    const start = await world.snapshot();
    const first = await releasedTogether([rich, ...poor]);
    await world.restore(start);
    const last = await releasedTogether([...poor, rich]);
    assert.deepEqual([first.pays, last.pays], [[30n * USD, 18n * USD], [13n * USD, 4n * USD]]);
  });

  it("counts neither fees nor checks of an item that is left out", async () => {
    const [good, bad] = [await checked({ operator: veteran }), await checked({ operator: veteran })];
    await world.passReview(bad);
    const before = await world.read("pools");
    const items = [await world.releaseItem(bad, { ...bad.check, checkSignature: "0x1234" }), await world.releaseItem(good, good.check)];
    const { events } = await send("release", items);
    const expected = afterReleasing(before, [{ record: await world.recordOf(good.id), units: good.opening.units, checked: true }]);
    assert.deepEqual(await world.read("pools"), expected.pools);
    assert.equal(lines(events, Reason.KeeperPart)[0].amount, p.keeperPart);
    await world.checkBooks();
  });

  it("of one job and of a confirmed accusation is booked by the same rule", async () => {
    const job = await world.decided({ operator: veteran, sampled: true });
    const check = await world.check(job);
    await world.passReview(job);
    await world.accuse(check);
    await releasedTogether([{ ...job, check }]);
    assert.deepEqual(await world.read("stateOf", job.id), [State.Released, Outcome.Checked]);
  });
});

describe("the keeper's part", () => {
  const wrong = () => Array(3).fill(other);
  /** Each way in which a call moves a job to its end, and what it brings its caller. */
  const ways = {
    release: async (by) => {
      const job = await checked();
      await world.passReview(job);
      return world.send(by, "release", [await world.releaseItem(job, job.check)]);
    },
    "a release of its own job": async (by) => {
      if (!world.operators.includes(by) || !(await world.read("operatorOf", by.address)).active) return undefined;
      const job = await checked({ operator: by });
      await world.passReview(job);
      return world.send(by, "release", [await world.releaseItem(job, job.check)]);
    },
    expire: async (by) => {
      const job = await world.opened();
      await world.pass(job.order.runWindow + 1);
      return world.send(by, "expire", await world.jobItems(job.id));
    },
    "the claim's opening that confirms": async (by) => {
      const job = await world.decided();
      await world.accuse(await world.check(job));
      await world.recordSeedAfter((await world.round(job)).epoch);
      await world.about(job.id, "drawSeats");
      job.seats = (await world.round(job)).seats.map((seat) => world.operatorAt(seat));
      await send("commitSeats", await Promise.all([0, 1, 2].map((seat) => world.seatItem(job, seat, job.value))));
      return world.send(by, "openClaim", job.id, await world.recordOf(job.id), job.opening);
    },
    "a certificate that clears": async (by) => world.send(by, "certify", ...(await world.certificate(await world.openedClaim()))),
    "a certificate that leaves open": async (by) =>
      world.send(by, "certify", ...(await world.certificate(await world.judgedAgain(await world.split(), (job) => [job.value, other, keccak256(other)])))),
    slash: async (by) => {
      const job = await world.convicted({ values: wrong });
      await world.pass(p.appealWindow);
      return world.send(by, "slash", await world.jobItems(job.id));
    },
    lapse: async (by) => {
      const job = await world.accused();
      await world.pass(p.verdictWindow + 1);
      return world.send(by, "lapse", await world.jobItems(job.id));
    },
  };
  const callers = {
    "an active operator": [async () => world.operators[9], Book.Earned],
    "an operator without a place": [
      async () => {
        await world.send(world.operators[9], "requestUnbonding", 1n);
        return world.operators[9];
      },
      Book.Available,
    ],
    "a client": [async () => world.clients[1], Book.Available],
    "a stranger": [async () => world.stranger, Book.Available],
  };

  for (const [caller, [come, book]] of Object.entries(callers)) {
    it(`of ${caller} goes to its ${book === Book.Earned ? "earnings" : "available balance"}, whatever it moved`, async () => {
      const by = await come();
      for (const [way, move] of Object.entries(ways)) {
        const start = await world.snapshot();
        const moved = await move(by);
        if (moved) {
          assert.deepEqual(lines(moved.events, Reason.KeeperPart).map((line) => [line.job, line.account, line.book, line.amount]), [
            [model.ZERO32, by.address, book, p.keeperPart],
          ], way);
          await world.checkBooks();
        }
        await world.restore(start);
      }
    });
  }

  it("of an operator is claimed with what it earned, that of an other withdrawn", async () => {
    const by = world.operators[9];
    const { earned } = await world.read("operatorOf", by.address);
    await ways.expire(by);
    await send("claim", by.address);
    assert.equal(await world.balance(by.payout), earned + p.keeperPart);
    await ways.expire(world.stranger);
    const before = await world.balance(world.stranger.address);
    await send("withdraw", p.keeperPart);
    assert.equal((await world.balance(world.stranger.address)) - before, p.keeperPart);
    await world.checkBooks();
  });
});

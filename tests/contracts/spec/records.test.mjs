// Whoever calls brings the job's record. Only the one whose digest is kept may pass, whole, whatever else is right.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { encodeAbiParameters, encodeFunctionData, keccak256, numberToHex } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { Action, Comparison, Finding, Outcome, Skip, State } from "../support/words.mjs";

let world, p;
beforeEach(async () => {
  world = await fixture();
  p = world.parameters;
});

const other = keccak256("0xbad0");
const send = (name, ...args) => world.send(world.stranger, name, ...args);

/** The same record with one number changed to another value that its width allows. */
const changed = (record, name) => {
  const value = record[name];
  if (name === "comparison") return model.recordOf({ ...record, comparison: 1 - value });
  if (typeof value === "boolean") return model.recordOf({ ...record, [name]: !value });
  if (typeof value === "bigint") return model.recordOf({ ...record, [name]: value + 1n });
  if (typeof value === "number") return model.recordOf({ ...record, [name]: value + 1 });
  return { ...record, [name]: value.slice(0, -1).toLowerCase() + (value.endsWith("0") ? "1" : "0") };
};
const types = () => world.abi.find(({ name }) => name === "isRecord").inputs[1].components;
const FIELDS = Object.keys(model.NO_RECORD).filter((name) => !["terms", "course"].includes(name));
/** Fields whose words have bits to spare: addresses. */
const narrow = () => types().filter(({ type }) => type === "address").map(({ name }) => name);
const encoded = (record) => encodeAbiParameters(types(), types().map(({ name }) => record[name])).slice(2);
const unsubmitted = (record) => model.recordOf({ ...record, submittedAt: 0n, epoch: 0n, commitment: model.ZERO32 });

/** Calldata in which the record's word of this address has bits beyond it. */
function dirty(functionName, args, record, field) {
  const data = encodeFunctionData({ abi: world.abi, functionName, args });
  const words = encoded(record);
  assert.equal(data.split(words).length, 2, "the record stands in the calldata once");
  const at = data.indexOf(words) + 64 * types().findIndex(({ name }) => name === field);
  const word = BigInt(`0x${data.slice(at, at + 64)}`) | (1n << 160n) | (1n << 255n);
  return data.slice(0, at) + numberToHex(word, { size: 32 }).slice(2) + data.slice(at + 64);
}

/** Every function that takes a record: a job at the moment at which it may be called, and its arguments with a record of choice. */
const functions = {
  submit: {
    ready: () => world.opened(),
    args: async (job, record) => [[{ ...(await world.resultItem(job)), job: record }]],
    leads: State.Submitted,
  },
  "release of a result": {
    ready: async () => {
      const job = await world.decided();
      await world.passReview(job);
      job.check = await world.check(job);
      return job;
    },
    args: async (job, record) => [[{ ...(await world.releaseItem(job, job.check)), job: record }]],
    leads: State.Released,
  },
  "release of a confirmed accusation": {
    ready: async () => {
      const job = await world.decided();
      await world.passReview(job);
      await world.accuse(await world.check(job));
      return job;
    },
    args: async (job, record) => [[{ ...(await world.releaseItem(job)), job: record }]],
    leads: State.Released,
  },
  "expire of a silent job": {
    ready: async () => {
      const job = await world.opened();
      await world.pass(job.order.runWindow + 1);
      return job;
    },
    args: async (job, record) => [[{ id: job.id, job: record }]],
    leads: State.Refunded,
  },
  "expire of a sealed result": {
    ready: async () => {
      const job = await world.decided();
      await world.pass(p.longReview + p.openWindow + 1);
      return job;
    },
    args: async (job, record) => [[{ id: job.id, job: record }]],
    leads: State.Refunded,
  },
  accuse: {
    ready: async () => {
      const job = await world.decided();
      return { ...job, check: await world.check(job, { value: other }) };
    },
    args: async (job, record) => [record, job.check.check, job.check.checkSignature],
    leads: State.Accused,
  },
  drawSeats: {
    ready: async () => {
      const job = await world.accused();
      await world.recordSeedAfter((await world.round(job)).epoch);
      return job;
    },
    args: async (job, record) => [job.id, record],
    leads: State.Accused,
  },
  refillSeat: {
    ready: async () => {
      const job = await world.seated();
      await world.pass(p.commitWindow + 1);
      return job;
    },
    args: async (job, record) => [job.id, record, 1, "0x"],
    leads: State.Accused,
  },
  openClaim: { ready: () => world.sealed(), args: async (job, record) => [job.id, record, job.opening], leads: State.Accused },
  certify: {
    ready: async () => {
      const job = await world.openedClaim();
      return { ...job, certificate: (await world.certificate(job)).slice(2) };
    },
    args: async (job, record) => [job.id, record, ...job.certificate],
    leads: State.Released,
  },
  slash: {
    ready: async () => {
      const job = await world.convicted();
      await world.pass(p.appealWindow);
      return job;
    },
    args: async (job, record) => [[{ id: job.id, job: record }]],
    leads: State.Slashed,
  },
  lapse: {
    ready: async () => {
      const job = await world.accused();
      await world.pass(p.verdictWindow + 1);
      return job;
    },
    args: async (job, record) => [[{ id: job.id, job: record }]],
    leads: State.Refunded,
  },
};
const batches = ["submit", "release", "expire", "slash", "lapse"];
const nameOf = (title) => title.split(" ")[0];

describe("a wrong record", () => {
  for (const [title, { ready, args, leads }] of Object.entries(functions)) {
    const name = nameOf(title);
    const refused = (call, id) => (batches.includes(name) ? world.refuses(call, "Skipped", Skip.WrongRecord) : world.refuses(call, "WrongRecord", id));

    it(`is refused by ${title}, whichever field is wrong and however slightly`, async () => {
      const job = await ready();
      const record = await world.recordOf(job.id);
      const before = await world.read("stateOf", job.id);
      for (const field of FIELDS) await refused(send(name, ...(await args(job, changed(record, field)))), job.id);
      for (const field of narrow()) {
        const data = dirty(name, await args(job, record), record, field);
        await refused(world.sendRaw(world.stranger, data), job.id);
      }
      // That of a neighbour, none at all, and the job's own before it had a result.
      const neighbour = await world.opened({ operator: world.operators[5], order: { maxPrice: 1_000_000n } });
      for (const foreign of [await world.recordOf(neighbour.id), model.NO_RECORD]) await refused(send(name, ...(await args(job, foreign))), job.id);
      if (record.commitment !== model.ZERO32) await refused(send(name, ...(await args(job, unsubmitted(record)))), job.id);
      assert.deepEqual(await world.read("stateOf", job.id), before);

      await send(name, ...(await args(job, record)));
      assert.equal((await world.read("stateOf", job.id))[0], leads);
      await world.checkBooks();
    });
  }

  it("of any function's job is told after a wrong state, not instead of it", async () => {
    const job = await world.agree();
    const record = await world.recordOf(job.id);
    for (const [title, { args }] of Object.entries(functions)) {
      const name = nameOf(title);
      const check = { check: { job: job.id, round: 0, seat: 0, finding: Finding.Value, value: other, salt: model.ZERO32 }, checkSignature: "0x" };
      const [seats, signatures] = [Array(3).fill(check.check), Array(3).fill("0x")];
      const call = send(name, ...(await args({ ...job, check, certificate: [seats, signatures, other] }, record)));
      if (batches.includes(name)) await world.refuses(call, "Skipped", Skip.WrongState);
      else await world.refuses(call, "WrongState", job.id, State.None);
    }
  });

  it("is no record to the views", async () => {
    const job = await world.decided();
    const record = await world.recordOf(job.id);
    assert.equal(await world.read("isRecord", job.id, record), true);
    const asked = (functionName, ...rest) => ({ isRecord: [job.id, ...rest], isSampled: [job.id, ...rest], drawnFor: [job.id, ...rest, 0] })[functionName];
    for (const field of FIELDS) {
      const wrong = changed(record, field);
      assert.equal(await world.read("isRecord", job.id, wrong), false, field);
      await world.refuses(world.read("isSampled", job.id, wrong), "WrongRecord", job.id);
      await world.refuses(world.read("drawnFor", job.id, wrong, 0), "WrongRecord", job.id);
    }
    for (const field of narrow()) {
      for (const name of ["isSampled", "drawnFor"]) {
        await world.refuses(world.callRaw(dirty(name, asked(name, record), record, field)), "WrongRecord", job.id);
      }
      assert.equal(BigInt(await world.callRaw(dirty("isRecord", asked("isRecord", record), record, field))), 0n, field);
    }
    const never = await world.agree();
    assert.equal(await world.read("isRecord", never.id, model.NO_RECORD), false);
    await world.refuses(world.read("isSampled", never.id, model.NO_RECORD), "WrongRecord", never.id);
  });
});

describe("a wrong record in a batch", () => {
  const actions = { submit: Action.Submit, release: Action.Release, expire: Action.Expire, slash: Action.Slash, lapse: Action.Lapse };
  const pairs = Object.entries(functions).filter(([title]) => batches.includes(nameOf(title)));

  for (const [title, { ready, args, leads }] of pairs) {
    it(`is left out by ${title}, its neighbours are not, and it can be brought rightly afterwards`, async () => {
      const name = nameOf(title);
      const job = await ready();
      const record = await world.recordOf(job.id);
      const itemOf = async (wrong) => (await args(job, wrong))[0][0];
      const [right] = (await args(job, record))[0];
      // Once the right one has moved the job, that is what a wrong one is told.
      const items = [await itemOf(changed(record, "maxPrice")), await itemOf(changed(record, "commitment")), right, await itemOf(changed(record, "fee"))];
      const alone = await world.snapshot();
      const { events } = await send(name, items.slice(0, 2));
      assert.deepEqual(events.map(({ eventName, args: told }) => [eventName, told]), [0, 1].map(() => [
        "ItemSkipped", { job: job.id, action: actions[name], code: Skip.WrongRecord },
      ]));
      await world.checkBooks();
      await world.restore(alone);

      const together = await send(name, items);
      assert.deepEqual(together.events.filter((event) => event.eventName === "ItemSkipped").map((event) => event.args.code), [
        Skip.WrongRecord, Skip.WrongRecord, Skip.WrongState,
      ]);
      assert.equal((await world.read("stateOf", job.id))[0], leads);
      await world.checkBooks();
    });
  }

  it("does not stop the batch when its words are dirty", async () => {
    const [one, two] = [await world.opened(), await world.opened({ operator: world.operators[2] })];
    await world.pass(one.order.runWindow + 1);
    const items = await world.jobItems(one.id, two.id);
    for (const field of narrow()) {
      const before = await world.snapshot();
      const { events } = await world.sendRaw(world.stranger, dirty("expire", [items], items[0].job, field));
      assert.deepEqual(events.at(0).args, { job: one.id, action: Action.Expire, code: Skip.WrongRecord }, field);
      assert.deepEqual([(await world.jobOf(one.id)).state, (await world.jobOf(two.id)).state], [State.Open, State.Refunded]);
      await world.restore(before);
    }
  });

  it("two jobs' records exchanged are both wrong", async () => {
    const [one, two] = [await world.opened(), await world.opened()];
    await world.pass(one.order.runWindow + 1);
    const [first, second] = await world.jobItems(one.id, two.id);
    const { events } = await send("expire", [{ ...first, job: second.job }, { ...second, job: first.job }]);
    assert.deepEqual(events.map(({ args }) => args.code), [Skip.WrongRecord, Skip.WrongRecord]);
  });
});

describe("a record", () => {
  it("is put together from the events alone at every stage, and stays the kept one through every end", async () => {
    // Small enough for whoever is drawn to accuse or to sit.
    const order = { maxPrice: 20n * USD };
    const stages = [
      await world.opened({ order }), await world.submitted({ operator: world.operators[2], order }), await world.accused({ operator: world.operators[3], order }),
      await world.convicted({ operator: world.operators[4], order: { ...order, comparison: Comparison.Tolerance }, certificate: { findings: Array(3).fill(Finding.Mismatch) } }),
    ];
    for (const job of stages) assert.equal(await world.read("isRecord", job.id, await world.recordOf(job.id)), true);
    await world.pass(p.verdictWindow + 1);
    await send("slash", await world.jobItems(stages[3].id));
    await send("lapse", await world.jobItems(stages[2].id));
    await send("expire", await world.jobItems(stages[0].id));
    assert.deepEqual(await Promise.all([0, 2, 3].map(async (i) => world.read("stateOf", stages[i].id))), [
      [State.Refunded, Outcome.NoShow], [State.Refunded, Outcome.Inconclusive], [State.Slashed, Outcome.WrongResult],
    ]);
    for (const job of stages) assert.equal(await world.read("isRecord", job.id, await world.recordOf(job.id)), true);
    await world.checkBooks();
  });
});

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { fixture } from "../support/fixture.mjs";
import { Skip, State } from "../support/words.mjs";

let world;
beforeEach(async () => (world = await fixture()));

/** Every state, by the way that leads into it. */
const into = {
  None: async () => ({ ...(await world.agree()), values: [] }),
  Open: () => world.opened(),
  Submitted: () => world.decided(),
  Accused: () => world.openedClaim(),
  Convicted: () => world.convicted(),
  Appealed: async () => world.judgedAgain(await world.split(), (job) => job.seats.map(() => job.value)),
  Released: async () => {
    const job = await world.openedClaim();
    await world.send(world.stranger, "certify", ...(await world.certificate(job)));
    return job;
  },
  Refunded: async () => {
    const job = await world.openedClaim();
    await world.pass(world.parameters.verdictWindow + 1);
    await world.send(world.stranger, "lapse", await world.jobItems(job.id));
    return job;
  },
  Slashed: async () => {
    const job = await world.convicted();
    await world.pass(world.parameters.appealWindow);
    await world.send(world.stranger, "slash", await world.jobItems(job.id));
    return job;
  },
};

/** Every entry point that moves a job, and the one state it moves from. */
const entries = {
  submit: { from: ["Open"], send: async (job) => world.send(world.stranger, "submit", [await world.resultItem(job)]) },
  release: { from: ["Submitted"], send: async (job) => world.send(world.stranger, "release", [await world.releaseItem(job)]) },
  expire: { from: ["Open", "Submitted"], send: async (job) => world.send(world.stranger, "expire", await world.jobItems(job.id)) },
  accuse: {
    from: ["Submitted"],
    send: async (job) => world.accuse(await world.check(job, { by: world.stranger })),
  },
  challenge: { from: ["Submitted"], send: async (job) => world.send(world.stranger, "challenge", ...(await world.pledge(job, 1, world.clients[1]))) },
  appeal: { from: ["Convicted"], send: async (job) => world.send(world.stranger, "appeal", ...(await world.pledge(job, 2, world.clients[1]))) },
  drawSeats: { from: ["Accused", "Appealed"], send: (job) => world.about(job.id, "drawSeats") },
  commitSeats: {
    from: ["Accused", "Appealed"],
    send: async (job) => world.send(world.stranger, "commitSeats", [await world.seatItem({ ...job, seats: world.operators }, 0, job.value)]),
  },
  refillSeat: { from: ["Accused", "Appealed"], send: (job) => world.about(job.id, "refillSeat", 0, "0x") },
  openClaim: { from: ["Accused", "Appealed"], send: (job) => world.about(job.id, "openClaim", job.opening) },
  certify: {
    from: ["Accused", "Appealed"],
    send: async (job) => {
      const signed = { ...job, seats: job.seats ?? world.operators, values: [job.value, job.value, job.value] };
      return world.send(world.stranger, "certify", ...(await world.certificate(signed)));
    },
  },
  slash: { from: ["Convicted"], send: async (job) => world.send(world.stranger, "slash", await world.jobItems(job.id)) },
  lapse: { from: ["Accused", "Appealed"], send: async (job) => world.send(world.stranger, "lapse", await world.jobItems(job.id)) },
};
const batches = ["submit", "release", "expire", "commitSeats", "slash", "lapse"];

describe("forbidden transitions", () => {
  for (const state of Object.keys(into)) {
    it(`${state}: every entry that does not lead out of it is refused, at once and after any time`, async () => {
      const job = await into[state]();
      assert.equal((await world.jobOf(job.id)).state, State[state]);
      for (const wait of [0, 100_000]) {
        if (wait) await world.pass(wait);
        for (const [name, { from, send }] of Object.entries(entries)) {
          if (from.includes(state)) continue;
          if (batches.includes(name)) await world.refuses(send(job), "Skipped", Skip.WrongState);
          else await world.refuses(send(job), "WrongState", job.id, State[state]);
        }
        assert.equal((await world.jobOf(job.id)).state, State[state]);
      }
      if (state !== "None") await world.refuses(world.send(world.stranger, "open", [job.item]), "Skipped");
      await world.checkBooks();
    });
  }
});

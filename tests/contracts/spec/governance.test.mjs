// What may change while jobs run, who may change it and when, and that nothing of it reaches a job in flight or anybody's way out.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { decodeErrorResult, keccak256, toHex } from "viem";
import { contradictions } from "../../../bench/economics.mjs";
import { Authority, Role } from "../support/authority.mjs";
import { fixture } from "../support/fixture.mjs";
import * as model from "../support/model.mjs";
import { limitsAround, parameters, USD, World } from "../support/world.mjs";
import { Book, Comparison, Finding, Outcome, Skip, State } from "../support/words.mjs";

const DELAY = parameters.unbondingDelay + 1;
const BEACON = 2 ** 15;
/** Another number in every field that may change. */
const other = {
  ...parameters, floorPpm: 200_000, recordNumerator: 3, recordOffset: 2, minRoster: 9, maxRunWindow: 250, reviewWindow: 70, checkWindow: 90, longReview: 500,
  openWindow: 150, commitWindow: 40, revealWindow: 60, verdictWindow: 450, appealVerdictWindow: 460, appealWindow: 80, noShowPpm: 300_000, noShowsToJail: 1, seatPenaltyPpm: 150_000,
  accuserPpm: 100_000, secondSeats: 4, convictQuorum: 4, clearQuorum: 3, minBond: 900n * USD, keeperPart: 20_000n,
};

describe("governance", () => {
  let world, authority, escrow;
  beforeEach(async () => {
    world = await fixture();
    authority = new Authority(world);
    escrow = world.escrow;
  });
  // Other suites share the world.
  afterEach(() => {
    delete world.opened;
    world.escrow = escrow;
  });

  describe("a version of the parameters", () => {
    it("is added by the governor after its delay, and by nobody else", async () => {
      await authority.setUp(DELAY);
      for (const who of [world.stranger, world.deployer, world.guardian, world.governor, world.clients[0]]) {
        await world.refuses(world.send(who, "addVersion", other), "NotAuthorized", who.address);
      }
      await authority.schedule("addVersion", other);
      await world.pass(DELAY - 10);
      await world.refuses(authority.execute("addVersion", other), "AccessManagerNotReady");
      await world.pass(10);
      const { events } = await authority.execute("addVersion", other);
      assert.deepEqual(events.map(({ eventName, args }) => [eventName, args.version]), [["VersionAdded", 2]]);
      assert.deepEqual([await world.read("currentVersion"), await world.read("parameters")], [2, other]);
      assert.deepEqual(await world.read("parametersOf", 1), parameters);
      assert.deepEqual(await world.read("parametersOf", 2), other);
      assert.equal((await world.read("parametersOf", 3)).minBond, 0n);
    });

    it("cannot be called by way of the manager by whom it was not given to", async () => {
      await authority.setUp(DELAY);
      const call = authority.call("addVersion", other);
      await world.refuses(authority.send(world.stranger, "execute", ...call), "AccessManagerUnauthorizedCall");
      await world.refuses(authority.send(world.stranger, "schedule", ...call, 0), "AccessManagerUnauthorizedCall");
    });

    it("gets no shorter a delay from the governor than the delay itself", async () => {
      await authority.setUp(DELAY);
      await world.refuses(authority.send(world.governor, "grantRole", Role.Governor, world.stranger.address, 0), "AccessManagerUnauthorizedAccount").catch(() =>
        world.refuses(authority.send(world.governor, "grantRole", Role.Governor, world.stranger.address, 0), "AccessManagerNotScheduled"),
      );
    });

    it("stays between the limits of the deployment, in every field", async () => {
      const names = Object.keys(parameters);
      const bound = (choose) => Object.fromEntries(names.map((name) => [name, choose(parameters[name], other[name])]));
      const limits = [bound((one, two) => (one < two ? one : two)), bound((one, two) => (one > two ? one : two))];
      world.escrow = await world.deployEscrow(parameters, { limits });
      await authority.setUp(0);
      assert.deepEqual(await world.read("limits"), limits);
      await world.send(world.governor, "addVersion", other);
      let refused = 0;
      for (const [index, name] of names.entries()) {
        for (const [limit, step] of [[limits[0][name], -1], [limits[1][name], 1]]) {
          const beyond = typeof limit === "bigint" ? limit + BigInt(step) : limit + step;
          if (beyond < 0) continue;
          // What the limit was taken from contradicts the protocol least; some fields cannot pass it alone all the same.
          const changed = { ...(limit === parameters[name] ? parameters : other), [name]: beyond };
          const error = await world.send(world.governor, "addVersion", changed).then(() => undefined, (caught) => caught);
          const { errorName, args } = decodeErrorResult({ abi: world.abi, data: error.data });
          if (errorName === "BadParameter") continue;
          assert.deepEqual([errorName, args], ["OutOfLimits", [BigInt(index)]], `${name} ${beyond}`);
          refused++;
        }
      }
      // The numbers of seats and quorums bound each other, too.
      assert.ok(refused >= 2 * names.length - 12, `${refused}`);
    });

    it("keeps to the protocol's own bounds, the life of a job within the unbonding delay included", async () => {
      await authority.setUp(0);
      const life = other.maxRunWindow + other.longReview + other.openWindow + other.appealWindow;
      await world.refuses(world.send(world.governor, "addVersion", { ...other, verdictWindow: parameters.unbondingDelay - life }), "BadParameter", "unbondingDelay");
      await world.refuses(world.send(world.governor, "addVersion", { ...other, minRoster: 4 }), "BadParameter", "minRoster");
    });

    it("leaves time to judge after a beacon's seed, or every case would lapse", async () => {
      await authority.setUp(0);
      const verdictWindow = other.commitWindow + 2 * other.revealWindow + 2 * other.epochSeconds;
      await world.refuses(world.send(world.governor, "addVersion", { ...other, randomness: 1, verdictWindow }), "BadParameter", "verdictWindow");
      assert.equal(contradictions({ ...other, randomness: 1, verdictWindow })[0], "verdictWindow");
      await world.send(world.governor, "addVersion", { ...other, verdictWindow });
      await world.send(world.governor, "addVersion", { ...other, randomness: 1, verdictWindow: verdictWindow + 1 });
      await world.refuses(world.send(world.governor, "addVersion", { ...other, randomness: 1, appealVerdictWindow: verdictWindow }), "BadParameter", "appealVerdictWindow");
      assert.equal(contradictions({ ...other, randomness: 1, appealVerdictWindow: verdictWindow })[0], "appealVerdictWindow");
    });

    it("is refused at construction where the limits do not fix what must not change, or leave the first version out", async () => {
      const [least, most] = limitsAround(parameters);
      for (const name of ["epochBlocks", "epochSeconds", "unbondingDelay"]) {
        const looser = [{ ...least, [name]: least[name] - 1 }, most];
        await world.refuses(world.deployEscrow(parameters, { limits: looser }), "BadParameter", name);
      }
      // Or no bond could ever leave: its cover would be divided by nothing.
      await world.refuses(world.deployEscrow(parameters, { limits: [{ ...least, floorPpm: 0 }, most] }), "BadParameter", "floorPpm");
      const tighter = [least, { ...most, reviewWindow: parameters.reviewWindow - 1 }];
      await world.refuses(world.deployEscrow(parameters, { limits: tighter }), "OutOfLimits", BigInt(Object.keys(parameters).indexOf("reviewWindow")));
    });

    it("cannot ask for a beacon where there is none, now or later", async () => {
      const charter = await world.deploy(world.charterArtifact, [world.manager, model.ZERO], world.stranger);
      await world.refuses(world.deployEscrow({ ...parameters, randomness: 1 }, { charter }), "NoBeacon");
      world.escrow = await world.deployEscrow(parameters, { charter });
      await authority.setUp(0);
      await world.refuses(world.send(world.governor, "addVersion", { ...other, randomness: 1 }), "NoBeacon");
    });

    it("is never added where there is no authority", async () => {
      const charter = await world.deploy(world.charterArtifact, [model.ZERO, model.ZERO], world.stranger);
      world.escrow = await world.deployEscrow(parameters, { charter });
      for (const call of [["addVersion", other], ["pause"], ["unpause"]]) await world.refuses(world.send(world.governor, ...call), "NotAuthorized", world.governor.address);
    });

    it("serves what is opened later: fee, admission, roster and windows", async () => {
      await authority.setUp(0);
      await world.send(world.governor, "addVersion", other);
      const job = await world.opened();
      const record = await world.recordOf(job.id);
      assert.deepEqual([record.version, record.fee], [2, model.fee(other, job.order.maxPrice)]);
      const long = await world.agree({ order: { runWindow: other.maxRunWindow + 1 } });
      await world.refuses(world.send(world.stranger, "open", [long.item]), "Skipped", Skip.BadTerms);
      await world.checkBooks();
    });

    it("counts on from the last, and marks those whose seeds come from the beacon", async () => {
      await authority.setUp(0);
      for (const [randomness, number] of [[0, 2], [1, BEACON + 3], [1, BEACON + 4], [0, 5]]) {
        await world.send(world.governor, "addVersion", { ...other, randomness });
        assert.equal(await world.read("currentVersion"), number);
        assert.deepEqual(await world.read("parametersOf", number), { ...other, randomness });
      }
    });
  });

  describe("a job in flight when the parameters change", () => {
    /** Every job is opened under the first version and goes on under the other. */
    beforeEach(async () => {
      await authority.setUp(0);
      const { opened } = World.prototype;
      world.opened = async (options) => {
        const job = await opened.call(world, options);
        assert.equal((await world.recordOf(job.id)).version, 1);
        if ((await world.read("currentVersion")) === 1) await world.send(world.governor, "addVersion", { ...other, randomness: 1 });
        return job;
      };
    });
    const p = parameters;
    const endOf = async (job) => (await world.read("stateOf", job.id)).slice(0, 2);
    const available = (who) => world.read("available", who.address);
    const release = async (job, check) => world.send(world.stranger, "release", [await world.releaseItem(job, check)]);
    const early = async (call) => world.refuses(call, "Skipped", Skip.TooEarly);

    it("is released at its own review window, pays its own keeper's part and what its own floor asks", async () => {
      const job = await world.decided({ operator: world.operators[1], sampled: false });
      await world.passReview(job, p.reviewWindow - 2);
      const before = await available(world.stranger);
      await early(release(job));
      await world.passReview(job, p.reviewWindow);
      await release(job);
      assert.deepEqual(await endOf(job), [State.Released, Outcome.Delivered]);
      assert.equal((await available(world.stranger)) - before, p.keeperPart);
      await world.checkBooks();
    });

    it("gives its re-executors their turns by its own check window, and its own long review", async () => {
      const job = await world.decided();
      await world.passReview(job, p.checkWindow - 3);
      await early(world.check(job, { attempt: 1 }).then((check) => release(job, check)));
      await world.passReview(job, p.longReview - 2);
      await world.refuses(release(job), "Skipped", Skip.CheckMissing);
      await world.passReview(job, p.longReview);
      await release(job);
      assert.deepEqual(await endOf(job), [State.Released, Outcome.Unchecked]);
      await world.checkBooks();
    });

    it("ends as a no-show by its own terms: penalty, and how many jail", async () => {
      const job = await world.opened();
      await world.pass(job.order.runWindow + 1);
      const { events } = await world.send(world.stranger, "expire", await world.jobItems(job.id));
      const { penalty } = model.noShow(p, { bond: p.minBond, maxPrice: job.order.maxPrice });
      assert.equal(events.find(({ eventName }) => eventName === "JobRefunded").args.penalty, penalty);
      assert.equal((await world.read("operatorOf", job.operator.address)).active, true);
      await world.checkBooks();
    });

    it("ends as unavailable after its own open window", async () => {
      const job = await world.decided({ operator: world.operators[1], sampled: false });
      await world.passReview(job, p.reviewWindow + p.openWindow - 1);
      await early(world.jobItems(job.id).then((items) => world.send(world.stranger, "expire", items)));
      await world.passReview(job, p.reviewWindow + p.openWindow + 1);
      await world.send(world.stranger, "expire", await world.jobItems(job.id));
      assert.deepEqual(await endOf(job), [State.Refunded, Outcome.Unavailable]);
      await world.checkBooks();
    });

    it("is judged, and its seats refilled, by its own windows, and by block hashes", async () => {
      const job = await world.seated();
      const { epoch, commitBy } = await world.round(job);
      assert.ok(epoch < 2n ** 39n);
      assert.equal(commitBy - (await world.now()), BigInt(p.commitWindow));
      await world.pass(p.commitWindow - 2);
      await world.refuses(world.about(job.id, "refillSeat", 0, "0x"), "Early");
      await world.pass(3);
      await world.about(job.id, "refillSeat", 0, "0x");
      assert.equal((await world.round(job)).commitBy - (await world.now()), BigInt(p.commitWindow));
    });

    it("is revealed by its own window", async () => {
      const job = await world.sealed();
      assert.equal((await world.round(job)).revealBy - (await world.now()), BigInt(p.revealWindow));
    });

    it("is convicted and slashed by its own window and floor", async () => {
      const job = await world.convicted();
      await world.pass(p.appealWindow - 2);
      await early(world.jobItems(job.id).then((items) => world.send(world.stranger, "slash", items)));
      await world.pass(2);
      const { events } = await world.send(world.stranger, "slash", await world.jobItems(job.id));
      const { amount } = events.find(({ eventName }) => eventName === "StakeSlashed").args;
      assert.ok(amount > (2n * job.order.maxPrice * 1_000_000n) / BigInt(other.floorPpm), "the slash is that of the lower floor");
      await world.checkBooks();
    });

    it("lapses at the end of its own verdict window", async () => {
      const job = await world.accused();
      const { startedAt: accusedAt } = await world.round(job);
      await world.at(accusedAt + BigInt(p.verdictWindow));
      await early(world.jobItems(job.id).then((items) => world.send(world.stranger, "lapse", items)));
      await world.at(accusedAt + BigInt(p.verdictWindow) + 1n);
      await world.send(world.stranger, "lapse", await world.jobItems(job.id));
      assert.deepEqual(await endOf(job), [State.Refunded, Outcome.Inconclusive]);
      await world.checkBooks();
    });

    it("makes a silent seat pay its own penalty", async () => {
      const job = await world.openedClaim();
      await world.pass(2 * p.revealWindow + 1);
      const certificate = await world.certificate(job, { silent: [2] });
      const { events } = await world.send(world.stranger, "certify", ...certificate);
      const taken = events.filter(({ eventName, args }) => eventName === "LedgerMoved" && args.account === job.seats[2].address && args.book === Book.Bond && args.amount < 0n);
      assert.equal(-taken[0].args.amount, (job.order.maxPrice * BigInt(p.seatPenaltyPpm)) / 1_000_000n);
      await world.checkBooks();
    });

    it("under tolerance is checked and released as before", async () => {
      const job = await world.decided({ order: { comparison: Comparison.Tolerance } });
      await world.passReview(job);
      await release(job, await world.check(job, { finding: Finding.Match, value: keccak256(toHex("near")) }));
      assert.deepEqual(await endOf(job), [State.Released, Outcome.Checked]);
      await world.checkBooks();
    });
  });

  describe("the pause", () => {
    beforeEach(() => authority.setUp(DELAY));

    it("is the guardian's alone, at once, and so is its end", async () => {
      for (const who of [world.stranger, world.governor, world.clients[0]]) {
        for (const call of ["pause", "unpause"]) await world.refuses(world.send(who, call), "NotAuthorized", who.address);
      }
      for (const [call, paused] of [["pause", true], ["pause", true], ["unpause", false]]) {
        const { events } = await world.send(world.guardian, call);
        assert.deepEqual(events.map(({ eventName, args }) => [eventName, args.paused]), [["PauseSet", paused]]);
        assert.equal(await world.read("paused"), paused);
      }
      await world.refuses(world.send(world.guardian, "addVersion", other), "NotAuthorized", world.guardian.address);
    });

    it("stops every deposit and every opening, and no longer than it lasts", async () => {
      const [client] = world.clients;
      await world.send(world.guardian, "pause");
      const job = await world.agree();
      const word = ["0x" + "11".repeat(32), "0x" + "22".repeat(32)];
      const calls = [
        ["deposit", 1n], ["depositFor", world.stranger.address, 1n], ["depositWithPermit", client.address, 1n, 2n ** 64n, 27, ...word],
        ["depositWithAuthorization", client.address, 1n, 0n, 2n ** 64n, word[0], 27, ...word], ["open", [job.item]], ["open", [job.item, job.item]],
      ];
      for (const call of calls) await world.refuses(world.send(client, ...call), "IsPaused");
      await world.send(world.guardian, "unpause");
      await world.toToken(client, "mint", client.address, 2n);
      await world.send(client, "deposit", 1n);
      await world.send(client, "depositFor", client.address, 1n);
      await world.send(world.stranger, "open", [job.item]);
      await world.checkBooks();
    });

    it("survives a new version, and stops none that is added meanwhile", async () => {
      await authority.schedule("addVersion", other);
      await world.pass(DELAY);
      await world.send(world.guardian, "pause");
      await authority.execute("addVersion", other);
      assert.deepEqual([await world.read("paused"), await world.read("currentVersion")], [true, 2]);
      await world.send(world.guardian, "unpause");
      assert.deepEqual([await world.read("paused"), await world.read("currentVersion"), await world.read("parameters")], [false, 2, other]);
    });

    it("stops nobody's way out: each state is left, each claim and withdrawal paid, each bond taken back", async () => {
      const [client] = world.clients;
      const paused = async (act) => {
        await world.send(world.guardian, "pause");
        await act();
        await world.checkBooks();
        await world.send(world.guardian, "unpause");
      };
      const jobs = { waiting: await world.opened({ operator: world.operators[3] }), late: await world.opened({ operator: world.operators[4] }) };
      jobs.plain = await world.decided({ operator: world.operators[1], sampled: false });
      await paused(async () => {
        await world.send(world.stranger, "submit", [await world.resultItem(jobs.waiting)]);
        await world.recordSeedAfter((await world.recordOf(jobs.waiting.id)).epoch);
        await world.passReview(jobs.plain);
        await world.send(world.stranger, "release", [await world.releaseItem(jobs.plain)]);
        await world.passReview(jobs.waiting);
        await world.send(world.stranger, "release", [await world.releaseItem(jobs.waiting, await world.check(jobs.waiting))]);
        await world.pass(jobs.late.order.runWindow);
        await world.send(world.stranger, "expire", await world.jobItems(jobs.late.id));
        await world.send(client, "withdraw", 1n * USD);
        await world.send(client, "withdrawTo", world.stranger.address, 1n * USD);
        await world.send(client, "cancelNonce", 900n);
        await world.send(world.stranger, "claim", world.operators[1].address);
        await world.send(world.operators[9], "requestUnbonding", parameters.minBond);
        await world.pass(parameters.unbondingDelay);
        await world.send(world.operators[9], "withdrawBond");
      });
      const accused = await world.accused({ operator: world.operators[5] });
      await paused(async () => {
        await world.recordSeedAfter((await world.round(accused)).epoch);
        await world.about(accused.id, "drawSeats");
        await world.pass(parameters.verdictWindow);
        await world.send(world.stranger, "lapse", await world.jobItems(accused.id));
      });
      const convicted = await world.convicted({ operator: world.operators[6] });
      await paused(async () => {
        await world.pass(parameters.appealWindow);
        await world.send(world.stranger, "slash", await world.jobItems(convicted.id));
      });
      for (const { id } of [...Object.values(jobs), accused, convicted]) assert.ok((await world.read("stateOf", id))[0] >= State.Released);
    });
  });
});

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { contradictions, PUBLIC } from "../../../bench/economics.mjs";
import { keccak256 } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { parameters, USD } from "../support/world.mjs";
import { Book, Reason, State } from "../support/words.mjs";

describe("construction", () => {
  const refused = {
    floorPpm: [0, 1_000_001], recordOffset: [0, 2], epochBlocks: [0, 129], firstSeats: [2, 16], secondSeats: [2, 16], convictQuorum: [1, 4], clearQuorum: [1], minRoster: [7], maxRunWindow: [0], checkWindow: [59], longReview: [359], openWindow: [0],
    commitWindow: [0], revealWindow: [0], verdictWindow: [150], appealVerdictWindow: [150], unbondingDelay: [2120], noShowPpm: [1_000_001], noShowsToJail: [0], seatPenaltyPpm: [1_000_001],
    accuserPpm: [100_001], minBond: [0n], keeperPart: [2n ** 72n],
  };
  let world;
  beforeEach(async () => (world = await fixture()));

  for (const [name, values] of Object.entries(refused)) {
    for (const value of values) {
      it(`refuses ${name} ${value}`, async () => {
        const expected = name === "recordOffset" && value === 2 ? "recordNumerator" : name;
        assert.equal(contradictions({ ...parameters, [name]: value })[0], expected);
        await world.refuses(world.deployEscrow({ ...parameters, [name]: value }), "BadParameter", expected);
      });
    }
  }

  it("refuses a bank without a token, and a module without code", async () => {
    await world.refuses(world.deploy(world.bankArtifact, [model.ZERO, world.registry]), "ZeroAddress");
    for (const nobody of [model.ZERO, world.stranger.address]) {
      await world.refuses(world.deploy(world.bankArtifact, [world.token, nobody]), "ZeroAddress");
      await world.refuses(world.deployEscrow(parameters, { court: nobody }), "ZeroAddress");
      await assert.rejects(world.deployEscrow(parameters, { bank: nobody }), /revert/);
      await assert.rejects(world.deployEscrow(parameters, { charter: nobody }), /revert/);
    }
  });

  it("keeps what it was given", async () => {
    assert.deepEqual(await world.read("parameters"), parameters);
    assert.equal(await world.read("token"), world.token);
    const named = (name) => world.readFrom(world.escrow, world.escrowArtifact.abi, name, []);
    assert.deepEqual([await named("court"), await named("bank"), await named("charter")], [world.court, world.bank, world.charter]);
    assert.deepEqual([await world.read("authority"), await world.read("beacon")], [world.manager, world.beacon]);
  });

  it("accepts each bound itself", async () => {
    const edge = { ...parameters, floorPpm: 1_000_000, epochBlocks: 128, checkWindow: 60, longReview: 240, verdictWindow: 151, accuserPpm: 100_000, unbondingDelay: 1 };
    edge.unbondingDelay = edge.maxRunWindow + edge.longReview + edge.openWindow + edge.verdictWindow + edge.appealWindow + edge.appealVerdictWindow + 1;
    assert.deepEqual(contradictions(edge), []);
    await world.deployEscrow(edge);
  });

  it("accepts the public deployment of docs/economics.md", async () => {
    const amounts = { minBond: BigInt(PUBLIC.minBond), keeperPart: BigInt(PUBLIC.keeperPart) };
    await world.deployEscrow({ ...PUBLIC, ...amounts });
  });
});

describe("operators", () => {
  let world, operator, p;
  const record = () => world.read("operatorOf", operator.address);
  beforeEach(async () => {
    world = await fixture();
    [operator] = world.operators;
    p = world.parameters;
  });

  describe("registering", () => {
    const newcomer = () => ({ ...world.person(15), account: world.stranger, address: world.stranger.address });

    it("takes the bond and gives a place", async () => {
      const { events } = await world.register(newcomer(), 1500n * USD);
      assert.deepEqual(events.map((event) => event.eventName), ["OperatorRegistered", "LedgerMoved", "OperatorJoined"]);
      assert.deepEqual(events[1].args, {
        job: model.ZERO32, account: world.stranger.address, book: Book.Bond, reason: Reason.Bonding, amount: 1500n * USD, balance: 1500n * USD,
      });
      assert.deepEqual(await world.read("operatorOf", world.stranger.address), {
        signer: newcomer().signer.address, payout: newcomer().payout, bond: 1500n * USD, unbonding: 0n, unbondsAt: 0n, exposure: 0n, locked: 0n, earned: 0n,
        clean: 0, noShows: 0, strikes: 0, active: true, place: 10,
      });
      assert.deepEqual(await world.read("placeAt", 10), { operator: world.stranger.address, cluster: 11, retiredAt: 0, leftAt: 0 });
      assert.equal(await world.read("activeOperators"), 11);
      await world.checkBooks();
    });

    it("refuses a bond below the minimum, missing addresses, and a second time", async () => {
      const { account, signer, payout } = newcomer();
      await world.refuses(world.send(account, "register", signer.address, payout, p.minBond - 1n), "BondTooSmall", p.minBond - 1n, p.minBond);
      await world.refuses(world.send(account, "register", model.ZERO, payout, p.minBond), "ZeroAddress");
      await world.refuses(world.send(account, "register", signer.address, model.ZERO, p.minBond), "ZeroAddress");
      await world.refuses(world.send(operator, "register", signer.address, payout, p.minBond), "AlreadyRegistered", operator.address);
    });
  });

  it("only the registered have a bond to handle", async () => {
    for (const [name, ...args] of [["addBond", 1n], ["requestUnbonding", 1n], ["withdrawBond"], ["rejoin"], ["claim", world.stranger.address]]) {
      await world.refuses(world.send(world.stranger, name, ...args), "NotRegistered", world.stranger.address);
    }
  });

  it("adds to a bond what it brings, which is not nothing", async () => {
    await world.refuses(world.send(operator, "addBond", 0n), "ZeroAmount");
    await world.toToken(operator, "mint", operator.address, 1n);
    await world.send(operator, "addBond", 1n);
    assert.equal((await record()).bond, p.minBond + 1n);
  });

  describe("unbonding", () => {
    it("waits out the delay to the second", async () => {
      await world.send(operator, "requestUnbonding", p.minBond);
      const unbondsAt = (await world.now()) + BigInt(p.unbondingDelay);
      assert.equal((await record()).unbondsAt, unbondsAt);
      await world.at(unbondsAt - 1n);
      await world.refuses(world.send(operator, "withdrawBond"), "Early", unbondsAt - 1n, unbondsAt);
      await world.send(operator, "withdrawBond");
      assert.equal(await world.balance(operator.address), p.minBond);
      assert.deepEqual([(await record()).bond, (await record()).unbonding], [0n, 0n]);
      await world.refuses(world.send(operator, "withdrawBond"), "ZeroAmount");
      await world.checkBooks();
    });

    it("asks for no more than is bonded, requests together", async () => {
      await world.send(operator, "requestUnbonding", 400n * USD);
      await world.refuses(world.send(operator, "requestUnbonding", 600n * USD + 1n), "InsufficientBalance", 600n * USD, 600n * USD + 1n);
      await world.refuses(world.send(operator, "requestUnbonding", 0n), "ZeroAmount");
    });

    it("a second request adds to the first and restarts the delay", async () => {
      await world.toToken(operator, "mint", operator.address, 10n * USD);
      await world.send(operator, "addBond", 10n * USD);
      await world.send(operator, "requestUnbonding", 4n * USD);
      await world.pass(p.unbondingDelay - 5);
      await world.send(operator, "requestUnbonding", 6n * USD);
      await world.pass(10);
      await world.refuses(world.send(operator, "withdrawBond"), "Early");
      await world.pass(p.unbondingDelay);
      await world.send(operator, "withdrawBond");
      assert.equal(await world.balance(operator.address), 10n * USD);
      assert.equal((await record()).active, true);
      await world.checkBooks();
    });

    it("below the minimum the place is retired, and rejoining takes a new one", async () => {
      const { events } = await world.send(operator, "requestUnbonding", 1n);
      assert.deepEqual(events.at(-1).args, { operator: operator.address, place: 0, jailed: false });
      const place = await world.read("placeAt", 0);
      assert.deepEqual([BigInt(place.retiredAt), BigInt(place.leftAt)], [await world.blockNumber(), await world.now()]);
      assert.equal(await world.read("activeOperators"), 9);
      await world.refuses(world.send(operator, "rejoin"), "BondTooSmall", p.minBond - 1n, p.minBond);
      await world.toToken(operator, "mint", operator.address, 1n);
      await world.send(operator, "addBond", 1n);
      await world.pass(p.unbondingDelay);
      await world.send(operator, "rejoin");
      await world.refuses(world.send(operator, "rejoin"), "AlreadyActive", operator.address);
      assert.deepEqual([(await record()).place, await world.read("rosterLength"), await world.read("activeOperators")], [10, 11, 10]);
      await world.checkBooks();
    });

    it("does not outrun a slash: stake that unbonds is taken too", async () => {
      const job = await world.opened();
      await world.send(operator, "requestUnbonding", p.minBond);
      await world.send(world.stranger, "submit", [await world.resultItem(job)]);
      const convicted = await slashedThrough(job);
      assert.equal((await world.jobOf(convicted.id)).state, State.Slashed);
      const after = await record();
      // Three seats' pay and twice the price over the sampling floor are gone; what was locked beyond that is bond again and does not unbond.
      const left = p.minBond - 120n * USD - 800n * USD;
      assert.deepEqual([after.bond, after.unbonding], [left, 0n]);
      await world.send(operator, "requestUnbonding", left);
      await world.pass(p.unbondingDelay);
      await world.send(operator, "withdrawBond");
      assert.equal(await world.balance(operator.address), left);
      await world.checkBooks();
    });

    it("even the slowest way to a slash is over before the stake may leave", async () => {
      const job = await world.agree({ order: { runWindow: p.maxRunWindow } });
      await world.send(world.stranger, "open", [job.item]);
      const { openedAt } = await world.jobOf(job.id);
      await world.send(operator, "requestUnbonding", p.minBond);
      const { unbondsAt } = await record();
      await world.at(openedAt + BigInt(p.maxRunWindow));
      await world.send(world.stranger, "submit", [await world.resultItem(job)]);
      const submittedAt = await world.now();
      await world.recordSeedAfter((await world.jobOf(job.id)).epoch);
      const { check, checkSignature } = await world.check(job, { value: model.ZERO32 });
      await world.at(submittedAt + BigInt(p.longReview));
      await world.accuse({ check, checkSignature });
      const accusedAt = await world.now();
      await world.recordSeedAfter((await world.round(job)).epoch);
      await world.about(job.id, "drawSeats");
      job.seats = (await world.round(job)).seats.map((seat) => world.operatorAt(seat));
      await world.commit(job, Array(3).fill(keccak256("0xbad0")));
      const certificate = await world.certificate(job);
      await world.at(accusedAt + BigInt(p.verdictWindow));
      await world.send(world.stranger, "certify", ...certificate);
      const slashFrom = (await world.now()) + BigInt(p.appealWindow);
      assert.ok(slashFrom < unbondsAt);
      await world.at(slashFrom);
      await world.send(world.stranger, "slash", await world.jobItems(job.id));
      assert.equal((await world.jobOf(job.id)).state, State.Slashed);
      await world.refuses(world.send(operator, "withdrawBond"), "ZeroAmount");
      await world.checkBooks();
    });

    async function slashedThrough(job) {
      const { epoch } = await world.jobOf(job.id);
      await world.recordSeedAfter(epoch);
      await world.accuse(await world.check(job, { value: model.ZERO32 }));
      await world.recordSeedAfter((await world.round(job)).epoch);
      await world.about(job.id, "drawSeats");
      job.seats = (await world.round(job)).seats.map((seat) => world.operatorAt(seat));
      await world.commit(job, Array(3).fill(keccak256("0xbad0")));
      await world.about(job.id, "openClaim", job.opening);
      await world.send(world.stranger, "certify", ...(await world.certificate(job)));
      await world.pass(p.appealWindow);
      await world.send(world.stranger, "slash", await world.jobItems(job.id));
      return job;
    }
  });

  it("earnings go to the payout address whoever asks, once", async () => {
    const job = await world.decided();
    await world.passReview(job);
    await world.send(world.stranger, "release", [await world.releaseItem(job, await world.check(job))]);
    const { earned } = await record();
    assert.ok(earned > 0n);
    await world.send(world.stranger, "claim", operator.address);
    assert.equal(await world.balance(operator.payout), earned);
    await world.refuses(world.send(world.stranger, "claim", operator.address), "ZeroAmount");
    await world.checkBooks();
  });
});

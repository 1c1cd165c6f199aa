import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { decodeErrorResult, encodeFunctionData } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD, World } from "../support/world.mjs";
import { Book, Outcome, Reason } from "../support/words.mjs";

describe("client accounts", () => {
  let world, client;
  beforeEach(async () => {
    world = await fixture();
    [client] = world.clients;
  });

  it("a deposit moves tokens in and is available at once", async () => {
    const before = await world.read("available", client.address);
    await world.toToken(client, "mint", client.address, 5n * USD);
    const { events } = await world.send(client, "deposit", 5n * USD);
    assert.deepEqual(events.map((event) => [event.eventName, event.args]), [["LedgerMoved", {
      job: model.ZERO32, account: client.address, book: Book.Available, reason: Reason.Deposit, amount: 5n * USD, balance: before + 5n * USD,
    }]]);
    assert.equal(await world.read("available", client.address), before + 5n * USD);
    await world.checkBooks();
  });

  it("a withdrawal pays the caller and no more than is available", async () => {
    const available = await world.read("available", client.address);
    await world.refuses(world.send(client, "withdraw", available + 1n), "InsufficientBalance", available, available + 1n);
    await world.send(client, "withdraw", available);
    assert.equal(await world.balance(client.address), available);
    assert.equal(await world.read("available", client.address), 0n);
    await world.checkBooks();
  });

  it("reserved money cannot be withdrawn", async () => {
    const before = await world.read("available", client.address);
    const { order } = await world.opened();
    const held = order.maxPrice + model.fee(world.parameters, order.maxPrice);
    assert.equal(await world.read("available", client.address), before - held);
    assert.equal(await world.reserved(client), held);
    await world.refuses(world.send(client, "withdraw", before), "InsufficientBalance", before - held, before);
    await world.checkBooks();
  });

  it("nothing is neither deposited, withdrawn nor donated", async () => {
    await world.refuses(world.send(client, "deposit", 0n), "ZeroAmount");
    await world.refuses(world.send(client, "withdraw", 0n), "ZeroAmount");
    await world.refuses(world.send(client, "donate", Book.CheckPool, 0n), "ZeroAmount");
  });

  it("a donation goes to a pool and to no other book", async () => {
    const [checks, insurance] = await world.read("pools");
    await world.toToken(client, "mint", client.address, 3n * USD);
    await world.send(client, "donate", Book.CheckPool, 1n * USD);
    await world.send(client, "donate", Book.InsurancePool, 2n * USD);
    assert.deepEqual(await world.read("pools"), [checks + 1n * USD, insurance + 2n * USD]);
    for (const book of [Book.Available, Book.Reserved, Book.Bond, Book.Locked, Book.Earned]) {
      await world.refuses(world.send(client, "donate", book, 1n), "NotAPool", book);
    }
    await world.checkBooks();
  });

  it("tokens sent past the contract belong to nobody and break nothing", async () => {
    await world.toToken(client, "mint", world.escrow, 7n * USD);
    await world.checkBooks({ donated: 7n * USD });
    const job = await world.decided();
    await world.passReview(job);
    await world.send(world.stranger, "release", [await world.releaseItem(job, await world.check(job))]);
    await world.checkBooks({ donated: 7n * USD });
  });

  it("a nonce is cancelled once, by its owner, without touching its neighbours", async () => {
    await world.send(client, "cancelNonce", 1000n);
    assert.equal(await world.read("nonceUsed", client.address, 1000n), true);
    for (const other of [999n, 1001n, 1000n + 256n]) assert.equal(await world.read("nonceUsed", client.address, other), false);
    assert.equal(await world.read("nonceUsed", world.clients[1].address, 1000n), false);
    await world.refuses(world.send(client, "cancelNonce", 1000n), "NonceSpent", client.address, 1000n);
  });
});

describe("hostile tokens", () => {
  const standing = async (tokenName) => {
    const world = await World.create({}, tokenName);
    const [client] = world.clients;
    await world.toToken(client, "mint", client.address, 100n * USD);
    await world.toToken(client, "approve", world.escrow, 2n ** 256n - 1n);
    return { world, client };
  };
  const tokens = (name) => ({ name, source: "HostileTokens" });

  describe("one that keeps a fee", () => {
    it("is refused at the door with both amounts", async () => {
      const { world, client } = await standing(tokens("FeeToken"));
      await world.refuses(world.send(client, "deposit", 100n), "UnexpectedTransfer", 100n, 99n);
      await world.refuses(world.send(client, "donate", Book.CheckPool, 100n), "UnexpectedTransfer", 100n, 99n);
      const { minBond } = world.parameters;
      await world.toToken(client, "mint", client.address, minBond);
      await world.refuses(world.send(client, "register", client.address, client.address, minBond), "UnexpectedTransfer", minBond, minBond - minBond / 100n);
      await world.checkBooks();
    });
  });

  describe("one that answers false", () => {
    it("brings nothing in and leaves what it will not pay out on the books", async () => {
      const { world, client } = await standing(tokens("FalseToken"));
      await world.send(client, "deposit", 10n * USD);
      await world.toToken(client, "refuse");
      await world.refuses(world.send(client, "deposit", 1n * USD), "SafeERC20FailedOperation", world.token);
      await world.refuses(world.send(client, "withdraw", 1n * USD), "SafeERC20FailedOperation", world.token);
      assert.equal(await world.read("available", client.address), 10n * USD);
      await world.checkBooks();
    });
  });

  describe("one that answers true and moves nothing", () => {
    it("is refused by the measured balance", async () => {
      const { world, client } = await standing(tokens("IdleToken"));
      await world.refuses(world.send(client, "deposit", 5n), "UnexpectedTransfer", 5n, 0n);
    });
  });

  for (const [what, name] of [["nothing", "SilentToken"], ["more than it was asked", "VerboseToken"]]) {
    describe(`one that answers ${what}`, () => {
      it("is taken by what it moves", async () => {
        const { world, client } = await standing(tokens(name));
        await world.send(client, "deposit", 10n * USD);
        await world.send(client, "withdraw", 4n * USD);
        assert.equal(await world.read("available", client.address), 6n * USD);
        assert.equal(await world.balance(client.address), 94n * USD);
        await world.checkBooks();
      });
    });
  }

  describe("one that serves some accounts no more", () => {
    const absent = async () => {
      const { world, client } = await standing(tokens("ListingToken"));
      await world.send(client, "deposit", 100n * USD);
      for (const operator of world.operators.slice(0, 8)) await world.register(operator);
      const job = await world.opened();
      await world.pass(job.order.runWindow + 1);
      return { world, client, job };
    };

    it("ends the jobs of a refused client all the same, which has its money elsewhere", async () => {
      const { world, client, job } = await absent();
      await world.toToken(world.stranger, "refuse", client.address);
      await world.send(world.stranger, "expire", await world.jobItems(job.id));
      const refunded = await world.read("available", client.address);
      assert.ok(refunded > 100n * USD, "refund and compensation");
      await assert.rejects(world.send(client, "withdraw", refunded));
      await world.send(client, "withdrawTo", world.clients[1].address, refunded);
      assert.equal(await world.balance(world.clients[1].address), refunded);
      await world.checkBooks();
    });

    it("stops what comes in and goes out when it refuses the escrow, and no job", async () => {
      const { world, client, job } = await absent();
      await world.toToken(world.stranger, "refuse", world.escrow);
      await assert.rejects(world.send(client, "withdraw", 1n));
      await assert.rejects(world.send(client, "deposit", 1n));
      await world.send(world.stranger, "expire", await world.jobItems(job.id));
      assert.equal((await world.jobOf(job.id)).outcome, Outcome.NoShow);
      await world.checkBooks();
    });
  });

  describe("one that calls back in the middle of a transfer or a permit", () => {
    const FOREVER = 2n ** 64n - 1n;
    const noPledge = { job: model.ZERO32, account: model.ZERO, round: 1 };
    const noCheck = { job: model.ZERO32, round: 0, seat: 0, finding: 0, value: model.ZERO32, salt: model.ZERO32 };
    const noWithdrawal = { account: model.ZERO, to: model.ZERO, amount: 0n, nonce: 0n, expiry: 0n };
    const noClaim = { operator: model.ZERO, to: model.ZERO, nonce: 0n, expiry: 0n };
    const noVoid = { account: model.ZERO, spent: 0n, expiry: 0n };
    const noSpending = { payer: model.ZERO, spender: model.ZERO, perJob: 0n, perDay: 0n, until: 0, nonce: 0n, expiry: 0n };
    const noSignature = [27, model.ZERO32, model.ZERO32];
    const everyEntry = (world, job) => [
      ["deposit", [1n]], ["depositFor", [model.ZERO, 1n]], ["depositWithPermit", [model.ZERO, 1n, 0n, ...noSignature]],
      ["depositWithAuthorization", [model.ZERO, 1n, 0n, 0n, model.ZERO32, ...noSignature]], ["withdraw", [1n]], ["withdrawTo", [model.ZERO, 1n]],
      ["withdrawSigned", [noWithdrawal, "0x"]], ["donate", [Book.CheckPool, 1n]], ["cancelNonce", [77n]],
      ["cancelNonceSigned", [noVoid, "0x"]], ["approveSpending", [world.stranger.address, 1n, 1n, 1]], ["approveSpendingSigned", [noSpending, "0x"]],
      ["cancel", [[]]], ["createPool", []], ["setPoolMembers", [1, []]], ["transferPool", [1, world.stranger.address]], ["registerRuntime", [2, job, true]],
      ["adopt", [world.stranger.address]],
      ["registerOwned", [world.stranger.address, world.stranger.address, world.stranger.address, world.parameters.minBond]],
      ["register", [world.stranger.address, world.stranger.address, world.parameters.minBond]], ["addBond", [1n]], ["requestUnbonding", [1n]],
      ["withdrawBond", []], ["rejoin", []], ["claim", [world.stranger.address]], ["claimTo", [model.ZERO, model.ZERO]], ["claimSigned", [noClaim, "0x"]],
      ["recordSeed", [0n]], ["recordBeacon", [0n, "0x"]], ["recordWithoutBeacon", [0n]], ["addVersion", [world.parameters]], ["pause", []], ["unpause", []],
      ["open", [[]]], ["submit", [[]]], ["release", [[]]], ["expire", [[]]], ["slash", [[]]], ["lapse", [[]]], ["commitSeats", [[]]],
      ["accuse", [model.NO_RECORD, noCheck, "0x"]], ["challenge", [model.NO_RECORD, noPledge, "0x"]], ["appeal", [model.NO_RECORD, noPledge, "0x"]], ["drawSeats", [job, model.NO_RECORD]], ["refillSeat", [job, model.NO_RECORD, 0, "0x"]],
      ["openClaim", [job, model.NO_RECORD, { outputsRoot: model.ZERO32, units: 0n, salt: model.ZERO32 }]],
      ["certify", [job, model.NO_RECORD, [noCheck, noCheck, noCheck], ["0x", "0x", "0x"], model.ZERO32]],
    ];

    /** Calls during which the token is called: with a client's money, and with what an operator has earned as the keeper of a job. */
    async function callers(world, client) {
      for (const operator of world.operators.slice(0, 8)) await world.register(operator);
      const job = await world.opened({ operator: world.operators[1] });
      await world.pass(job.order.runWindow + 1);
      const [operator] = world.operators;
      await world.send(operator, "expire", await world.jobItems(job.id));
      const payout = await world.unlocked(operator.payoutKey);
      const to = world.stranger.address;
      const withdrawal = { account: client.address, to, amount: 1n, nonce: 500n, expiry: FOREVER };
      const claim = { operator: operator.address, to, nonce: 500n, expiry: FOREVER };
      const permit = { owner: client.address, spender: world.escrow, value: 1n, nonce: 0n, deadline: FOREVER };
      const authorization = { from: client.address, to: world.escrow, value: 1n, validAfter: 0n, validBefore: FOREVER, nonce: model.ZERO32 };
      return [
        [client, "deposit", 1n], [client, "depositFor", to, 1n],
        [client, "depositWithPermit", to, 1n, FOREVER, ...(await world.signForToken(client, "Permit", permit))],
        [client, "depositWithAuthorization", client.address, 1n, 0n, FOREVER, model.ZERO32, ...(await world.signForToken(client, "ReceiveWithAuthorization", authorization))],
        [client, "withdraw", 1n], [client, "withdrawTo", to, 1n], [client, "withdrawSigned", withdrawal, await world.sign(client, "Withdraw", withdrawal)],
        [client, "donate", Book.CheckPool, 1n], [client, "claim", operator.address], [payout, "claimTo", operator.address, to],
        [client, "claimSigned", claim, await world.sign(payout, "Claim", claim)],
      ];
    }

    it("finds every function that changes anything closed", async () => {
      const { world, client } = await standing(tokens("ReentrantToken"));
      await world.send(client, "deposit", 90n * USD);
      const entries = everyEntry(world, model.ZERO32);
      const writable = world.abi.filter((entry) => entry.type === "function" && !["view", "pure"].includes(entry.stateMutability)).map((entry) => entry.name);
      assert.deepEqual(entries.map(([name]) => name).sort(), writable.sort());
      const { abi } = world.tokenArtifact;
      for (const [from, outer, ...outerArgs] of await callers(world, client)) {
        for (const [functionName, args] of entries) {
          const before = await world.snapshot();
          await world.toToken(client, "arm", world.escrow, encodeFunctionData({ abi: world.abi, functionName, args }));
          await world.send(from, outer, ...outerArgs);
          assert.equal(await world.readFrom(world.token, abi, "succeeded", []), false, `${functionName} inside ${outer}`);
          const data = await world.readFrom(world.token, abi, "answer", []);
          assert.equal(decodeErrorResult({ abi: world.abi, data }).errorName, "ReentrancyGuardReentrantCall", `${functionName} inside ${outer}`);
          await world.restore(before);
        }
        const before = await world.snapshot();
        await world.send(from, outer, ...outerArgs);
        await world.checkBooks();
        await world.restore(before);
      }
    });
  });
});

// One escrow of five codes: what its fallback answers, and what the modules can do on their own.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { numberToHex, toFunctionSelector, toFunctionSignature } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { Book, State } from "../support/words.mjs";

let world;
beforeEach(async () => (world = await fixture()));

const codesOf = (world) => [world.escrowArtifact, world.courtArtifact, world.bankArtifact, world.charterArtifact, world.registryArtifact];
const functionsOf = ({ abi }) => abi.filter(({ type }) => type === "function");
const isView = ({ stateMutability }) => ["view", "pure"].includes(stateMutability);
const fails = (call) => assert.rejects(call, (error) => typeof error.data === "string" || /revert/i.test(error.message));

describe("the fallback", () => {
  it("has one of the five codes for every function of the escrow, and no two selectors are the same", () => {
    const codes = codesOf(world).map((code) => functionsOf(code).map(toFunctionSignature));
    const asked = functionsOf(world).map(toFunctionSignature);
    for (const signature of asked) assert.equal(codes.filter((code) => code.includes(signature)).length, 1, signature);
    const all = new Set(codes.flat());
    assert.equal(new Set([...all].map(toFunctionSelector)).size, all.size);
    // Beside the interface: where the modules are, and the domain of EIP-5267.
    assert.deepEqual([...all].filter((signature) => !asked.includes(signature)).sort(), ["bank()", "charter()", "court()", "eip712Domain()", "registry()"]);
  });

  it("refuses a function that nobody knows, and a call of nothing", async () => {
    const known = new Set(codesOf(world).flatMap(functionsOf).map(toFunctionSelector));
    for (const data of ["0x", "0x00", "0xd0e30d", "0x00000000", "0xffffffff", "0xdeadbeef", `0xdeadbeef${"00".repeat(320)}`]) {
      assert.ok(!known.has(data));
      await fails(world.sendRaw(world.stranger, data));
      await fails(world.callRaw(data));
    }
    await world.checkBooks();
  });

  it("takes no native coin, by whatever function", async () => {
    const payable = codesOf(world).flatMap(({ abi }) => abi).filter(({ stateMutability }) => stateMutability === "payable");
    assert.deepEqual(payable, []);
    const pay = (data) => world.rpc("eth_sendTransaction", { from: world.stranger.address, to: world.escrow, value: "0x1", data, gas: numberToHex(1_000_000) });
    for (const data of ["0x", toFunctionSelector("slash((bytes32,(address,address))[])"), toFunctionSelector("rejoin()"), "0xdeadbeef"]) await fails(pay(data));
    assert.equal(BigInt(await world.rpc("eth_getBalance", world.escrow, "latest")), 0n);
  });

  it("hands on what a module returns and why it reverts", async () => {
    assert.deepEqual(await world.read("pools"), await world.readFrom(world.escrow, world.bankArtifact.abi, "pools", []));
    await world.refuses(world.about(model.ZERO32, "drawSeats"), "WrongState", model.ZERO32, State.None);
    await world.refuses(world.send(world.deployer, "withdraw", 1n), "InsufficientBalance", 0n, 1n);
  });
});

describe("a module that is called directly", () => {
  /** A job whose stake is to be taken, beside operators with earnings and clients with money. */
  async function temptation() {
    const job = await world.convicted();
    await world.pass(world.parameters.appealWindow);
    return job;
  }
  const standing = async (job) => ({
    tokens: await world.balance(world.escrow), events: (await world.history()).length, state: await world.read("stateOf", job.id), pools: await world.read("pools"),
    available: await Promise.all(world.clients.map((client) => world.read("available", client.address))),
    operators: await Promise.all(world.operators.map((operator) => world.read("operatorOf", operator.address))),
    allowance: await world.readFrom(world.token, world.tokenArtifact.abi, "allowance", [world.clients[0].address, world.escrow]),
  });

  it("moves nothing of the escrow, whoever calls it", async () => {
    const job = await temptation();
    const [items, record, check] = [await world.jobItems(job.id), await world.recordOf(job.id), await world.check(job, { by: world.stranger })];
    const certificate = await world.certificate(job);
    const seat = await world.seatItem(job, 0, job.value);
    const calls = {
      accuse: [record, check.check, check.checkSignature], challenge: await world.pledge(job, 1, world.clients[1]), appeal: await world.pledge(job, 2, world.clients[1]), drawSeats: [job.id, record], refillSeat: [job.id, record, 0, "0x"], openClaim: [job.id, record, job.opening],
      certify: certificate, slash: [items], lapse: [items], commitSeats: [[seat]], deposit: [1n], withdraw: [1n], cancelNonce: [job.order.nonce + 1n],
      donate: [Book.CheckPool, 1n], register: [world.stranger.address, world.stranger.address, world.parameters.minBond], addBond: [1n], requestUnbonding: [1n],
      withdrawBond: [], rejoin: [], claim: [world.operators[1].address],
    };
    const [payer] = world.clients;
    const withdrawal = { account: payer.address, to: world.stranger.address, amount: 1n, nonce: 800n, expiry: 2n ** 64n - 1n };
    const earnings = { operator: world.operators[1].address, to: world.stranger.address, nonce: 800n, expiry: 2n ** 64n - 1n };
    const spending = { payer: payer.address, spender: world.stranger.address, perJob: 1n, perDay: 1n, until: 2 ** 40 - 1, nonce: 801n, expiry: 2n ** 64n - 1n };
    const taken = { account: payer.address, spent: 802n, expiry: 2n ** 64n - 1n };
    Object.assign(calls, {
      depositFor: [world.stranger.address, 1n], depositWithPermit: [world.stranger.address, 1n, 0n, 27, model.ZERO32, model.ZERO32],
      depositWithAuthorization: [payer.address, 1n, 0n, 2n ** 64n - 1n, model.ZERO32, 27, model.ZERO32, model.ZERO32], withdrawTo: [world.stranger.address, 1n],
      withdrawSigned: [withdrawal, await world.sign(payer, "Withdraw", withdrawal)], claimTo: [world.operators[1].address, world.stranger.address],
      cancel: [[await world.cancelItem(job, { expiry: 2n ** 64n - 1n })]], createPool: [], setPoolMembers: [9, []], transferPool: [9, world.stranger.address],
      approveSpending: [world.stranger.address, 1n, 1n, 2 ** 40 - 1], approveSpendingSigned: [spending, await world.sign(payer, "Spending", spending)],
      adopt: [world.stranger.address], cancelNonceSigned: [taken, await world.sign(payer, "Void", taken)], registerRuntime: [2, job.id, true],
      registerOwned: [world.stranger.address, world.stranger.address, world.stranger.address, world.parameters.minBond],
      claimSigned: [earnings, await world.sign(world.operators[1].payoutKey, "Claim", earnings)],
    });
    Object.assign(calls, {
      addVersion: [world.parameters], pause: [], unpause: [], recordSeed: [0n], recordBeacon: [2n ** 39n, "0x"], recordWithoutBeacon: [2n ** 39n],
    });
    const before = await standing(job);
    for (const name of ["court", "bank", "charter", "registry"]) {
      const { abi } = world[`${name}Artifact`];
      for (const { name: functionName } of functionsOf({ abi }).filter((entry) => !isView(entry))) {
        assert.ok(functionName in calls, functionName);
        for (const from of [world.stranger, world.clients[0], world.operators[1]]) {
          const call = world.transact(from, world[name], abi, functionName, calls[functionName]);
          // Nothing but a nonce, a pool, an approval and an adoption of the module's own book can be had without tokens.
          if (["cancelNonce", "createPool", "approveSpending", "adopt"].includes(functionName)) await call;
          else await fails(call);
        }
      }
    }
    assert.deepEqual(await standing(job), before);
    assert.equal(await world.read("nonceUsed", world.clients[0].address, job.order.nonce + 1n), false);
    await world.checkBooks();
  });

  it("has books of its own: what is paid into the bank's is not in the escrow's", async () => {
    const job = await temptation();
    const before = await standing(job);
    const payer = world.deployer;
    const { abi } = world.bankArtifact;
    await world.toToken(payer, "mint", payer.address, 5n * USD + world.parameters.minBond);
    await world.toToken(payer, "approve", world.bank, 2n ** 256n - 1n);
    await world.transact(payer, world.bank, abi, "donate", [Book.CheckPool, 5n * USD]);
    await world.transact(payer, world.bank, abi, "register", [payer.address, payer.address, world.parameters.minBond]);
    assert.equal(await world.balance(world.bank), 5n * USD + world.parameters.minBond);
    assert.deepEqual(await standing(job), before);
    for (const name of ["addBond", "requestUnbonding"]) await world.refuses(world.send(payer, name, 1n), "NotRegistered", payer.address);
    await world.refuses(world.send(payer, "withdraw", 1n), "InsufficientBalance", 0n, 1n);
    await world.checkBooks();
  });

  it("has a domain of its own: what is signed for the escrow is not signed for it", async () => {
    const { order, id } = await world.agree();
    assert.equal(await world.read("hashOrder", order), id);
    assert.notEqual(await world.readFrom(world.registry, world.registryArtifact.abi, "hashOrder", [order]), id);
    const domain = (at) => world.readFrom(at, world.escrowArtifact.abi, "eip712Domain", []);
    assert.deepEqual((await domain(world.escrow))[4], world.escrow);
  });
});

// Rewards beyond the job: cumulative roots, claimed once, by whoever they are owed to, to wherever it says.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { merkleTree } from "../support/merkle.mjs";
import * as model from "../support/model.mjs";
import { Answer } from "../support/words.mjs";
import { artifact, USD, World } from "../support/world.mjs";

const DELAY = 1000;
const EARLIER = 2n ** 64n - 1n;
const types = { RewardClaim: "account to amount claimed expiry".split(" ").map((name, i) => ({ name, type: ["address", "address", "uint256", "uint256", "uint64"][i] })) };

let world, start, rewards, code, submitter, guardian, stranger, accounts;
beforeEach(async () => {
  if (start) await world.restore(start);
  else {
    world = await World.create();
    [submitter, guardian, stranger] = [world.deployer, world.clients[0], world.stranger];
    accounts = world.operators.map(({ account }) => account);
    code = await artifact("Rewards");
    world.abi = [...world.abi, ...code.abi];
    rewards = await world.deploy(code, [world.token, submitter.address, guardian.address, DELAY]);
    await world.toToken(stranger, "mint", rewards, 1000n * USD);
  }
  start = await world.snapshot();
});

const send = (from, name, ...args) => world.transact(from, rewards, code.abi, name, args);
const read = (name, ...args) => world.readFrom(rewards, code.abi, name, args);
const owed = (factor = 1n) => accounts.map(({ address }, i) => ({ account: address, amount: BigInt(i + 1) * factor * USD }));
const wait = () => world.pass(DELAY);

/** A root that pays, and its tree. */
async function active(epoch = 1n, entries = owed()) {
  const tree = merkleTree(entries);
  await send(submitter, "submitRoot", epoch, tree.root);
  await wait();
  return { entries, tree, args: (i) => [epoch, entries[i].amount, tree.proofOf(entries[i])] };
}

describe("a reward", () => {
  it("is what the root says less what was claimed, for trees of every size", async () => {
    for (let size = 1; size <= accounts.length; size++) {
      const before = await world.snapshot();
      const first = await active(1n, owed().slice(0, size));
      const i = size - 1;
      const { events } = await send(accounts[i], "claim", ...first.args(i));
      assert.deepEqual(events[0].args, { account: accounts[i].address, to: accounts[i].address, epoch: 1n, amount: first.entries[i].amount, paid: first.entries[i].amount });
      const second = await active(2n, owed(3n).slice(0, size));
      const held = await world.balance(accounts[i].address);
      await send(accounts[i], "claim", ...second.args(i));
      assert.equal((await world.balance(accounts[i].address)) - held, 2n * first.entries[i].amount);
      assert.equal(await read("claimedBy", accounts[i].address), 3n * first.entries[i].amount);
      await world.restore(before);
    }
  });

  it("is paid once, under this root, an older one or the same again", async () => {
    const [older, newer] = [await active(1n), await active(2n, owed(2n))];
    await send(accounts[3], "claim", ...newer.args(3));
    for (const { args } of [newer, older]) await world.refuses(send(accounts[3], "claim", ...args(3)), "NothingToClaim", accounts[3].address, 8n * USD);
  });

  it("goes to another by the account's word only", async () => {
    const { args } = await active();
    await send(accounts[2], "claimTo", stranger.address, ...args(2));
    assert.equal(await world.balance(stranger.address), 3n * USD);
    await world.refuses(send(stranger, "claimTo", stranger.address, ...args(4)), "BadProof", stranger.address, 5n * USD);
    await world.refuses(send(accounts[4], "claimTo", model.ZERO, ...args(4)), "ZeroAddress");
  });

  it("is not had by another amount, another account's proof, a node of the tree or an empty proof", async () => {
    const { args, entries, tree } = await active();
    const [epoch, amount, proof] = args(1);
    await world.refuses(send(accounts[1], "claim", epoch, amount + 1n, proof), "BadProof", accounts[1].address, amount + 1n);
    await world.refuses(send(accounts[2], "claim", epoch, amount, proof), "BadProof");
    await world.refuses(send(accounts[1], "claim", epoch, amount, []), "BadProof");
    await world.refuses(send(accounts[1], "claim", epoch, amount, [...proof, tree.root]), "BadProof");
    await world.refuses(send(accounts[1], "claim", epoch, entries[5].amount, tree.proofOf(entries[5])), "BadProof");
  });

  it("beyond what the pool holds waits until somebody funds it", async () => {
    const { args } = await active(1n, [{ account: accounts[0].address, amount: 1500n * USD }, ...owed().slice(1)]);
    await world.refuses(send(accounts[0], "claim", ...args(0)), "ERC20InsufficientBalance");
    await world.toToken(stranger, "mint", stranger.address, 500n * USD);
    await world.toToken(stranger, "approve", rewards, 500n * USD);
    await send(stranger, "fund", 500n * USD);
    await send(accounts[0], "claim", ...args(0));
    assert.equal(await world.balance(rewards), 0n);
  });

  it("costs no more than 60,000 gas to claim, in a tree of 1,024 accounts", async () => {
    const many = Array.from({ length: 1024 }, (_, i) => ({ account: `0x${(i + 1).toString(16).padStart(40, "0")}`, amount: BigInt(i + 1) }));
    const entries = [...many.slice(1), { account: accounts[0].address, amount: 5n * USD }];
    const { tree } = await active(1n, entries);
    await world.toToken(stranger, "mint", accounts[0].address, 1n);
    const again = { account: accounts[0].address, amount: 6n * USD };
    await send(accounts[0], "claim", 1n, 5n * USD, tree.proofOf(entries.at(-1)));
    const next = [...many.slice(1), again];
    const later = await active(2n, next);
    const { gas } = await send(accounts[0], "claim", 2n, 6n * USD, later.tree.proofOf(again));
    assert.ok(gas <= 60_000n, `${gas}`);
  });
});

describe("a root", () => {
  it("pays from the end of its delay on, and can be disabled until then", async () => {
    const tree = merkleTree(owed());
    const args = [1n, owed()[0].amount, tree.proofOf(owed()[0])];
    await send(submitter, "submitRoot", 1n, tree.root);
    const { activeFrom } = await read("rootOf", 1n);
    assert.equal(BigInt(activeFrom), (await world.now()) + BigInt(DELAY));
    await world.at(activeFrom - 1);
    await world.refuses(send(accounts[0], "claim", ...args), "NotActive", 1n, BigInt(activeFrom) - 1n, activeFrom);
    await world.at(activeFrom);
    await send(accounts[0], "claim", ...args);
    await world.refuses(send(guardian, "disableRoot", 1n), "Active", 1n);
  });

  it("that was disabled never pays, and another may take its place", async () => {
    const tree = merkleTree(owed(100n));
    await send(submitter, "submitRoot", 1n, tree.root);
    await world.refuses(send(submitter, "disableRoot", 1n), "NotAllowed", submitter.address);
    await send(guardian, "disableRoot", 1n);
    await world.refuses(send(guardian, "disableRoot", 1n), "NoRoot", 1n);
    await wait();
    await world.refuses(send(accounts[0], "claim", 1n, 100n * USD, tree.proofOf(owed(100n)[0])), "NoRoot", 1n);
    const { args } = await active(1n);
    await send(accounts[0], "claim", ...args(0));
  });

  it("comes from the submitter alone, once, in the order of epochs, and is not zero", async () => {
    const { root } = merkleTree(owed());
    for (const from of [stranger, guardian]) await world.refuses(send(from, "submitRoot", 1n, root), "NotAllowed", from.address);
    await world.refuses(send(submitter, "submitRoot", 1n, model.ZERO32), "NoRoot", 1n);
    await send(submitter, "submitRoot", 5n, root);
    for (const epoch of [5n, 4n, 0n]) await world.refuses(send(submitter, "submitRoot", epoch, root), "EpochOver", epoch, 5n);
    await world.refuses(send(guardian, "disableRoot", 6n), "NoRoot", 6n);
    await world.refuses(send(accounts[0], "claim", 6n, 1n, []), "NoRoot", 6n);
  });

  it("needs token, submitter and guardian", async () => {
    const good = [world.token, submitter.address, guardian.address, DELAY];
    for (const i of [0, 1, 2]) await world.refuses(world.deploy(code, good.with(i, model.ZERO)), "ZeroAddress");
  });
});

describe("a signed reward claim", () => {
  const domain = () => ({ name: "Assay Rewards", version: "1", chainId: world.chainId, verifyingContract: rewards });
  const word = (i, rest = {}) => ({ account: accounts[i].address, to: stranger.address, amount: BigInt(i + 1) * USD, claimed: 0n, expiry: EARLIER, ...rest });
  const sign = (by, message, at = domain()) => by.signTypedData({ domain: at, types, primaryType: "RewardClaim", message });
  const keyOf = (i) => world.operators[i].account;
  const carry = async (message, { args }, i, by = keyOf(i), at = domain()) =>
    send(guardian, "claimSigned", message, 1n, args(i)[2], await sign(by, message, at));

  it("pays where the account says, carried by anybody, once", async () => {
    const root = await active();
    await carry(word(1), root, 1);
    assert.equal(await world.balance(stranger.address), 2n * USD);
    await world.refuses(carry(word(1), root, 1), "BadSignature", accounts[1].address);
    const later = await active(2n, owed(2n));
    await world.refuses(carry(word(1, { amount: 4n * USD }), later, 1), "BadSignature", accounts[1].address);
    const message = word(1, { amount: 4n * USD, claimed: 2n * USD });
    await send(guardian, "claimSigned", message, 2n, later.args(1)[2], await sign(keyOf(1), message));
    assert.equal(await world.balance(stranger.address), 4n * USD);
  });

  it("is nobody else's, of no other chain or contract, not late, and of no other amount", async () => {
    const root = await active();
    await world.refuses(carry(word(1), root, 1, stranger), "BadSignature", accounts[1].address);
    for (const at of [{ ...domain(), chainId: 1 }, { ...domain(), verifyingContract: world.escrow }]) {
      await world.refuses(carry(word(1), root, 1, keyOf(1), at), "BadSignature", accounts[1].address);
    }
    const signature = await sign(keyOf(1), word(1));
    await world.refuses(send(guardian, "claimSigned", word(1, { to: guardian.address }), 1n, root.args(1)[2], signature), "BadSignature", accounts[1].address);
    await world.refuses(carry(word(1, { amount: 3n * USD }), root, 1), "BadProof", accounts[1].address, 3n * USD);
    await world.refuses(carry(word(1, { expiry: 1n }), root, 1), "Late");
  });

  it("may be a contract wallet's", async () => {
    const wallet = await world.wallet(accounts[0]);
    const refusing = await world.wallet(accounts[0], Answer.WrongMagic);
    const entries = [{ account: wallet.address, amount: 7n * USD }, { account: refusing.address, amount: 7n * USD }];
    const { tree } = await active(1n, entries);
    for (const [i, who] of [wallet, refusing].entries()) {
      const message = { account: who.address, to: stranger.address, amount: 7n * USD, claimed: 0n, expiry: EARLIER };
      const call = send(guardian, "claimSigned", message, 1n, tree.proofOf(entries[i]), await sign(who, message));
      if (i === 0) await call;
      else await world.refuses(call, "BadSignature", refusing.address);
    }
    assert.equal(await world.balance(stranger.address), 7n * USD);
  });
});

// Money that moves by somebody else's hand: deposits for others and by signature, signed withdrawals and claims, contract wallets.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { encodeFunctionData, keccak256, numberToHex, parseSignature, serializeSignature } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD, World } from "../support/world.mjs";
import { Answer, Book, Reason, Skip, State } from "../support/words.mjs";

const CURVE = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const WALLET_GAS = 150_000n;
const FOREVER = 2n ** 64n - 1n;
const moved = (account, book, reason, amount, balance) => ["LedgerMoved", { job: model.ZERO32, account, book, reason, amount, balance }];
const told = ({ events }) => events.map((event) => [event.eventName, event.args]);
/** The other signature of the same word by the same key. */
const mirrored = (signature) => {
  const { r, s, yParity } = parseSignature(signature);
  return serializeSignature({ r, s: numberToHex(CURVE - BigInt(s), { size: 32 }), yParity: 1 - yParity });
};

describe("a deposit for somebody else", () => {
  let world, payer, client;
  beforeEach(async () => {
    world = await fixture();
    [payer, client] = world.clients;
    await world.toToken(payer, "mint", payer.address, 9n * USD);
  });

  it("takes the caller's tokens and is available to who was named", async () => {
    const [own, balance] = [await world.read("available", payer.address), await world.read("available", client.address)];
    const result = await world.send(payer, "depositFor", client.address, 9n * USD);
    assert.deepEqual(told(result), [moved(client.address, Book.Available, Reason.Deposit, 9n * USD, balance + 9n * USD)]);
    assert.deepEqual([await world.balance(payer.address), await world.read("available", payer.address)], [0n, own]);
    await world.checkBooks();
  });

  it("is not made of nothing, nor to an account that nobody has", async () => {
    await world.refuses(world.send(payer, "depositFor", client.address, 0n), "ZeroAmount");
    for (const nobody of [model.ZERO, world.escrow]) await world.refuses(world.send(payer, "depositFor", nobody, 1n), "BadRecipient", nobody);
  });

  it("needs no permit where the allowance is there, though the token knows none", async () => {
    await world.send(payer, "depositWithPermit", client.address, 9n * USD, FOREVER, 27, model.ZERO32, model.ZERO32);
    assert.equal(await world.balance(payer.address), 0n);
    await world.checkBooks();
  });
});

describe("a deposit by signature", () => {
  const worlds = new Map();
  /** A chain whose token knows permits and authorizations, with two holders that have approved nothing. */
  async function standing(name = "SignedToken", source = "SignedToken") {
    if (!worlds.has(name)) {
      const world = await World.create({}, { name, source });
      for (const holder of world.clients) await world.toToken(holder, "mint", holder.address, 100n * USD);
      worlds.set(name, { world });
    } else {
      await worlds.get(name).world.restore(worlds.get(name).start);
    }
    const entry = worlds.get(name);
    entry.start = await entry.world.snapshot();
    return entry.world;
  }
  let world, holder, other, stranger;
  beforeEach(async () => {
    world = await standing();
    [holder, other] = world.clients;
    stranger = world.stranger;
  });

  const permitOf = async (owner, value = 5n * USD, deadline = FOREVER) =>
    [deadline, ...(await world.signForToken(owner, "Permit", { owner: owner.address, spender: world.escrow, value, nonce: 0n, deadline }))];

  describe("of ERC-2612", () => {
    it("needs no approval before", async () => {
      const result = await world.send(holder, "depositWithPermit", other.address, 5n * USD, ...(await permitOf(holder)));
      assert.deepEqual(told(result), [moved(other.address, Book.Available, Reason.Deposit, 5n * USD, 5n * USD)]);
      assert.equal(await world.balance(holder.address), 95n * USD);
      await world.checkBooks();
    });

    it("is not stopped by who sends the permit ahead of it", async () => {
      const permit = await permitOf(holder);
      await world.toToken(stranger, "permit", holder.address, world.escrow, 5n * USD, ...permit);
      await world.send(holder, "depositWithPermit", holder.address, 5n * USD, ...permit);
      assert.equal(await world.read("available", holder.address), 5n * USD);
      await world.checkBooks();
    });

    it("moves nobody's tokens but the caller's, whoever signed the permit and whatever he has approved", async () => {
      const permit = await permitOf(holder);
      await world.refuses(world.send(stranger, "depositWithPermit", stranger.address, 5n * USD, ...permit), "ERC20InsufficientAllowance");
      await world.toToken(holder, "approve", world.escrow, 2n ** 256n - 1n);
      await world.refuses(world.send(stranger, "depositWithPermit", stranger.address, 5n * USD, ...permit), "ERC20InsufficientAllowance");
      assert.equal(await world.balance(holder.address), 100n * USD);
    });

    it("fails without an allowance when the permit is for another amount, out of time or of another key", async () => {
      const refused = async (permit) =>
        world.refuses(world.send(holder, "depositWithPermit", holder.address, 5n * USD, ...permit), "ERC20InsufficientAllowance", world.escrow, 0n, 5n * USD);
      await refused(await permitOf(holder, 6n * USD));
      await refused(await permitOf(holder, 5n * USD, 1n));
      await refused(await permitOf({ address: holder.address, signTypedData: (data) => other.signTypedData(data) }));
    });
  });

  describe("of EIP-3009", () => {
    const NONCE = keccak256("0x3009");
    const terms = (change = {}) => ({ from: holder.address, to: world.escrow, value: 5n * USD, validAfter: 0n, validBefore: FOREVER, nonce: NONCE, ...change });
    const carried = async (authorization, { by = holder, type = "ReceiveWithAuthorization", change = {} } = {}) => {
      const signature = await world.signForToken(by, type, authorization);
      const { from, value, validAfter, validBefore, nonce } = { ...authorization, ...change };
      return [from, value, validAfter, validBefore, nonce, ...signature];
    };
    const deposit = async (...args) => world.send(stranger, "depositWithAuthorization", ...(await carried(...args)));

    it("is carried by anybody and credited to whose tokens they were", async () => {
      assert.deepEqual(told(await deposit(terms())), [moved(holder.address, Book.Available, Reason.Deposit, 5n * USD, 5n * USD)]);
      assert.equal(await world.balance(holder.address), 95n * USD);
      assert.equal(await world.read("available", stranger.address), 0n);
      await world.checkBooks();
    });

    it("works once", async () => {
      await deposit(terms());
      await world.refuses(deposit(terms()), "ERC3009UsedAuthorization");
      await world.checkBooks();
    });

    it("is not what was meant for another payee, nor what anybody may send", async () => {
      await world.refuses(deposit(terms({ to: stranger.address }), { change: { to: world.escrow } }), "ERC3009InvalidSignature");
      await world.refuses(deposit(terms(), { type: "TransferWithAuthorization" }), "ERC3009InvalidSignature");
    });

    it("credits nobody who did not sign it", async () => {
      await world.refuses(deposit(terms(), { change: { from: other.address } }), "ERC3009InvalidSignature");
      await world.refuses(deposit(terms(), { by: other }), "ERC3009InvalidSignature");
      await world.refuses(deposit(terms({ from: stranger.address })), "ERC3009InvalidSignature");
    });

    it("moves the signed amount in the signed time", async () => {
      await world.refuses(deposit(terms(), { change: { value: 6n * USD } }), "ERC3009InvalidSignature");
      await world.refuses(deposit(terms(), { change: { value: 0n } }), "ZeroAmount");
      await world.refuses(deposit(terms({ validBefore: 1n })), "ERC3009InvalidAuthorizationTime");
      await world.refuses(deposit(terms({ validAfter: FOREVER })), "ERC3009InvalidAuthorizationTime");
    });

    it("cannot be spent past the books: the token takes it from the escrow alone", async () => {
      const [from, ...rest] = await carried(terms());
      await world.refuses(world.toToken(stranger, "receiveWithAuthorization", from, world.escrow, ...rest), "ERC20InvalidReceiver", world.escrow);
      await world.refuses(world.toToken(stranger, "transferWithAuthorization", from, world.escrow, ...rest), "ERC3009InvalidSignature");
    });

    it("counts what arrives, not what the token says", async () => {
      world = await standing("SignedFeeToken");
      await world.refuses(deposit(terms()), "UnexpectedTransfer", 5n * USD, 4_950_000n);
      const permit = await permitOf(holder);
      await world.refuses(world.send(holder, "depositWithPermit", holder.address, 5n * USD, ...permit), "UnexpectedTransfer", 5n * USD, 4_950_000n);
      await world.toToken(holder, "approve", world.escrow, 5n * USD);
      await world.refuses(world.send(holder, "depositFor", other.address, 5n * USD), "UnexpectedTransfer", 5n * USD, 4_950_000n);
      world = await standing("SignedIdleToken");
      await world.refuses(deposit(terms()), "UnexpectedTransfer", 5n * USD, 0n);
    });
  });
});

describe("a withdrawal to somebody else", () => {
  let world, client, stranger, to;
  beforeEach(async () => {
    world = await fixture();
    [client] = world.clients;
    stranger = world.stranger;
    to = world.clients[1].address;
  });
  const withdrawal = (change = {}) => ({ account: client.address, to, amount: 7n * USD, nonce: 5000n, expiry: FOREVER, ...change });
  const carry = async (word, { by = client, domain = world.domain, change = {} } = {}) =>
    world.send(stranger, "withdrawSigned", { ...word, ...change }, await world.sign(by, "Withdraw", word, domain));

  it("pays the caller's money to whom it says", async () => {
    const available = await world.read("available", client.address);
    const result = await world.send(client, "withdrawTo", to, 7n * USD);
    assert.deepEqual(told(result), [moved(client.address, Book.Available, Reason.Withdrawal, -7n * USD, available - 7n * USD)]);
    assert.equal(await world.balance(to), 7n * USD);
    await world.checkBooks();
  });

  it("is carried by anybody when signed, and uses its nonce", async () => {
    const available = await world.read("available", client.address);
    assert.deepEqual(told(await carry(withdrawal())), [
      ["NonceCancelled", { client: client.address, nonce: 5000n }],
      moved(client.address, Book.Available, Reason.Withdrawal, -7n * USD, available - 7n * USD),
    ]);
    assert.equal(await world.balance(to), 7n * USD);
    assert.equal(await world.read("nonceUsed", client.address, 5000n), true);
    await world.checkBooks();
  });

  it("is not replayed", async () => {
    await carry(withdrawal());
    await world.refuses(carry(withdrawal()), "NonceSpent", client.address, 5000n);
    // The same word by the other signature that the curve allows.
    const word = withdrawal({ nonce: 5001n });
    const signature = mirrored(await world.sign(client, "Withdraw", word));
    await world.refuses(world.send(stranger, "withdrawSigned", word, signature), "BadSignature", client.address);
  });

  it("works on one chain and one contract", async () => {
    await world.refuses(carry(withdrawal(), { domain: { ...world.domain, chainId: world.chainId + 1 } }), "BadSignature", client.address);
    for (const verifyingContract of [world.bank, world.court]) {
      await world.refuses(carry(withdrawal(), { domain: { ...world.domain, verifyingContract } }), "BadSignature", client.address);
    }
  });

  it("is until its last second", async () => {
    const expiry = (await world.now()) + 100n;
    const late = withdrawal({ expiry, nonce: 5001n });
    await world.at(expiry);
    await carry(withdrawal({ expiry }));
    await world.at(expiry + 1n);
    await world.refuses(carry(late), "Late", expiry + 1n, expiry);
  });

  it("says where to, how much, whose, which and how long: a change of any is nobody's word", async () => {
    const changes = { to: stranger.address, amount: 8n * USD, nonce: 5001n, expiry: FOREVER - 1n };
    for (const [field, value] of Object.entries(changes)) {
      await world.refuses(carry(withdrawal(), { change: { [field]: value } }), "BadSignature", client.address);
    }
    await world.refuses(carry(withdrawal(), { change: { account: to } }), "BadSignature", to);
    await world.refuses(carry(withdrawal(), { by: stranger }), "BadSignature", client.address);
  });

  it("is not signed by nothing, and nobody is not an account", async () => {
    for (const signature of ["0x", "0x00", `0x${"11".repeat(64)}`, `0x${"00".repeat(65)}`, `0x${"ff".repeat(65)}`]) {
      for (const account of [client.address, model.ZERO]) {
        await world.refuses(world.send(stranger, "withdrawSigned", withdrawal({ account }), signature), "BadSignature", account);
      }
    }
  });

  it("is revoked by its nonce", async () => {
    await world.send(client, "cancelNonce", 5000n);
    await world.refuses(carry(withdrawal()), "NonceSpent", client.address, 5000n);
  });

  it("shares its nonces with orders: the one that comes first is the only one", async () => {
    const nonce = 6000n;
    const [first, second] = [await world.agree({ order: { nonce } }), await world.agree({ order: { nonce: nonce + 1n } })];
    await world.send(stranger, "open", [second.item]);
    await world.refuses(carry(withdrawal({ nonce: nonce + 1n })), "NonceSpent", client.address, nonce + 1n);
    await carry(withdrawal({ nonce }));
    await world.refuses(world.send(stranger, "open", [first.item]), "Skipped", Skip.NonceUsed);
    await world.checkBooks();
  });

  it("never takes what is reserved, and leaves its nonce when it fails", async () => {
    const before = await world.read("available", client.address);
    await world.opened();
    const left = await world.read("available", client.address);
    assert.ok(left < before);
    await world.refuses(world.send(client, "withdrawTo", to, before), "InsufficientBalance", left, before);
    await world.refuses(carry(withdrawal({ amount: before })), "InsufficientBalance", left, before);
    assert.equal(await world.read("nonceUsed", client.address, 5000n), false);
    await carry(withdrawal({ amount: left }));
    assert.equal(await world.balance(to), left);
    await world.checkBooks();
  });

  it("is not of nothing, and not to where the money would be nobody's", async () => {
    await world.refuses(world.send(client, "withdrawTo", to, 0n), "ZeroAmount");
    await world.refuses(carry(withdrawal({ amount: 0n })), "ZeroAmount");
    for (const nobody of [model.ZERO, world.escrow]) {
      await world.refuses(world.send(client, "withdrawTo", nobody, 1n), "BadRecipient", nobody);
      await world.refuses(carry(withdrawal({ to: nobody })), "BadRecipient", nobody);
    }
  });
});

describe("a claim to somewhere else", () => {
  let world, operator, stranger, to, payout, earned;
  beforeEach(async () => {
    world = await fixture();
    operator = world.operators[1];
    stranger = world.stranger;
    to = world.clients[1].address;
    payout = await world.unlocked(operator.payoutKey);
    ({ earned } = await world.read("operatorOf", operator.address));
    assert.ok(earned > 0n);
  });
  const claim = (change = {}) => ({ operator: operator.address, to, nonce: 1n, expiry: FOREVER, ...change });
  const carry = async (word, { by = payout, domain = world.domain, change = {} } = {}) =>
    world.send(stranger, "claimSigned", { ...word, ...change }, await world.sign(by, "Claim", word, domain));
  const line = () => moved(operator.address, Book.Earned, Reason.Claim, -earned, 0n);

  it("is made by the payout address", async () => {
    assert.deepEqual(told(await world.send(payout, "claimTo", operator.address, to)), [line()]);
    assert.equal(await world.balance(to), earned);
    await world.checkBooks();
  });

  it("is carried by anybody when the payout address has signed it", async () => {
    assert.deepEqual(told(await carry(claim())), [["NonceCancelled", { client: payout.address, nonce: 1n }], line()]);
    assert.deepEqual([await world.balance(to), await world.balance(payout.address)], [earned, 0n]);
    await world.checkBooks();
  });

  it("is not made by a stolen hot key, the operator's own account or a stranger", async () => {
    for (const thief of [operator.signer, operator.nodeKey, operator.account, stranger, world.operators[2].payoutKey]) {
      await world.unlocked(thief);
      await world.refuses(world.send(thief, "claimTo", operator.address, thief.address), "NotPayout", operator.address, thief.address);
      await world.refuses(carry(claim({ to: thief.address }), { by: thief }), "BadSignature", payout.address);
    }
    assert.equal((await world.read("operatorOf", operator.address)).earned, earned);
  });

  it("is not altered, replayed, late, revoked, or of another chain or contract", async () => {
    await world.refuses(carry(claim(), { change: { to: stranger.address } }), "BadSignature", payout.address);
    await world.refuses(carry(claim(), { change: { nonce: 2n } }), "BadSignature", payout.address);
    await world.refuses(carry(claim(), { change: { expiry: FOREVER - 1n } }), "BadSignature", payout.address);
    await world.refuses(carry(claim(), { change: { operator: world.operators[2].address } }), "BadSignature", world.operators[2].payout);
    await world.refuses(carry(claim(), { domain: { ...world.domain, chainId: 1 } }), "BadSignature", payout.address);
    await world.refuses(carry(claim(), { domain: { ...world.domain, verifyingContract: world.bank } }), "BadSignature", payout.address);
    const word = claim();
    await world.refuses(world.send(stranger, "claimSigned", word, mirrored(await world.sign(payout, "Claim", word))), "BadSignature", payout.address);
    await world.send(payout, "cancelNonce", 9n);
    await world.refuses(carry(claim({ nonce: 9n })), "NonceSpent", payout.address, 9n);
    const time = (await world.now()) + 10n;
    await world.at(time);
    await world.refuses(carry(claim({ expiry: time - 1n })), "Late", time, time - 1n);
    await carry(claim());
    await world.refuses(carry(claim()), "NonceSpent", payout.address, 1n);
  });

  it("leaves the other way as it was: a stranger's claim pays the payout address", async () => {
    await world.send(stranger, "claim", operator.address);
    assert.equal(await world.balance(payout.address), earned);
    await world.refuses(carry(claim()), "ZeroAmount");
    await world.refuses(world.send(payout, "claimTo", operator.address, to), "ZeroAmount");
  });

  it("is of an operator, and to somebody", async () => {
    await world.refuses(world.send(stranger, "claimTo", stranger.address, to), "NotRegistered", stranger.address);
    await world.refuses(carry(claim({ operator: stranger.address })), "NotRegistered", stranger.address);
    for (const nobody of [model.ZERO, world.escrow]) {
      await world.refuses(world.send(payout, "claimTo", operator.address, nobody), "BadRecipient", nobody);
      await world.refuses(carry(claim({ to: nobody })), "BadRecipient", nobody);
    }
  });
});

describe("a contract wallet", () => {
  let world, owner, stranger, wallet;
  beforeEach(async () => {
    world = await fixture();
    [owner] = world.clients;
    stranger = world.stranger;
    wallet = await funded();
  });
  /** A wallet with 500 available. */
  async function funded(answer) {
    const made = await world.wallet(owner, answer);
    await world.toToken(owner, "mint", owner.address, 500n * USD);
    await world.send(owner, "depositFor", made.address, 500n * USD);
    return made;
  }
  const withdrawal = (account, change = {}) => ({ account: account.address, to: stranger.address, amount: 7n * USD, nonce: 0n, expiry: FOREVER, ...change });
  const carry = async (word, by, change = {}) => world.send(stranger, "withdrawSigned", { ...word, ...change }, await world.sign(by, "Withdraw", word));

  it("orders, gets its remainder and takes its money away", async () => {
    const job = await world.decided({ client: wallet, sampled: false, operator: world.operators[1] });
    await world.passReview(job);
    await world.send(stranger, "release", [await world.releaseItem(job)]);
    assert.equal((await world.jobOf(job.id)).state, State.Released);
    const available = await world.read("available", wallet.address);
    assert.equal(available, 500n * USD - 30n * USD - model.fee(world.parameters, 40n * USD));
    await carry(withdrawal(wallet, { amount: available, nonce: 9999n }), owner);
    assert.equal(await world.read("available", wallet.address), 0n);
    await world.checkBooks();
  });

  it("is only what its owner signs, for this wallet and no other of his", async () => {
    const second = await funded();
    await world.refuses(carry(withdrawal(wallet), stranger), "BadSignature", wallet.address);
    await world.refuses(carry(withdrawal(wallet), owner, { account: second.address }), "BadSignature", second.address);
    await world.refuses(carry(withdrawal(wallet), owner, { to: owner.address }), "BadSignature", wallet.address);
    await carry(withdrawal(wallet), owner);
    await world.refuses(carry(withdrawal(wallet), owner), "NonceSpent", wallet.address, 0n);
    const job = await world.agree({ client: wallet });
    const forged = { ...job.item, orderSignature: await world.sign(stranger, "Order", job.order) };
    await world.refuses(world.send(stranger, "open", [forged]), "Skipped", Skip.BadClientSignature);
    await world.checkBooks();
  });

  for (const [name, answer] of Object.entries(Answer).filter(([name]) => name !== "Faithful")) {
    it(`that answers otherwise (${name}) opens nothing, withdraws nothing and leaves its neighbours in the batch alone`, async () => {
      const bad = await funded(answer);
      const good = [await world.agree({ client: wallet }), await world.agree({ client: world.clients[1] })];
      const refused = await world.agree({ client: bad });
      const forged = { ...refused.item, order: { ...refused.order, client: world.clients[1].address } };
      const before = await world.snapshot();
      const { gas: plain } = await world.send(stranger, "open", [good[0].item, forged, good[1].item]);
      await world.restore(before);
      const { gas, events } = await world.send(stranger, "open", [good[0].item, refused.item, good[1].item]);
      assert.deepEqual(
        events.filter(({ eventName }) => ["JobOpened", "ItemSkipped"].includes(eventName)).map(({ eventName, args }) => [eventName, args.job]),
        [["JobOpened", good[0].id], ["ItemSkipped", refused.id], ["JobOpened", good[1].id]],
      );
      assert.equal(events.find(({ eventName }) => eventName === "ItemSkipped").args.code, Skip.BadClientSignature);
      // Not more than the bound, and no copy of what it returned.
      assert.ok(gas < plain + WALLET_GAS + 10_000n, `${gas} gas, ${plain} with a key's bad signature`);
      await world.refuses(carry(withdrawal(bad), owner), "BadSignature", bad.address);
      assert.equal(await world.read("available", bad.address), 500n * USD);
      await world.checkBooks();
    });
  }

  it("cannot be made to refuse by sending too little gas", async () => {
    const job = await world.agree({ client: wallet });
    const neighbour = await world.agree({ client: world.clients[1] });
    const call = async (functionName, args, gas) => {
      const data = encodeFunctionData({ abi: world.abi, functionName, args });
      return world.rpc("eth_call", { from: stranger.address, to: world.escrow, data, gas: numberToHex(gas) }, "latest");
    };
    await world.refuses(call("open", [[job.item, neighbour.item]], 200_000), "TooLittleGas");
    await call("open", [[neighbour.item]], 200_000);
    const word = withdrawal(wallet);
    const signature = await world.sign(owner, "Withdraw", word);
    await world.refuses(call("withdrawSigned", [word, signature], 180_000), "TooLittleGas");
    await call("withdrawSigned", [word, signature], 300_000);
  });

  it("is paid as an operator's payout address, and only it says where else", async () => {
    const signer = world.clients[1];
    await world.toToken(stranger, "mint", stranger.address, world.parameters.minBond);
    await world.toToken(stranger, "approve", world.escrow, world.parameters.minBond);
    await world.send(stranger, "register", signer.address, wallet.address, world.parameters.minBond);
    const worker = { account: stranger, address: stranger.address, signer, nodeKey: signer, payout: wallet.address };
    const earn = async () => {
      const job = await world.opened({ operator: world.operators[3] });
      await world.pass(job.order.runWindow + 1);
      await world.send(stranger, "expire", await world.jobItems(job.id));
    };
    await earn();
    const claim = { operator: worker.address, to: owner.address, nonce: 0n, expiry: FOREVER };
    await world.refuses(world.send(stranger, "claimSigned", claim, await world.sign(signer, "Claim", claim)), "BadSignature", wallet.address);
    await world.refuses(world.send(owner, "claimTo", worker.address, owner.address), "NotPayout", worker.address, owner.address);
    await world.send(stranger, "claimSigned", claim, await world.sign(owner, "Claim", claim));
    assert.equal(await world.balance(owner.address), world.parameters.keeperPart);
    await earn();
    const call = encodeFunctionData({ abi: world.abi, functionName: "claimTo", args: [worker.address, owner.address] });
    await world.transact(owner, wallet.address, wallet.abi, "act", [world.escrow, call]);
    assert.equal(await world.balance(owner.address), 2n * world.parameters.keeperPart);
    await world.checkBooks();
  });

  it("is not asked where a hot key must sign", async () => {
    await world.toToken(stranger, "mint", stranger.address, world.parameters.minBond);
    await world.toToken(stranger, "approve", world.escrow, world.parameters.minBond);
    await world.send(stranger, "register", wallet.address, stranger.address, world.parameters.minBond);
    const worker = { account: stranger, address: stranger.address, signer: owner, nodeKey: owner, payout: stranger.address };
    const job = await world.agree({ client: world.clients[1], operator: worker });
    await world.refuses(world.send(owner, "open", [job.item]), "Skipped", Skip.BadOperatorSignature);
  });
});

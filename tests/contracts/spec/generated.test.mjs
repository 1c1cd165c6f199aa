import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { keccak256, toBytes } from "viem";
import { committedPath, generated, names as contracts } from "../../../contracts/abi/generate.mjs";
import { drawing, moves, states } from "../../../docs/states.mjs";
import * as model from "../support/model.mjs";
import { committed, generate, names } from "../support/vectors.mjs";
import { Outcome, State } from "../support/words.mjs";
import { artifact } from "../support/world.mjs";

describe("committed files that are generated", () => {
  for (const name of contracts) {
    it(`contracts/abi/${name}.json is what the sources compile to (else: npm run abi)`, async () => {
      assert.ok((await readFile(committedPath(name), "utf8")) === (await generated(name)), `contracts/abi/${name}.json has drifted`);
    });
  }

  it("tests/vectors hold what the contracts answer (else: npm run vectors)", async () => {
    const fresh = await generate();
    for (const name of names) assert.ok((await committed(name)) === fresh[name], `tests/vectors/${name}.json has drifted`);
  });

  it("docs/states.svg is drawn from the contract's states and outcomes (else: node docs/states.mjs)", async () => {
    assert.equal(await readFile(new URL("../../../docs/states.svg", import.meta.url), "utf8"), drawing());
    assert.deepEqual(Object.keys(states).sort(), Object.keys(State).filter((name) => name !== "None").sort());
    const drawn = new Set(moves.flatMap(({ outcomes = [] }) => outcomes));
    assert.deepEqual([...drawn].sort(), Object.keys(Outcome).filter((name) => name !== "None").sort());
    for (const { from, to } of moves) assert.ok(states[from] && !states[from].final && states[to], `${from} to ${to}`);
  });

  it("docs/protocol.md names the type hashes of what is signed", async () => {
    const page = await readFile(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
    const { structs } = JSON.parse(await committed("eip712"));
    for (const { encodeType } of structs) assert.ok(page.includes(`| \`${encodeType}\` | \`${keccak256(toBytes(encodeType))}\` |`), encodeType);
    assert.equal(new Set(structs.map(({ type }) => type)).size, page.match(/^\| `\w+\(.*\)` \| `0x[0-9a-f]{64}` \|$/gm).length);
  });

  it("the draw and sampling vectors are what the model answers too", async () => {
    const { cases } = JSON.parse(await committed("draw"));
    assert.ok(cases.length >= 40);
    for (const each of cases) {
      const roster = each.roster.map((place) => ({ ...place, retiredAt: BigInt(each.byTime ? place.leftAt : place.retiredAt) }));
      const terms = { ...each, roster, lastBlock: BigInt(each.epochLast), excluded: each.excludedClusters };
      const expected = model.picks(terms, each.count).map((pick) => pick.toLowerCase());
      assert.deepEqual(each.picks.map((pick) => pick.toLowerCase()), expected, each.name);
    }
    const { rates, decisions } = JSON.parse(await committed("sampling"));
    for (const each of rates) assert.equal(BigInt(each.ratePpm), model.rate(each, each.clean));
    for (const each of decisions) assert.equal(each.sampled, model.isSampled(each.seed, each.job, each.ratePpm));
    const { domain, structs, opening } = JSON.parse(await committed("eip712"));
    for (const each of structs) assert.equal(each.digest, model.digest(domain, each.type, each.message));
    assert.equal(opening.value, model.valueOf(opening));
    assert.equal(opening.commitment, model.commitmentOf(opening.salt, opening.value));
  });
});

describe("the deployables", () => {
  const MODULES = ["Escrow", "Court", "Bank", "Charter", "Registry"];
  const placed = ({ label, slot, offset }) => ({ label, slot, offset });
  /** A type by its words and members; the compiler's own names carry numbers that differ from one source to the next. */
  const described = (name, types) => {
    const { label, numberOfBytes, members, key, value, base } = types[name];
    const inner = [key, value, base].filter(Boolean).map((each) => described(each, types));
    return { label, numberOfBytes, inner, members: members?.map((member) => ({ ...placed(member), type: described(member.type, types) })) };
  };
  const size = (code) => code.length / 2 - 1;

  it("fit the size limits of code (EIP-170) and creation code (EIP-3860)", async () => {
    for (const name of MODULES) assert.ok(size((await artifact(name)).deployedBytecode) <= 24_576, `${name} is too big`);
    assert.ok(size((await artifact("Escrow")).bytecode) <= 49_152, "the escrow's creation code is too big");
  });

  it("lay out their storage alike", async () => {
    const solc = createRequire(import.meta.url)("solc");
    const layout = async (name) => {
      const build = JSON.parse(await readFile(new URL(`../../../artifacts/build-info/${(await artifact(name)).buildInfoId}.json`, import.meta.url), "utf8"));
      const outputSelection = { "*": { [name]: ["storageLayout"] } };
      const input = { ...build.input, settings: { ...build.input.settings, viaIR: false, optimizer: { enabled: false }, outputSelection } };
      const { contracts } = JSON.parse(solc.compile(JSON.stringify(input)));
      const { storage, types } = Object.values(contracts).find((byName) => byName[name])[name].storageLayout;
      return storage.map((entry) => ({ ...placed(entry), type: described(entry.type, types) }));
    };
    const escrow = await layout("Escrow");
    assert.ok(escrow.length > 8);
    for (const name of MODULES) assert.deepEqual(await layout(name), escrow, name);
  });
});

// drand's quicknet on the chain: recorded rounds, published vectors, and every way to be wrong.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { toHex } from "viem";
import { artifact, World } from "../support/world.mjs";

const vectors = JSON.parse(await readFile(new URL("../../vectors/drand.json", import.meta.url), "utf8"));
const { genesis, period } = vectors.chain;
const timeOf = (round) => BigInt(genesis + (round - 1) * period);
const MODULUS = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const field = (number) => number.toString(16).padStart(96, "0");
/** A point as the precompiles have it: each coordinate filled up to 64 bytes. */
const padded = (point) => `0x${point.match(/.{96}/g).map((coordinate) => coordinate.padStart(128, "0")).join("")}`;

describe("the beacon", () => {
  let world, beacon, curve;
  before(async () => {
    world = await World.create();
    const at = async (name, source) => {
      const { abi, bytecode } = await artifact(name, source);
      const address = await world.deploy({ abi, bytecode }, [], world.stranger);
      world.abi = [...world.abi, ...abi.filter(({ type }) => type === "error")];
      return (functionName, ...args) => world.readFrom(address, abi, functionName, args);
    };
    beacon = await at("Quicknet", "Quicknet.sol");
    curve = await at("CurveHarness", "mocks/CurveHarness.sol");
  });

  const [known, next] = vectors.rounds;
  const valueOf = ({ round, uncompressed }) => beacon("randomnessAfter", timeOf(round) - 1n, `0x${uncompressed}`);
  /** The proof is refused as one of this round. */
  const refused = (proof, round = known.round) => world.refuses(valueOf({ round, uncompressed: proof }), "BadBeacon", BigInt(round));

  describe("a round of quicknet", () => {
    for (const each of vectors.rounds) {
      it(`${each.round}, as recorded, has the value that drand published`, async () => {
        assert.equal(await valueOf(each), `0x${each.randomness}`);
      });
    }

    it("that belongs to a time is the first one later than it", async () => {
      for (const [time, round] of [[0, 1], [genesis - 1, 1], [genesis, 2], [genesis + 2, 2], [genesis + 3, 3], [genesis + 2997, 1001]]) {
        assert.equal(await beacon("roundAfter", BigInt(time)), BigInt(round), `${time}`);
      }
      for (const { round } of vectors.rounds) for (const second of [1n, 2n, 3n]) assert.equal(await beacon("roundAfter", timeOf(round) - second), BigInt(round));
    });
  });

  describe("a proof is refused", () => {
    it("when it is another round's", async () => {
      await refused(next.uncompressed);
      await refused(known.uncompressed, next.round);
    });

    it("when its point is the mirror image: each round has one value", async () => {
      const [x, y] = known.uncompressed.match(/.{96}/g);
      await refused(x + field(MODULUS - BigInt(`0x${y}`)));
    });

    it("when its point is not on the curve", async () => {
      await refused(vectors.notOnCurve);
      await refused(known.uncompressed.slice(0, -1) + ((parseInt(known.uncompressed.at(-1), 16) + 1) % 16).toString(16));
    });

    it("when its point is on the curve but not in the subgroup", () => refused(vectors.notInSubgroup));

    it("when it is the point at infinity", () => refused("0".repeat(192)));

    it("when a coordinate is written as another number that is congruent to it", async () => {
      const [x, y] = known.uncompressed.match(/.{96}/g);
      await refused(field(BigInt(`0x${x}`) + MODULUS) + y);
      await refused(x + field(BigInt(`0x${y}`) + MODULUS));
    });

    it("when it is compressed, flagged as a point of that form, short, long or nothing", async () => {
      await refused(known.signature);
      await refused(known.signature + known.uncompressed.slice(96));
      await refused(known.uncompressed.slice(0, -2));
      await refused(`${known.uncompressed}00`);
      await refused("");
    });
  });

  describe("the hash to the curve", () => {
    const tagged = (tag) => toHex(tag);

    it("expands as appendix K.1 of RFC 9380 does", async () => {
      for (const { message, uniform } of vectors.expand) {
        const words = await curve("expand", toHex(message), tagged(vectors.expandTag));
        assert.equal(words.map((word) => word.slice(2)).join(""), uniform, message);
      }
    });

    it("reduces 64 bytes by the modulus", async () => {
      for (const number of [0n, 1n, MODULUS - 1n, MODULUS, MODULUS + 1n, 2n ** 512n - 1n, 2n ** 256n]) {
        const [, high, low] = number.toString(16).padStart(128, "0").match(/(.{64})(.{64})/);
        assert.equal(BigInt(await curve("reduce", `0x${high}`, `0x${low}`)), number % MODULUS);
      }
    });

    it("maps as the vectors of EIP-2537 do", async () => {
      for (const { name, field: element, point } of vectors.mapToG1) assert.equal(await curve("map", padded(element)), padded(point), name);
    });

    it("finds the points of appendix J.9.1 of RFC 9380", async () => {
      for (const { message, point } of vectors.hashToG1) assert.equal(await curve("toG1", toHex(message), tagged(vectors.hashTag)), padded(point), message);
    });

    it("says which precompile a chain lacks", async () => {
      const older = await World.create({}, undefined, { hardfork: "cancun" });
      const { abi, bytecode } = await artifact("Quicknet", "Quicknet.sol");
      older.abi = [...older.abi, ...abi.filter(({ type }) => type === "error")];
      const address = await older.deploy({ abi, bytecode }, [], older.stranger);
      const call = older.readFrom(address, abi, "randomnessAfter", [timeOf(known.round) - 1n, `0x${known.uncompressed}`]);
      await older.refuses(call, "NoPrecompile", "0x0000000000000000000000000000000000000010");
      await older.connection.close();
    });
  });
});

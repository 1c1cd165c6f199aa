// Writes contracts/abi/*.json from the compiled artifacts; with --check it only compares and fails on a difference.
import { readFile, writeFile } from "node:fs/promises";

const root = new URL("../../", import.meta.url);
// The escrow answers more than its own code knows: the interface describes what its modules know too. A module is spoken to through the escrow only.
const deployables = {
  Escrow: { source: "contracts/Escrow.sol", speaks: ["contracts/interfaces/IEscrow.sol", "IEscrow"] },
  Court: { source: "contracts/Court.sol", speaks: [] },
  Bank: { source: "contracts/Bank.sol", speaks: [] },
  Charter: { source: "contracts/Charter.sol", speaks: [] },
  Quicknet: { source: "contracts/Quicknet.sol" },
  AccessManager: { source: "@openzeppelin/contracts/access/manager/AccessManager.sol" },
  Registry: { source: "contracts/Registry.sol", speaks: [] },
  Rewards: { source: "contracts/Rewards.sol" },
  ScriptedBeacon: { source: "contracts/mocks/ScriptedBeacon.sol" },
  TestToken: { source: "contracts/mocks/TestToken.sol" },
  SignedToken: { source: "contracts/mocks/SignedToken.sol" },
  Wallet: { source: "contracts/mocks/Wallets.sol" },
};

const artifactOf = async (source, name) => JSON.parse(await readFile(new URL(`artifacts/${source}/${name}.json`, root), "utf8"));

export async function generated(name) {
  const { source, speaks } = deployables[name];
  const artifact = await artifactOf(source, name);
  const constructor = artifact.abi.filter(({ type }) => type === "constructor");
  const abi = !speaks ? artifact.abi : speaks.length === 0 ? constructor : [...constructor, ...(await artifactOf(...speaks)).abi];
  const entries = abi.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  return `{\n  "abi": [\n${entries}\n  ],\n  "bytecode": "${artifact.bytecode}"\n}\n`;
}

export function committedPath(name) {
  return new URL(`contracts/abi/${name}.json`, root);
}

export const names = Object.keys(deployables);

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const name of names) {
    const [path, text] = [committedPath(name), await generated(name)];
    if (!process.argv.includes("--check")) await writeFile(path, text);
    else if ((await readFile(path, "utf8")) !== text) {
      console.error(`${path.pathname} differs from the compiled contract: run npm run abi`);
      process.exitCode = 1;
    }
  }
}

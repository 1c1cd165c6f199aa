// Writes contracts/abi/*.json from the compiled artifacts; with --check it only compares and fails on a difference.
import { readFile, writeFile } from "node:fs/promises";

const root = new URL("../../", import.meta.url);
const deployables = { Escrow: "contracts/Escrow.sol", TestToken: "contracts/mocks/TestToken.sol" };

export async function generated(name) {
  const artifact = JSON.parse(await readFile(new URL(`artifacts/${deployables[name]}/${name}.json`, root), "utf8"));
  const entries = artifact.abi.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
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

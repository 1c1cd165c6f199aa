// Merkle trees in the form of OpenZeppelin's StandardMerkleTree: double-hashed leaves, sorted; nodes hash sorted pairs.
import { concat, encodeAbiParameters, keccak256 } from "viem";

const leafOf = ({ account, amount }) => keccak256(keccak256(encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [account, amount])));
const nodeOf = (a, b) => keccak256(concat(a < b ? [a, b] : [b, a]));

/** @param entries What each account is owed in all. */
export function merkleTree(entries) {
  const leaves = entries.map(leafOf).sort();
  const size = 2 * leaves.length - 1;
  const nodes = Array(size);
  leaves.forEach((leaf, i) => (nodes[size - 1 - i] = leaf));
  for (let i = size - 1 - leaves.length; i >= 0; i--) nodes[i] = nodeOf(nodes[2 * i + 1], nodes[2 * i + 2]);
  const proofOf = (entry) => {
    const proof = [];
    for (let i = nodes.lastIndexOf(leafOf(entry)); i > 0; i = (i - 1) >> 1) proof.push(nodes[i % 2 ? i + 1 : i - 1]);
    return proof;
  };
  return { root: nodes[0], proofOf };
}

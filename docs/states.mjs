// Draws docs/states.svg, the states of a job. Usage: node docs/states.mjs
import { writeFile } from "node:fs/promises";

const WIDTH = 960;
const HEIGHT = 520;
const BOX = { width: 124, height: 44 };

/** Where each state is, and whether anything leaves it. */
export const states = {
  Open: { x: 90, y: 70 }, Submitted: { x: 350, y: 70 }, Accused: { x: 350, y: 260 }, Convicted: { x: 600, y: 260 }, Appealed: { x: 600, y: 450 },
  Released: { x: 840, y: 70, final: true }, Refunded: { x: 90, y: 450, final: true }, Slashed: { x: 840, y: 260, final: true },
};

/** From, to, the outcomes that the end may have, and by which call. `via` bends the line, `at` places the words. */
export const moves = [
  { from: "Open", to: "Submitted", words: ["submit", "sealed result"], at: [220, 44] },
  { from: "Open", to: "Refunded", outcomes: ["NoShow", "Cancelled"], words: ["expire, cancel", "run window over; both agree"], at: [96, 250], anchor: "start" },
  { from: "Submitted", to: "Released", outcomes: ["Delivered", "Checked", "Unchecked"], words: ["release", "not sampled; re-executor agrees; all silent"], at: [595, 26] },
  { from: "Submitted", to: "Refunded", outcomes: ["Unavailable"], words: ["expire", "never opened"], at: [212, 305], anchor: "start" },
  { from: "Submitted", to: "Accused", words: ["accuse", "another value"], at: [358, 150], anchor: "start" },
  { from: "Accused", to: "Released", outcomes: ["Cleared", "Checked"], words: ["certify, openClaim", "seats confirm; accuser agrees"], at: [680, 165], anchor: "start" },
  { from: "Accused", to: "Convicted", words: ["certify", "seats differ"], at: [475, 233] },
  { from: "Accused", to: "Refunded", outcomes: ["Inconclusive"], words: ["lapse", "no verdict in time"], via: [[270, 380]], at: [150, 372], anchor: "start" },
  { from: "Accused", to: "Appealed", words: ["certify", "seats are split"], at: [400, 340], anchor: "start" },
  { from: "Convicted", to: "Appealed", words: ["appeal", "with a pledge, once"], via: [[575, 355]], at: [500, 318], anchor: "start" },
  { from: "Appealed", to: "Convicted", words: ["certify, lapse", "six of seven; an appeal not decided"], via: [[625, 355]], at: [640, 360], anchor: "start" },
  { from: "Appealed", to: "Released", outcomes: ["Cleared"], words: ["certify", "four of seven confirm"], via: [[930, 450]], at: [760, 440], anchor: "start" },
  { from: "Appealed", to: "Refunded", outcomes: ["Inconclusive"], words: ["certify, lapse", "no mind; a split not decided"], at: [345, 436] },
  { from: "Convicted", to: "Slashed", outcomes: ["WrongResult"], words: ["slash", "appeal window over"], at: [720, 218] },
];

const text = (x, y, words, attributes = "") => `<text x="${x}" y="${y}" ${attributes}>${words.replace("&", "&amp;")}</text>`;

function box([name, { x, y, final }]) {
  const [left, top] = [x - BOX.width / 2, y - BOX.height / 2];
  const rect = (inset) => `<rect class="box" x="${left + inset}" y="${top + inset}" width="${BOX.width - 2 * inset}" height="${BOX.height - 2 * inset}" rx="${8 - inset}"/>`;
  return [rect(0), ...(final ? [rect(4)] : []), text(x, y + 5, name, 'class="state"')].join("\n");
}

/** Where a line from the middle of a box in this direction leaves it. */
function edge({ x, y }, [towardsX, towardsY]) {
  const [dx, dy] = [towardsX - x, towardsY - y];
  const scale = Math.min(BOX.width / 2 / Math.abs(dx || 1e-9), BOX.height / 2 / Math.abs(dy || 1e-9));
  return [x + dx * scale, y + dy * scale].map((value) => Math.round(value));
}

function move({ from, to, via = [], outcomes = [], words, at: [x, y], anchor = "middle" }) {
  const [start, end] = [states[from], states[to]];
  const points = [edge(start, via[0] ?? [end.x, end.y]), ...via, edge(end, via.at(-1) ?? [start.x, start.y])];
  const lines = [[words[0], "call"], [words[1], "why"], ...(outcomes.length > 0 ? [[outcomes.join(", "), "outcome"]] : [])];
  return [
    `<polyline points="${points.map((point) => point.join(",")).join(" ")}"/>`,
    ...lines.map(([line, kind], i) => text(x, y + 15 * i, line, `class="${kind}" text-anchor="${anchor}"`)),
  ].join("\n");
}

export function drawing() {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="States of a job and the calls that move it">
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 10 5 0 10z" fill="#555"/></marker></defs>
<style>
text { font: 13px system-ui, sans-serif; fill: #333 }
.state { font-size: 15px; font-weight: 600; text-anchor: middle }
.call { font-weight: 600 } .why { fill: #666 } .outcome { font-style: italic; fill: #0a5c8a }
.box { fill: #fff; stroke: #333; stroke-width: 1.5 }
polyline { fill: none; stroke: #555; stroke-width: 1.5; marker-end: url(#arrow) }
</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${moves.map(move).join("\n")}
${Object.entries(states).map(box).join("\n")}
${text(WIDTH - 20, HEIGHT - 20, "double frame: final. Bold: the call, open to anybody. Italic: the coded outcome.", 'class="why" text-anchor="end"')}
</svg>
`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) await writeFile(new URL("states.svg", import.meta.url), drawing());

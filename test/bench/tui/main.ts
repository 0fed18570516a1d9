import { createSubscribers } from "../../../runtime/control/subscribers.ts";
import { exchange, meshState, refusal } from "../../cli/support/synthetic.ts";
import { openSyntheticMesh } from "../../e2e/support/synthetic-mesh.ts";

// A mesh that does not exist: the control socket of a daemon, and behind it as many events per second as the argument says. What is
// measured is the screen that reads them, by the protocol that every screen reads.
const rate = Number(process.argv[2]);
const turnMs = 20;

const subscribers = createSubscribers();
const mesh = await openSyntheticMesh({ directory: process.cwd(), env: process.env }, (sink, { headers }) =>
  Promise.resolve(subscribers.add(sink, { headers, state: meshState(), past: [] })),
);
process.stdout.write("open\n");

let number = 0;
let due = 0;
setInterval(() => {
  due += (rate * turnMs) / 1000;
  for (; due >= 1; due -= 1) {
    number += 1;
    const at = new Date().toISOString();
    const made =
      number % 5 === 0 ? refusal(number) : exchange(number, { path: `/api/items/${number}`, requestId: `q-${number}` });
    subscribers.publish({ ...made, at });
  }
}, turnMs);

// A daemon measures programs while somebody looks, also when nothing else happens.
let second = 0;
setInterval(() => {
  second += 2;
  const usage = { rssBytes: 50_000_000 + second * 4096, cpuSeconds: second / 100 };
  subscribers.publish({
    type: "usage.measured",
    id: `u-${second}`,
    at: new Date().toISOString(),
    generation: 14,
    usage: Object.fromEntries(meshState().workloads.map(({ id }) => [id, usage])),
  });
}, 2_000);

process.once("SIGTERM", () => {
  void mesh[Symbol.asyncDispose]().then(() => process.exit(0));
});

import { appendFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { bits } from "../policy.ts";
import { monotonicNow } from "../verdicts.ts";

// Calls `/bit/0` … `/bit/7` without end, on connections that stay and on new ones, and records when and how each was decided.
const file = process.env["STEADY_RECORD"] ?? "";
const staying = Number(process.env["STEADY_STAYING"] ?? "8");
const fresh = Number(process.env["STEADY_FRESH"] ?? "4");
const pauseMs = Number(process.env["STEADY_PAUSE_MS"] ?? "0");

const agent = new Agent({ keepAlive: true, maxSockets: staying });
let lines = "";
setInterval(() => {
  const text = lines;
  lines = "";
  if (text !== "") appendFileSync(file, text);
}, 100);

function call(bit: number, keep: boolean): Promise<void> {
  return new Promise((done) => {
    const begun = monotonicNow();
    const tell = (status: number, why = ""): void => {
      lines += `${begun.toFixed(3)} ${monotonicNow().toFixed(3)} ${bit} ${status} ${why}\n`;
      done();
    };
    request({ agent: keep ? agent : false, host: "backend", port: 8080, path: `/bit/${bit}` }, (response) => {
      response.on("error", (error) => {
        tell(0, error.message);
      });
      response.on("end", () => {
        tell(response.statusCode ?? 0, response.statusCode === 200 || response.statusCode === 403 ? "" : "status");
      });
      response.resume();
    })
      .on("error", (error) => {
        tell(0, error.message);
      })
      .end();
  });
}

async function work(index: number): Promise<never> {
  for (let turn = index; ; turn += 1) {
    await call(turn % bits, index < staying);
    if (pauseMs > 0) await new Promise((next) => setTimeout(next, pauseMs));
  }
}

await Promise.all(Array.from({ length: staying + fresh }, (_, index) => work(index)));

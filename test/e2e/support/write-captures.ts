import { mkdirSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { fileURLToPath } from "node:url";
import { createSampleProject } from "./project.ts";
import { openTerminal, whyNoTerminal } from "./terminal.ts";

/** Pictures of every view for the documentation, from the built CLI running the sample. */
const folder = fileURLToPath(new URL("../../../docs/captures/", import.meta.url));

const reason = whyNoTerminal();
if (reason !== undefined) throw new Error(reason);
mkdirSync(folder, { recursive: true });
await using project = await createSampleProject();
using terminal = openTerminal(project, 120, 32, ["up"], { env: { NO_COLOR: undefined } });

async function capture(name: string, title: string): Promise<void> {
  writeFileSync(`${folder}${name}.svg`, await terminal.picture(title));
  console.log(`docs/captures/${name}.svg`);
}

await terminal.shows(/ 4 up/, /DENY/, /TLS-FAIL/);
await new Promise((done, failed) => {
  get({ host: "127.0.0.1", port: project.port, path: "/" }, (answer) => answer.resume().on("end", done)).on(
    "error",
    failed,
  );
});
terminal.press("/", "DENY", "Enter");
await terminal.shows(/▶.*DENY/, /source\.principals/);
await capture("traffic", "Traffic: requests with their verdicts, and why one was denied");
terminal.press("1");
await terminal.shows(/CERT/);
await capture("services", "Services: programs, identities, rates and certificates");
terminal.press("3", "/", "FAILED", "Enter");
await terminal.shows(/▶.*FAILED/);
await capture("tls", "TLS: every handshake, and the YAML that made one fail");
terminal.press("4");
await terminal.shows(/backend-allow/);
terminal.press("j");
await terminal.shows(/▶.*backend-allow/);
await capture("policy", "Policy: resources, whom they select, and hits by rule");
terminal.press("5");
await terminal.shows(/GET \/api\/data/);
await capture("logs", "Logs of programs and sidecars");
project.write("mesh/backend.yaml", project.read("mesh/backend.yaml").replace("mode: STRICT", "mode: STRIKT"));
terminal.press("6");
await terminal.shows(/STRIKT/, /\^/);
await capture("problems", "Problems: file, line and caret, and what still runs");
terminal.press("2", ":");
await terminal.shows(/commands|certificates/);
await capture("palette", "Every command by its name");
terminal.press("Esc", "Ctrl-C", "Ctrl-C");
await terminal.ended();

"use strict";
const fs = require("node:fs");

// Kept apart from what the program may do to `fs` later.
const { readFileSync, statSync } = fs;

function parse(text) {
  const value = JSON.parse(text);
  if (value === null || typeof value !== "object" || value.version !== 1)
    throw new Error("unknown version of its configuration");
  if (value.mode !== "meshed" && value.mode !== "outsider") throw new Error(`unknown mode ${String(value.mode)}`);
  if (value.mode === "meshed" && typeof value.outbound !== "string")
    throw new Error("no outbound socket in its configuration");
  if (typeof value.address !== "string" || typeof value.listen !== "object" || typeof value.names !== "object") {
    throw new Error("incomplete configuration");
  }
  return value;
}

/** Returns a function that gives the newest configuration; a file that vanishes or breaks later leaves the last one in force. */
function openConfig(path) {
  if (!path) throw new Error("MESHDEV_HOOK is not set");
  let stamp = "";
  let value;
  function read() {
    const stat = statSync(path, { bigint: true });
    const next = `${stat.mtimeNs}:${stat.ino}:${stat.size}`;
    if (next === stamp) return;
    value = parse(readFileSync(path, "utf8"));
    stamp = next;
  }
  read();
  return () => {
    try {
      read();
    } catch {
      // Atomically replaced, so this means that the session is over or broken: what was true stays true.
    }
    return value;
  };
}

module.exports = { openConfig };
